package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/finding"
	"takeback/internal/handback"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/web"
)

// TimelineView is the block "case-timeline".
type TimelineView struct {
	web.Page
	ID    string // of the case
	Shown bool
	May   bool // the reader may mark now
	investigate.Timeline
	shown func(lang, path string, value json.RawMessage) string
}

func (p *Pages) timelineView(ctx context.Context, by access.Actor, c casefile.Case) (TimelineView, error) {
	t, err := p.Investigator.Timeline(ctx, by, c.ID)
	if err != nil {
		return TimelineView{}, err
	}
	return TimelineView{ID: c.ID, Shown: true, Timeline: t, shown: p.shown, May: by.May(access.Investigate) && !c.Step.Over() && c.Step != casefile.HandedBack}, nil
}

// shown says a value as the desk may see it: masked, and a secret never.
func (p *Pages) shown(lang, path string, value json.RawMessage) string {
	kind, ok := p.Investigator.Kinds.Of(path)
	if !ok {
		return ""
	}
	said := handback.Shown(kind, value, lang)
	if strings.HasPrefix(path, "default/") {
		return element(said)
	}
	return said
}

// Labels are the labels that the legend explains.
func (TimelineView) Labels() []string { return []string{"tainted", "suspect", "affected", "clean"} }

// Lane names a session: "Session 2 · Chrome, Windows · 203.0.113.66".
func (v TimelineView) Lane(id string) string {
	for _, l := range v.Lanes {
		if l.Session == id {
			return v.T("heart.lane", l.No) + " · " + l.Client
		}
	}
	return ""
}

// By says who made a change: its session, or whoever of ours.
func (v TimelineView) By(a investigate.Act) string {
	if a.Role == access.Holder {
		return v.Lane(a.Session)
	}
	return v.Or("role."+string(a.Role), string(a.Role))
}

// What says what a change did.
func (v TimelineView) What(a investigate.Act) string { return v.did(a.Change) }

func (v TimelineView) did(c history.Change) string {
	key := "heart.did." + string(c.Verb)
	if c.Path == "" {
		return v.T(key)
	}
	return v.T(key, heartPath(v.Page, c.Path))
}

// heartPath says what a path is, with the name of the element.
func heartPath(p web.Page, path string) string {
	kind, rest, found := strings.Cut(path, "/")
	name := p.Or("heart.path."+kind, kind)
	if found && kind == "default" {
		return p.T("heart.path.default." + rest)
	}
	if found {
		name += " " + element(rest)
	}
	return name
}

// element names one of a set: by the shop's number, or by the last characters
// of an id that we gave, which nobody could read out.
func element(id string) string {
	if len(id) > 20 {
		return short(id)
	}
	return id
}

// From is what was there before; empty if nothing was, or nothing is to be shown.
func (v TimelineView) From(a investigate.Act) string { return v.shown(v.Lang, a.Path, a.Before) }

// To is what is there since.
func (v TimelineView) To(a investigate.Act) string {
	if !a.Writes {
		return ""
	}
	if to := v.shown(v.Lang, a.Path, a.After); to != "" {
		return to
	}
	return v.T("heart.nothing")
}

// Why says in words why something has its label; empty if there is nothing to explain.
func (v TimelineView) Why(r finding.Reason) string {
	switch {
	case r.Rule == finding.NoRule:
		return ""
	case r.Rule == finding.Seed || r.From == 0:
		return v.T("heart.why.seed")
	}
	return v.T("heart.why."+r.Rule.String(), v.ref(r.From))
}

// ref names a change for people: "12 (Password set)".
func (v TimelineView) ref(seq int64) string {
	i := slices.IndexFunc(v.Changes, func(a investigate.Act) bool { return a.Seq == seq })
	if i < 0 {
		return strconv.FormatInt(seq, 10)
	}
	return v.T("heart.ref", seq, v.did(v.Changes[i].Change))
}

// Evidence is the whole path of evidence, by the numbers of the changes.
func (v TimelineView) Evidence(because []int64) string { return evidence(because) }

func evidence(because []int64) string {
	if len(because) < 2 {
		return "" // a single step is said by the reason itself
	}
	said := make([]string, len(because))
	for i, seq := range because {
		said[i] = strconv.FormatInt(seq, 10)
	}
	return strings.Join(said, " → ")
}

