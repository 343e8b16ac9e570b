package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/desk"
	"takeback/internal/judge"
	"takeback/internal/verify"
	"takeback/internal/web"
)

var (
	casePage = web.NewView[caseView](pages, "case")
	lookPage = web.NewView[lookView](pages, "look")
)

type caseView struct {
	web.Page
	File   desk.File
	Script verify.Script
	Heart  HeartView
	Judged []judge.Judged // what was decided about the account, newest first
	Manage bool           // the reader is a supervisor

	Askable bool // holders are asked here
}

type lookView struct {
	web.Page
	ID string
}

// showCase leaves the entry first; whatever fails before it is committed shows nothing.
func (p *Pages) showCase(w http.ResponseWriter, r *http.Request) error {
	id, by := r.PathValue("id"), web.ActorOf(r)
	grant, err := p.Desk.Enter(r.Context(), by, id, "")
	if errors.Is(err, desk.ErrReason) {
		return lookPage.Render(w, r, lookView{web.NewPage(r, "look.title"), id})
	}
	if err != nil {
		return err
	}
	v := caseView{Page: web.NewPage(r, "case.title", short(id)), Manage: by.May(access.Manage), Askable: p.Asker != nil}
	v.Wide = true
	if err := p.fill(r.Context(), &v, by, grant, id, scopeOf(r.URL.Query())); err != nil {
		return err
	}
	return casePage.Render(w, r, v)
}

func (p *Pages) fill(ctx context.Context, v *caseView, by, grant access.Actor, id string, s scope) (err error) {
	if v.File, err = p.Desk.File(ctx, by, grant, id); err != nil {
		return err
	}
	if v.Script, err = p.Examiner.Script(ctx, grant, id); err != nil {
		return err
	}
	if v.File.Case.Account != "" {
		if v.Judged, err = p.Judge.About(ctx, grant, v.File.Case.Account); err != nil {
			return err
		}
	}
	v.Heart, err = p.heartView(ctx, v.Page, grant, v.File.Case, s)
	return err
}

func (p *Pages) caseEvents(w http.ResponseWriter, r *http.Request) error {
	return web.Stream(w, r, p.Desk.Changes(r.Context(), r.PathValue("id")))
}

// steps are the stations of a case as its page shows them, with the steps of the table that belong to each.
var steps = []struct {
	name string
	of   []casefile.Step
}{
	{"reported", []casefile.Step{casefile.Reported}},
	{"frozen", []casefile.Step{casefile.Frozen}},
	{"verified", []casefile.Step{casefile.Verified}},
	{"investigating", []casefile.Step{casefile.Investigating}},
	{"planned", []casefile.Step{casefile.Planned, casefile.Approved}},
	{"restoring", []casefile.Step{casefile.Restoring, casefile.Restored}},
	{"handed-back", []casefile.Step{casefile.HandedBack, casefile.Closed, casefile.FalseAlarm}},
}

// Stations shows how far the case has come.
func (v caseView) Stations() []web.Step {
	now, names := 0, make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
		for _, of := range s.of {
			if of == v.File.Step {
				now = i
			}
		}
	}
	if v.File.Step.Over() {
		now = len(steps)
	}
	return v.Steps("station", now, names...)
}

// Jumps are the parts of the page to which its head leads.
func (v caseView) Jumps() []string {
	all := []string{"story"}
	for _, part := range []struct {
		name  string
		shown bool
	}{{"verify", v.File.Case.Account != ""}, {"talk", true}, {"timeline", v.Heart.Timeline.Shown}, {"plan", v.Heart.Plan.Shown}, {"risk", len(v.Judged) > 0}, {"letter", v.Heart.Letter.Shown}} {
		if part.shown {
			all = append(all, part.name)
		}
	}
	return all
}

// Kind is the look of the case's badge.
func (v caseView) Kind() string {
	switch v.File.Step {
	case casefile.Reported:
		return "waiting"
	case casefile.Frozen, casefile.Verified, casefile.Investigating, casefile.Planned, casefile.Approved:
		return "frozen"
	case casefile.Restoring, casefile.Restored:
		return "restoring"
	case casefile.HandedBack:
		return "guarded"
	}
	return "closed"
}

// Step is the badge of the case.
func (v caseView) Step() web.Badge {
	return web.Badge{Kind: v.Kind(), Words: v.T("step." + string(v.File.Step))}
}

// Rev is the state of the case that the forms of this page were made from.
func (v caseView) Rev() string { return strconv.FormatInt(v.File.Revision, 10) }

// Mine tells whether the reader has the case.
func (v caseView) Mine() bool { return v.File.Assigned == v.Actor.ID }

// Stoppable tells whether the account can be held still from here.
func (v caseView) Stoppable() bool {
	return v.File.Case.Account != "" && (v.File.Step == casefile.Reported || v.File.Step == casefile.HandedBack)
}

// Unheld tells whether nothing is held still yet.
func (v caseView) Unheld() bool { return v.File.Step == casefile.Reported }

// Name says who did something.
func (v caseView) Name(id string) string {
	if n := v.File.Names[id]; n != "" {
		return n
	}
	return ""
}

// Who says who made an entry: staff by name, anybody else by what he is.
func (v caseView) Who(e casefile.Entry) string {
	if n := v.Name(e.Actor); n != "" {
		return n
	}
	return v.Or("role."+string(e.Role), string(e.Role))
}

// What says what an entry is about. Rooms have words for the entries that matter; others are shown by their code.
func (v caseView) What(e casefile.Entry) string { return v.Or("entry."+e.What, e.What) }

// Words is the text of an entry, if it is for people.
func (v caseView) Words(e casefile.Entry) string {
	if e.What == "assigned" {
		return v.Name(e.Text)
	}
	return entryWords(v.Page, e.What, e.Text)
}

// entryWords gives the text of an entry as far as it is for people: words that
// somebody wrote, and what tells one act from another. Ids and paths are not.
func entryWords(p web.Page, what, text string) string {
	switch what {
	case "note", "named.none", "named.two-cases", "declared.false", "plan.refused", "verify.contested", "verify.settled", "verify.waiver-asked", "verify.waiver-agreed",
		"verify.waiver-refused", "verify.code-sent", "verify.code-wrong", "ask.sent", "ask.opened", "ask.code-sent", "ask.confirmed":
		return text
	case "verify.question", "verify.question-wrong":
		return p.Or("question."+text, "")
	}
	return ""
}

// Log is what happened in the case, newest first.
func (v caseView) Log() []casefile.Entry {
	out := make([]casefile.Entry, 0, len(v.File.Entries))
	for i := len(v.File.Entries) - 1; i >= 0; i-- {
		if e := v.File.Entries[i]; !strings.HasPrefix(e.What, "message.") { // they stand in the talk
			out = append(out, e)
		}
	}
	return out
}

// Left says what is left of the promise of a call.
func (v caseView) Left(c desk.Call) string { return left(v.Page, c) }

// Outcomes gives the outcomes of a call to choose from.
func (v caseView) Outcomes() []web.Option { return v.Offer("outcome", desk.Outcomes...) }

// Path says what a path is, as far as it has words.
func (v caseView) PathName(path string) string { return pathName(v.Page, path) }

func pathName(p web.Page, path string) string {
	kind, rest, found := strings.Cut(path, "/")
	name := p.Or("path."+kind, kind)
	if found {
		name += " " + element(rest)
	}
	return name
}

// Short is a number as people say it.
func (v caseView) Short(id string) string { return short(id) }
