package holder

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"takeback/internal/access"
	"takeback/internal/seal"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) passwordRoutes() []web.Route {
	return append(p.careful("/account/password", signin.ActPassword, p.showPassword, p.changePassword),
		web.Route{Method: "POST", Path: "/password/strength", Permission: access.Public, Handler: p.weigh, Back: "/register"})
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

// weighed is what a page shows under a new password while it is typed.
type weighed struct {
	Level int      `json:"level"`
	Words string   `json:"words"`
	Why   []string `json:"why"`
}

// weigh tells how hard a password is to guess that is still being typed, with what
// else stands in the form. It comes by POST: an address is logged, a body is not.
func (p *Pages) weigh(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	typed, about := f.Secret("password"), []string{f.Optional("name", 80), f.Optional("email", 254)}
	if err := f.Err(); err != nil {
		return err
	}
	e, err := p.Life.Estimate(typed, about, web.ClientOf(r))
	if is(err, signin.ErrSlow) || is(err, seal.ErrBusy) {
		w.WriteHeader(http.StatusNoContent) // nothing is wrong with the form, and a browser need not complain
		return nil
	}
	if err != nil {
		return err
	}
	page := web.NewPage(r, "rules.title")
	answer := weighed{Level: e.Level, Words: page.T("strength." + strconv.Itoa(e.Level)), Why: []string{}}
	for _, why := range e.Why {
		answer.Why = append(answer.Why, page.Fault(why))
	}
	if e.Level == 1 {
		answer.Why = append(answer.Why, page.T("strength.more"))
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(answer)
}
