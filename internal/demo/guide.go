package demo

import (
	"context"
	"net/http"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/web"
)

// steps is the story as the guide tells it: who acts, where it happens, and what
// must have happened for the step to be done. The words are in the catalogue.
var steps = []struct {
	name, who string
	path      string   // of the page where it happens
	ticks     []string // in order; the last one ends the step
}{
	{"take", "intruder", "/sign-in", []string{"in", "email", "password"}},
	{"warn", "holder", "/inbox", []string{"told"}},
	{"stop", "holder", "/inbox", []string{"stopped"}},
	{"call", "holder", "/contact", []string{"asked", "taken"}},
	{"prove", "desk", "/desk", []string{"code", "called", "verified"}},
	{"undo", "desk", "/desk", []string{"marked", "planned", "approved", "restored"}},
	{"back", "desk", "/desk", []string{"letter", "reset"}},
}

// ticks reads from a history, and the entries of its case, what of the story has happened.
func ticks(changes []history.Change, entries []casefile.Entry, told bool) map[string]bool {
	seen := map[string]bool{"told": told}
	handed := time.Time{}
	for _, e := range entries {
		seen["stopped"] = true
		if t, ok := map[string]string{"callback.requested": "asked", "callback.taken": "taken", "verify.email-code": "code", "verify.call-back": "called",
			"step.verified": "verified", "mark.intruder": "marked", "step.planned": "planned", "step.approved": "approved",
			"step.restored": "restored", "step.handed-back": "letter"}[e.What]; ok {
			seen[t] = true
		}
		if e.What == "step.handed-back" {
			handed = e.At
		}
	}
	for _, c := range changes {
		switch {
		case c.Verb == history.Open:
			seen["in"] = true
		case c.Verb == history.Contact && c.Path == "email" && c.Role == access.Holder:
			seen["email"] = true
		case c.Verb == history.Credential && c.Path == "password":
			seen["password"] = true
			seen["reset"] = seen["reset"] || !handed.IsZero() && c.At.After(handed)
		}
	}
	return seen
}

var guidePage = web.NewView[guideView](pages, "guide")

type tick struct {
	Name string
	Done bool
}

type guideStep struct {
	Name, Who, Path string
	State           string // done, now or next
	Ticks           []tick
}

type guideView struct {
	web.Page
	Holder   string // of the story: Misaki or Emily
	Email    string
	Password string
	Inbox    string // of her address
	Case     string // path of her case at the desk; empty before there is one
	Steps    []guideStep
	Done     bool // the whole story
	Staff    []Employee
	People   int
}

func (p *Pages) showGuide(w http.ResponseWriter, r *http.Request) error {
	v := guideView{Page: web.NewPage(r, "guide.title"), Password: Password, Staff: p.Staff, People: holders}
	who, seen, caseID, err := p.story(r.Context(), v.Lang)
	if err != nil {
		return err
	}
	v.Holder, v.Email, v.Inbox = Known[who].Name, Known[who].Email, "/inbox?to="+Known[who].Email
	if caseID != "" {
		v.Case = "/desk/cases/" + caseID
	}
	v.Steps, v.Done = stepsOf(seen)
	for i, s := range v.Steps {
		switch {
		case s.Path == "/inbox":
			v.Steps[i].Path = v.Inbox
		case s.Path == "/desk" && v.Case != "":
			v.Steps[i].Path = v.Case
		}
	}
	return guidePage.Render(w, r, v)
}

// stepsOf tells which steps are done, which one is now and which come later.
func stepsOf(seen map[string]bool) (out []guideStep, all bool) {
	all = true
	for _, s := range steps {
		g := guideStep{Name: s.name, Who: s.who, Path: s.path, State: "done"}
		for _, t := range s.ticks {
			g.Ticks = append(g.Ticks, tick{t, seen[t]})
			if !seen[t] {
				g.State = "next"
			}
		}
		if g.State == "next" && all {
			g.State, all = "now", false
		}
		out = append(out, g)
	}
	return out, all
}

// story tells whose story is being played (the one who has lived more of it; else
// the one whose language the reader reads), what has happened, and the case.
func (p *Pages) story(ctx context.Context, lang string) (who int, seen map[string]bool, caseID string, err error) {
	if lang == "en" {
		who = 1
	}
	for _, i := range []int{who, 1 - who} {
		var s map[string]bool
		var id string
		err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
			s, id, err = p.played(tx, knownID(i), Known[i].Email)
			return err
		})
		if err != nil {
			return who, nil, "", err
		}
		if seen == nil || count(s) > count(seen) {
			who, seen, caseID = i, s, id
		}
	}
	return who, seen, caseID, nil
}

func count(seen map[string]bool) (n int) {
	for _, is := range seen {
		if is {
			n++
		}
	}
	return n
}

// played reads what has happened to an account since the demo began.
func (p *Pages) played(tx *db.Tx, id, email string) (seen map[string]bool, caseID string, err error) {
	a, err := account.Get(tx, id)
	if err != nil {
		return nil, "", err
	}
	changes, err := history.Latest(tx, id, a.Head+1, 200)
	if err != nil {
		return nil, "", err
	}
	changes = slices.DeleteFunc(changes, func(c history.Change) bool { return c.At.Before(p.Began) })
	cases, err := casefile.Recent(tx, id, 1)
	if err != nil {
		return nil, "", err
	}
	var entries []casefile.Entry
	if len(cases) > 0 && !cases[0].OpenedAt.Before(p.Began) {
		caseID = cases[0].ID
		if entries, err = casefile.Entries(tx, caseID); err != nil {
			return nil, "", err
		}
	}
	return ticks(changes, entries, p.told(email)), caseID, nil
}

// told tells whether a letter with a link to stop the account has reached the address since the demo began.
func (p *Pages) told(email string) bool {
	for _, l := range p.Inbox.To(email) {
		if !l.Date.Before(p.Began.Truncate(time.Second)) && l.Link("/not-me/") != "" {
			return true
		}
	}
	return false
}

func (p *Pages) guideEvents(w http.ResponseWriter, r *http.Request) error {
	changed := make(chan string, 1)
	for _, topic := range []string{casefile.Topic, account.EpochTopic} {
		stop := p.DB.Listen(topic, func(string) { say(changed) })
		defer stop()
	}
	go p.tellNews(r, changed)
	return web.Stream(w, r, changed)
}
