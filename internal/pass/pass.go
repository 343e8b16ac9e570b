package pass

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/seal"
	"takeback/internal/session"
)

const (
	codeFor    = time.Minute
	AccessFor  = time.Hour // it is checked at every use; this only bounds how long a lost one lies about
	requestFor = 30 * time.Minute
)

// Teller tells the holder's contacts what the history alone does not say. Room notice is one.
type Teller interface {
	// TellReplayed tells that somebody used what only a service of ours has, a second time.
	TellReplayed(tx *db.Tx, account, service string, from access.Client) error
}

// Pass is what a client holds of one sign-in.
type Pass struct {
	ID, Client, Account string
	Epoch               int64
	Parent              string   // the browser's session
	Session             string   // the one that came out of it; empty until the code was exchanged
	Scope               []string // of the present access token
	Redirect, Nonce     string
	AMR                 []string // how the holder had signed in
	ACR                 string
	AuthAt, Until       time.Time
	codeUntil           time.Time
	challenge           string
	allowed             []string
	from                access.Client // the browser
}

// Passes gives and ends passes. All fields but Teller and Log are needed.
type Passes struct {
	DB       *db.DB
	Book     *history.Book
	Sessions *session.Sessions
	Seal     *seal.Keeper
	Teller   Teller       // may be nil: then nobody hears of stolen tokens
	Caller   Caller       // tells clients that a session is over
	Issuer   string       // the address that clients know us by
	Log      *slog.Logger // slog.Default if nil

	failures failures
	parsed   parsedKeys
}

// Handle gives the runner the handlers of this package.
func (p *Passes) Handle(r *jobs.Runner) {
	r.Handle(jobRevoked, jobs.With(p.endRevoked))
	r.Handle(jobDaily, p.daily)
	r.Handle(jobHangup, jobs.With(p.hangUp))
}

const (
	jobRevoked = "pass.client-revoked"
	jobDaily   = "pass.daily"
)

// Wrap checks a request and makes it a text that only this installation can have
// made: what strangers ask for is kept nowhere.
func (p *Passes) Wrap(r Request) (string, error) {
	r.At = p.DB.Now()
	return p.wrap(r)
}

func (p *Passes) wrap(r Request) (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	return p.sealed("pass-request", r)
}

func (p *Passes) sealed(purpose string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return p.Seal.Seal(purpose, seal.NewSecret(string(text)))
}

func (p *Passes) unsealed(purpose, wrapped string, v any) error {
	text, err := p.Seal.Unseal(purpose, wrapped)
	if err != nil {
		return ErrRequest.On("request").Because(err)
	}
	return json.Unmarshal([]byte(text.Reveal()), v)
}

// Arrived is a request that somebody arrived with, and what comes next.
type Arrived struct {
	Request Request
	Client  Client
	Step    Step
	Refusal string // what the client hears instead; empty: the step is taken
}

// Arrive opens a wrapped request for somebody, who may be a stranger.
func (p *Passes) Arrive(ctx context.Context, who access.Actor, wrapped string) (a Arrived, err error) {
	defer fault.Wrap(&err, "pass.Arrive")
	if err := p.unsealed("pass-request", wrapped, &a.Request); err != nil {
		return a, err
	}
	if p.DB.Now().Sub(a.Request.At) > requestFor {
		return a, ErrRequest.On("request")
	}
	if a.Client, err = p.Client(ctx, a.Request.Client); err != nil {
		return a, err
	}
	in := false
	var s session.Session
	if who.Role == access.Holder && !who.Limited {
		err = p.DB.Read(ctx, func(tx *db.Tx) error {
			s, err = session.Find(tx, who.Session)
			return err
		})
		if in = err == nil; err != nil && !errors.Is(err, session.ErrOver) {
			return a, err
		}
	}
	a.Step = a.Request.next(a.Client, in, s.Account, who.Session, proved(s), p.DB.Now())
	a.Refusal = a.Request.refusal(a.Step)
	return a, nil
}

