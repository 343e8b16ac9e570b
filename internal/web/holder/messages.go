package holder

import (
	"net/http"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/mail"
	"takeback/internal/signin"
	"takeback/internal/web"
)

var (
	messagesPage = web.NewView[messagesView](pages, "messages")
	messagePage  = web.NewView[messageView](pages, "message")
)

type messagesView struct {
	web.Page
	Letters []mail.Record
	Newest  string // paths of other pages; empty if there are none
	Older   string
}

// State shows how far a letter has come.
func (v messagesView) State(l mail.Record) web.Badge { return letterState(v.Page, l) }

func letterState(p web.Page, l mail.Record) web.Badge {
	kind := map[mail.State]string{mail.Delivered: "ok", mail.Undelivered: "failed"}[l.State]
	if kind == "" {
		kind = "waiting"
	}
	return web.Badge{Kind: kind, Words: p.T("letter-state." + string(l.State))}
}

func (p *Pages) messagesRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/messages", Permission: access.OwnAccount, Handler: p.showMessages},
		{Method: "GET", Path: "/messages/{id}", Permission: access.OwnAccount, Handler: p.showMessage},
	}
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

type messageView struct {
	web.Page
	signin.Letter
	Prove string // path of the page on which what is older than the letter is presented; empty if there is nothing
}

// Progress shows how far the letter has come.
func (v messageView) Progress() web.Badge { return letterState(v.Page, v.Record) }

// Paragraphs parts the text of the letter at its empty lines, and each at its
// lines. The line that is drawn above its foot would be too long for a telephone.
func (v messageView) Paragraphs() (all [][]string) {
	for p := range strings.SplitSeq(strings.TrimSpace(v.Text), "\n\n") {
		lines := strings.Split(p, "\n")
		all = append(all, slices.DeleteFunc(lines, func(s string) bool { return strings.Trim(s, "-─") == "" }))
	}
	return all
}

// showMessage shows what a letter said. What its links were for stays in the
// letter: nobody who is signed in as somebody else gets one here.
func (p *Pages) showMessage(w http.ResponseWriter, r *http.Request) error {
	who, ctx := web.ActorOf(r), r.Context()
	found, err := p.Life.Letter(ctx, who, r.PathValue("id"))
	if err != nil {
		return err
	}
	prove := "/security/prove?" + query("return", r.URL.Path)
	if found.Reading == signin.Unproved {
		return goTo(w, r, prove+"&"+query("why", signin.ErrProve.Code))
	}
	f, err := p.Life.Factors(ctx, who)
	if err != nil {
		return err
	}
	if !f.Strong() {
		prove = ""
	}
	return messagePage.Render(w, r, messageView{web.NewPage(r, "message.title"), found, prove})
}
