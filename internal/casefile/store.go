package casefile

import (
	"errors"
	"time"

	"takeback/internal/db"
)

const columns = `id, account, step, source, language, story, notice, reported_seq, opened_at, moved_at, closed_at, assigned, revision`

func scan(s db.Scanner) (c Case, err error) {
	err = s.Scan(&c.ID, &c.Account, &c.Step, &c.Source, &c.Language, &c.Story, &c.Notice, &c.ReportedSeq,
		db.At(&c.OpenedAt), db.At(&c.MovedAt), db.At(&c.ClosedAt), &c.Assigned, &c.Revision)
	return c, err
}

func insert(tx *db.Tx, c Case) error {
	return tx.Put(`INSERT INTO case_file (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		c.ID, c.Account, c.Step, c.Source, c.Language, c.Story, c.Notice, c.ReportedSeq, c.OpenedAt, c.MovedAt, c.ClosedAt, c.Assigned, c.Revision)
}

// Get gives a case, or ErrNone.
func Get(tx *db.Tx, id string) (Case, error) {
	return one(tx, `SELECT `+columns+` FROM case_file WHERE id = $1`, id)
}

// OfAccount gives the open case of an account, or ErrNone.
func OfAccount(tx *db.Tx, account string) (Case, error) {
	return one(tx, `SELECT `+columns+` FROM case_file WHERE account = $1 AND closed_at IS NULL`, account)
}

func one(tx *db.Tx, sql, arg string) (Case, error) { return orNone(db.One(tx, scan, sql, arg)) }

func orNone[T any](v T, err error) (T, error) {
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	return v, err
}

// Waiting lists the open cases, oldest first.
func Waiting(tx *db.Tx) ([]Case, error) {
	return db.All(tx, scan, `SELECT `+columns+` FROM case_file WHERE closed_at IS NULL ORDER BY opened_at LIMIT 500`)
}

// Recent lists the cases of an account or, with an empty one, of everybody, newest first.
func Recent(tx *db.Tx, account string, limit int) ([]Case, error) {
	if account == "" {
		return db.All(tx, scan, `SELECT `+columns+` FROM case_file ORDER BY opened_at DESC LIMIT $1`, limit)
	}
	return db.All(tx, scan, `SELECT `+columns+` FROM case_file WHERE account = $1 ORDER BY opened_at DESC LIMIT $2`, account, limit)
}

// olderThan lists the cases that come after another in the order from new to old.
func olderThan(tx *db.Tx, account string, than Case, limit int) ([]Case, error) {
	return db.All(tx, scan, `SELECT `+columns+` FROM case_file WHERE ($1 = '' OR account = $1) AND (opened_at < $2 OR opened_at = $2 AND id < $3)
		ORDER BY opened_at DESC, id DESC LIMIT $4`, account, than.OpenedAt, than.ID, limit)
}

// AssignedTo lists the open cases of somebody.
func AssignedTo(tx *db.Tx, staff string) ([]string, error) {
	return db.All(tx, db.Scan1[string], `SELECT id FROM case_file WHERE assigned = $1 AND closed_at IS NULL`, staff)
}

// HandedBackSince counts the cases that were handed back since t.
func HandedBackSince(tx *db.Tx, t time.Time) (n int, err error) {
	err = tx.Row(`SELECT COUNT(DISTINCT case_id) FROM case_entry WHERE at >= $1 AND what = $2`, t, "step."+string(HandedBack)).Scan(&n)
	return n, err
}

// Entries lists what happened in a case, oldest first.
func Entries(tx *db.Tx, id string) ([]Entry, error) {
	return db.All(tx, func(s db.Scanner) (e Entry, err error) {
		err = s.Scan(&e.ID, db.At(&e.At), &e.Role, &e.Actor, &e.What, &e.Text)
		return e, err
	}, `SELECT id, at, role, actor, what, text FROM case_entry WHERE case_id = $1 ORDER BY no`, id)
}

// StoppedAt tells when the account of a case was last held still for it; zero if it never was.
func StoppedAt(tx *db.Tx, id string) (at time.Time, err error) {
	err = tx.Row(`SELECT MAX(at) FROM case_entry WHERE case_id = $1 AND what = $2`, id, "step."+string(Frozen)).Scan(db.At(&at))
	return at, err
}

// Deed is an entry of staff, with the case and the account it is about.
type Deed struct {
	Entry
	Case    string
	Account string
}

// EntriesOfStaff lists what staff did in cases between two times, newest first.
// An empty staff means everybody, an empty case every one.
func EntriesOfStaff(tx *db.Tx, staff, caseID string, from, to time.Time, limit int) ([]Deed, error) {
	return db.All(tx, func(s db.Scanner) (d Deed, err error) {
		err = s.Scan(&d.ID, db.At(&d.At), &d.Role, &d.Actor, &d.What, &d.Text, &d.Case, &d.Account)
		return d, err
	}, `SELECT e.id, e.at, e.role, e.actor, e.what, e.text, e.case_id, c.account FROM case_entry e JOIN case_file c ON c.id = e.case_id
		WHERE e.role IN ('agent', 'investigator', 'supervisor') AND ($1 = '' OR e.actor = $1) AND ($2 = '' OR e.case_id = $2)
		AND e.at >= $3 AND e.at < $4 ORDER BY e.at DESC LIMIT $5`, staff, caseID, from, to, limit)
}
