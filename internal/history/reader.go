package history

import (
	"context"

	"takeback/internal/db"
)

// Reader reads histories for faces, each call in a transaction of its own.
type Reader struct{ DB *db.DB }

// Since gives at most limit changes of an account from seq on, oldest first.
func (r Reader) Since(ctx context.Context, account string, seq int64, limit int) (all []Change, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = Since(tx, account, seq, limit)
		return err
	})
	return all, err
}
