package sms

import (
	"time"

	"takeback/internal/db"
)

// State is how far a text has come.
type State string

// The states.
const (
	Waiting State = "waiting"
	Sent    State = "sent"    // the gateway took it
	Refused State = "refused" // the gateway will never take it
	Late    State = "late"    // its code ended before the gateway took it
)

// Record is what is kept of a text.
type Record struct {
	ID      string
	Purpose Purpose
	To      string // masked
	At      time.Time
	State   State
	Tries   int
	Fault   string // what the gateway said last; for staff
	DoneAt  time.Time
}

// Of lists the texts of an account, newest first.
func Of(tx *db.Tx, account string, most int) ([]Record, error) {
	return db.All(tx, func(s db.Scanner) (r Record, err error) {
		err = s.Scan(&r.ID, &r.Purpose, &r.To, db.At(&r.At), &r.State, &r.Tries, &r.Fault, db.At(&r.DoneAt))
		return r, err
	}, `SELECT id, purpose, masked, queued_at, state, tries, fault, done_at FROM text_message
		WHERE account = $1 ORDER BY queued_at DESC, id DESC LIMIT $2`, account, most)
}

// stored is a text as the job finds it.
type stored struct {
	id, account, caseID string
	purpose             Purpose
	numberHash, masked  string
	until               time.Time
	sealed              string // number and words; empty once it is done
}

func insert(tx *db.Tx, s stored) error {
	return tx.Put(`INSERT INTO text_message (id, account, case_id, purpose, number_hash, masked, queued_at, until_at, state, tries, fault, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, '', $9)`, s.id, s.account, s.caseID, s.purpose, s.numberHash, s.masked, tx.Now, s.until, s.sealed)
}

func load(tx *db.Tx, id string) (s stored, err error) {
	s.id = id
	err = tx.Row(`SELECT until_at, COALESCE(sealed, '') FROM text_message WHERE id = $1`, id).Scan(db.At(&s.until), &s.sealed)
	return s, err
}

// lately gives when texts went to a number since a time, and how many went for an account.
func lately(tx *db.Tx, numberHash, account string, since time.Time) (at []time.Time, n int, err error) {
	at, err = db.All(tx, func(s db.Scanner) (t time.Time, err error) {
		err = s.Scan(db.At(&t))
		return t, err
	}, `SELECT queued_at FROM text_message WHERE number_hash = $1 AND queued_at >= $2`, numberHash, since)
	if err != nil {
		return nil, 0, err
	}
	err = tx.Row(`SELECT COUNT(*) FROM text_message WHERE account = $1 AND queued_at >= $2`, account, since).Scan(&n)
	return at, n, err
}

// end settles a text. Its number and words go.
func end(tx *db.Tx, id string, state State, fault string) error {
	return tx.Put(`UPDATE text_message SET state = $2, tries = tries + 1, fault = $3, done_at = $4, sealed = NULL WHERE id = $1`, id, state, fault, tx.Now)
}

func markTried(tx *db.Tx, id, fault string) error {
	return tx.Put(`UPDATE text_message SET tries = tries + 1, fault = $2 WHERE id = $1`, id, fault)
}
