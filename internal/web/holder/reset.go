package holder

import (
	"net/http"
	"net/url"
	"slices"

	"takeback/internal/access"
	"takeback/internal/web"
)

func (p *Pages) resetRoutes() []web.Route {
	return slices.Concat(
		route("/reset", access.Public, p.showReset, p.askReset),
		route("/reset/{token}", access.Public, p.showNewPassword, p.reset),
		route("/recover", access.Public, p.showRecover, p.askRecover),
		route("/recover/{token}", access.Public, p.showRecoverProofs, p.recover),
		route("/recover/set/{token}", access.Public, p.showRecovered, p.finishRecovery),
		route("/recover/stop/{token}", access.Public, p.showStopRecovery, p.stopRecovery),
		[]web.Route{{Method: "GET", Path: "/recover-waits", Permission: access.Public, Handler: p.showRecoverWaits},
			{Method: "POST", Path: "/recover/text/{token}", Permission: access.Public, Handler: p.textRecovery, Back: "/recover/{token}"}},
		[]web.Route{{Method: "GET", Path: "/reset-sent", Permission: access.Public, Handler: p.showResetSent}},
	)
}

var (
	resetPage       = web.NewView[resetView](pages, "reset")
	resetSentPage   = web.NewView[newPasswordView](pages, "reset-sent")
	newPasswordPage = web.NewView[newPasswordView](pages, "new-password")
)

type resetView struct {
	web.Page
	Gate web.GateView
}

type newPasswordView struct{ web.Page }

func (p *Pages) showReset(w http.ResponseWriter, r *http.Request) error {
	puzzle, err := p.Puzzle.Ask(toReset)
	if err != nil {
		return err
	}
	return resetPage.Render(w, r, resetView{web.NewPage(r, "reset.title"), puzzle})
}

func (p *Pages) askReset(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email := f.Text("email", 254)
	if err := p.Puzzle.Check(r, f, toReset); err != nil {
		return err
	}
	if err := p.Life.AskReset(r.Context(), email, web.ClientOf(r)); err != nil {
		return err
	}
	return goTo(w, r, "/reset-sent")
}

func (p *Pages) showResetSent(w http.ResponseWriter, r *http.Request) error {
	return resetSentPage.Render(w, r, newPasswordView{web.NewPage(r, "reset-sent.title")})
}

func (p *Pages) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.PeekReset(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return newPasswordPage.Render(w, r, newPasswordView{web.NewPage(r, "new-password.title")})
}

func (p *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	fresh := f.Secret("password")
	if err := f.Err(); err != nil {
		return err
	}
	web.KeepDevice(w, r) // the entry of the reset says which browser it was
	if err := p.Life.Reset(r.Context(), r.PathValue("token"), fresh, web.ClientOf(r)); err != nil {
		return err
	}
	drop(w, sessionCookie) // every session is over, this browser's too
	return web.Done(w, r, "/sign-in", "reset")
}

func query(name, value string) string { return url.Values{name: {value}}.Encode() }