// Allow keeps in a request that the holder said yes in his session.
func (p *Passes) Allow(who access.Actor, r Request) (string, error) {
	r.Allowed = who.Session
	return p.wrap(r)
}

// Begin gives the code for a request whose step is GoOn.
func (p *Passes) Begin(ctx context.Context, who access.Actor, r Request) (code string, err error) {
	defer fault.Wrap(&err, "pass.Begin(%s, %s)", r.Client, who.Account)
	code = seal.NewToken()
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		parent, err := session.Find(tx, who.Session)
		if err != nil {
			return err
		}
		factors, err := history.FactorsOf(tx, parent.Account, parent.ID)
		if err != nil {
			return err
		}
		n := Pass{ID: seal.ID("pass"), Client: r.Client, Account: parent.Account, Epoch: parent.Epoch, Parent: parent.ID, Redirect: r.Redirect, Nonce: r.Nonce,
			challenge: r.Challenge, allowed: r.Scope, AuthAt: proved(parent), Until: parent.ExpiresAt, codeUntil: tx.Now.Add(codeFor), from: who.Client}
		n.AMR, n.ACR = methods(factors)
		return insertPass(tx, n, p.Seal.Hash("pass-code", code))
	})
	return code, err
}

// proved is when the holder last proved in a session who he is.
func proved(s session.Session) time.Time {
	if s.ProvedAt.Before(s.OpenedAt) { // it went on from another browser, where nothing was proved
		return s.OpenedAt
	}
	return s.ProvedAt
}

// Tokens is what a client gets.
type Tokens struct {
	Pass    Pass
	Access  string
	Until   time.Time // of the access token
	Refresh string    // empty unless it was allowed
}

// Redeem exchanges a code. request names the call, for the history.
func (p *Passes) Redeem(ctx context.Context, c Client, x Exchange, request string) (t Tokens, err error) {
	defer fault.Wrap(&err, "pass.Redeem(%s)", c.ID)
	var refused error
	err = p.DB.Write(ctx, func(tx *db.Tx) (err error) {
		t, refused = Tokens{}, nil
		found, err := byCode(tx, p.Seal.Hash("pass-code", x.Code))
		if errors.Is(err, db.ErrNone) {
			refused = ErrGrant
			return nil
		}
		if err != nil {
			return err
		}
		parent, err := session.Find(tx, found.Parent)
		if err != nil && !errors.Is(err, session.ErrOver) {
			return err
		}
		switch found.redeem(c.ID, x, err == nil && parent.Epoch == found.Epoch, tx.Now) {
		case wrong:
			refused = ErrGrant
			return nil
		case stolen:
			refused = ErrGrant
			return p.endStolen(tx, found, request)
		}
		t, err = p.open(tx, found, parent, request)
		return err
	})
	return t, p.refusal(err, refused)
}

// open makes a pass a session.
func (p *Passes) open(tx *db.Tx, found Pass, parent session.Session, request string) (t Tokens, err error) {
	a, err := account.Get(tx, found.Account)
	if err != nil {
		return t, err
	}
	found.from.Request = request
	t.Pass, t.Until = found, earlier(tx.Now.Add(AccessFor), found.Until)
	s, token, _, err := p.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Derive, Parent: parent.ID, Client: found.from, Until: t.Until})
	if err != nil {
		return t, err
	}
	t.Pass.Session, t.Access = s.ID, token
	if err := exchanged(tx, found.ID, s.ID); err != nil {
		return t, err
	}
	return t, p.giveRefresh(tx, &t)
}

// giveRefresh adds a refresh token, if the holder allowed one.
func (p *Passes) giveRefresh(tx *db.Tx, t *Tokens) error {
	if !slices.Contains(t.Pass.allowed, Offline) {
		return nil
	}
	t.Refresh = "tbr_" + seal.NewToken()
	return insertRefresh(tx, p.Seal.Hash("pass-refresh", t.Refresh), t.Pass.ID)
}