// Whose is the badge of a change. What we did ourselves is neither the holder's nor the intruder's.
func (v TimelineView) Whose(a investigate.Act) web.Badge {
	if a.Role != access.Holder && a.Label == "clean" {
		return web.Badge{Kind: "info", Words: v.T("heart.label.ours")}
	}
	return v.Badge("heart.label", v.Label(a.Label))
}

// Label is a label as it is shown: while nobody has marked anything, nothing is known to be the holder's.
func (v TimelineView) Label(label string) string {
	if label == "clean" && len(v.Marks) == 0 {
		return "unknown"
	}
	return label
}

// NewDay tells whether a change is the first of its day.
func (v TimelineView) NewDay(i int) bool {
	day := func(t time.Time) string { return t.In(v.Zone).Format(time.DateOnly) }
	return i == 0 || day(v.Changes[i].At) != day(v.Changes[i-1].At)
}

// Suggestion says what the report names as the beginning.
func (v TimelineView) Suggestion() string {
	switch m := v.Suggests; {
	case m.Change != 0:
		return v.ref(m.Change)
	case m.From != 0:
		return v.T("heart.suggest.from", v.Lane(m.Session), v.ref(m.From))
	default:
		return v.Lane(m.Session)
	}
}

// Marked says what was marked, by whom.
func (v TimelineView) Marked(m *investigate.Marked) string {
	return v.T("heart.marked."+string(m.Verdict), m.Name)
}

// Doubt says what holds against the rules.
func (v TimelineView) Doubt(d investigate.Contradicts) string {
	what := v.Lane(d.Session)
	if d.Session == "" {
		what = v.ref(d.Seq)
	}
	return v.T("heart.doubt", what, v.Why(d.Reason))
}

// markForm is what the buttons beside a session or change send.
type markForm struct {
	TimelineView
	Session  string
	From     int64
	Change   int64
	Verdicts []string
	Hint     bool // it takes up the suggestion
}

// verdicts are what can be said next: a mark can be taken back only where there is one.
func verdicts(m *investigate.Marked) []string {
	if m == nil || m.Verdict == investigate.Undecided {
		return []string{"intruder", "holder"}
	}
	return []string{"intruder", "holder", "undecided"}
}

// MarkSession gives the buttons of a session.
func (v TimelineView) MarkSession(l investigate.Lane) markForm {
	return markForm{TimelineView: v, Session: l.Session, Verdicts: verdicts(l.Mark)}
}

// MarkChange gives the buttons of a change.
func (v TimelineView) MarkChange(a investigate.Act) markForm {
	return markForm{TimelineView: v, Change: a.Seq, Verdicts: verdicts(a.Mark)}
}

// MarkFrom gives the button that marks a session from a change on.
func (v TimelineView) MarkFrom(a investigate.Act) markForm {
	return markForm{TimelineView: v, Session: a.Session, From: a.Seq, Verdicts: []string{"intruder"}}
}

// MarkSuggested gives the button that takes the suggestion.
func (v TimelineView) MarkSuggested() markForm {
	return markForm{TimelineView: v, Session: v.Suggests.Session, From: v.Suggests.From, Change: v.Suggests.Change, Verdicts: []string{"intruder"}, Hint: true}
}

// Words are those of a button.
func (f markForm) Words(verdict string) string {
	switch {
	case f.Hint:
		return f.T("heart.mark.suggested")
	case f.From != 0:
		return f.T("heart.mark.from")
	}
	return f.T("heart.mark." + verdict)
}

func (p *Pages) mark(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	m := investigate.Mark{
		Verdict: investigate.Verdict(f.Choice("verdict", "intruder", "holder", "undecided")),
		Session: f.Optional("session", 60), From: number(f, "from"), Change: number(f, "change"),
		Agent: f.Optional("agent", 60), Reason: f.Optional("why", 300),
	}
	revision := number(f, "revision")
	if err := f.Err(); err != nil {
		return err
	}
	if err := p.Investigator.Mark(r.Context(), by, caseID, m, revision); err != nil {
		return fmt.Errorf("mark: %w", err)
	}
	return backTo(w, r, caseID, "heart.marked")
}

// number reads a number that may be absent, which is 0.
func number(f *web.Form, name string) int64 {
	text := f.Optional(name, 19)
	n, err := strconv.ParseInt(text, 10, 64)
	if text != "" && (err != nil || n < 0) {
		f.Fail(name, investigate.ErrMark)
	}
	return n
}
