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
	letters, err := p.Teller.Letters(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	return messagesPage.Render(w, r, messagesView{web.NewPage(r, "messages.title"), letters})
}
