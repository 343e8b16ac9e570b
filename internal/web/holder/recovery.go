package holder

import (
	"net/http"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/ask"
	"takeback/internal/casefile"
	"takeback/internal/finding"
	"takeback/internal/handback"
	"takeback/internal/web"
)

// recoveryCookie holds a limited session. It is a cookie of its own, which only
// the pages below /recovery look at: to every other page its bearer is a stranger.
const recoveryCookie = "__Host-recovery"

const recoveryPath = "/recovery"

// inRecovery tells whether a page belongs to the limited session.
func inRecovery(path string) bool {
	return path == recoveryPath || strings.HasPrefix(path, recoveryPath+"/")
}

// recoveryRoutes lists what a limited session is for. There is nothing else that it opens.
func (p *Pages) recoveryRoutes() []web.Route {
	if p.Asker == nil {
		return nil
	}
	post := func(path string, h web.Handler) web.Route {
		return web.Route{Method: "POST", Path: recoveryPath + path, Permission: access.OwnRecovery, Handler: h, Back: recoveryPath}
	}
	return append(public(recoveryPath+"/{token}", p.showRecoveryLink, p.enterRecovery),
		web.Route{Method: "GET", Path: recoveryPath, Permission: access.OwnRecovery, Handler: p.showRecovery},
		post("/answer", p.answerQuestion), post("/contact", p.sendContactCode), post("/contact/code", p.confirmContact), post("/leave", p.leaveRecovery))
}

var (
	recoveryPage     = web.NewView[recoveryView](pages, "recovery")
	recoveryLinkPage = web.NewView[recoveryLinkView](pages, "recovery-link")
)

type recoveryLinkView struct{ web.Page }

type recoveryView struct {
	web.Page
	ask.View
	Pending string // version of the contact that a code was sent to; empty for none
	pages   *Pages
}

// recovering tells whose limited session a request below /recovery belongs to.
func (p *Pages) recovering(r *http.Request) (access.Actor, error) {
	cookie, err := r.Cookie(recoveryCookie)
	if err != nil || p.Asker == nil {
		return access.Actor{}, nil
	}
	client := web.ClientOf(r)
	found, err := p.Life.Sessions.CheckFrom(r.Context(), cookie.Value, client)
	if err != nil {
		return access.Actor{}, ask.ErrClosed.Because(err)
	}
	if !found.Limited {
		return access.Actor{}, nil
	}
	a, err := p.Asker.Language(r.Context(), found.Account)
	who := found.Actor(client)
	who.Client.Language = a
	return who, err
}

// showRecoveryLink uses nothing up: programs that scan mail open every link.
func (p *Pages) showRecoveryLink(w http.ResponseWriter, r *http.Request) error {
	if err := p.Asker.Peek(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return recoveryLinkPage.Render(w, r, recoveryLinkView{web.NewPage(r, "recovery.title")})
}

func (p *Pages) enterRecovery(w http.ResponseWriter, r *http.Request) error {
	web.KeepDevice(w, r)
	s, token, err := p.Asker.Enter(r.Context(), r.PathValue("token"), web.ClientOf(r))
	if err != nil {
		return err
	}
	set(w, &http.Cookie{Name: recoveryCookie, Value: token, MaxAge: int(s.ExpiresAt.Sub(s.OpenedAt) / time.Second)})
	return goTo(w, r, recoveryPath)
}

func (p *Pages) showRecovery(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Asker.Show(r.Context(), web.ActorOf(r))
	if err != nil {
		return err
	}
	return recoveryPage.Render(w, r, recoveryView{Page: web.NewPage(r, "recovery.title"), View: v, Pending: r.URL.Query().Get("code"), pages: p})
}

func (p *Pages) answerQuestion(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	question, word := f.Text("question", 40), f.Text("word", 20)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Asker.Answer(r.Context(), web.ActorOf(r), question, word); err != nil {
		return err
	}
	return web.Done(w, r, recoveryPath, "recovery.answered")
}

func (p *Pages) sendContactCode(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	version := f.Text("version", 60)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Asker.SendCode(r.Context(), web.ActorOf(r), version); err != nil {
		return err
	}
	return web.Done(w, r, recoveryPath+"?"+query("code", version), "recovery.sent")
}

func (p *Pages) confirmContact(w http.ResponseWriter, r *http.Request) error {
	f := web.FormOf(r)
	version, code := f.Text("version", 60), f.Text("code", 20)
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Asker.Confirm(r.Context(), web.ActorOf(r), version, code); err != nil {
		return err
	}
	return web.Done(w, r, recoveryPath, "recovery.confirmed")
}

func (p *Pages) leaveRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := p.Asker.Leave(r.Context(), web.ActorOf(r)); err != nil {
		return err
	}
	drop(w, recoveryCookie)
	return web.Done(w, r, "/sign-in", "recovery.left")
}

