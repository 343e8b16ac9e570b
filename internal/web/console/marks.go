package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/web"
)

// markForm is what the buttons beside a session, change, version, person or device send.
type markForm struct {
	TimelineView
	Session  string
	From     int64
	Change   int64
	Slot     string // with Version
	Version  string
	Agent    string
	Device   string
	Verdicts []string
	Key      string // the words of the button that says "the intruder's", if they are not those
	Reason   bool   // there is room for a reason
}

// Words are those of a button.
func (f markForm) Words(verdict string) string {
	if f.Key != "" && verdict == "intruder" {
		return f.T(f.Key)
	}
	return f.T("heart.mark." + verdict)
}

// What names what is marked, for whoever hears the button alone.
func (f markForm) What() string {
	switch {
	case f.Slot != "":
		return heartPath(f.Page, f.Slot)
	case f.Session != "" && f.From == 0:
		return f.Lane(f.Session)
	case f.Change != 0:
		return f.ref(f.Change)
	case f.Device != "":
		return f.T("heart.device", numbers(f.Lanes)[f.Device])
	}
	return ""
}

// verdicts are what can be said next: a mark can be taken back only where there is one.
func verdicts(m *investigate.Marked, first ...string) []string {
	if m == nil || m.Verdict == investigate.Undecided {
		return first
	}
	return append(first, "undecided")
}

// MarkSession gives the buttons of a session.
func (v TimelineView) MarkSession(l investigate.Lane) markForm {
	return markForm{TimelineView: v, Session: l.Session, Verdicts: verdicts(l.Mark, "intruder", "holder")}
}

// MarkDevice gives the buttons of a device: they mean all of its sessions.
func (v TimelineView) MarkDevice(d Device) markForm {
	return markForm{TimelineView: v, Device: d.ID, Verdicts: []string{"intruder", "holder", "undecided"}, Key: "heart.mark.device"}
}

// MarkSuggested gives the button that takes the suggestion.
func (v TimelineView) MarkSuggested() markForm {
	return markForm{TimelineView: v, Session: v.Suggests.Session, From: v.Suggests.From, Change: v.Suggests.Change, Verdicts: []string{"intruder"}, Key: "heart.mark.suggested"}
}

// marksOf gives whatever can be said of a change: of itself, of its session from
// there on, of the secret or contact that it set, and of the member of staff who made it.
func (v TimelineView) marksOf(a investigate.Act) (all []markForm) {
	if a.Marks {
		all = append(all, markForm{TimelineView: v, Change: a.Seq, Verdicts: verdicts(a.Mark, "intruder", "holder"), Reason: true})
	}
	if _, some := v.lanes[a.Session]; some {
		all = append(all, markForm{TimelineView: v, Session: a.Session, From: a.Seq, Verdicts: []string{"intruder"}, Key: "heart.mark.from", Reason: true})
	}
	if a.Change.Version != "" && (a.Verb == history.Credential || a.Verb == history.Contact) {
		all = append(all, markForm{TimelineView: v, Slot: a.Path, Version: a.Change.Version, Verdicts: verdicts(a.VersionMark, "intruder"), Key: "heart.mark.version", Reason: true})
	}
	if a.Role.Staff() {
		all = append(all, markForm{TimelineView: v, Agent: a.Actor, Verdicts: verdicts(a.AgentMark, "intruder"), Key: "heart.mark.agent", Reason: true})
	}
	return all
}

// Sures are how sure one can be that something is the intruder's, the usual first.
func (f markForm) Sures() []string { return []string{"certain", "likely", "perhaps"} }

// sureOf reads how sure a mark is, which is said of the intruder's alone; certain if nothing is said.
func sureOf(f *web.Form, verdict investigate.Verdict) int64 {
	said := f.Optional("sure", 20)
	percent, some := map[string]int64{"": 0, "certain": 0, "likely": investigate.Likely, "perhaps": investigate.Perhaps}[said]
	switch {
	case !some:
		f.Fail("sure", investigate.ErrVerdict)
	case verdict != investigate.Intruder:
		return 0
	}
	return percent
}

// WindowFrom and WindowTill are the stretch that is shown, as a field for a time reads it.
func (v TimelineView) WindowFrom() string { return v.Start.In(v.Zone).Format(minute) }

// WindowTill is its end; rounded up, so that the last change lies within.
func (v TimelineView) WindowTill() string { return v.End.Add(time.Minute).In(v.Zone).Format(minute) }

func (p *Pages) mark(w http.ResponseWriter, r *http.Request) error {
	by, caseID, err := p.granted(r)
	if err != nil {
		return err
	}
	f := web.FormOf(r)
	m := investigate.Mark{
		Verdict: investigate.Verdict(f.Choice("verdict", "intruder", "holder", "undecided")),
		Session: f.Optional("session", 60), From: number(f, "from"), Change: number(f, "change"),
		Version: investigate.VersionRef{Path: f.Optional("path", 200), Version: f.Optional("version", 60)},
		Agent:   f.Optional("agent", 60), Reason: f.Optional("why", 300),
	}
	m.Percent = sureOf(f, m.Verdict)
	zone := web.NewPage(r, "heart.timeline").Zone
	g := investigate.Group{Device: f.Optional("device", 60), From: anyMoment(f, "window-from", zone), Till: anyMoment(f, "window-till", zone), Network: f.Optional("network", 60)}
	revision, view := number(f, "revision"), f.Optional("view", 1000)
	if err := f.Err(); err != nil {
		return err
	}
	if g != (investigate.Group{}) {
		err = p.Investigator.MarkGroup(r.Context(), by, caseID, g, m, revision)
	} else {
		err = p.Investigator.Mark(r.Context(), by, caseID, m, revision)
	}
	if err != nil {
		return fmt.Errorf("mark: %w", err)
	}
	return backToView(w, r, caseID, view, "heart.marked")
}

// backToView ends a POST on what its sender looked at. The address is made anew
// from what was sent, which leads nowhere but to this page.
func backToView(w http.ResponseWriter, r *http.Request, caseID, view, code string) error {
	q, err := url.ParseQuery(view)
	if view == "" || err != nil {
		return backTo(w, r, caseID, code)
	}
	return web.Done(w, r, "/desk/cases/"+caseID+"?"+scopeOf(q).query(), code)
}

// anyMoment reads a time that may be absent.
func anyMoment(f *web.Form, name string, zone *time.Location) time.Time {
	if f.Optional(name, len(minute)) == "" {
		return time.Time{}
	}
	return moment(f, name, zone)
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
