package signin

import (
	"context"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// closeAfter is how long a closing waits: as long as the link in the letter about it stops the account.
const closeAfter = 14 * 24 * time.Hour

// The faults of closing.
var (
	ErrCloseLater = fault.New(fault.Conflict, "closing.guarded", "This account is watched especially at the moment. It can be closed when that is over.")
	ErrClosing    = fault.New(fault.Conflict, "closing.asked", "The closing of this account was asked for already.")
)

// closable tells whether a wish may be granted in a state. An account is closed
// out of ordinary life only: while it is watched an intruder may be there still.
func closable(p pending, s account.State) bool { return p.path != account.Closing || s == account.Open }

// AskClosing asks for the end of an account, and gives the day. Every contact is
// told; the link in that letter stops the account and with it the wish, any
// session takes it back, and no proof makes it come sooner.
func (l *Life) AskClosing(ctx context.Context, who access.Actor, password seal.Secret) (due time.Time, err error) {
	defer fault.Wrap(&err, "signin.AskClosing(%s)", who.Account)
	_, factors, err := l.proved(ctx, who, ActClose, Again{"password", password})
	if err != nil {
		return due, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) error {
		a, err := account.Get(tx, who.Account)
		if err != nil {
			return err
		}
		p := pending{id: seal.ID("wait"), account: a.ID, epoch: a.Epoch, path: account.Closing, verb: history.Set, value: account.TextValue("closed"),
			by: who, asked: tx.Now, due: tx.Now.Add(closeAfter)}
		if err := fence(a, who); err != nil {
			return err
		}
		if !closable(p, a.State) {
			return ErrCloseLater
		}
		all, err := pendingIn(tx, a.ID)
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.path == account.Closing && other.epoch == a.Epoch {
				return ErrClosing // a second wish must not push the first one's day away, nor bring it nearer
			}
		}
		due = p.due
		if err := keepPending(tx, p); err != nil {
			return err
		}
		if err := jobs.Enqueue(tx, jobs.Job{Kind: jobApply, Args: p.id, At: p.due}); err != nil {
			return err
		}
		return l.Crier.TellRequested(tx, p.wish(who))
	})
	return due, err
}

// close ends an account: nothing given before has authority any more, and its
// sign-in name is free after its quarantine. What was is kept, as evidence; what letters said has no reader any more.
func (l *Life) close(tx *db.Tx, accountID string) error {
	if _, err := account.Turn(tx, accountID, account.Closed, time.Time{}, account.Open); err != nil {
		return err
	}
	if err := session.EndAll(tx, accountID, "", "closed"); err != nil {
		return err
	}
	if err := seal.Void(tx, accountID); err != nil {
		return err
	}
	if err := mail.Forget(tx, accountID); err != nil {
		return err
	}
	return account.Release(tx, accountID)
}
