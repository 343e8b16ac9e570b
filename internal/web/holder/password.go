package holder

import (
	"errors"
	"net/http"
	"time"

	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) passwordRoutes() []web.Route {
	return p.careful("/account/password", signin.ActPassword, p.showPassword, p.changePassword)
}

var passwordPage = web.NewView[passwordView](pages, "password")

type passwordView struct {
	web.Page
	Since   time.Time
	Advised bool // no second factor: a longer password is advised
	Ask     bool // for the present one
	Listed  bool // the present one is on a list that intruders try
}

func (p *Pages) showPassword(w http.ResponseWriter, r *http.Request) error {
	f, err := p.Life.Factors(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	listed, err := p.Life.Listed(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	ask, err := p.asks(r, signin.ActPassword)
	if err != nil {
		return err
	}
	return passwordPage.Render(w, r, passwordView{web.NewPage(r, "password.title"), f.PasswordSince, !f.Strong(), ask, listed})
}

func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	old, err := p.password(r, f, signin.ActPassword, "old")
	fresh := f.Secret("new")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.ChangePassword(r.Context(), web.ActorOf(r), old, fresh); err != nil {
		return err
	}
	return web.Done(w, r, "/security", "password")
}
