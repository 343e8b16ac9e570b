package investigate

import (
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
}

// Analyse labels every session and change of a history, which is in the order
// of seq and without gaps. established tells the devices that the account knew
// from before the look-back window.
//
// The hard rules point forward in time only, so one pass decides what is
// tainted. The soft rules have one edge backward, exposure, and are repeated
// until it finds nothing new. They never change what is tainted.
func Analyse(h []history.Change, m Marks, established map[string]bool) Findings {
	a := newAnalysis(h, m, established)
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
	h           []history.Change
	marks       lookup
	established map[string]bool
	sessions    map[string]*finding.Session
	places      map[string]*place
	things      map[equal]int32
	versions    map[VersionRef]int32
	softly      []int // the changes that the soft rules look at
}

// equal is what makes secrets and contacts equal: one of its fields is set. A
// version is equal only to itself.
type equal struct {
	address, secret string
	version         VersionRef
}

// place is what the analysis keeps of a path.
type place struct {
	thing   int32 // the secret or contact in the slot
	key     bool  // it holds a key bound to a device, which cannot be read out
	contact bool
	taint   int64 // the latest tainted write since the last total one that is not tainted; 0 if none
}

// lookup is Marks by node.
type lookup struct {
	session, clearedSession, agent map[string]bool
	change, clearedChange          map[int64]bool
	version                        map[VersionRef]bool
	from                           map[string]int64
}

func newAnalysis(h []history.Change, m Marks, established map[string]bool) *analysis {
	a := &analysis{
		h:           h,
		established: established,
		sessions:    map[string]*finding.Session{},
		places:      map[string]*place{},
		things:      map[equal]int32{},
		versions:    map[VersionRef]int32{},
		marks: lookup{
			session: set(m.Sessions), clearedSession: set(m.ClearedSessions), agent: set(m.Agents),
			change: set(m.Changes), clearedChange: set(m.ClearedChanges),
			version: set(m.Versions), from: m.From,
		},
	}
	a.Changes = make([]finding.Change, len(h))
	a.Things = make([]finding.Thing, 1, 16)
	a.Insiders = m.Agents
	if len(h) > 0 {
		a.First = h[0].Seq
	}
	return a
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
	for i := range a.h {
		c, found := &a.h[i], &a.Changes[i]
		s := a.sessions[c.Session]
		if s == nil {
			continue
		}
		// S4: what a suspect session did is suspect.
		if at := s.At(c.Seq); at == finding.Suspect && found.Label == finding.Clean && !found.Cleared {
			found.Label = finding.Suspect
			found.Reason = inSession(c.Seq, s.SuspectFrom, s.Suspect, finding.S4)
		}
		for len(s.Segments) < max(1, c.Segment) {
			s.Segments = append(s.Segments, finding.Clean)
		}
		n := max(1, c.Segment) - 1
		s.Segments[n] = max(s.Segments[n], s.At(c.Seq))
	}
	a.Sessions = make(map[string]finding.Session, len(a.sessions))
	for name, s := range a.sessions {
		a.Sessions[name] = *s
	}
}

// inSession gives the reason of a change in a session that carries a label
// since a moment: the session's own at that moment, afterwards that it was made in it.
func inSession(seq, since int64, own finding.Reason, rule finding.Rule) finding.Reason {
	if seq == since {
		return own
	}
	return finding.Reason{Rule: rule, From: since}
}
