package console

import (
	"embed"
	"net/http"
	"strings"

	"takeback/internal/access"
	"takeback/internal/ask"
	"takeback/internal/campaign"
	"takeback/internal/desk"
	"takeback/internal/handback"
	"takeback/internal/investigate"
	"takeback/internal/judge"
	"takeback/internal/knowledge"
	"takeback/internal/restore"
	"takeback/internal/verify"
	"takeback/internal/web"
)

//go:embed all:templates words*.txt
var files embed.FS

var pages = web.NewTemplates("console", files)

// Pages are the pages of the people who answer.
type Pages struct {
	Desk         *desk.Desk
	Examiner     *verify.Examiner
	Investigator *investigate.Investigator
	Restorer     *restore.Restorer
	Returner     *handback.Returner
	Campaigns    *campaign.Campaigns
	Asker        *ask.Asker // may be nil: then holders are asked nothing
	Judge        *judge.Judge
	Waves        Waves                // may be nil: then the page on risk tells of none
	Known        *knowledge.Knowledge // may be nil: then there are no files of local knowledge
}

// Site builds the face. c says what belongs to the installation: brand, proxies, log, clock.
func (p *Pages) Site(c web.Config) *web.Site {
	c.Face, c.Templates, c.SignIn, c.Home, c.Who, c.Frame = "console", pages, "/desk/sign-in", "/desk", p.Who, p.Frame
	return web.NewSite(c, p.Routes()...)
}

// sessionCookie holds the session. The prefix makes browsers refuse it from any
// other host or path, so that nobody can plant one.
const sessionCookie = "__Host-desk"

// Who tells who of the staff asks. A page that asks again by itself, and a
// stream, are no sign that a person is there.
func (p *Pages) Who(r *http.Request) (access.Actor, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return access.Actor{}, nil // no cookie: a stranger
	}
	active := r.Header.Get("Fragment") == "" && !strings.HasSuffix(r.URL.Path, "/events")
	return p.Desk.Who(r.Context(), cookie.Value, web.ClientOf(r), active)
}

// Frame is the navigation around every page.
func (p *Pages) Frame(r *http.Request, who access.Actor) web.Frame {
	if !who.Role.Staff() {
		return web.Frame{}
	}
	f := web.Frame{Name: who.Name, SignOut: "/desk/sign-out", Nav: []web.NavItem{
		{Path: "/desk", Key: "nav.queue", Icon: "queue"}, {Path: "/desk/wall", Key: "nav.wall", Icon: "wall"},
		{Path: "/desk/phishing", Key: "nav.phishing", Icon: "mail"},
	}}
	if who.May(access.Investigate) {
		f.Nav = append(f.Nav, web.NavItem{Path: "/desk/campaigns", Key: "nav.campaigns", Icon: "stop"})
	}
	if who.May(access.Manage) {
		f.Nav = append(f.Nav, web.NavItem{Path: "/desk/post", Key: "nav.post", Icon: "box"},
			web.NavItem{Path: "/desk/risk", Key: "nav.risk", Icon: "shield"}, web.NavItem{Path: "/desk/audit", Key: "nav.audit", Icon: "search"}, web.NavItem{Path: "/desk/staff", Key: "nav.staff", Icon: "users"})
	}
	return f
}

// keepSession gives the browser its session. It is over with the browser, and at the latest when the server says so.
func keepSession(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func dropSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
