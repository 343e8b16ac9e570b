package account

import (
	"context"

	"takeback/internal/db"
)

// Reader reads accounts for faces, each call in a transaction of its own.
type Reader struct{ DB *db.DB }

// Get gives an account, or ErrNone.
func (r Reader) Get(ctx context.Context, id string) (a Account, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		a, err = Get(tx, id)
		return err
	})
	return a, err
}

// Facts lists what is true of an account now, or gives ErrNone if there is no such account.
func (r Reader) Facts(ctx context.Context, id string) (facts []Fact, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := Get(tx, id); err != nil {
			return err
		}
		facts, err = Facts(tx, id)
		return err
	})
	return facts, err
}
