package holder

import (
	"net/http"
	"strconv"

	"takeback/internal/history"
	"takeback/internal/session"
	"takeback/internal/web"
)

var disownPage = web.NewView[disownView](pages, "disown")

type disownView struct {
	web.Page
	Line line
}

// seqOf reads the number of a change in an address.
func seqOf(r *http.Request) (int64, error) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 1 {
		return 0, history.ErrNoChange
	}
	return seq, nil
}

// showDisown asks before the account is stopped: one press too many must not lock anybody out.
func (p *Pages) showDisown(w http.ResponseWriter, r *http.Request) error {
	seq, err := seqOf(r)
	if err != nil {
		return err
	}
	c, err := p.Life.Change(r.Context(), web.ActorOf(r), seq)
	if err != nil {
		return err
	}
	if !c.Disownable() {
		return history.ErrNoChange
	}
	page := web.NewPage(r, "disown.title")
	return disownPage.Render(w, r, disownView{page, p.line(page, c, map[string]session.Session{})})
}

// disown stops the account, as the link of a letter does. The page of the case is
// all that the browser is left with: the session ends with the commit.
func (p *Pages) disown(w http.ResponseWriter, r *http.Request) error {
	seq, err := seqOf(r)
	if err != nil {
		return err
	}
	who := web.ActorOf(r)
	who.Client = web.ClientOf(r)
	got, err := p.Intake.NotMeIn(r.Context(), who, seq)
	if err != nil {
		return err
	}
	keepCase(w, got.Token)
	code := "not-me.heard"
	if got.Stopped {
		code = "not-me.stopped"
		drop(w, sessionCookie)
	}
	return web.Done(w, r, "/contact/"+got.Case, code)
}
