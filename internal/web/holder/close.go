package holder

import (
	"net/http"
	"time"

	"takeback/internal/account"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) closeRoutes() []web.Route {
	return p.careful("/security/close", signin.ActClose, p.showClose, p.close)
}

var closePage = web.NewView[closeView](pages, "close")

type closeView struct {
	web.Page
	Pending []waitView
	Guarded time.Time
	Ask     bool // for the password
}

func (p *Pages) showClose(w http.ResponseWriter, r *http.Request) error {
	v := closeView{Page: web.NewPage(r, "close.title")}
	a, _, err := p.Life.Facts(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	if a.State == account.Guarded {
		v.Guarded = a.GuardedUntil
	}
	if v.Pending, err = p.waiting(r, v.Page, account.Closing); err != nil {
		return err
	}
	if v.Ask, err = p.asks(r, signin.ActClose); err != nil {
		return err
	}
	return closePage.Render(w, r, v)
}

func (p *Pages) close(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.password(r, f, signin.ActClose, "password")
	if err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	if _, err := p.Life.AskClosing(r.Context(), web.ActorOf(r), password); err != nil {
		return err
	}
	return web.Done(w, r, "/security/close", "close")
}
