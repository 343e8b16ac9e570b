package handback

import (
	"errors"
	"time"

	"takeback/internal/db"
)

// handed is an account that went back.
type handed struct {
	caseID, account, actor, number string
	epoch                          int64
	until                          time.Time
}

// insert keeps that an account went back. A case that went back before, and was
// stopped and restored again, goes back anew.
func insert(tx *db.Tx, h handed) error {
	return tx.Put(`INSERT INTO hand_back (case_id, account, at, actor, number, epoch, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (case_id) DO UPDATE SET at = excluded.at, actor = excluded.actor, number = excluded.number, epoch = excluded.epoch,
			until_at = excluded.until_at, over_at = NULL`,
		h.caseID, h.account, tx.Now, h.actor, h.number, h.epoch, h.until)
}

// handedAt tells when the account of a case went back and how long it is watched; zero times if it did not.
func handedAt(tx *db.Tx, caseID string) (at, until time.Time, err error) {
	err = tx.Row(`SELECT at, until_at FROM hand_back WHERE case_id = $1`, caseID).Scan(db.At(&at), db.At(&until))
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return at, until, err
}

func over(tx *db.Tx, caseID string) error {
	return tx.Put(`UPDATE hand_back SET over_at = $1 WHERE case_id = $2`, tx.Now, caseID)
}
