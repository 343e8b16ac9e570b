package signin

import (
	"context"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Spent remembers which puzzles and proofs of work were answered. It is a store
// of its own type because a face hands it to the shell.
type Spent struct {
	DB   *db.DB
	Seal *seal.Keeper
}

// Spend tells whether an answer is used for the first time. Only its hash is stored.
func (s Spent) Spend(ctx context.Context, id string, until time.Time) (first bool, err error) {
	defer fault.Wrap(&err, "signin.Spent.Spend")
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		first, err = insertSpent(tx, s.Seal.Hash("spent", id), until)
		return err
	})
	return first, err
}
