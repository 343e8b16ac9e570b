package casefile

import (
	"errors"

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

func one(tx *db.Tx, sql, arg string) (Case, error) {
	c, err := db.One(tx, scan, sql, arg)
	if errors.Is(err, db.ErrNone) {
		err = ErrNone
	}
	return c, err
}

// Waiting lists the open cases, oldest first.
func Waiting(tx *db.Tx) ([]Case, error) {
	return db.All(tx, scan, `SELECT `+columns+` FROM case_file WHERE closed_at IS NULL ORDER BY opened_at LIMIT 500`)
}

// Recent lists the cases of an account or, with an empty one, of everybody, newest first.
func Recent(tx *db.Tx, account string, limit int) ([]Case, error) {
	return db.All(tx, scan, `SELECT `+columns+` FROM case_file WHERE $1 = '' OR account = $1 ORDER BY opened_at DESC LIMIT $2`, account, limit)
}

// Entries lists what happened in a case, oldest first.
func Entries(tx *db.Tx, id string) ([]Entry, error) {
	return db.All(tx, func(s db.Scanner) (e Entry, err error) {
		err = s.Scan(&e.ID, db.At(&e.At), &e.Role, &e.Actor, &e.What, &e.Text)
		return e, err
	}, `SELECT id, at, role, actor, what, text FROM case_entry WHERE case_id = $1 ORDER BY at, id`, id)
}
