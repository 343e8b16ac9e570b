package signin

import (
	"context"
	"encoding/json"
	"errors"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/passkey"
	"takeback/internal/session"
)

// AskKeySignIn asks a browser for any passkey that it has for this site. Nobody has
// said a name, so the question is the same for everybody.
func (l *Life) AskKeySignIn(ctx context.Context, client access.Client) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "signin.AskKeySignIn")
	if l.Passkeys == nil {
		return nil, ErrNoKey
	}
	if err := l.tries.take(l.DB.Now(), "passkey from "+client.Net(), perIP); err != nil {
		return nil, err
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		options, err = l.Passkeys.Begin(tx, alone(client), nil)
		return err
	})
	return options, err
}

func alone(client access.Client) passkey.Binding {
	return passkey.Binding{Purpose: forSignIn, Device: client.Device}
}

// SignInKey opens a session for whoever presents a passkey: it is two factors, the
// thing and the finger or PIN that lets it sign. A passkey that was removed, of an
// account that is closed, or of none gives the same error. Only who has the passkey hears ErrHeld.
func (l *Life) SignInKey(ctx context.Context, answer string, client access.Client) (e Entered, err error) {
	defer fault.Wrap(&err, "signin.SignInKey")
	if err := l.tries.take(l.DB.Now(), "passkey from "+client.Net(), perIP); err != nil {
		return e, err
	}
	presented, err := l.takeKey(ctx, alone(client), answer)
	if err != nil {
		return e, err
	}
	err = l.DB.Read(ctx, func(tx *db.Tx) error { // nobody is said to be anybody before the passkey has said it
		_, _, _, err := l.presenter(tx, presented)
		return err
	})
	if err != nil {
		return e, l.copied(ctx, presented.Account(), client, err)
	}
	seen, err := l.Sessions.Recognise(ctx, presented.Account(), client)
	if err != nil {
		return e, err
	}
	client = seen.Client
	err = l.act(ctx, func(tx *db.Tx) error {
		a, f, use, err := l.presenter(tx, presented)
		if err != nil {
			return err
		}
		if a.State != account.Open && a.State != account.Guarded {
			return ErrHeld
		}
		if _, err := l.weigh(tx, Doing{By: access.Actor{Role: access.Holder, Account: a.ID, Client: client}, Account: a.ID, Verb: history.Open, Copied: seen.Copied}); err != nil {
			return err
		}
		e, err = l.openStrong(tx, a, client, f, use)
		e.Device = client.Device
		return err
	})
	if errors.Is(err, account.ErrFrozen) {
		err = ErrHeld.Because(err) // frozen between the check and the commit
	}
	return e, l.copied(ctx, presented.Account(), client, err)
}

// presenter finds whose passkey was presented, and which: passkey.ErrWrong if it is nobody's.
func (l *Life) presenter(tx *db.Tx, presented passkey.Presented) (a account.Account, f history.Factor, use func(*db.Tx) error, err error) {
	a, err = account.Get(tx, presented.Account())
	if errors.Is(err, account.ErrNone) || err == nil && a.State == account.Closed {
		err = passkey.ErrWrong
	}
	if err == nil {
		f, use, err = l.checkKey(tx, a.ID, presented)
	}
	return a, f, use, err
}

// openStrong opens a session with factors of which the last is a strong one that use uses.
func (l *Life) openStrong(tx *db.Tx, a account.Account, client access.Client, f history.Factor, use func(*db.Tx) error, before ...history.Factor) (e Entered, err error) {
	e.Session, e.Token, e.Known, err = l.open(tx, a, client, append(before, f))
	if err != nil {
		return e, err
	}
	if err := use(tx); err != nil {
		return e, err
	}
	return e, l.keepStrong(tx, e.Session.Actor(client), f)
}

// Offers is how a sign-in that waits can be finished.
type Offers struct {
	Mailed bool // with the code that was mailed, and in no other way
	App    bool
	Codes  bool
	Key    bool
}

// Offers tells how a sign-in that waits can be finished, or gives ErrSecondOver.
func (l *Life) Offers(ctx context.Context, token string, client access.Client) (o Offers, err error) {
	defer fault.Wrap(&err, "signin.Offers")
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		s, err := l.waiting(tx, token, client)
		if err != nil {
			return err
		}
		o = Offers{Mailed: s.mailed}
		if s.mailed {
			return nil
		}
		slots, err := slotsOf(tx, s.account)
		for _, slot := range slots {
			o.App = o.App || slot == "totp"
			o.Codes = o.Codes || slot == "codes"
			o.Key = o.Key || strong(slot) && slot != "totp"
		}
		o.Key = o.Key && l.Passkeys != nil
		return err
	})
	return o, err
}

// waiting finds a sign-in that waits in a browser.
func (l *Life) waiting(tx *db.Tx, token string, client access.Client) (second, error) {
	s, err := secondAt(tx, l.Seal.Hash("second", token))
	if errors.Is(err, db.ErrNone) || err == nil && s.device != client.Device {
		err = ErrSecondOver
	}
	return s, err
}

// second binds a ceremony to a sign-in that waits.
func (s second) binding() passkey.Binding {
	return passkey.Binding{Purpose: forSecond, Account: s.account, Epoch: s.epoch, To: s.hash, Device: s.device}
}

// AskSecond asks a browser for a passkey as the second step.
func (l *Life) AskSecond(ctx context.Context, token string, client access.Client) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "signin.AskSecond")
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := l.waiting(tx, token, client)
		if err != nil {
			return err
		}
		if s.mailed {
			return ErrNoKey
		}
		options, err = l.askKey(tx, s.binding())
		return err
	})
	return options, err
}

// SecondKey signs in with the answer to AskSecond. It counts as a try, as a code does.
func (l *Life) SecondKey(ctx context.Context, token, answer string, client access.Client) (e Entered, err error) {
	defer fault.Wrap(&err, "signin.SecondKey")
	var s second
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if s, err = trySecond(tx, l.Seal.Hash("second", token)); errors.Is(err, db.ErrNone) || err == nil && (s.device != client.Device || s.mailed) {
			err = ErrSecondOver
		}
		return err
	})
	if err != nil {
		return e, err
	}
	client.Proof = access.DeviceProof{Key: s.key, Spent: true}
	presented, err := l.takeKey(ctx, s.binding(), answer)
	if err != nil {
		return e, err
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		f, use, err := l.checkKey(tx, s.account, presented)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, s.account)
		if err != nil {
			return err
		}
		a.Epoch = s.epoch // what was begun before a freeze must not end after it
		if e, err = l.openStrong(tx, a, client, f, use, history.Factor{Path: "password", Version: s.version, Proof: "password"}); err != nil {
			return err
		}
		if e.Listed, err = l.toldListed(tx, s.account); err != nil {
			return err
		}
		return dropSecond(tx, s.hash)
	})
	switch {
	case errors.Is(err, account.ErrFrozen):
		err = ErrHeld.Because(err)
	case errors.Is(err, passkey.ErrWrong):
		err = errors.Join(err, l.DB.Write(ctx, func(tx *db.Tx) error {
			known, err := session.Known(tx, s.account, client)
			if err != nil {
				return err
			}
			return l.tellWrong(tx, s, known, client)
		}))
	}
	return e, l.copied(ctx, s.account, client, err)
}
