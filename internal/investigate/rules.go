package investigate

import (
	"sync"

	"takeback/internal/finding"
	"takeback/internal/history"
)

// Findings are the labels and their reasons; see package finding.
type Findings = finding.Findings

// VersionRef names one version of a secret or contact.
type VersionRef struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// Marks are what an investigator says. Seeds are the intruder's; what is
// cleared is the holder's. To clear a seed is to take it back.
type Marks struct {
	Sessions        []string         `json:"sessions,omitempty"` // whole sessions
	From            map[string]int64 `json:"from,omitempty"`     // sessions from a seq on, which is included
	Changes         []int64          `json:"changes,omitempty"`  // single changes, not their sessions
	Versions        []VersionRef     `json:"versions,omitempty"` // what the intruder had from when it was set
	Agents          []string         `json:"agents,omitempty"`   // staff all of whose acts are the intruder's
	ClearedSessions []string         `json:"cleared_sessions,omitempty"`
	ClearedChanges  []int64          `json:"cleared_changes,omitempty"`

	// What the holder says was hers. Devices and session logs can be forged, and
	// so can a holder be mistaken: it ends a suspicion, and never what the rules are sure of.
	ClaimedSessions []string `json:"claimed_sessions,omitempty"`
	ClaimedChanges  []int64  `json:"claimed_changes,omitempty"`

	// Unsure has the confidence of the seeds that are none without doubt, by their
	// node ("session x", "change 5"; see Mark.node).
	Unsure map[string]finding.Confidence `json:"unsure,omitempty"`
}

// sure gives the confidence of a seed.
func (m *Marks) sure(seed Mark) finding.Confidence {
	if len(m.Unsure) > 0 {
		if p := m.Unsure[seed.node()]; p > 0 && p < 1 {
			return p
		}
	}
	return 1
}

// Analyst labels histories. It keeps the memory of one for the next, and nothing of
// what that history said: else the collector has to run for every fourth or fifth
// analysis of a long one. Many may ask it at once; its zero value is ready.
type Analyst struct{ memory sync.Pool } // of *analysis

// Analyse labels every session and change of a history, which is in the order
// of seq and without gaps. established tells the devices that the account knew
// from before the look-back window.
//
// The hard rules point forward in time only, so one pass decides what is
// tainted. The soft rules have one edge backward, exposure, and are repeated
// until it finds nothing new. They never change what is tainted.
//
// Confidence goes the same ways. Of what is tainted it is the highest level at which the
// seeds of at least that level taint it by themselves: a secret that a doubtful session
// saw may be the holder's, and nothing that hangs on it is surer than that session.
func (t *Analyst) Analyse(h []history.Change, m Marks, established map[string]bool) Findings {
	a, used := t.memory.Get().(*analysis)
	if !used {
		a = new(analysis)
	}
	defer func() {
		a.forget()
		t.memory.Put(a)
	}()
	a.begin(h, m, established)
	for i := range h {
		a.hard(i)
	}
	a.shared()
	for a.soft() {
	}
	a.settle()
	return a.Findings
}

// analysis is the state of one Analyse.
type analysis struct {
	Findings
	reading
	said        Marks
	marks       lookup
	established map[string]bool

	visits []visit     // by number of session
	places []place     // by number of path
	known  []knowledge // by thing
	softly []int32     // the changes that the soft rules look at
}

// visit is what the analysis keeps of a session.
type visit struct {
	finding.Session
	end   int64   // latest change in the first segment; 0 if none
	more  []int64 // the same of each later one
	later int64   // a mark makes it surer from this change on; 0 if none does
	surer finding.Confidence
}

// place is what the analysis keeps of a path.
type place struct {
	taint int64 // the surest tainted write since the last total one that is less so, the latest of several; 0 if none
	sure  finding.Confidence
}

// lookup is Marks by node, of what changes name themselves. All others are entered before the first rule.
type lookup struct {
	agent   map[string]bool
	version map[VersionRef]bool
}

// begin reads a history and enters what the investigator says about it.
func (a *analysis) begin(h []history.Change, m Marks, established map[string]bool) {
	a.read(h)
	a.said, a.established = m, established
	a.marks = lookup{agent: set(m.Agents), version: set(m.Versions)}
	a.visits = ready(a.visits, len(a.sessions.all))
	a.places = ready(a.places, len(a.paths.all))
	a.known = ready(a.known, int(a.things.last)+1)
	a.softly = a.softly[:0]
	for i := range a.known {
		a.known[i] = unknown
	}
	a.Findings = Findings{Changes: make([]finding.Change, len(h)), Things: make([]finding.Thing, a.things.last+1), Insiders: m.Agents}
	if len(h) > 0 {
		a.First = h[0].Seq
	}
	a.markChanges(m)
	a.markSessions(m)
}

