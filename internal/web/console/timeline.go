package console

import (
	"context"
	"encoding/json"
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
	ID      string // of the case
	Shown   bool
	May     bool // the reader may mark now
	Devices []Device
	Left    int // sessions that are neither drawn nor listed, because they are too many
	Picture Picture
	Picked  *Picked // nil if nothing is picked
	investigate.Timeline
	view
	scope scope
	lanes map[string]investigate.Lane
	acts  map[int64]int // where in Changes a change is
	shown func(lang, path string, value json.RawMessage) string
}

func (p *Pages) timelineView(ctx context.Context, page web.Page, by access.Actor, c casefile.Case, s scope) (TimelineView, error) {
	t, err := p.Investigator.Timeline(ctx, by, c.ID)
	if err != nil {
		return TimelineView{}, err
	}
	v := TimelineView{Page: page, ID: c.ID, Shown: true, Timeline: t, shown: p.shown, scope: s, lanes: map[string]investigate.Lane{}, acts: map[int64]int{},
		May: by.May(access.Investigate) && !c.Step.Over() && c.Step != casefile.HandedBack}
	for _, l := range t.Lanes {
		v.lanes[l.Session] = l
	}
	for i, a := range t.Changes {
		v.acts[a.Seq] = i
	}
	v.view = viewOf(t, s, page.Zone)
	v.Devices, v.Left = v.devices(t.Lanes, s)
	for _, d := range v.Devices {
		for i := range d.Rows {
			d.Rows[i].Class = v.Label(d.Rows[i].Label.String())
		}
	}
	v.Picture = v.picture()
	v.Picked = v.picked()
	return v, nil
}

// act gives a change by its number; some is false if the timeline has none like it.
func (v TimelineView) act(seq int64) (a investigate.Act, some bool) {
	i, some := v.acts[seq]
	if !some {
		return a, false
	}
	return v.Changes[i], true
}

// to is the address of the page with another scope.
func (v TimelineView) to(s scope, fragment string) string {
	return "/desk/cases/" + v.ID + "?" + s.query() + "#" + fragment
}

// zoomTo is the address that shows another stretch of time.
func (v TimelineView) zoomTo(from, till time.Time) string {
	s := v.scope
	s.From, s.Till, s.Page = from, till, 0
	return v.to(s, "timeline")
}

// Zooms are the links along the time.
func (v TimelineView) Zooms() []Zoom { return v.zooms(v.zoomTo) }

// Scoped is what brings somebody who has marked something back to what he looked at.
func (v TimelineView) Scoped() string { return v.scope.query() }

// PickLink picks a change: why is it labelled so?
func (v TimelineView) PickLink(seq int64) string {
	s := v.scope
	s.Change, s.Session = seq, ""
	return v.to(s, "why")
}

// RowLink picks a session, or shows the sessions of a device one by one.
func (v TimelineView) RowLink(r Row) string {
	s := v.scope
	if r.Folded > 0 {
		s.Device = r.Device
		return v.to(s, "timeline")
	}
	s.Session, s.Change, s.Page = r.Session, 0, 0
	return v.to(s, "why")
}

// Unpicked is the address without anything picked.
func (v TimelineView) Unpicked() string {
	s := v.scope
	s.Session, s.Change, s.Page = "", 0, 0
	return v.to(s, "timeline")
}

// Only names the session to which the list is narrowed; empty for all.
func (v TimelineView) Only() string { return v.Lane(v.scope.Session) }

// Earlier and Later are the neighbours of a sheet of the list; empty if there is none.
func (v TimelineView) Earlier() string { return v.sheet(v.Sheet - 1) }

// Later is the sheet after this one.
func (v TimelineView) Later() string { return v.sheet(v.Sheet + 1) }

func (v TimelineView) sheet(n int) string {
	if n < 0 || n >= v.Sheets {
		return ""
	}
	s := v.scope
	s.Page = n
	return v.to(s, "changes")
}

// Counted says how much of the history is shown.
func (v TimelineView) Counted() string {
	if v.Count == v.Total {
		return v.T("heart.counted.all", v.Total)
	}
	return v.T("heart.counted", v.Count, v.Total, v.When(v.Start), v.When(v.End))
}

