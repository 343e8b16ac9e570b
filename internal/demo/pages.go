package demo

import (
	"embed"
	"log/slog"
	"net/http"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/mail/inbox"
	"takeback/internal/web"
)

//go:embed templates words.en.txt words.ja.txt demo.css
var files embed.FS

var pages = web.NewTemplates("holder", files)

// Pages are the pages that only a demo has: the guide, the key cards of the
// staff, and the inbox with everybody's letters.
type Pages struct {
	DB    *db.DB
	Inbox *inbox.Inbox
	Staff []Employee
	Began time.Time // what happened since then is the story that the reader plays
	Now   func() time.Time
	Log   *slog.Logger
}

// Site builds the face.
func (p *Pages) Site() *web.Site {
	return web.NewSite(web.Config{Face: "demo", Brand: Shop, Home: "/demo", Templates: pages, Frame: p.frame, Now: p.Now, Log: p.Log}, p.Routes()...)
}

// Routes is the table of contents of the face. Everybody may see everything: it
// is a demo, and all that is in it is invented.
func (p *Pages) Routes() []web.Route {
	show := func(path string, h web.Handler) web.Route {
		return web.Route{Method: "GET", Path: path, Permission: access.Public, Handler: h}
	}
	live := func(path string, h web.Handler) web.Route {
		return web.Route{Method: "GET", Path: path, Permission: access.Public, Handler: h, Live: true}
	}
	return []web.Route{
		show("/demo", p.showGuide), live("/demo/events", p.guideEvents), show("/demo/demo.css", style),
		show("/demo/staff", p.showStaff), live("/demo/staff/events", p.staffEvents),
		show("/inbox", p.showInbox), live("/inbox/events", p.inboxEvents),
		show("/inbox/{id}", p.showLetter), show("/inbox/{id}/html", p.showHTML),
	}
}

func (p *Pages) frame(*http.Request, access.Actor) web.Frame {
	return web.Frame{Nav: []web.NavItem{
		{Path: "/demo", Key: "nav.guide", Icon: "info"}, {Path: "/demo/staff", Key: "nav.staff", Icon: "users"}, {Path: "/inbox", Key: "nav.inbox", Icon: "mail"},
		{Path: "/", Key: "nav.account", Icon: "person"}, {Path: "/desk", Key: "nav.desk", Icon: "desk"},
	}}
}

func style(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	http.ServeFileFS(w, r, files, "demo.css")
	return nil
}