// forget lets go of everything that somebody else keeps or may not be kept.
func (a *analysis) forget() {
	a.reading.forget()
	clear(a.visits)
	a.Findings, a.said, a.marks, a.established = Findings{}, Marks{}, lookup{}, nil
}

// markChanges enters what the investigator says of single changes. A seed that is cleared is none.
func (a *analysis) markChanges(m Marks) {
	at := func(seq int64) *finding.Change {
		if i := seq - a.First; i >= 0 && i < int64(len(a.Changes)) {
			return &a.Changes[i]
		}
		return new(finding.Change) // of another account
	}
	for _, seq := range m.Changes {
		c := at(seq)
		c.Label, c.Reason = finding.Tainted, finding.Reason{Rule: finding.Seed, Confidence: m.sure(Mark{Change: seq})}
	}
	for _, seq := range m.ClearedChanges {
		*at(seq) = finding.Change{Cleared: true}
	}
	for _, seq := range m.ClaimedChanges {
		at(seq).Claimed = true
	}
}

// markSessions enters what he says of sessions, which holds from the first sight of them.
func (a *analysis) markSessions(m Marks) {
	for _, name := range m.ClearedSessions {
		a.visits[a.sessions.find(name)].Cleared = true
	}
	for _, name := range m.ClaimedSessions {
		a.visits[a.sessions.find(name)].Claimed = true
	}
	seed := func(n int32, name string, from int64) {
		if v := &a.visits[n]; !v.Cleared {
			v.TaintedFrom, v.SureFrom = from, from
			v.Tainted = finding.Reason{Rule: finding.Seed, Confidence: m.sure(Mark{Session: name})}
		}
	}
	for name, from := range m.From {
		seed(a.sessions.find(name), name, from)
	}
	for _, name := range m.Sessions { // the whole of it, whatever else is said
		n := a.sessions.find(name)
		seed(n, name, a.First+int64(a.begins[n]))
	}
	a.visits[0] = visit{} // where those went that are of another account
}

func set[T comparable](all []T) map[T]bool {
	m := make(map[T]bool, len(all))
	for _, one := range all {
		m[one] = true
	}
	return m
}

// settle gives every change its final label and every session its segments.
func (a *analysis) settle() {
	for i := range a.lines {
		n, found := a.lines[i].visit, &a.Changes[i]
		if n == 0 || found.Claimed || found.Label == finding.Tainted && found.Reason.Confidence == 1 {
			continue
		}
		// S4: what a suspect session did is suspect.
		seq := a.First + int64(i)
		why := suspected(&a.visits[n].Session, seq)
		switch {
		case why.Confidence <= hardly(found):
		case found.Cleared:
			if found.Reason.Rule == finding.NoRule {
				found.Reason = why
			}
		case found.Label == finding.Clean:
			found.Label, found.Reason = finding.Suspect, why
		default:
			if a.Likelier == nil {
				a.Likelier = map[int64]finding.Reason{}
			}
			a.Likelier[seq] = why
		}
	}
	a.Sessions = map[string]finding.Session{}
	for i := 1; i < len(a.visits); i++ {
		if v := &a.visits[i]; v.Label() != finding.Clean || v.Cleared || v.Claimed {
			v.Segments = append(v.Segments, v.At(v.end)) // a label only rises, so the last change carries the highest
			for _, end := range v.more {
				v.Segments = append(v.Segments, v.At(end))
			}
			a.Sessions[a.sessions.all[i]] = v.Session
		}
	}
}

// inSession gives the reason of a change in a session that carries a label
// since a moment: the session's own at that moment, afterwards that it was made in it.
func inSession(seq, since int64, own finding.Reason, rule finding.Rule) finding.Reason {
	if seq == since {
		return own
	}
	return finding.Reason{Rule: rule, From: since, Confidence: own.Confidence * Weight(rule)}
}

// hardly gives the confidence with which the hard rules taint a change; 0 if they do not.
func hardly(found *finding.Change) finding.Confidence {
	if found.Label != finding.Tainted {
		return 0
	}
	return found.Reason.Confidence
}

// suspected gives the reason of a change that the soft rules see in a session; none while it is not suspect.
func suspected(s *finding.Session, seq int64) finding.Reason {
	if s.SuspectFrom == 0 || seq < s.SuspectFrom {
		return finding.Reason{}
	}
	return inSession(seq, s.SuspectFrom, s.Suspect, finding.S4)
}
