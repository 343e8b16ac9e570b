package casefile

import (
	"context"
	"time"

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

// Before lists cases of an account or, with an empty one, of everybody, newest
// first: those that come after the case before, or from the newest on if that is
// empty. more tells whether the list goes on. A before that is no case is ErrNone.
func (r Reader) Before(ctx context.Context, account, before string, limit int) (all []Case, more bool, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		last := Case{OpenedAt: tx.Now.Add(time.Hour)} // nothing was opened later
		if before != "" {
			if last, err = Get(tx, before); err != nil {
				return err
			}
		}
		all, err = olderThan(tx, account, last, limit+1)
		if more = len(all) > limit; more {
			all = all[:limit]
		}
		return err
	})
	return all, more, err
}
