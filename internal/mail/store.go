package mail

import (
	"errors"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// State is how far a letter has come.
type State string

// The states.
const (
	Waiting     State = "waiting"
	Delivered   State = "sent" // a mail server took it
	Undelivered State = "undeliverable"
)

const recordColumns = `id, account, case_id, kind, language, number, address, subject, queued_at, state, tries, fault, done_at`

// Record is what is kept of a letter.
type Record struct {
	ID, Account, Case string
	Kind              Kind
	Language          string
	Number            string
	To                string // masked: an intruder may be reading
	Subject           string
	At                time.Time // when it was written
	State             State
	Tries             int
	Fault             string    // what the mail server said last; for staff
	DoneAt            time.Time // when it was sent or given up; zero while it waits
}

func scanRecord(s db.Scanner) (r Record, err error) {
	err = s.Scan(&r.ID, &r.Account, &r.Case, &r.Kind, &r.Language, &r.Number, &r.To, &r.Subject, db.At(&r.At), &r.State,
		&r.Tries, &r.Fault, db.At(&r.DoneAt))
	r.To = Mask(r.To)
	return r, err
}

// Sent lists the letters of an account, newest first.
func Sent(tx *db.Tx, account string, most int) ([]Record, error) {
	return db.All(tx, scanRecord, `SELECT `+recordColumns+` FROM letter
		WHERE account = $1 ORDER BY queued_at DESC, id DESC LIMIT $2`, account, most)
}

// SentBefore is Sent from a letter on, which is left out: the letters written before it.
func SentBefore(tx *db.Tx, account string, last Record, most int) ([]Record, error) {
	return db.All(tx, scanRecord, `SELECT `+recordColumns+` FROM letter
		WHERE account = $1 AND (queued_at < $2 OR queued_at = $2 AND id < $3) ORDER BY queued_at DESC, id DESC LIMIT $4`, account, last.At, last.ID, most)
}

// SentAs gives one letter of an account, or db.ErrNone.
func SentAs(tx *db.Tx, account, id string) (Record, error) {
	return db.One(tx, scanRecord, `SELECT `+recordColumns+` FROM letter WHERE account = $1 AND id = $2`, account, id)
}

// OfCase lists the letters of a case, oldest first.
func OfCase(tx *db.Tx, id string) ([]Record, error) {
	return db.All(tx, scanRecord, `SELECT `+recordColumns+` FROM letter
		WHERE case_id = $1 ORDER BY queued_at, id LIMIT 200`, id)
}

// Undeliverable lists the letters that reached nobody, newest first: a warning
// that did not arrive is for staff to follow up.
func Undeliverable(tx *db.Tx, most int) ([]Record, error) {
	return db.All(tx, scanRecord, `SELECT `+recordColumns+` FROM letter
		WHERE state = 'undeliverable' ORDER BY done_at DESC, id DESC LIMIT $1`, most)
}

// Lost tells whether the last letter of an account to an address reached nobody.
func Lost(tx *db.Tx, account, address string) (bool, error) {
	to, err := ParseAddress(address)
	if err != nil {
		return false, nil // no letter ever went there
	}
	state, err := db.One(tx, db.Scan1[State], `SELECT state FROM letter WHERE account = $1 AND mailbox = $2 AND state <> 'waiting'
		ORDER BY done_at DESC, id DESC LIMIT 1`, account, to.Key())
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return state == Undelivered, err
}

// Checked answers "is this letter from you?".
type Checked struct {
	Ours    bool
	Kind    Kind
	Day     time.Time // midnight UTC of the day it was written; zero if not ours
	Subject string
}

// Check compares a notice number and an address, as a person typed them, with
// what was sent. A number that does not exist, one that went to another address
// and one that is no number at all give the same answer.
func Check(tx *db.Tx, number, address string) (Checked, error) {
	to, err := ParseAddress(address)
	if err != nil {
		to = Address{} // no letter was ever sent to the empty address
	}
	var c Checked
	var at time.Time
	err = tx.Row(`SELECT kind, queued_at, subject FROM letter WHERE number = $1 AND mailbox = $2`, normalNumber(number), to.Key()).
		Scan(&c.Kind, db.At(&at), &c.Subject)
	if errors.Is(err, db.ErrNone) {
		return Checked{}, nil
	}
	c.Ours, c.Day = err == nil, at.Truncate(24*time.Hour)
	return c, err
}

// stored is a letter as the job finds it.
type stored struct {
	id, account string
	kind        Kind
	language    string
	number      string
	address     string
	mailbox     string
	at          time.Time
	state       State
	aside       bool
	fixed       bool
	raw         string // sealed; a draft until its bytes are fixed; empty once erased
}

const insertLetter = `INSERT INTO letter (id, account, case_id, kind, language, number, address, mailbox, subject, message_id,
			queued_at, state, aside, tries, fault, fixed, raw)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, 0, '', $12, $13)`

func (s stored) values(w Prepared) []any {
	e, l := w.envelope, w.letter
	return []any{s.id, s.account, l.Case, string(l.Body.Kind()), e.language, e.number, s.address, s.mailbox, w.subject, e.messageID, e.at, false, s.raw}
}

// insert tells whether the letter was not there already.
func insert(tx *db.Tx, w Prepared, s stored) (fresh bool, err error) {
	n, err := tx.Exec(insertLetter+` ON CONFLICT (number, mailbox) DO NOTHING`, s.values(w)...)
	return n == 1, err
}

func insertNew(tx *db.Tx, w Prepared, s stored) error { return tx.Put(insertLetter, s.values(w)...) }

func idOf(tx *db.Tx, number, mailbox string) (id string, err error) {
	err = tx.Row(`SELECT id FROM letter WHERE number = $1 AND mailbox = $2`, number, mailbox).Scan(&id)
	return id, err
}

func load(tx *db.Tx, id string) (s stored, err error) {
	defer fault.Wrap(&err, "letter %s", id)
	err = tx.Row(`SELECT id, account, kind, language, number, address, mailbox, queued_at, state, aside, fixed, COALESCE(raw, '') FROM letter WHERE id = $1`, id).
		Scan(&s.id, &s.account, &s.kind, &s.language, &s.number, &s.address, &s.mailbox, db.At(&s.at), &s.state, &s.aside, &s.fixed, &s.raw)
	return s, err
}

// othersAside tells whether letters to the same mailbox wait in its own line.
func othersAside(tx *db.Tx, s stored) (yes bool, err error) {
	err = tx.Row(`SELECT EXISTS (SELECT 1 FROM letter WHERE mailbox = $1 AND aside AND state = 'waiting' AND id <> $2)`,
		s.mailbox, s.id).Scan(&yes)
	return yes, err
}

// keepFixed keeps the bytes of a letter, and the copy for its reader. What was
// erased while the letter waited is not copied again.
func keepFixed(tx *db.Tx, id, raw, copied string) error {
	return tx.Put(`UPDATE letter SET fixed = $2, raw = $3, copy = CASE WHEN copy = '' THEN '' ELSE $4 END WHERE id = $1`, id, true, raw, copied)
}

func putAside(tx *db.Tx, id, fault string) error {
	return tx.Put(`UPDATE letter SET aside = $2, tries = tries + 1, fault = $3 WHERE id = $1`, id, true, fault)
}

func markTried(tx *db.Tx, id, fault string) error {
	return tx.Put(`UPDATE letter SET tries = tries + 1, fault = $2 WHERE id = $1`, id, fault)
}

// markSent ends a letter. Its body goes: the links in it are for its reader alone. The copy has none.
func markSent(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE letter SET state = 'sent', tries = tries + 1, fault = '', aside = $3, done_at = $2, raw = NULL WHERE id = $1`,
		id, tx.Now, false)
}

func markUndeliverable(tx *db.Tx, id, fault string) error {
	return tx.Put(`UPDATE letter SET state = 'undeliverable', tries = tries + 1, fault = $3, aside = $4, done_at = $2 WHERE id = $1`,
		id, tx.Now, fault, false)
}

func erase(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE letter SET raw = NULL WHERE id = $1 AND state <> 'waiting'`, id)
}
