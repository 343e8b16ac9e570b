package casefile

import (
	"context"

	"takeback/internal/db"
)

// Reader reads cases for faces, each call in a transaction of its own.
type Reader struct{ DB *db.DB }

// Get gives a case, or ErrNone.
func (r Reader) Get(ctx context.Context, id string) (c Case, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = Get(tx, id)
		return err
	})
	return c, err
}

// Recent lists the cases of an account or, with an empty one, of everybody, newest first.
func (r Reader) Recent(ctx context.Context, account string, limit int) (all []Case, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = Recent(tx, account, limit)
		return err
	})
	return all, err
}