// Renew exchanges a refresh token for a new one and a new access token. What was given before is over.
func (p *Passes) Renew(ctx context.Context, c Client, token string, scope []string, request string) (t Tokens, err error) {
	defer fault.Wrap(&err, "pass.Renew(%s)", c.ID)
	var refused error
	err = p.DB.Write(ctx, func(tx *db.Tx) (err error) {
		t, refused = Tokens{}, nil
		hash := p.Seal.Hash("pass-refresh", token)
		kept, found, err := p.refreshed(tx, hash)
		if errors.Is(err, db.ErrNone) {
			refused = ErrGrant
			return nil
		}
		if err != nil {
			return err
		}
		own, renewable, err := session.Came(tx, found.Session)
		if err != nil {
			return err
		}
		_, err = session.Find(tx, found.Parent)
		if err != nil && !errors.Is(err, session.ErrOver) {
			return err
		}
		v := found.renew(c.ID, kept.usedAt, renewable, err == nil, tx.Now)
		if v == good {
			if found.Scope, refused = narrowed(found.allowed, scope); refused != nil {
				return nil
			}
			// Of two who come at once one finds it spent.
			if first, err := spendRefresh(tx, hash); err != nil {
				return err
			} else if !first {
				v = stolen
			}
		}
		switch v {
		case wrong:
			refused = ErrGrant
			return nil
		case stolen:
			refused = ErrGrant
			return p.endStolen(tx, found, request)
		}
		t.Pass, t.Until = found, earlier(tx.Now.Add(AccessFor), found.Until)
		if t.Access, err = p.Sessions.Reissue(tx, own, t.Until); err != nil {
			return err
		}
		if err := setScope(tx, found.ID, found.Scope); err != nil {
			return err
		}
		return p.giveRefresh(tx, &t)
	})
	return t, p.refusal(err, refused)
}

func (p *Passes) refreshed(tx *db.Tx, hash string) (kept refresh, found Pass, err error) {
	if kept, err = refreshOf(tx, hash); err != nil {
		return kept, found, err
	}
	found, err = byID(tx, kept.pass)
	return kept, found, err
}

// refusal puts what a client may hear before what only we may know: an account
// that is held still says no more than a wrong code does.
func (p *Passes) refusal(err, refused error) error {
	if err == nil {
		return refused
	}
	if kind := fault.KindOf(err); kind == fault.Frozen || kind == fault.Unauthenticated || kind == fault.NotFound {
		return ErrGrant.Because(err)
	}
	return err
}

// endStolen ends a pass of which something was used twice, tells it to the
// holder and enters it. A pass that was over already is told of no more: else
// whoever has an old token could fill the holder's mailbox.
func (p *Passes) endStolen(tx *db.Tx, found Pass, request string) error {
	by := access.Do("pass.replayed")
	by.Client = access.Client{Request: request}
	err := p.Sessions.End(tx, by, found.Account, found.Session, "a token of it was used twice")
	if errors.Is(err, db.ErrNone) || err == nil && p.Teller == nil {
		return nil
	}
	if err != nil {
		return err
	}
	name := found.Client
	if c, err := clientByID(tx, found.Client); err == nil {
		name = c.Name
	}
	return p.Teller.TellReplayed(tx, found.Account, name, found.from)
}

// endRevoked ends the passes of a client that was revoked.
func (p *Passes) endRevoked(ctx context.Context, w jobs.Work, id string) error {
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		all, err := passesOf(tx, id)
		if err != nil {
			return err
		}
		for _, found := range all {
			by := access.Do("pass.client-revoked")
			by.Client.Request = w.ID
			if err := p.Sessions.End(tx, by, found.Account, found.Session, "its client was revoked"); err != nil && !errors.Is(err, db.ErrNone) {
				return err
			}
		}
		return w.Finish(tx)
	})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
