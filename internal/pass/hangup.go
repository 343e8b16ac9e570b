package pass

import (
	"context"
	"errors"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/session"
)

const jobHangup = "pass.hangup"

// Caller tells a client that a pass is over. Face oidc is one.
type Caller interface {
	Hangup(ctx context.Context, c Client, over Pass) error
}

// Hear queues telling clients that passes are over, in the transaction of what
// ended them. It is meant for history.Book.OnAppend. Which ones it was is found
// out afterwards: what ends many sessions does not name each.
func (p *Passes) Hear(tx *db.Tx, c history.Change) (err error) {
	defer fault.Wrap(&err, "pass.Hear(%s %d)", c.Account, c.Seq)
	switch c.Verb {
	case history.SignOut, history.Freeze, history.Credential:
	default:
		return nil
	}
	waiting, err := untold(tx, c.Account)
	if err != nil || len(waiting) == 0 {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobHangup, Key: "pass hangup " + c.Account, Args: c.Account})
}

// hangUp tells each client once that its pass is over. One that cannot be reached
// is tried again with growing waits; a pass that still counts is left alone.
func (p *Passes) hangUp(ctx context.Context, w jobs.Work, account string) error {
	type call struct {
		of Pass
		to Client
	}
	var calls []call
	err := p.DB.Read(ctx, func(tx *db.Tx) error {
		calls = nil
		waiting, err := untold(tx, account)
		for _, of := range waiting {
			lives, err := p.lives(tx, of)
			if err != nil {
				return err
			}
			c, err := clientByID(tx, of.Client)
			switch {
			case errors.Is(err, db.ErrNone):
				continue // it was revoked: nobody is there to be told
			case err != nil:
				return err
			case !lives:
				calls = append(calls, call{of, c})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	var failed error
	for _, c := range calls {
		if err := p.Caller.Hangup(ctx, c.to, c.of); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := p.DB.Write(ctx, func(tx *db.Tx) error { return told(tx, c.of.ID) }); err != nil {
			return err
		}
	}
	return failed
}

// lives tells whether a pass can still be used or renewed.
func (p *Passes) lives(tx *db.Tx, of Pass) (bool, error) {
	_, renewable, err := session.Came(tx, of.Session)
	if err != nil || !renewable {
		return false, err
	}
	_, err = session.Find(tx, of.Parent)
	if errors.Is(err, session.ErrOver) {
		return false, nil
	}
	return err == nil, err
}

// untold lists the passes of an account whose clients want to hear of their end and have not.
func untold(tx *db.Tx, account string) ([]Pass, error) {
	return db.All(tx, scanPass, `SELECT `+passColumns+` FROM pass WHERE account = $1 AND session <> '' AND told_at IS NULL AND until > $2
		AND client IN (SELECT id FROM client WHERE hangup <> '') ORDER BY begun_at, id`, account, tx.Now)
}

func told(tx *db.Tx, id string) error {
	return tx.Put(`UPDATE pass SET told_at = $1 WHERE id = $2`, tx.Now, id)
}
