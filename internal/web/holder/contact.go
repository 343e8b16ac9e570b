package holder

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/web"
)

var casePage = web.NewView[caseView](pages, "case")

type caseView struct {
	web.Page
	report.View
	Prove bool // codes are taken
	Undo  bool // the holder can let the account go himself
	Keys  bool // passkeys are taken
}

// Standing shows how far the case is.
func (v caseView) Standing() []web.Step {
	names := make([]string, len(report.Stages))
	for i, s := range report.Stages {
		names[i] = string(s)
	}
	now := slices.Index(report.Stages, v.Stage)
	if v.Returned() {
		now = len(names) // nothing is left to do
	}
	return v.Page.Steps("stage", now, names...)
}

// Returned tells whether the account is back: then nobody proves anything or takes a report back any more.
func (v caseView) Returned() bool { return v.Stage == report.Back }

// caseRoutes lists the page of a case. Who has not its token hears the same as if there were no such case.
func (p *Pages) caseRoutes() []web.Route {
	const back = "/contact/{case}"
	post := func(path string, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: path, Permission: access.Public, Handler: h, Back: back}
	}
	return []web.Route{
		{Method: "GET", Path: back, Permission: access.Public, Handler: p.showCase},
		{Method: "GET", Path: back + "/live", Permission: access.Public, Handler: p.caseLive, Live: true},
		post(back, p.say), post(back+"/call", p.askCall), post(back+"/code", p.enterCode), post(back+"/was-me", p.wasMe),
		post(back+"/undo", p.undo), post(back+"/key", p.enterKey), post(back+"/key/ask", p.askCaseKey),
	}
}

func (p *Pages) showCase(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("case")
	if token := r.URL.Query().Get("k"); token != "" && r.Method == http.MethodGet {
		if _, err := p.Intake.Page(r.Context(), id, token); err != nil {
			return err
		}
		keepCase(w, token)
		http.Redirect(w, r, casefile.PagePath(id, ""), http.StatusSeeOther)
		return nil
	}
	v, err := p.Intake.Page(r.Context(), id, caseToken(r))
	if err != nil {
		return err
	}
	page := caseView{Page: web.NewPage(r, "case.title"), View: v, Prove: p.Verify != nil}
	if p.Undo != nil && v.Sure && !v.Over {
		if page.Undo, page.Keys, err = p.Undo.Undoable(r.Context(), id); err != nil {
			return err
		}
	}
	return casePage.Render(w, r, page)
}

func (p *Pages) caseLive(w http.ResponseWriter, r *http.Request) error {
	changed, err := p.Intake.Watch(r.Context(), r.PathValue("case"), caseToken(r))
	if err != nil {
		return err
	}
	return web.Stream(w, r, changed)
}

func (p *Pages) say(w http.ResponseWriter, r *http.Request) error {
	f, id := web.FormOf(r), r.PathValue("case")
	text := f.Lines("text", 4000)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Intake.Say(r.Context(), id, caseToken(r), text, web.ClientOf(r)); err != nil {
		return err
	}
	return goTo(w, r, "/contact/"+id)
}

func (p *Pages) askCall(w http.ResponseWriter, r *http.Request) error {
	f, id := web.FormOf(r), r.PathValue("case")
	phone, best := f.Text("phone", 30), f.Optional("best", 60)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Intake.AskCall(r.Context(), id, caseToken(r), phone, best, web.ClientOf(r)); err != nil {
		return err
	}
	return web.Done(w, r, "/contact/"+id, "case.call")
}

func (p *Pages) enterCode(w http.ResponseWriter, r *http.Request) error {
	f, id := web.FormOf(r), r.PathValue("case")
	code := f.Text("code", 40)
	if err := f.Err(); err != nil {
		return err
	}
	who, err := p.Intake.Who(r.Context(), id, caseToken(r), web.ClientOf(r))
	if err != nil {
		return err
	}
	if p.Verify == nil {
		return casefile.ErrNone
	}
	if utf8.RuneCountInString(strings.ReplaceAll(code, " ", "")) > sentDigits {
		err = p.Verify.EnterSaved(r.Context(), id, who, seal.NewSecret(code))
	} else {
		err = p.Verify.EnterAs(r.Context(), id, who, code)
	}
	if err != nil {
		return err
	}
	return web.Done(w, r, "/contact/"+id, "case.code")
}

func (p *Pages) wasMe(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("case")
	if err := p.Intake.WasMe(r.Context(), id, caseToken(r), web.ClientOf(r)); err != nil {
		return err
	}
	return web.Done(w, r, "/contact/"+id, "case.was-me")
}
