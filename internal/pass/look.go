package pass

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
	"takeback/internal/session"
)

// Holding is a living token.
type Holding struct {
	Pass    Pass
	Client  Client
	Refresh bool // it is a refresh token
	Until   time.Time
}

// Of gives what an access token is of, or ErrToken. It is as fresh as GET
// /v1/session: what ended with a commit is over with that commit.
func (p *Passes) Of(ctx context.Context, token string) (h Holding, err error) {
	defer fault.Wrap(&err, "pass.Of")
	s, err := p.Sessions.Check(ctx, token)
	if err == nil && s.Verb != history.Derive {
		err = session.ErrOver // a browser's own session is nobody's pass
	}
	if err == nil {
		h.Until = s.ExpiresAt
		err = p.DB.Read(ctx, func(tx *db.Tx) error {
			if h.Pass, err = bySession(tx, s.ID); err != nil {
				return err
			}
			h.Client, err = clientByID(tx, h.Pass.Client)
			return err
		})
	}
	if errors.Is(err, session.ErrOver) || errors.Is(err, db.ErrNone) {
		err = ErrToken.Because(err)
	}
	return h, err
}

// Inspect tells a client of a token, access or refresh. What is over, unknown,
// or not the asker's business is ErrToken alike.
func (p *Passes) Inspect(ctx context.Context, asker Client, token string) (h Holding, err error) {
	defer fault.Wrap(&err, "pass.Inspect(%s)", asker.ID)
	if h, err = p.Of(ctx, token); errors.Is(err, ErrToken) {
		h, err = p.ofRefresh(ctx, token)
	}
	if err == nil && !mayInspect(asker, h.Client) {
		err = ErrToken
	}
	if err != nil {
		return Holding{}, err
	}
	return h, nil
}

// ofRefresh gives what an unused refresh token is of.
func (p *Passes) ofRefresh(ctx context.Context, token string) (h Holding, err error) {
	h.Refresh = true
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		kept, found, err := p.refreshed(tx, p.Seal.Hash("pass-refresh", token))
		if err != nil {
			return err
		}
		h.Pass, h.Until = found, found.Until
		h.Pass.Scope = found.allowed
		if h.Client, err = clientByID(tx, found.Client); err != nil {
			return err
		}
		_, renewable, err := session.Came(tx, found.Session)
		if err != nil {
			return err
		}
		_, err = session.Find(tx, found.Parent)
		if err == nil && found.renew(found.Client, kept.usedAt, renewable, true, tx.Now) != good {
			err = session.ErrOver
		}
		return err
	})
	if errors.Is(err, session.ErrOver) || errors.Is(err, db.ErrNone) {
		err = ErrToken.Because(err)
	}
	return h, err
}

// Drop ends the pass of a token that a client gives back (RFC 7009). A token that
// is not the client's, or none, changes nothing and is no error.
func (p *Passes) Drop(ctx context.Context, c Client, token, request string) (err error) {
	defer fault.Wrap(&err, "pass.Drop(%s)", c.ID)
	h, err := p.Of(ctx, token)
	if errors.Is(err, ErrToken) {
		h, err = p.ofRefresh(ctx, token)
	}
	if errors.Is(err, ErrToken) || err == nil && h.Pass.Client != c.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return p.end(ctx, h.Pass, "given back by its service", request)
}

// Leave ends the pass whose session is named by an ID token that we signed. It
// gives the browser's session that it came out of; empty if there is no such pass.
func (p *Passes) Leave(ctx context.Context, client, sid, request string) (parent string, err error) {
	defer fault.Wrap(&err, "pass.Leave(%s)", client)
	var found Pass
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = bySession(tx, sid)
		return err
	})
	if errors.Is(err, db.ErrNone) || err == nil && found.Client != client {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return found.Parent, p.end(ctx, found, "signed out at its service", request)
}

func (p *Passes) end(ctx context.Context, of Pass, why, request string) error {
	by := access.Do("pass.given-back")
	by.Client.Request = request
	err := p.DB.Write(ctx, func(tx *db.Tx) error { return p.Sessions.End(tx, by, of.Account, of.Session, why) })
	if errors.Is(err, db.ErrNone) {
		return nil // it is over, which is what was wanted
	}
	return err
}

// Person is what a client may know of the holder.
type Person struct {
	Account, Name, Email, Language string
	EmailConfirmed                 bool
	UpdatedAt                      time.Time
}

// Person gives what the scope of an access token lets its client know.
func (p *Passes) Person(ctx context.Context, of Pass) (who Person, err error) {
	defer fault.Wrap(&err, "pass.Person(%s)", of.Account)
	who.Account = of.Account
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		if slices.Contains(of.Scope, Profile) {
			a, err := account.Get(tx, of.Account)
			if err != nil {
				return err
			}
			name, err := account.FactAt(tx, of.Account, "name")
			if err != nil && !errors.Is(err, db.ErrNone) {
				return err
			}
			who.Name, who.Language, who.UpdatedAt = name.Text(), a.Language, name.Since
		}
		if !slices.Contains(of.Scope, Email) {
			return nil
		}
		contacts, err := account.Contacts(tx, of.Account)
		for _, c := range contacts {
			if c.Slot == "email" && c.Until.IsZero() {
				who.Email, who.EmailConfirmed = c.Address, !c.ConfirmedAt.IsZero()
			}
		}
		return err
	})
	return who, err
}

// Leaving is somebody who signs out at a client and comes by here.
type Leaving struct {
	Client string    `json:"c"`
	To     string    `json:"r,omitempty"` // with the state in it; empty: nowhere
	Parent string    `json:"p,omitempty"` // the browser's session that the client named; it may be ended without asking
	At     time.Time `json:"t"`
}

// WrapLeaving makes a leaving a text that only this installation can have made.
func (p *Passes) WrapLeaving(l Leaving) (string, error) {
	l.At = p.DB.Now()
	return p.sealed("pass-leaving", l)
}

// Leaving opens such a text.
func (p *Passes) Leaving(wrapped string) (l Leaving, err error) {
	err = p.unsealed("pass-leaving", wrapped, &l)
	if err == nil && p.DB.Now().Sub(l.At) > requestFor {
		err = ErrRequest.On("request")
	}
	return l, err
}
