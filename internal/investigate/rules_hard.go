package investigate

import (
	"bytes"
	"encoding/json"
	"strings"

	"takeback/internal/access"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// hard applies the hard rules to the next change. Whatever they need to know
// lies before it.
func (a *analysis) hard(i int) {
	c := &a.h[i]
	s := a.session(c)
	switch c.Verb {
	case history.Open:
		a.present(c, s, finding.H3)
	case history.Recover:
		a.present(c, s, finding.H4)
	case history.StepUp:
		a.present(c, s, finding.H6)
	case history.Derive:
		// H5: what comes out of the intruder's session is the intruder's.
		if p := a.sessions[c.Parent]; p != nil && p.At(c.Seq) == finding.Tainted {
			a.taint(c, s, finding.Reason{Rule: finding.H5, From: p.TaintedFrom})
		}
	}
	a.Changes[i] = a.label(c, s)
	if c.Path != "" {
		a.learn(i)
		a.build(i)
	}
	switch c.Verb {
	case history.Open, history.Recover, history.Derive, history.Credential, history.Contact, history.View:
		a.softly = append(a.softly, i)
	}
}

// session gives what is known of the session of a change; nil if it was made
// outside of one. What the investigator says of a session holds from the first sight of it.
func (a *analysis) session(c *history.Change) *finding.Session {
	if c.Session == "" {
		return nil
	}
	if s := a.sessions[c.Session]; s != nil {
		return s
	}
	s := &finding.Session{Cleared: a.marks.clearedSession[c.Session]}
	a.sessions[c.Session] = s
	from, marked := a.marks.from[c.Session]
	if a.marks.session[c.Session] {
		from, marked = c.Seq, true
	}
	if marked && !s.Cleared {
		s.TaintedFrom, s.Tainted = from, finding.Reason{Rule: finding.Seed}
	}
	return s
}

// taint makes a session the intruder's from a change on. A session that was
// cleared stays the holder's, and the contradiction is kept.
func (a *analysis) taint(c *history.Change, s *finding.Session, why finding.Reason) {
	if s.Cleared {
		a.Contradictions = append(a.Contradictions, finding.Contradiction{Session: c.Session, Path: c.Session, Reason: why})
		return
	}
	if s.TaintedFrom == 0 || c.Seq < s.TaintedFrom {
		s.TaintedFrom, s.Tainted = c.Seq, why
	}
}

// present applies H3, H4 and H6 (rule): one factor that only the intruder can
// have is enough, even beside the holder's own, which was phished then. It also
// applies S1: whatever an intruder's session presented is exposed. What it
// presented before it became the intruder's is not.
func (a *analysis) present(c *history.Change, s *finding.Session, rule finding.Rule) {
	if s == nil {
		return
	}
	for _, f := range c.Factors {
		if t := a.Things[a.presented(f)]; t.Owned() {
			a.taint(c, s, finding.Reason{Rule: rule, From: t.Set})
			break
		}
	}
	if s.At(c.Seq) != finding.Tainted {
		return
	}
	for _, f := range c.Factors {
		a.expose(a.presented(f), finding.Reason{Rule: finding.S1, From: c.Seq})
	}
}

// label applies H1, H7 and the seeds to one change.
func (a *analysis) label(c *history.Change, s *finding.Session) finding.Change {
	found := finding.Change{Cleared: a.marks.clearedChange[c.Seq]}
	switch {
	case a.marks.change[c.Seq] && !found.Cleared: // a seed that is cleared is none
		found.Label, found.Reason = finding.Tainted, finding.Reason{Rule: finding.Seed}
	case s != nil && s.At(c.Seq) == finding.Tainted: // H1
		found.Label, found.Reason = finding.Tainted, inSession(c.Seq, s.TaintedFrom, s.Tainted, finding.H1)
	case s == nil && c.Role.Staff() && a.marks.agent[c.Actor]:
		found.Label, found.Reason = finding.Tainted, finding.Reason{Rule: finding.Seed}
	case s == nil && c.Role.Staff():
		if from := a.deceived(c); from != 0 { // H7
			found.Label, found.Reason = finding.Tainted, finding.Reason{Rule: finding.H7, From: from}
		}
	}
	if found.Label == finding.Tainted && found.Cleared {
		if changesFacts(c.Verb) {
			a.Contradictions = append(a.Contradictions, finding.Contradiction{Seq: c.Seq, Path: c.Path, Reason: found.Reason})
		}
		found.Label = finding.Clean
	}
	return found
}

// deceived tells for H7 whether nothing but what the intruder owns verified the
// caller; it gives the change that set some of it, or 0.
func (a *analysis) deceived(c *history.Change) (from int64) {
	for _, f := range c.Factors {
		t := a.Things[a.presented(f)]
		if !t.Owned() {
			return 0
		}
		from = t.Set
	}
	return from
}

// learn keeps who knows what: H2 (the intruder knows what a tainted change
// set), H9 (the holder may know what any other change set or showed) and the
// hard half of S2 (what the intruder was shown is exposed).
func (a *analysis) learn(i int) {
	c, found := &a.h[i], &a.Changes[i]
	switch c.Verb {
	case history.Credential, history.Contact:
		p := a.place(c.Path)
		p.thing = a.named(c)
		p.key = strings.HasPrefix(c.Path, "passkey/")
		p.contact = c.Verb == history.Contact
		found.Thing = p.thing
	case history.Drop:
		a.place(c.Path).thing = 0
		return
	case history.View:
		// A key cannot be read out, and to see an address is not to receive at it:
		// a view of either teaches nobody anything.
		p := a.place(c.Path)
		if p.key || p.contact {
			return
		}
		found.Thing = p.thing
	}
	if found.Thing == 0 {
		return
	}
	t := &a.Things[found.Thing]
	switch {
	case found.Label == finding.Tainted && c.Verb == history.View:
		a.expose(found.Thing, finding.Reason{Rule: finding.S2, From: c.Seq})
	case found.Label == finding.Tainted:
		first(&t.Set, c.Seq)
		first(&t.Intruder, c.Seq)
	case c.Role != access.System: // what a job of ours writes or reads, nobody learns
		first(&t.Holder, c.Seq)
	}
	if found.Label != finding.Tainted && a.marks.version[VersionRef{c.Path, c.Version}] && c.Verb != history.View {
		a.expose(found.Thing, finding.Reason{Rule: finding.Seed, From: c.Seq})
	}
}

// build marks a change that is not tainted but built on a tainted value: it
// wrote a part of it, or sent something to it. A total write by somebody else than the
// intruder cuts everything before it.
func (a *analysis) build(i int) {
	c, found := &a.h[i], &a.Changes[i]
	tainted := found.Label == finding.Tainted
	switch c.Verb {
	case history.Order:
		for _, r := range c.Reads {
			affect(found, a.place(r.Path))
		}
	case history.Patch:
		p := a.place(c.Path)
		if tainted {
			p.taint = c.Seq
		}
		affect(found, p)
	case history.Set, history.Add, history.Remove, history.Credential, history.Contact, history.Drop:
		p := a.place(c.Path)
		p.taint = 0
		if tainted {
			p.taint = c.Seq
		}
	}
}

// affect marks what read a place that holds a tainted value.
func affect(found *finding.Change, p *place) {
	if found.Label == finding.Tainted || p.taint == 0 {
		return
	}
	found.Affected = true
	if found.Reason.Rule == finding.NoRule {
		found.Reason = finding.Reason{Rule: finding.Read, From: p.taint}
	}
}

// changesFacts tells whether a verb changes a fact, so that people can be asked about it.
func changesFacts(v history.Verb) bool {
	switch v {
	case history.Set, history.Patch, history.Add, history.Remove, history.Credential, history.Contact,
		history.Drop, history.Move, history.Order:
		return true
	}
	return false
}

func (a *analysis) place(path string) *place {
	p := a.places[path]
	if p == nil {
		p = &place{}
		a.places[path] = p
	}
	return p
}

// named gives the thing that a change sets. Knowledge belongs to the secret or
// the address and not to its version: equal ones are one thing, in whatever slot.
func (a *analysis) named(c *history.Change) int32 {
	ref := VersionRef{c.Path, c.Version}
	same := equal{version: ref}
	switch {
	case c.Verb == history.Contact:
		same = equal{address: text(c.After)}
	case c.SecretID != "":
		same = equal{secret: c.SecretID}
	}
	id, ok := a.things[same]
	if !ok {
		id = a.newThing()
		a.things[same] = id
	}
	a.versions[ref] = id
	return id
}

// presented gives the thing behind a factor; one from before the history is new.
func (a *analysis) presented(f history.Factor) int32 {
	ref := VersionRef{f.Path, f.Version}
	id, ok := a.versions[ref]
	if !ok {
		id = a.newThing()
		a.versions[ref] = id
	}
	return id
}

func (a *analysis) newThing() int32 {
	a.Things = append(a.Things, finding.Thing{})
	return int32(len(a.Things) - 1)
}

// expose keeps that both may know a thing, and why; it tells whether that is new.
func (a *analysis) expose(id int32, why finding.Reason) bool {
	t := &a.Things[id]
	if id == 0 || t.Exposed {
		return false
	}
	t.Exposed, t.Reason = true, why
	return true
}

// first keeps the earlier of two moments, of which 0 is never.
func first(at *int64, seq int64) {
	if *at == 0 || seq < *at {
		*at = seq
	}
}

// text gives the text of a JSON string; most need no unescaping.
func text(raw json.RawMessage) string {
	if n := len(raw); n >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : n-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw) // what is no text equals only itself
	}
	return s
}
