package holder

import (
	"net/http"

	"takeback/internal/report"
	"takeback/internal/web"
)

var notMePage = web.NewView[notMeView](pages, "not-me")

type notMeView struct {
	web.Page
	report.Offer
	What string
}

// Stops tells whether the button stops the account; Joins, whether there is a case to go on with.
func (v notMeView) Stops() bool { return v.Way == report.Stops }

// Joins tells whether the link leads to a case that is there already.
func (v notMeView) Joins() bool { return v.Way == report.Joins }

func (p *Pages) notMeRoutes() []web.Route { return public("/not-me/{token}", p.showNotMe, p.notMe) }

// showNotMe uses nothing up and stops nothing: programs that scan mail open every link.
func (p *Pages) showNotMe(w http.ResponseWriter, r *http.Request) error {
	o, err := p.Intake.Show(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	v := notMeView{Page: web.NewPage(r, "not-me.title"), Offer: o}
	v.What = v.Page.T("not-me.sign-in")
	if o.Path != "" {
		v.What = p.label(v.Page, o.Path)
	}
	return notMePage.Render(w, r, v)
}

func (p *Pages) notMe(w http.ResponseWriter, r *http.Request) error {
	got, err := p.Intake.NotMe(r.Context(), r.PathValue("token"), web.ClientOf(r))
	if err != nil {
		return err
	}
	if got.Expired {
		return web.Done(w, r, "/contact", "not-me.expired")
	}
	keepCase(w, got.Token)
	code := "not-me.heard"
	if got.Stopped {
		code = "not-me.stopped"
	}
	return web.Done(w, r, "/contact/"+got.Case, code)
}
