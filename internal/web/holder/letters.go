package holder

import (
	"net/http"
	"slices"

	"takeback/internal/access"
	"takeback/internal/mail"
	"takeback/internal/web"
)

var (
	checkLetterPage = web.NewView[checkLetterView](pages, "check-letter")
	phishingPage    = web.NewView[phishingView](pages, "report-phishing")
)

// maxLetter is how large an uploaded letter may be.
const maxLetter = 256 << 10

type checkLetterView struct {
	web.Page
	Asked  bool
	Answer mail.Checked
}

// Kind names the kind of our letter.
func (v checkLetterView) Kind() string { return v.T("letter." + string(v.Answer.Kind)) }

func (p *Pages) letterRoutes() []web.Route {
	return slices.Concat(
		public("/check-letter", p.showCheckLetter, p.checkLetter),
		[]web.Route{
			{Method: "GET", Path: "/report-phishing", Permission: access.Public, Handler: p.showPhishing},
			{Method: "POST", Path: "/report-phishing", Permission: access.Public, Handler: p.phishing, MaxBody: maxLetter + 64<<10},
		})
}

func (p *Pages) showCheckLetter(w http.ResponseWriter, r *http.Request) error {
	return checkLetterPage.Render(w, r, checkLetterView{Page: web.NewPage(r, "check-letter.title")})
}

// checkLetter says the same about a number that does not exist and one that went to somebody else.
func (p *Pages) checkLetter(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	number, email := f.Text("number", 60), f.Text("email", 254)
	if err := f.Err(); err != nil {
		return err
	}
	answer, err := p.Teller.Check(r.Context(), number, email, access.Actor{Client: web.ClientOf(r)})
	if err != nil {
		return err
	}
	return checkLetterPage.Render(w, r, checkLetterView{web.NewPage(r, "check-letter.title"), true, answer})
}

type phishingView struct {
	web.Page
	Gate web.GateView
}

func (p *Pages) showPhishing(w http.ResponseWriter, r *http.Request) error {
	gate, err := p.gate(r, toPhishing)
	if err != nil {
		return err
	}
	return phishingPage.Render(w, r, phishingView{web.NewPage(r, "phishing.title"), gate})
}

func (p *Pages) phishing(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	text, file := f.OptionalLines("text", 20_000), f.File("file", maxLetter)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.pass(r, f, toPhishing); err != nil {
		return err
	}
	var letter []byte
	if file != nil {
		letter = file.Data
	}
	who := web.ActorOf(r)
	who.Client = web.ClientOf(r)
	if err := p.Intake.Phishing(r.Context(), text, letter, who); err != nil {
		return err
	}
	return web.Done(w, r, "/report-phishing", "phishing.heard")
}
