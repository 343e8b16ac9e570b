package holder

import (
	"net/http"

	"takeback/internal/access"
	"takeback/internal/mail"
	"takeback/internal/web"
)

var messagesPage = web.NewView[messagesView](pages, "messages")

type messagesView struct {
	web.Page
	Letters []mail.Record
	Newest  string // paths of other pages; empty if there are none
	Older   string
}

// State shows how far a letter has come.
func (v messagesView) State(l mail.Record) web.Badge {
	kind := map[mail.State]string{mail.Delivered: "ok", mail.Undelivered: "failed"}[l.State]
	if kind == "" {
		kind = "waiting"
	}
	return web.Badge{Kind: kind, Words: v.T("letter-state." + string(l.State))}
}

func (p *Pages) messagesRoutes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/messages", Permission: access.OwnAccount, Handler: p.showMessages}}
}

// showMessages lists every letter to the holder. Addresses are masked: an intruder may be reading.
func (p *Pages) showMessages(w http.ResponseWriter, r *http.Request) error {
	before := r.URL.Query().Get("before")
	letters, older, err := p.Teller.Letters(r.Context(), web.ActorOf(r), before)
	if err != nil {
		return err
	}
	v := messagesView{Page: web.NewPage(r, "messages.title"), Letters: letters}
	if before != "" {
		v.Newest = "/messages"
	}
	if older != "" {
		v.Older = "/messages?" + query("before", older)
	}
	return messagesPage.Render(w, r, v)
}
