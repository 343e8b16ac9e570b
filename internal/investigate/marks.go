package investigate

import (
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Verdict is what an investigator says of a session, change, version or agent.
type Verdict string

// The verdicts. To be undecided is to take a former mark back.
const (
	Intruder  Verdict = "intruder"
	Holder    Verdict = "holder"
	Undecided Verdict = "undecided"
)

// Mark is one thing that an investigator says. It names one of Session, Change,
// Version and Agent.
type Mark struct {
	Verdict Verdict
	Session string
	From    int64 // of a session: from this change on; 0 for the whole
	Change  int64
	Version VersionRef
	Agent   string
	Percent int64  // of the intruder's: how sure that is; 0 for certain
	Reason  string // in the person's own words; may be empty
}

// How sure an investigator can say that he is, in percent. What follows from less than
// certain is asked about, see finding.Automatic.
const (
	Certain int64 = 100
	Likely  int64 = 80
	Perhaps int64 = 50
)

// Marked is a mark as it is kept.
type Marked struct {
	Mark
	No    int64 // from 1
	At    time.Time
	Actor string // id of staff, or of the account whose holder said it
	Name  string // what people call that person

	// SaidIn is the limited session in which the holder said it; empty for staff.
	SaidIn string
}

// node names what a mark is about; a later mark about the same takes its place.
func (m Mark) node() string {
	switch {
	case m.Session != "" || m.Change != 0:
		return finding.Node{Session: m.Session, Change: m.Change}.String()
	case m.Version != VersionRef{}:
		return "version " + m.Version.Path + " " + m.Version.Version
	case m.Agent != "":
		return "agent " + m.Agent
	}
	return ""
}

// The errors of marks.
var (
	ErrMark    = fault.New(fault.Invalid, "mark.unknown", "There is nothing like that in the history of this account.")
	ErrVerdict = fault.New(fault.Invalid, "mark.verdict", "This cannot be said of that.")
	ErrOwnAct  = fault.New(fault.Forbidden, "mark.own", "These are your own acts. Somebody else must judge them.")
)

// check refuses a mark about nothing, one that has no meaning, and one by which
// a member of staff would judge himself.
func (m Mark) check(h []history.Change, by string) error {
	named := 0
	for _, is := range []bool{m.Session != "", m.Change != 0, m.Version != VersionRef{}, m.Agent != ""} {
		if is {
			named++
		}
	}
	if named != 1 || m.From != 0 && m.Session == "" {
		return ErrMark
	}
	if m.Percent < 0 || m.Percent > Certain || m.Percent%Certain != 0 && m.Verdict != Intruder {
		return ErrVerdict
	}
	switch m.Verdict {
	case Intruder, Undecided:
	case Holder:
		if m.From != 0 || m.Agent != "" || m.Version != (VersionRef{}) {
			return ErrVerdict // only what was done can be the holder's, and only as a whole
		}
	default:
		return ErrVerdict
	}
	if m.Agent == by || slices.ContainsFunc(h, func(c history.Change) bool { return c.Seq == m.Change && c.Role.Staff() && c.Actor == by }) {
		return ErrOwnAct
	}
	if !slices.ContainsFunc(h, m.names) {
		return ErrMark
	}
	return nil
}

// names tells whether a change belongs to what the mark is about.
func (m Mark) names(c history.Change) bool {
	switch {
	case m.Session != "":
		return c.Session == m.Session && (m.From == 0 || c.Seq == m.From)
	case m.Change != 0:
		return c.Seq == m.Change
	case m.Agent != "":
		return c.Role.Staff() && c.Actor == m.Agent
	}
	return c.Path == m.Version.Path && c.Version == m.Version.Version && (c.Verb == history.Credential || c.Verb == history.Contact)
}

// marksOf gives what holds after all marks.
func marksOf(all []Marked) (m Marks) {
	for _, one := range standing(all) {
		m.add(one)
	}
	return m
}

// standing gives the marks that hold: the latest one about each node, unless it took a former one back.
func standing(all []Marked) (hold []Marked) {
	for i, one := range all {
		if one.Verdict != Undecided && !slices.ContainsFunc(all[i+1:], func(later Marked) bool { return later.node() == one.node() }) {
			hold = append(hold, one)
		}
	}
	return hold
}

// backTo gives the marks by which it is as it was before a time: about each node
// that was marked since, what stood about it then, or that nobody is decided.
func backTo(all []Marked, since time.Time) (back []Marked) {
	n := slices.IndexFunc(all, func(m Marked) bool { return !m.At.Before(since) })
	if n < 0 {
		return nil
	}
	before, now := standing(all[:n]), standing(all)
	about := func(all []Marked, node string) int {
		return slices.IndexFunc(all, func(m Marked) bool { return m.node() == node })
	}
	seen := map[string]bool{}
	for _, m := range all[n:] {
		node := m.node()
		then, is := about(before, node), about(now, node)
		if seen[node] || then < 0 && is < 0 {
			continue
		}
		seen[node] = true
		if then >= 0 {
			back = append(back, before[then])
			continue
		}
		m := now[is]
		m.Verdict, m.Percent, m.SaidIn = Undecided, 0, ""
		back = append(back, m)
	}
	return back
}

func (m *Marks) add(one Marked) {
	if one.Verdict == Intruder && one.Percent != 0 && one.Percent != Certain {
		if m.Unsure == nil {
			m.Unsure = map[string]finding.Confidence{}
		}
		m.Unsure[one.node()] = finding.Confidence(one.Percent) / 100
	}
	switch {
	case one.Verdict == Undecided:
	case one.Verdict == Holder && one.SaidIn != "" && one.Session != "":
		m.ClaimedSessions = append(m.ClaimedSessions, one.Session)
	case one.Verdict == Holder && one.SaidIn != "":
		m.ClaimedChanges = append(m.ClaimedChanges, one.Change)
	case one.Verdict == Holder && one.Session != "":
		m.ClearedSessions = append(m.ClearedSessions, one.Session)
	case one.Verdict == Holder:
		m.ClearedChanges = append(m.ClearedChanges, one.Change)
	case one.Session != "" && one.From != 0:
		if m.From == nil {
			m.From = map[string]int64{}
		}
		m.From[one.Session] = one.From
	case one.Session != "":
		m.Sessions = append(m.Sessions, one.Session)
	case one.Change != 0:
		m.Changes = append(m.Changes, one.Change)
	case one.Agent != "":
		m.Agents = append(m.Agents, one.Agent)
	default:
		m.Versions = append(m.Versions, one.Version)
	}
}

// suggest gives the first seed that a report names: what was reported was seen
// by the holder as not his own, so the session it was made in is where to begin.
// Of the session that made the account only what came from there on can be meant,
// and of one that changed hands only what the new hands did.
func suggest(h []history.Change, reported int64) (Mark, bool) {
	i := slices.IndexFunc(h, func(c history.Change) bool { return c.Seq == reported })
	if i < 0 || h[i].Role.Staff() && h[i].Session != "" {
		return Mark{}, false
	}
	c := h[i]
	m := Mark{Verdict: Intruder}
	switch {
	case c.Session == "":
		m.Change = c.Seq
	case c.Session == h[0].Session && c.Segment <= 1:
		m.Session, m.From = c.Session, c.Seq
	case c.Segment > 1:
		m.Session = c.Session
		m.From = h[slices.IndexFunc(h, func(o history.Change) bool { return o.Session == c.Session && o.Segment == c.Segment })].Seq
	default:
		m.Session = c.Session
	}
	return m, true
}

// begin gives the time of the earliest thing that the marks call the
// intruder's; otherwise if there is none.
func begin(h []history.Change, m Marks, otherwise time.Time) time.Time {
	first := otherwise
	for _, c := range h {
		from, some := m.From[c.Session]
		if some && c.Seq >= from || slices.Contains(m.Sessions, c.Session) || slices.Contains(m.Changes, c.Seq) ||
			c.Role.Staff() && slices.Contains(m.Agents, c.Actor) || slices.Contains(m.Versions, VersionRef{c.Path, c.Version}) {
			if c.At.Before(first) {
				first = c.At
			}
		}
	}
	return first
}

// exposedIn gives the versions that the intruder has or had in his hands.
func exposedIn(h []history.Change, f *Findings) map[string]bool {
	bad := map[string]bool{}
	for _, c := range h {
		if (c.Verb == history.Credential || c.Verb == history.Contact) && f.Known(c.Seq).Bad() {
			bad[c.Version] = true
		}
	}
	return bad
}

// interesting tells whether a change belongs on a timeline: looks of staff,
// which the desk itself causes by the dozen, do not.
func interesting(c history.Change, kinds account.Kinds) bool {
	if c.Verb == history.Look {
		return false
	}
	_, known := kinds.Of(c.Path)
	return c.Path == "" || known
}