// RowName is how a row is called in the picture.
func (v TimelineView) RowName(r Row) string {
	if r.Folded > 0 {
		return v.T("heart.folded", r.Folded) + " · " + v.T("heart.label."+r.Class)
	}
	return v.Lane(r.Session) + " · " + v.T("heart.label."+r.Class)
}

// DeviceName is how a device is called.
func (v TimelineView) DeviceName(d Device) string {
	if d.No == 0 {
		return v.T("heart.device.none")
	}
	name := v.T("heart.device", d.No)
	if d.Known {
		return name + " · " + v.T("heart.device.known")
	}
	return name + " · " + v.T("heart.device.new")
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
func (v TimelineView) Labels() []string {
	return []string{"tainted", "suspect", "affected", v.Label("clean")}
}

// Lane names a session: "Session 2 · Chrome, Windows"; empty if there is none.
func (v TimelineView) Lane(id string) string {
	l, some := v.lanes[id]
	if !some {
		return ""
	}
	return v.T("heart.lane", l.No) + " · " + l.Client
}

// By says who made a change: its session, or whoever of ours.
func (v TimelineView) By(a investigate.Act) string {
	if a.Role == access.Holder {
		return v.Lane(a.Session)
	}
	who := v.Or("role."+string(a.Role), string(a.Role))
	if a.Grant.Path != "" {
		return v.T("heart.by.grant", who, heartPath(v.Page, a.Grant.Path))
	}
	return who
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
	a, some := v.act(seq)
	if !some {
		return strconv.FormatInt(seq, 10)
	}
	return v.T("heart.ref", seq, v.What(a))
}

// Evidence is the path of evidence, by the numbers of the changes.
func (v TimelineView) Evidence(because []int64) string { return evidence(because) }

// evidenceShown is how many changes a line of evidence names: where it begins, and the last ones.
const evidenceShown = 12

func evidence(because []int64) string {
	if len(because) < 2 {
		return "" // a single step is said by the reason itself
	}
	var said []string
	for i, seq := range because {
		switch left := len(because) - evidenceShown; {
		case i == 1 && left > 0:
			said = append(said, "…")
		case i == 0 || i > left:
			said = append(said, strconv.FormatInt(seq, 10))
		}
	}
	return strings.Join(said, " → ")
}

// Whose is the badge of a change. What we did ourselves is neither the holder's nor the intruder's.
func (v TimelineView) Whose(a investigate.Act) web.Badge {
	if class := v.Class(a); class != "ours" {
		return v.Badge("heart.label", class)
	}
	return web.Badge{Kind: "info", Words: v.T("heart.label.ours")}
}

// Class is the look of a change by its label.
func (v TimelineView) Class(a investigate.Act) string {
	if a.Role != access.Holder && a.Label == "clean" {
		return "ours"
	}
	return v.Label(a.Label)
}

// Label is a label as it is shown: while nobody has marked anything, nothing is known to be the holder's.
func (v TimelineView) Label(label string) string {
	if label == "clean" && len(v.Marks) == 0 {
		return "unknown"
	}
	return label
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

// Marked says what was marked, by whom, and why if he said so.
func (v TimelineView) Marked(m *investigate.Marked) string {
	said := v.T("heart.marked."+string(m.Verdict), m.Name)
	if m.SaidIn != "" {
		said = v.T("heart.said." + string(m.Verdict))
	}
	if m.Verdict == investigate.Intruder && m.Percent < investigate.Certain {
		said += " – " + v.sure(finding.Confidence(m.Percent)/100)
	}
	if m.Reason != "" {
		said += v.T("heart.marked.why", m.Reason)
	}
	return said
}

// Doubt says what holds against the rules.
func (v TimelineView) Doubt(d investigate.Contradicts) string {
	what := v.Lane(d.Session)
	if d.Session == "" {
		what = v.ref(d.Seq)
	}
	return v.T("heart.doubt", what, v.Why(d.Reason))
}
