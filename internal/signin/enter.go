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
	"takeback/internal/mail"
	"takeback/internal/risk"
	"takeback/internal/seal"
	"takeback/internal/session"
)

const (
	secondFor   = 10 * time.Minute
	secondTries = 5
)

// Entered is the outcome of a right password: a session with its token, or the
// token of the second step that must follow.
type Entered struct {
	Session session.Session
	Token   string
	Device  string // the id that the browser carries from now on: another one, if it showed one that is not its own
	Known   bool   // the device was used for this account before
	Second  string // not empty: nobody is signed in yet
	Mailed  bool   // the second step is a code that was mailed
	Listed  bool   // the password is on a list that intruders try, and another one should be chosen
}

// SignIn opens a session for whoever knows the password, or asks for the second
// factor. An absent account, a wrong password and an address that is none cost
// the same time and give ErrWrong. Only who knows the password hears ErrHeld.
func (l *Life) SignIn(ctx context.Context, email string, password seal.Secret, client access.Client) (e Entered, err error) {
	defer fault.Wrap(&err, "signin.SignIn")
	address, bad := mail.ParseAddress(email)
	key := address.Key()
	now := l.DB.Now()
	if err := l.turnedAway(now, key, client); err != nil {
		return e, err
	}
	var at arrival
	if bad == nil {
		if at, err = l.arrive(ctx, key, client); err != nil {
			return e, err
		}
	}
	a, secret := at.account, at.password
	seen, err := l.Sessions.Recognise(ctx, a.ID, client)
	if err != nil {
		return e, err
	}
	client, at.known = seen.Client, seen.Known
	allowed, ok := l.allow(now, key, at.known, client)
	if !ok {
		l.refused(key, client)
		return e, errSlowDoor
	}
	if at.known {
		ctx = seal.Ahead(ctx)
	}
	ok, err = l.Seal.CheckPassword(ctx, secret.Stored, password)
	switch {
	case errors.Is(err, seal.ErrBusy):
		l.refused(key, client)
		return e, err
	case err != nil:
		return e, err
	case !ok || a.State == account.Closed:
		l.failed(a.ID, key, client)
		return e, ErrWrong
	case a.State != account.Open && a.State != account.Guarded:
		return e, ErrHeld
	}
	l.right(allowed)
	in := entering{arrival: at, client: client, copied: seen.Copied, stronger: l.rehash(ctx, secret, password), listed: l.exposed(password)}
	err = l.act(ctx, func(tx *db.Tx) (err error) {
		e, err = l.enter(tx, in)
		return err
	})
	if errors.Is(err, account.ErrFrozen) {
		err = ErrHeld.Because(err) // frozen between the check and the commit
	}
	return e, err
}

// entering is somebody whose password was right.
type entering struct {
	arrival
	client   access.Client
	copied   bool   // the client showed a device that is not its own
	stronger string // the hash to keep from now on; empty if the present one is good
	listed   bool
}

// enter opens the session, or begins the second step.
func (l *Life) enter(tx *db.Tx, in entering) (e Entered, err error) {
	a, secret := in.account, in.password
	if in.stronger != "" { // no entry in the history: the secret is the same
		if err := account.StoreRehashed(tx, a.ID, "password", secret.Version, in.stronger); err != nil {
			return e, err
		}
	}
	e = Entered{Device: in.client.Device, Listed: in.listed}
	if in.listed {
		if err := l.tellListed(tx, secret, in.client); err != nil {
			return e, err
		}
	}
	r, err := l.weigh(tx, Doing{By: access.Actor{Role: access.Holder, Account: a.ID, Client: in.client}, Account: a.ID, Verb: history.Open, Listed: in.listed, Copied: in.copied})
	if err != nil {
		return e, err
	}
	token := seal.NewToken()
	step := second{hash: l.Seal.Hash("second", token), account: a.ID, epoch: a.Epoch, version: secret.Version, device: in.client.Device, key: in.client.Proof.Key, expires: tx.Now.Add(secondFor)}
	if in.twoStep {
		e.Second = token
		return e, insertSecond(tx, step)
	}
	if l.AlwaysSecond || r.Action >= risk.StepUp {
		if e.Mailed, err = l.stepUp(tx, a, step); err != nil || e.Mailed {
			e.Second = token
			return e, err
		}
	}
	e.Session, e.Token, e.Known, err = l.open(tx, a, in.client, []history.Factor{{Path: "password", Version: secret.Version, Proof: "password"}})
	return e, err
}

// rehash gives a hash of today's parameters for a right password that is kept
// under weaker ones; empty if there is no need, or no time just now.
func (l *Life) rehash(ctx context.Context, now account.Secret, password seal.Secret) string {
	if !seal.Outdated(now.Stored) {
		return ""
	}
	stronger, err := l.Seal.HashPassword(ctx, password)
	if err != nil {
		return "" // the next sign-in tries again
	}
	return stronger
}

// open opens a session, unless the first of what was right has been changed meanwhile.
func (l *Life) open(tx *db.Tx, a account.Account, client access.Client, factors []history.Factor) (s session.Session, token string, known bool, err error) {
	s, token, known, err = l.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Factors: factors, Client: client})
	if err != nil {
		return s, token, known, err
	}
	now, err := account.SecretIn(tx, a.ID, factors[0].Path)
	if err == nil && now.Version != factors[0].Version {
		err = ErrWrong
	}
	return s, token, known, err
}