// Standing says how far the case is: a sentence and what comes next.
func (v recoveryView) Standing() string { return v.Or("recovery.step."+stageOf(v.Step), "") }

// stageOf is the step of a case as far as its holder has to tell it from others.
func stageOf(s casefile.Step) string {
	switch s {
	case casefile.Planned, casefile.Approved:
		return "planned"
	case casefile.Restoring:
		return "restoring"
	case casefile.Restored:
		return "restored"
	}
	return "finding"
}

// Restored tells whether everything is back and only the hand-back is left.
func (v recoveryView) Restored() bool { return v.Step == casefile.Restored }

// Code tells whether a code is awaited for a contact: it was sent, or typed wrongly.
func (v recoveryView) Code(c ask.Contact) bool {
	return v.Pending == c.Version || v.Typed("version", "") == c.Version
}

// Ask is the question of an item.
func (v recoveryView) Ask(i ask.Item) string {
	switch {
	case i.Path != "":
		return v.T("recovery.ask.value", v.noun(i.Path))
	case len(i.Visits) > 1:
		return v.T("recovery.ask.visits", len(i.Visits))
	case len(i.Visits) == 1:
		return v.T("recovery.ask.visit")
	}
	return v.T("recovery.ask.change")
}

// Where says with what it was done; nothing if nobody knows.
func (v recoveryView) Where(i ask.Item) string {
	if i.Client == "?" || i.Client == "" {
		return i.Network
	}
	return strings.Join(filled(i.Client, i.Network), " · ")
}

// Times says when it was: of many visits the first two and the last.
func (v recoveryView) Times(i ask.Item) (times []web.Time) {
	if len(i.Visits) == 0 {
		return []web.Time{v.At(i.At)}
	}
	for n, visit := range i.Visits {
		if n < 2 || n == len(i.Visits)-1 {
			times = append(times, v.At(visit.At))
		}
	}
	return times
}

// Deeds lists what was done, each thing once.
func (v recoveryView) Deeds(i ask.Item) (said []string) {
	seen := map[string]bool{}
	for _, d := range i.Deeds {
		if words := v.deed(d); !seen[words] {
			seen[words] = true
			said = append(said, words)
		}
	}
	return said
}

// Evidence says step by step why this is asked.
func (v recoveryView) Evidence(i ask.Item) (said []Reason) {
	for _, d := range i.Evidence {
		r := Reason{At: v.At(d.At)}
		if d.Verb != "" {
			r.What = v.deed(d)
		}
		if d.Rule != finding.NoRule {
			r.Why = v.T("recovery.why." + d.Rule.String())
		}
		said = append(said, r)
	}
	return said
}

// Reason is a step of the evidence in plain words.
type Reason struct {
	At        web.Time
	What, Why string
}

// deed says one thing that was done, and never what was written.
func (v recoveryView) deed(d ask.Deed) string {
	if d.Path == "" {
		return v.T("recovery.did." + string(d.Verb))
	}
	return v.T("recovery.did."+string(d.Verb), v.noun(d.Path))
}

func (v recoveryView) noun(path string) string {
	kind, _ := v.pages.Life.Book.Kinds.Of(path)
	return handback.Noun(kind, path, v.Lang)
}

// Present is what is there now, masked.
func (v recoveryView) Present(i ask.Item) string { return v.show(i.Path, i.Now) }

// Proposed is what would be there instead, masked.
func (v recoveryView) Proposed(i ask.Item) string { return v.show(i.Path, i.Proposal) }

func (v recoveryView) show(path string, value []byte) string {
	kind, ok := v.pages.Life.Book.Kinds.Of(path)
	if !ok || value == nil {
		return v.T("recovery.nothing")
	}
	return handback.Shown(kind, value, v.Lang)
}
