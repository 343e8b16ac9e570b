package holder

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) securityRoutes() []web.Route {
	return slices.Concat([]web.Route{
		{Method: "GET", Path: "/security", Permission: access.OwnAccount, Handler: p.showSecurity},
		{Method: "POST", Path: "/security/sessions/{id}/end", Permission: access.OwnAccount, Handler: p.first(p.endSession), Back: "/security"},
		{Method: "POST", Path: "/security/others/end", Permission: access.OwnAccount, Handler: p.first(p.endOthers), Back: "/security"},
		{Method: "POST", Path: "/security/devices/{device}/forget", Permission: access.OwnAccount, Handler: p.forgetDevice, Back: "/security"},
		{Method: "POST", Path: "/security/waiting/{id}/cancel", Permission: access.OwnAccount, Handler: p.cancel, Back: "/security"},
	}, p.proveRoutes(), p.passkeyRoutes())
}

var securityPage = web.NewView[securityView](pages, "security")

type securityView struct {
	web.Page
	Email, Phone string // masked
	Factors      signin.Factors
	Sessions     []sessionView
	Others       bool
	Devices      []deviceView
	SignIns      []signInOf
	Pending      []waitView
	Held         []string // numbers of orders that do not go out for now
	Unusual      []unusualView
	CanProve     bool // a code would lift the wait
	Listed       bool // the password is on a list that intruders try
	Guarded      time.Time
}

// Quiet tells whether nothing is held and nothing waits.
func (v securityView) Quiet() bool {
	return len(v.Pending) == 0 && len(v.Held) == 0 && v.Guarded.IsZero()
}

type sessionView struct {
	ID, Device, From string
	Opened, Seen     time.Time
	Here             bool
}

// signInOf is one of the recent sign-ins.
type signInOf struct {
	At           time.Time
	Device, From string
	How          string // "open" or "recover"
	Factors      []string
}

// waitView is a change that waits, in words.
type waitView struct {
	ID, What, To string
	Due          time.Time
	Unconfirmed  bool
}

func (p *Pages) showSecurity(w http.ResponseWriter, r *http.Request) error {
	who, ctx := web.ActorOf(r), r.Context()
	v := securityView{Page: web.NewPage(r, "security.title")}
	v.Wide = true
	a, facts, err := p.Life.Facts(ctx, who)
	if err != nil {
		return err
	}
	v.Email, v.Phone = mail.Mask(facts["email"].Text()), facts["phone"].Text()
	if v.Phone != "" {
		v.Phone = mail.Mask(v.Phone)
	}
	if a.State == account.Guarded {
		v.Guarded = a.GuardedUntil
	}
	if v.Factors, err = p.Life.Factors(ctx, who); err != nil {
		return err
	}
	for _, load := range []func(*http.Request, *securityView) error{p.onHold, p.signedIn, p.remembered, p.lately} {
		if err := load(r, &v); err != nil {
			return err
		}
	}
	if v.Listed, err = p.Life.Listed(ctx, who); err != nil {
		return err
	}
	v.CanProve = !v.Guarded.IsZero() && (v.Factors.Strong() || v.Factors.Codes > 0)
	return securityPage.Render(w, r, v)
}

// onHold fills in what waits and what is held.
func (p *Pages) onHold(r *http.Request, v *securityView) (err error) {
	if v.Pending, err = p.waiting(r, v.Page, ""); err != nil {
		return err
	}
	held, err := p.Protection.HeldPaths(r.Context(), web.ActorOf(r).Account)
	for _, path := range slices.Sorted(maps.Keys(held)) {
		_, id, _ := strings.Cut(path, "/")
		v.Held = append(v.Held, id)
	}
	return err
}

// signedIn fills in where the account is signed in.
func (p *Pages) signedIn(r *http.Request, v *securityView) error {
	who := web.ActorOf(r)
	living, err := p.Life.Living(r.Context(), who)
	for _, s := range living {
		v.Sessions = append(v.Sessions, sessionView{s.ID, deviceOf(v.Page, s.UserAgent), p.from(v.Page, s.IP), s.OpenedAt, s.SeenAt, s.ID == who.Session})
	}
	v.Others = len(living) > 1
	return err
}

// lately fills in what happened in the last time.
func (p *Pages) lately(r *http.Request, v *securityView) (err error) {
	if v.SignIns, err = p.signIns(r, v.Page); err != nil {
		return err
	}
	v.Unusual, err = p.unusual(r, v.Page)
	return err
}

// signIns lists how the account was entered lately.
func (p *Pages) signIns(r *http.Request, page web.Page) (all []signInOf, err error) {
	changes, _, err := p.Life.History(r.Context(), web.ActorOf(r), 0, 200)
	for _, c := range changes {
		if len(all) == 5 || c.Verb != history.Open && c.Verb != history.Recover && c.Verb != history.Derive {
			continue
		}
		s := signInOf{At: c.At, Device: deviceOf(page, c.Client.UserAgent), From: p.from(page, c.Client.IP), How: string(c.Verb)}
		for _, f := range c.Factors {
			s.Factors = append(s.Factors, page.Or("factor."+f.Proof, f.Proof))
		}
		all = append(all, s)
	}
	return all, err
}

// waiting lists what has not happened yet; with a path, only what is about it,
// and with one that ends in a slash, about everything below it.
func (p *Pages) waiting(r *http.Request, page web.Page, path string) (all []waitView, err error) {
	waiting, err := p.Life.Waiting(r.Context(), web.ActorOf(r))
	for _, x := range waiting {
		below := strings.HasSuffix(path, "/") && strings.HasPrefix(x.Path, path)
		if path != "" && x.Path != path && !below {
			continue
		}
		kind, _ := p.Life.Book.Kinds.Of(x.Path)
		all = append(all, waitView{ID: x.ID, What: p.label(page, x.Path), To: p.shown(page, kind, x.Path, account.Fact{Value: x.Value}),
			Due: x.Due, Unconfirmed: x.Unconfirmed})
	}
	return all, err
}

// deviceOf names a client in the reader's words.
func deviceOf(page web.Page, userAgent string) string {
	if d := session.Describe(userAgent); d != "?" {
		return d
	}
	return page.T("device.unknown")
}

func (p *Pages) endSession(w http.ResponseWriter, r *http.Request) error {
	who, id := web.ActorOf(r), r.PathValue("id")
	if err := p.Life.EndSession(r.Context(), who, id); err != nil {
		return err
	}
	if id == who.Session {
		drop(w, sessionCookie)
		return web.Done(w, r, "/sign-in", "signed-out")
	}
	return web.Done(w, r, "/security", "session")
}

func (p *Pages) endOthers(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.EndOthers(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	return web.Done(w, r, "/security", "others")
}

func (p *Pages) cancel(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.Cancel(r.Context(), web.ActorOf(r), r.PathValue("id")); err != nil {
		return err
	}
	return web.Done(w, r, "/security", "cancelled")
}