// second is a sign-in that waits for its second factor.
type second struct {
	hash, account string
	epoch         int64
	version       string
	device, key   string
	mailed        bool // a code was mailed; else it is a passkey, the authenticator's code or a saved one
	tries         int
	expires       time.Time
}

// SecondStep signs in with a code of the authenticator app, or a saved code. A
// token of the first step has five tries, in ten minutes.
func (l *Life) SecondStep(ctx context.Context, token, code string, client access.Client) (e Entered, err error) {
	defer fault.Wrap(&err, "signin.SecondStep")
	var wrong error
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		wrong = nil
		s, err := trySecond(tx, l.Seal.Hash("second", token))
		if errors.Is(err, db.ErrNone) || err == nil && s.device != client.Device {
			return ErrSecondOver
		}
		if err != nil {
			return err
		}
		client.Proof = access.DeviceProof{Key: s.key, Spent: true}
		known, err := session.Known(tx, s.account, client)
		if err != nil {
			return err
		}
		allowance := "code " + s.account
		if known {
			allowance += " on " + client.Device
		}
		if err := l.tries.take(tx.Now, allowance, perAccount); err != nil {
			return err
		}
		f, use, err := l.checkSecond(tx, s, code)
		if errors.Is(err, ErrCode) {
			wrong = err
			return l.tellWrong(tx, s, known, client) // the try counts: it must be committed
		}
		if err != nil {
			return err
		}
		a, err := account.Get(tx, s.account)
		if err != nil {
			return err
		}
		a.Epoch = s.epoch // what was begun before a freeze must not end after it
		e.Session, e.Token, e.Known, err = l.open(tx, a, client, []history.Factor{{Path: "password", Version: s.version, Proof: "password"}, f})
		if err != nil {
			return err
		}
		if err := use(tx); err != nil {
			return err
		}
		if e.Listed, err = l.toldListed(tx, s.account); err != nil {
			return err
		}
		if !s.mailed { // whoever reads the mail must not lift what the letters about it hold back
			if err := l.keepStrong(tx, e.Session.Actor(client), f); err != nil {
				return err
			}
		}
		l.tries.forget(allowance)
		return dropSecond(tx, s.hash)
	})
	switch {
	case errors.Is(err, account.ErrFrozen):
		err = ErrHeld.Because(err)
	case err == nil && wrong != nil:
		err = wrong
	}
	return e, err
}

// checkSecond checks the code of a second step, as it was asked for.
func (l *Life) checkSecond(tx *db.Tx, s second, code string) (history.Factor, func(*db.Tx) error, error) {
	if s.mailed {
		return l.checkMailed(tx, s, code)
	}
	return l.checkCode(tx, s.account, code)
}

// tellWrong tells the holder that somebody who had the right password failed at the second step.
func (l *Life) tellWrong(tx *db.Tx, s second, known bool, client access.Client) error {
	if l.Witness == nil || !alarming(known, s.tries) {
		return nil
	}
	return l.Witness.TellWrongSecond(tx, s.account, client)
}

// SignOut ends the session that acts.
func (l *Life) SignOut(ctx context.Context, who access.Actor) error {
	return l.EndSession(ctx, who, who.Session)
}

// EndSession ends one session of one's own account; another one than that which
// acts only after a proof of the last minutes (ErrProve): who has a stolen cookie
// must not throw its holder out. What it had asked for and
// what still waits is taken back with it, unless it is the session that acts.
func (l *Life) EndSession(ctx context.Context, who access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "signin.EndSession(%s)", who.Account)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		if id != who.Session {
			if err := lately(tx, who); err != nil {
				return err
			}
		}
		err := l.Sessions.End(tx, who, who.Account, id, "sign-out")
		if errors.Is(err, db.ErrNone) {
			return ErrNoSession
		}
		if err != nil || id == who.Session {
			return err
		}
		return l.dropPending(tx, who, func(p pending) bool { return p.by.Session == id })
	})
}

// EndOthers ends every session of one's own account but the one that acts, after
// a proof of the last minutes (ErrProve), and takes back what they had asked for.
func (l *Life) EndOthers(ctx context.Context, who access.Actor) (err error) {
	defer fault.Wrap(&err, "signin.EndOthers(%s)", who.Account)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		if err := lately(tx, who); err != nil {
			return err
		}
		living, err := session.Living(tx, who.Account)
		if err != nil {
			return err
		}
		for _, s := range living {
			if s.ID == who.Session {
				continue
			}
			if err := l.Sessions.End(tx, who, who.Account, s.ID, "ended by another session"); err != nil {
				return err
			}
		}
		return l.dropPending(tx, who, func(p pending) bool { return p.by.Session != who.Session })
	})
}

// Living lists the sessions of one's own account that may act, newest first.
func (l *Life) Living(ctx context.Context, who access.Actor) (living []session.Session, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		living, err = session.Living(tx, who.Account)
		return err
	})
	slices.SortStableFunc(living, func(a, b session.Session) int { return b.SeenAt.Compare(a.SeenAt) })
	return living, err
}
