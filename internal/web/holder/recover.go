package holder

import (
	"net/http"
	"strconv"
	"time"

	"takeback/internal/signin"
	"takeback/internal/web"
)

var (
	recoverPage       = web.NewView[resetView](pages, "recover")
	recoverProofsPage = web.NewView[recoverView](pages, "recover-proofs")
	recoverWaitsPage  = web.NewView[waitsView](pages, "recover-waits")
	recoverStopPage   = web.NewView[waitsView](pages, "recover-stop")
)

type recoverView struct {
	web.Page
	signin.Recovering
	Token string
}

// waitsView is a page about a way back in that waits.
type waitsView struct {
	web.Page
	Due time.Time
}

func (p *Pages) showRecover(w http.ResponseWriter, r *http.Request) error {
	puzzle, err := p.Puzzle.Ask(toReset)
	if err != nil {
		return err
	}
	return recoverPage.Render(w, r, resetView{web.NewPage(r, "recover.title"), puzzle})
}

func (p *Pages) askRecover(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	email := f.Text("email", 254)
	if err := p.Puzzle.Check(r, f, toReset); err != nil {
		return err
	}
	if err := p.Life.AskRecovery(r.Context(), email, web.ClientOf(r)); err != nil {
		return err
	}
	return goTo(w, r, "/reset-sent")
}

// showRecoverProofs uses nothing up: programs that scan mail open every link.
func (p *Pages) showRecoverProofs(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Life.PeekRecovery(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return recoverProofsPage.Render(w, r, recoverView{web.NewPage(r, "recover.title"), v, r.PathValue("token")})
}

func (p *Pages) textRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.TextRecovery(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return web.Done(w, r, "/recover/"+r.PathValue("token"), "contact.code")
}

func (p *Pages) recover(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	shown := signin.Shown{Password: f.OptionalSecret("password"), Code: f.Optional("code", 40)}
	if err := f.Err(); err != nil {
		return err
	}
	got, err := p.Life.Recover(r.Context(), r.PathValue("token"), shown, web.ClientOf(r))
	if err != nil {
		return err
	}
	if got.Token == "" {
		return goTo(w, r, "/recover-waits?"+query("until", strconv.FormatInt(got.Due.Unix(), 10)))
	}
	return goTo(w, r, "/recover/set/"+got.Token)
}

func (p *Pages) showRecoverWaits(w http.ResponseWriter, r *http.Request) error {
	v := waitsView{Page: web.NewPage(r, "recover.waits")}
	if s, err := strconv.ParseInt(r.URL.Query().Get("until"), 10, 64); err == nil {
		v.Due = time.Unix(s, 0).UTC()
	}
	return recoverWaitsPage.Render(w, r, v)
}

func (p *Pages) showRecovered(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.PeekRecovered(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return newPasswordPage.Render(w, r, newPasswordView{web.NewPage(r, "new-password.title")})
}

func (p *Pages) finishRecovery(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	fresh := f.Secret("password")
	if err := f.Err(); err != nil {
		return err
	}
	web.KeepDevice(w, r) // the entry says which browser it was
	if err := p.Life.FinishRecovery(r.Context(), r.PathValue("token"), fresh, web.ClientOf(r)); err != nil {
		return err
	}
	drop(w, sessionCookie) // every session is over, this browser's too
	return web.Done(w, r, "/sign-in", "recovered")
}

// showStopRecovery uses nothing up and stops nothing.
func (p *Pages) showStopRecovery(w http.ResponseWriter, r *http.Request) error {
	due, err := p.Life.PeekStop(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return recoverStopPage.Render(w, r, waitsView{web.NewPage(r, "recover.stop"), due})
}

func (p *Pages) stopRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.StopRecovery(r.Context(), r.PathValue("token"), web.ClientOf(r)); err != nil {
		return err
	}
	return web.Done(w, r, "/help", "recover.stopped")
}

// endRecoveries stops them from inside the account.
func (p *Pages) endRecoveries(w http.ResponseWriter, r *http.Request) error {
	if err := p.Life.EndRecoveries(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	return web.Done(w, r, contactsPath, "recover.stopped")
}
