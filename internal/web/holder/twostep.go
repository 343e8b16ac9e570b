package holder

import (
	"errors"
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/signin"
	"takeback/internal/web"
)

func (p *Pages) twoStepRoutes() []web.Route {
	return slices.Concat(
		route("/security/two-step", access.OwnAccount, p.showTwoStep, p.first(p.beginTwoStep)),
		route("/security/two-step/app", access.OwnAccount, p.showApp, p.first(p.confirmTwoStep)),
		[]web.Route{{Method: "GET", Path: "/security/two-step/app.png", Permission: access.OwnAccount, Handler: p.appPicture}},
		route("/security/two-step/end", access.OwnAccount, p.showEndTwoStep, p.first(p.endTwoStep)),
		route("/security/codes", access.OwnAccount, p.showCodes, p.first(p.makeCodes)),
	)
}

var (
	twoStepPage  = web.NewView[twoStepView](pages, "two-step")
	appPage      = web.NewView[appView](pages, "two-step-app")
	endStepPage  = web.NewView[twoStepView](pages, "two-step-end")
	codesPage    = web.NewView[twoStepView](pages, "codes")
	newCodesPage = web.NewView[newCodesView](pages, "codes-new")
)

type twoStepView struct {
	web.Page
	Factors signin.Factors
	On      bool
	Ask     bool // for the password
}

type appView struct {
	web.Page
	Seed string // in groups of four, to be typed by hand
}

type newCodesView struct {
	web.Page
	Codes []string
}

func (p *Pages) factors(r *http.Request, title string) (v twoStepView, err error) {
	v.Page = web.NewPage(r, title)
	v.Factors, err = p.Life.Factors(r.Context(), web.ActorOf(r))
	if err != nil {
		return v, err
	}
	v.On = !v.Factors.TwoStep.IsZero()
	v.Ask, err = p.asks(r, signin.ActEnrol)
	return v, err
}

func (p *Pages) showTwoStep(w http.ResponseWriter, r *http.Request) error {
	v, err := p.factors(r, "two-step.title")
	if err != nil {
		return err
	}
	return twoStepPage.Render(w, r, v)
}

func (p *Pages) beginTwoStep(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.password(r, f, signin.ActEnrol, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.BeginTwoStep(r.Context(), web.ActorOf(r), password); err != nil {
		return err
	}
	return goTo(w, r, "/security/two-step/app")
}

func (p *Pages) showApp(w http.ResponseWriter, r *http.Request) error {
	e, err := p.Life.Enrolment(r.Context(), web.ActorOf(r))
	if is(err, signin.ErrNoEnrolment) {
		return goTo(w, r, "/security/two-step")
	}
	if err != nil {
		return err
	}
	// The one page that shows a seed: to the person who is setting it up, before it counts.
	return appPage.Render(w, r, appView{web.NewPage(r, "two-step.app.title"), grouped(e.Seed.Reveal())})
}

func grouped(s string) (out string) {
	for chunk := range slices.Chunk([]byte(s), 4) {
		out += string(chunk) + " "
	}
	return out
}

func (p *Pages) appPicture(w http.ResponseWriter, r *http.Request) error {
	e, err := p.Life.Enrolment(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, err = w.Write(e.QR)
	return err
}

func (p *Pages) confirmTwoStep(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	code := f.Secret("code")
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Life.ConfirmTwoStep(r.Context(), web.ActorOf(r), code.Reveal()); err != nil {
		return err
	}
	return web.Done(w, r, "/security/codes", "two-step")
}

func (p *Pages) showEndTwoStep(w http.ResponseWriter, r *http.Request) error {
	v, err := p.factors(r, "two-step.end.title")
	if err != nil {
		return err
	}
	return endStepPage.Render(w, r, v)
}

func (p *Pages) endTwoStep(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	code := f.OptionalSecret("code")
	password, err := p.password(r, f, signin.ActDrop, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	if err := p.Life.EndTwoStep(r.Context(), web.ActorOf(r), password, code.Reveal()); err != nil {
		return err
	}
	return web.Done(w, r, "/security", "two-step.end")
}

func (p *Pages) showCodes(w http.ResponseWriter, r *http.Request) error {
	v, err := p.factors(r, "codes.title")
	if err != nil {
		return err
	}
	return codesPage.Render(w, r, v)
}

// makeCodes answers with the codes themselves: they are shown once, so there is
// no page to redirect to.
func (p *Pages) makeCodes(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	password, err := p.password(r, f, signin.ActEnrol, "password")
	if err := errors.Join(err, f.Err()); err != nil {
		return err
	}
	codes, err := p.Life.MakeCodes(r.Context(), web.ActorOf(r), password)
	if err != nil {
		return err
	}
	v := newCodesView{Page: web.NewPage(r, "codes.new.title")}
	for _, c := range codes {
		v.Codes = append(v.Codes, c.Reveal())
	}
	return newCodesPage.Render(w, r, v)
}
