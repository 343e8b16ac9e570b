package notice

import (
	"strings"
	"time"

	"takeback/internal/db"
	"takeback/internal/mail"
)

// Told is what is kept of a notice.
type Told struct {
	Number  string
	Account string
	Seq     int64
	Event   mail.Event
	Path    string
	At      time.Time
	Letters int
	Untold  []string // slots that could not be written to
}

func insert(tx *db.Tx, t Told) error {
	return tx.Put(`INSERT INTO notice (number, account, seq, event, path, at, letters, untold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Number, t.Account, t.Seq, string(t.Event), t.Path, tx.Now, t.Letters, strings.Join(t.Untold, " "))
}

// toldSince tells whether an account was told of an event since a time.
func toldSince(tx *db.Tx, account string, event mail.Event, since time.Time) (told bool, err error) {
	err = tx.Row(`SELECT COUNT(*) > 0 FROM notice WHERE account = $1 AND event = $2 AND at > $3`, account, string(event), since).Scan(&told)
	return told, err
}

// Of lists the notices of an account, newest first.
func Of(tx *db.Tx, account string, most int) ([]Told, error) {
	return db.All(tx, func(s db.Scanner) (t Told, err error) {
		var untold string
		err = s.Scan(&t.Number, &t.Account, &t.Seq, &t.Event, &t.Path, db.At(&t.At), &t.Letters, &untold)
		t.Untold = strings.Fields(untold)
		return t, err
	}, `SELECT number, account, seq, event, path, at, letters, untold FROM notice WHERE account = $1 ORDER BY at DESC, seq DESC, number LIMIT $2`, account, most)
}
