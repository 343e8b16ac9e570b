package connector

import (
	"errors"

	"takeback/internal/db"
)

// enter takes the turn of a fence, or returns ErrFence if a higher one was
// here. Its row is locked until the commit, so two turns cannot overlap.
func enter(tx *db.Tx, account string, f Fence) error {
	n, err := tx.Exec(`INSERT INTO connector_fence (account, epoch, lease) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET epoch = excluded.epoch, lease = excluded.lease
		WHERE connector_fence.epoch < excluded.epoch OR (connector_fence.epoch = excluded.epoch AND connector_fence.lease <= excluded.lease)`,
		account, f.Epoch, f.Lease)
	if err == nil && n == 0 {
		err = ErrFence
	}
	return err
}

// known tells whether a key was carried out before.
func known(tx *db.Tx, key string) (bool, error) {
	var seq int64
	err := tx.Row(`SELECT seq FROM connector_key WHERE key = $1`, key).Scan(&seq)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

func remember(tx *db.Tx, c Call, seq int64) error {
	return tx.Put(`INSERT INTO connector_key (key, account, seq, at) VALUES ($1, $2, $3, $4)`, c.Key, c.Account, seq, tx.Now)
}
