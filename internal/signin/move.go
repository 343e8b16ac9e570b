package signin

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
)

// onceFor is how long the name of a movement is remembered: longer than anybody tries again.
const onceFor = 30 * 24 * time.Hour

// ErrOtherMove says that a name was given to another movement before.
var ErrOtherMove = fault.New(fault.Conflict, "move.other", "This key was used for another movement of this account.").On("once")

// Movement is an amount that comes to a ledger, or goes.
type Movement struct {
	Path   string
	Amount int64
	Once   string // the service's own name of it; the same name is the same movement. Empty: each is one of its own
}

// errRaced says that the same movement was booked by somebody else meanwhile.
var errRaced = errors.New("signin: a movement was booked twice at once")

// Move books an amount on a ledger: points come and go as the service says.
// again tells that it was booked before, and nothing was done.
func (l *Life) Move(ctx context.Context, by access.Actor, accountID string, m Movement) (again bool, err error) {
	defer fault.Wrap(&err, "signin.Move(%s, %s)", accountID, m.Path)
	move := func(tx *db.Tx) (err error) {
		if again, err = moved(tx, accountID, m); err != nil || again {
			return err
		}
		if _, err = l.append(tx, by, history.Entry{Account: accountID, Verb: history.Move, Path: m.Path, Amount: m.Amount}); err != nil || m.Once == "" {
			return err
		}
		fresh, err := insertMove(tx, accountID, m)
		if err == nil && !fresh {
			err = errRaced
		}
		return err
	}
	if err = l.DB.Write(ctx, move); errors.Is(err, errRaced) {
		err = l.DB.Write(ctx, move) // the other one is there to be seen now
	}
	return again, err
}

// moved tells whether a movement was booked before; ErrOtherMove if another one was by its name.
func moved(tx *db.Tx, accountID string, m Movement) (bool, error) {
	if m.Once == "" {
		return false, nil
	}
	before := Movement{Once: m.Once}
	err := tx.Row(`SELECT path, amount FROM move_key WHERE account = $1 AND once = $2`, accountID, m.Once).Scan(&before.Path, &before.Amount)
	switch {
	case errors.Is(err, db.ErrNone):
		return false, nil
	case err == nil && before != m:
		err = ErrOtherMove
	}
	return err == nil, err
}

// insertMove keeps the name of a movement; false if it has been given meanwhile. It clears away the oldest ones.
func insertMove(tx *db.Tx, accountID string, m Movement) (fresh bool, err error) {
	if err := tx.Put(`DELETE FROM move_key WHERE at < $1`, tx.Now.Add(-onceFor)); err != nil {
		return false, err
	}
	n, err := tx.Exec(`INSERT INTO move_key (account, once, path, amount, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, once) DO NOTHING`,
		accountID, m.Once, m.Path, m.Amount, tx.Now)
	return n == 1, err
}
