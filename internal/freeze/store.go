package freeze

import (
	"time"

	"takeback/internal/db"
)

// HeldOrder is an order that waits for its case.
type HeldOrder struct {
	Path string
	Case string
	At   time.Time
}

// Held lists the orders of an account that wait, oldest first. Whoever ships or
// pays asks here before he does.
func Held(tx *db.Tx, account string) ([]HeldOrder, error) {
	return db.All(tx, func(s db.Scanner) (h HeldOrder, err error) {
		err = s.Scan(&h.Path, &h.Case, db.At(&h.At))
		return h, err
	}, `SELECT path, case_id, at FROM order_hold WHERE account = $1 AND released_at IS NULL ORDER BY at, path`, account)
}

func hold(tx *db.Tx, account, path, caseID string) error {
	return tx.Put(`INSERT INTO order_hold (account, path, case_id, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account, path, case_id) DO UPDATE SET at = excluded.at, released_at = NULL`, account, path, caseID, tx.Now)
}

func release(tx *db.Tx, account, path string) (n int64, err error) {
	return tx.Exec(`UPDATE order_hold SET released_at = $1 WHERE account = $2 AND path = $3 AND released_at IS NULL`, tx.Now, account, path)
}

// releaseOf ends the hold of an order for one case.
func releaseOf(tx *db.Tx, account, path, caseID string) (n int64, err error) {
	return tx.Exec(`UPDATE order_hold SET released_at = $1 WHERE account = $2 AND path = $3 AND case_id = $4 AND released_at IS NULL`, tx.Now, account, path, caseID)
}
