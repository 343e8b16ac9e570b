package signin

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/risk"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/sms"
)

// Judge says how likely it is that somebody else than the holder is at work.
// Room judge is one, by way of app.
type Judge interface {
	// Weigh decides about what is about to be done.
	Weigh(tx *db.Tx, d Doing) (Ruling, error)
	// Failed hears of a sign-in that failed; account is empty for a name that is nobody's.
	Failed(account, name string, client access.Client)
}

// Orders stops accounts and holds orders. Room freeze is one, by way of app.
type Orders interface {
	Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error)
	// Hold holds an order, for no case if none is named.
	Hold(tx *db.Tx, account, path, caseID string, by access.Actor) error
	// GoOn ends the hold of an order for no case; one that a case holds stays held.
	GoOn(tx *db.Tx, account, path string) error
}

// Doing is what somebody is about to do.
type Doing struct {
	By      access.Actor
	Account string
	Verb    history.Verb
	Path    string
	Fresh   bool   // there is nothing at the path
	Target  string // where letters or goods go from now on
	Amount  int64
	Listed  bool // a sign-in whose password is on a list of intruders
	Copied  bool // the client showed the cookie of a device that keeps a key, and not the key
}

// Ruling is what follows. The zero Ruling lets it be.
type Ruling struct {
	Action risk.Action
	For    time.Duration // how long what is held waits
}

// ErrStopped says that the account was stopped because of what was about to be done.
var ErrStopped = fault.New(fault.Frozen, "signin.stopped", "To protect this account we have stopped it. Nothing is lost. Please see how to reach us.")

// ErrOther says that a change cannot be made from where it was asked for.
var ErrOther = fault.New(fault.Conflict, "signin.elsewhere", "To protect your account this cannot be changed from here just now. Please use a device that you have used before, or enter a code of your authenticator app first.")

// refused carries a ruling out of a transaction that must not be kept.
type refused struct {
	Doing
	Ruling
}

// Error implements error.
func (r refused) Error() string { return "signin: the judge says " + r.Action.String() }

// act runs what a holder does. What the judge refuses is undone; that the
// session ends or the account is stopped is a transaction of its own.
func (l *Life) act(ctx context.Context, fn func(tx *db.Tx) error) error {
	err := l.DB.Write(ctx, fn)
	var r refused
	if !errors.As(err, &r) {
		return err
	}
	done := l.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := l.Judge.Weigh(tx, r.Doing); err != nil { // its record was undone with the rest
			return err
		}
		if r.Action == risk.Freeze {
			a, err := account.Get(tx, r.Account)
			if err != nil {
				return err
			}
			_, err = l.Orders.Stop(tx, casefile.Case{Account: a.ID, Source: "risk", Language: a.Language}, r.By)
			return err
		}
		err := l.Sessions.End(tx, r.By, r.Account, r.By.Session, "ended for risk")
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if done != nil {
		return done
	}
	if r.Action == risk.Freeze {
		return ErrStopped
	}
	return session.ErrOver
}

// weigh asks the judge about a holder's act. What must end the session or stop
// the account undoes the transaction; act does the rest.
func (l *Life) weigh(tx *db.Tx, d Doing) (Ruling, error) {
	if l.Judge == nil || d.By.Role != access.Holder {
		return Ruling{}, nil
	}
	r, err := l.Judge.Weigh(tx, d)
	if err != nil {
		return r, err
	}
	if r.Action == risk.Freeze || r.Action == risk.End && d.By.Session != "" { // who is not in yet has no session to end
		return r, refused{d, r}
	}
	return r, nil
}

// weighEntry is weigh for a change that is entered at once or not at all: a
// secret cannot wait, because the one who would wait for it knows it already.
func (l *Life) weighEntry(tx *db.Tx, who access.Actor, e history.Entry) error {
	if e.Verb != history.Credential && e.Verb != history.Drop {
		return nil
	}
	r, err := l.weigh(tx, Doing{By: who, Account: e.Account, Verb: e.Verb, Path: e.Path})
	if err != nil || r.Action < risk.Hold {
		return err
	}
	lifted, err := l.lifted(tx, who)
	if err == nil && !lifted {
		err = ErrOther
	}
	return err
}

// failed tells the judge of a sign-in that failed, and whoever looks out for waves.
func (l *Life) failed(accountID, name string, client access.Client) {
	if l.Judge != nil {
		l.Judge.Failed(accountID, name, client)
	}
	if l.Waves != nil {
		l.Waves.Failed(name, client)
	}
}

// stepUp asks whoever gave the right password for a code sent to a contact
// that is good for recovery, by letter or as a text. An account that has no such contact is let in and
// told: a challenge that the holder cannot meet is a lock-out.
func (l *Life) stepUp(tx *db.Tx, a account.Account, s second) (sent bool, err error) {
	contacts, err := account.Contacts(tx, a.ID)
	if err != nil {
		return false, err
	}
	for _, c := range account.GoodForRecovery(contacts, tx.Now) {
		if !l.reaches(c) {
			continue
		}
		code, err := l.Seal.IssueCode(tx, seal.SignInCode, s.hash, a.ID, a.Epoch, secondFor, history.Factor{Path: c.Slot, Version: c.Version, Proof: "code"})
		if err != nil {
			return false, err
		}
		s.mailed = true
		if err := insertSecond(tx, s); err != nil {
			return false, err
		}
		return true, l.sendCode(tx, a, c, sms.SignIn, code, s.expires)
	}
	return false, nil
}

// checkMailed checks a code that stepUp mailed.
func (l *Life) checkMailed(tx *db.Tx, s second, code string) (f history.Factor, use func(*db.Tx) error, err error) {
	link, err := l.Seal.Peek(tx, seal.SignInCode, s.hash+" "+seal.Typed(code))
	if errors.Is(err, seal.ErrNoLink) || err == nil && link.Check(tx.Now, s.epoch) != nil {
		return f, nil, ErrCode.On("code")
	}
	if err != nil {
		return f, nil, err
	}
	return f, func(tx *db.Tx) error { return l.Seal.Spend(tx, link) }, link.Read(&f)
}
