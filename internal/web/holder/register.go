package holder

import (
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) registerRoutes() []web.Route {
	return slices.Concat(
		route("/register", access.Public, p.showRegister, p.register),
		route("/confirm/{token}", access.Public, p.showConfirm, p.confirm),
		[]web.Route{{Method: "GET", Path: "/registered", Permission: access.Public, Handler: p.showRegistered}},
	)
}

var (
	registerPage   = web.NewView[registerView](pages, "register")
	registeredPage = web.NewView[registerView](pages, "registered")
	confirmPage    = web.NewView[confirmView](pages, "confirm")
)

type registerView struct {
	web.Page
	Gate web.GateView
}

type confirmView struct {
	web.Page
	Address string // masked
	New     bool
	Ask     bool // the password is asked for
}

func (p *Pages) showRegister(w http.ResponseWriter, r *http.Request) error {
	gate, err := p.gate(r, toRegister)
	if err != nil {
		return err
	}
	return registerPage.Render(w, r, registerView{web.NewPage(r, "register.title"), gate})
}

func (p *Pages) register(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	in := signin.Registration{Email: f.Text("email", 254), Name: f.Text("name", 80), Password: f.Secret("password"), Language: web.ClientOf(r).Language}
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.pass(r, f, toRegister); err != nil {
		return err
	}
	in.Browser = browserOf(r)
	if in.Browser == "" {
		in.Browser = seal.NewToken()
	}
	if err := p.Life.Register(r.Context(), in, web.ClientOf(r)); err != nil {
		return err
	}
	set(w, &http.Cookie{Name: browserCookie, Value: in.Browser, MaxAge: 24 * 3600})
	return goTo(w, r, "/registered")
}

// browserOf gives the token of a browser that registered before; empty if it has none.
func browserOf(r *http.Request) string {
	if c, err := r.Cookie(browserCookie); err == nil && len(c.Value) == len(seal.NewToken()) {
		return c.Value
	}
	return ""
}

func (p *Pages) showRegistered(w http.ResponseWriter, r *http.Request) error {
	return registeredPage.Render(w, r, registerView{Page: web.NewPage(r, "registered.title")})
}

func (p *Pages) showConfirm(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Life.Peek(r.Context(), r.PathValue("token"), browserOf(r))
	if err != nil {
		return err
	}
	title := "confirm.change.title"
	if c.New {
		title = "confirm.new.title"
	}
	return confirmPage.Render(w, r, confirmView{Page: web.NewPage(r, title), Address: mail.Mask(c.Address), New: c.New, Ask: c.Ask})
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request) error {
	token, given := r.PathValue("token"), signin.Given{Browser: browserOf(r)}
	peeked, err := p.Life.Peek(r.Context(), token, given.Browser)
	if err != nil {
		return err
	}
	if peeked.Ask {
		f := web.FormOf(r)
		given.Password = f.Secret("password")
		if err := f.Err(); err != nil {
			return err
		}
	}
	c, waits, err := p.Life.Confirm(r.Context(), token, given, web.ClientOf(r))
	if err != nil {
		return err
	}
	code := "email.changed"
	switch {
	case c.New:
		code = "registered"
	case waits:
		code = "email.waits"
	}
	if web.ActorOf(r).Role == access.Holder && !c.New {
		return web.Done(w, r, "/security", code)
	}
	return web.Done(w, r, "/sign-in", code)
}
