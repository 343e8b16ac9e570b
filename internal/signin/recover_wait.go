package signin

import (
	"context"
	"errors"
	"slices"
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

// recoveryDue is the job that lets a recovery go on whose wait is over, unless
// it was stopped, the account was, or the mailbox is no longer good.
func (l *Life) recoveryDue(ctx context.Context, w jobs.Work, id string) error {
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := recoveryAt(tx, id)
		if err != nil {
			return err
		}
		p, err := load(tx, x.account)
		if err != nil {
			return err
		}
		good := slices.ContainsFunc(account.GoodForRecovery(p.contacts, tx.Now), func(c account.Contact) bool { return c.Version == x.version })
		if x.state != "waiting" || p.account.Epoch != x.epoch || !good || p.account.State != account.Open && p.account.State != account.Guarded {
			return w.Finish(tx)
		}
		token, err := l.Seal.Issue(tx, seal.Recovered, x.account, x.epoch, readyFor, x.id)
		if err != nil {
			return err
		}
		return errors.Join(moveRecovery(tx, id, "ready", "waiting"),
			l.post(tx, p, x.address, mail.Recover{Link: "/recover/set/" + token, Until: tx.Now.Add(readyFor), Ready: true}), w.Finish(tx))
	})
}

// PeekRecovered tells whether the last page of a recovery still counts.
func (l *Life) PeekRecovered(ctx context.Context, token string) error {
	return l.DB.Read(ctx, func(tx *db.Tx) error {
		_, _, _, err := l.readyOf(tx, token)
		return err
	})
}

func (l *Life) readyOf(tx *db.Tx, token string) (p person, link seal.Link, x recovery, err error) {
	if p, link, err = l.behind(tx, seal.Recovered, token); err != nil {
		return p, link, x, err
	}
	var id string
	if err := link.Read(&id); err != nil {
		return p, link, x, err
	}
	if x, err = recoveryAt(tx, id); err == nil && x.state != "ready" {
		err = ErrEnded
	}
	return p, link, x, err
}

// FinishRecovery sets the new password. Every second factor that was not
// presented goes, every session ends, and every contact is told of each change.
// It signs nobody in.
func (l *Life) FinishRecovery(ctx context.Context, token string, fresh seal.Secret, client access.Client) (err error) {
	defer fault.Wrap(&err, "signin.FinishRecovery")
	e, err := l.newPassword(ctx, fresh, func(tx *db.Tx) (p person, err error) {
		p, _, _, err = l.readyOf(tx, token)
		return p, err
	})
	if err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		p, link, x, err := l.readyOf(tx, token)
		if err != nil {
			return err
		}
		if err := errors.Join(l.Seal.Spend(tx, link), moveRecovery(tx, x.id, "done", "ready")); err != nil {
			return err
		}
		s, _, _, err := l.Sessions.Open(tx, session.Opening{Account: p.account, Verb: history.Recover, Factors: x.factors, Client: client})
		if err != nil {
			return err
		}
		who := s.Actor(client)
		e.By, e.Factors = who, x.factors
		// Not asked of the judge: two proofs or days of waiting are more than he asks for, and no device that he knows may be left.
		c, err := l.Book.Append(tx, e)
		if err != nil {
			return err
		}
		if err := l.dropLost(tx, who, x.factors); err != nil {
			return err
		}
		if err := l.afterPassword(tx, who, "recovered"); err != nil {
			return err
		}
		if err := seal.Void(tx, p.account.ID, seal.Recover, seal.Recovered); err != nil {
			return err
		}
		if err := l.Sessions.End(tx, who, p.account.ID, s.ID, "recovered"); err != nil {
			return err
		}
		return l.mailDone(tx, p, resetLink{x.slot, x.version, x.address}, c, client)
	})
}

// dropLost takes off the second factors that were not presented: a telephone
// that is lost may be in somebody's hands, with all that is on it.
func (l *Life) dropLost(tx *db.Tx, who access.Actor, shown []history.Factor) error {
	lost, err := factorsOf(tx, who.Account)
	if err != nil {
		return err
	}
	saved, err := account.SecretIn(tx, who.Account, "codes")
	if err != nil {
		return err
	}
	if saved.Version != "" {
		lost = append(lost, "codes")
	}
	for _, path := range lost {
		if slices.ContainsFunc(shown, func(f history.Factor) bool { return f.Path == path }) {
			continue
		}
		if _, err := l.Book.Append(tx, history.Entry{Account: who.Account, By: who, Verb: history.Drop, Path: path}); err != nil {
			return err
		}
	}
	return nil
}

// PeekStop tells whether a link still stops a recovery. It changes nothing.
func (l *Life) PeekStop(ctx context.Context, token string) (due time.Time, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		_, x, err := l.stoppable(tx, token)
		due = x.due
		return err
	})
	return due, err
}

func (l *Life) stoppable(tx *db.Tx, token string) (link seal.Link, x recovery, err error) {
	if link, err = l.Seal.Peek(tx, seal.RecoverStop, token); err != nil {
		return link, x, err
	}
	if err := link.Check(tx.Now, 0); err != nil {
		return link, x, err
	}
	var id string
	if err := link.Read(&id); err != nil {
		return link, x, err
	}
	if x, err = recoveryAt(tx, id); err == nil && x.state != "waiting" && x.state != "ready" {
		err = ErrEnded
	}
	return link, x, err
}

// StopRecovery stops a recovery for whoever has a letter about it, without
// signing in. It gives access to nobody and touches nothing in the account; all contacts are told.
func (l *Life) StopRecovery(ctx context.Context, token string, client access.Client) (err error) {
	defer fault.Wrap(&err, "signin.StopRecovery")
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		link, x, err := l.stoppable(tx, token)
		if err != nil {
			return err
		}
		if err := l.Seal.Spend(tx, link); err != nil {
			return err
		}
		return l.stop(tx, x, client)
	})
}

func (l *Life) stop(tx *db.Tx, x recovery, client access.Client) error {
	if err := moveRecovery(tx, x.id, "stopped", "waiting", "ready"); err != nil {
		return err
	}
	if err := seal.Void(tx, x.account, seal.Recover, seal.Recovered); err != nil {
		return err
	}
	return l.Herald.TellRecovery(tx, x.account, "", mail.Recovering{At: tx.Now, Stopped: true, IP: client.IP, Device: device(client.UserAgent)})
}

// RecoveryWaits tells until when somebody's way back into one's own account waits; zero if nobody's does.
func (l *Life) RecoveryWaits(ctx context.Context, who access.Actor) (due time.Time, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := recoveriesOf(tx, who.Account)
		for _, x := range all {
			if (x.state == "waiting" || x.state == "ready" && tx.Now.Sub(x.due) < readyFor) && x.epoch == who.Epoch {
				due = x.due
			}
		}
		return err
	})
	return due, err
}

// EndRecoveries stops what RecoveryWaits tells of: whoever is signed in needs no way back in.
func (l *Life) EndRecoveries(ctx context.Context, who access.Actor) (err error) {
	defer fault.Wrap(&err, "signin.EndRecoveries(%s)", who.Account)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, who.Account)
		if err == nil {
			err = fence(a, who)
		}
		if err != nil {
			return err
		}
		all, err := recoveriesOf(tx, who.Account)
		for _, x := range all {
			if err == nil && (x.state == "waiting" || x.state == "ready") {
				err = l.stop(tx, x, who.Client)
			}
		}
		return err
	})
}
