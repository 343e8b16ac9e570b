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
	n := a.visit(c)
	a.who[i] = n
	k := clue{change: int32(i), visit: n, from: int32(len(a.presented))}
	for _, f := range c.Factors {
		a.presented = append(a.presented, a.behind(f))
	}
	k.to = int32(len(a.presented))
	var s *visit
	if n != 0 {
		s = &a.visits[n]
	}
	found := &a.Changes[i]
	opens := true
	switch c.Verb {
	case history.Open:
		a.present(c, s, k, finding.H3, found)
	case history.Recover:
		a.present(c, s, k, finding.H4, found)
	case history.StepUp:
		a.present(c, s, k, finding.H6, found)
		opens = false
	case history.Derive:
		k.derives = true
		// H5: what comes out of the intruder's session is the intruder's.
		if p := &a.visits[a.visitNos.find(c.Parent)]; s != nil && p.At(c.Seq) == finding.Tainted {
			p.rise(c.Seq)
			a.taint(c, s, finding.Reason{Rule: finding.H5, From: p.SureFrom, Confidence: p.Tainted.Confidence})
		}
	default:
		opens = false
	}
	a.label(c, s, k, found)
	if c.Path != "" {
		found.Place = a.place(c.Path)
		a.learn(c, found)
		a.build(c, found)
	}
	if n != 0 && (opens || found.Thing != 0) {
		a.softly = append(a.softly, k)
	}
}

// visit gives the number of the session of a change; 0 if it was made outside
// of one. What the investigator says of a session holds from the first sight of it.
func (a *analysis) visit(c *history.Change) int32 {
	if c.Session == "" {
		return 0
	}
	if c.Session != a.latest {
		n, added := a.visitNos.number(c.Session)
		if added {
			a.visits = append(a.visits, a.newVisit(c))
		}
		a.latest, a.latestNo = c.Session, n
	}
	v := &a.visits[a.latestNo]
	v.rise(c.Seq)
	if c.Segment <= 1 {
		v.end = c.Seq
		return a.latestNo
	}
	for len(v.more) < c.Segment-1 {
		v.more = append(v.more, 0)
	}
	v.more[c.Segment-2] = c.Seq
	return a.latestNo
}

func (a *analysis) newVisit(c *history.Change) visit {
	v := visit{Session: finding.Session{Cleared: a.marks.clearedSession[c.Session], Claimed: a.marks.claimedSession[c.Session]}}
	from, marked := a.marks.from[c.Session]
	if a.marks.session[c.Session] {
		from, marked = c.Seq, true
	}
	if marked && !v.Cleared {
		v.TaintedFrom, v.SureFrom = from, from
		v.Tainted = finding.Reason{Rule: finding.Seed, Confidence: a.said.sure(Mark{Session: c.Session})}
	}
	return v
}

// rise makes a session as sure as the mark that holds from a change on, if a rule had tainted it before with less.
func (v *visit) rise(seq int64) {
	if v.later == 0 || seq < v.later {
		return
	}
	if v.surer > v.Tainted.Confidence {
		v.SureFrom, v.Tainted = v.later, finding.Reason{Rule: finding.Seed, Confidence: v.surer}
	}
	v.later = 0
}

// taint makes a session the intruder's from a change on. A session that was
// cleared stays the holder's, and the contradiction is kept; so it is of one that
// only the holder claims, which becomes the intruder's all the same. But where the
// rules only ask, either is the answer and contradicts nothing.
func (a *analysis) taint(c *history.Change, s *visit, why finding.Reason) {
	certain := why.Confidence >= finding.Automatic
	if certain && (s.Cleared || s.Claimed && s.TaintedFrom == 0) {
		a.Contradictions = append(a.Contradictions, finding.Contradiction{Session: c.Session, Path: c.Session, Reason: why, Claimed: !s.Cleared})
	}
	switch {
	case s.Cleared || s.Claimed && !certain:
	case s.TaintedFrom == 0 || c.Seq < s.TaintedFrom:
		if s.TaintedFrom != 0 {
			s.later, s.surer = s.TaintedFrom, s.Tainted.Confidence
		}
		s.TaintedFrom, s.SureFrom, s.Tainted = c.Seq, c.Seq, why
	case why.Confidence > s.Tainted.Confidence:
		s.SureFrom, s.Tainted = c.Seq, why
	}
}

// present applies H3, H4 and H6 (rule): one factor that only the intruder can
// have is enough, even beside the holder's own, which was phished then. It also
// applies S1: whatever an intruder's session presented is exposed. What it
// presented before it became the intruder's is not.
func (a *analysis) present(c *history.Change, s *visit, k clue, rule finding.Rule, found *finding.Change) {
	if s == nil {
		return
	}
	var why finding.Reason
	for _, id := range a.presented[k.from:k.to] {
		if sure, from := a.known[id].owned(); sure > why.Confidence {
			why = finding.Reason{Rule: rule, From: from, Confidence: sure}
		}
	}
	if why.Confidence > 0 {
		a.taint(c, s, why)
	}
	if s.At(c.Seq) != finding.Tainted {
		return
	}
	sure := max(s.Tainted.Confidence, hardly(found)) // the change may be marked by itself
	for _, id := range a.presented[k.from:k.to] {
		a.expose(id, finding.Reason{Rule: finding.S1, From: c.Seq, Confidence: sure * weightS1})
	}
}

// label applies H1, H7 and H8 to one change, which may be a seed by itself or cleared already.
func (a *analysis) label(c *history.Change, s *visit, k clue, found *finding.Change) {
	switch {
	case s != nil:
		if s.At(c.Seq) == finding.Tainted { // H1
			taint(found, inSession(c.Seq, s.SureFrom, s.Tainted, finding.H1))
		}
	case c.Role.Staff():
		if a.marks.agent[c.Actor] {
			taint(found, finding.Reason{Rule: finding.Seed, Confidence: a.said.sure(Mark{Agent: c.Actor})})
		}
		if sure, from := a.deceived(k); sure > 0 { // H7
			taint(found, finding.Reason{Rule: finding.H7, From: from, Confidence: sure})
		}
	}
	if c.Grant.Path != "" {
		if p := &a.places[a.placeNos.find(c.Grant.Path)]; p.taint != 0 { // H8
			taint(found, finding.Reason{Rule: finding.H8, From: p.taint, Confidence: p.sure})
		}
	}
	if found.Label != finding.Tainted || !found.Cleared && !found.Claimed {
		return
	}
	if changesFacts(c.Verb) && found.Certain() {
		a.Contradictions = append(a.Contradictions, finding.Contradiction{Seq: c.Seq, Path: c.Path, Reason: found.Reason, Claimed: !found.Cleared})
	}
	if found.Cleared || !found.Certain() {
		found.Label = finding.Clean
	}
}

// taint makes a change the intruder's, unless something surer has.
func taint(found *finding.Change, why finding.Reason) {
	if why.Confidence > hardly(found) {
		found.Label, found.Reason = finding.Tainted, why
	}
}

// deceived tells for H7 how sure it is that nothing but what the intruder owns
// verified the caller, which is as sure as of the least of it.
func (a *analysis) deceived(k clue) (sure finding.Confidence, from int64) {
	sure = 1
	for _, id := range a.presented[k.from:k.to] {
		owned, set := a.known[id].owned()
		if owned <= sure {
			sure, from = owned, set
		}
	}
	if from == 0 {
		return 0, 0
	}
	return sure, from
}

// learn keeps who knows what: H2 (the intruder knows what a tainted change
// set), H9 (the holder may know what any other change set or showed) and the
// hard half of S2 (what the intruder was shown is exposed).
func (a *analysis) learn(c *history.Change, found *finding.Change) {
	p := &a.places[found.Place]
	switch c.Verb {
	case history.Credential, history.Contact:
		p.thing = a.named(c)
		p.key = strings.HasPrefix(c.Path, "passkey/")
		p.contact = c.Verb == history.Contact
		found.Thing = p.thing
	case history.Drop:
		p.thing = 0
		return
	case history.View:
		// A key cannot be read out, and to see an address is not to receive at it:
		// a view of either teaches nobody anything.
		if p.key || p.contact {
			return
		}
		found.Thing = p.thing
	}
	if found.Thing == 0 {
		return
	}
	t, known, sure := &a.Things[found.Thing], &a.known[found.Thing], hardly(found)
	switch {
	case sure > 0 && c.Verb == history.View:
		a.expose(found.Thing, finding.Reason{Rule: finding.S2, From: c.Seq, Confidence: sure * weightS2})
		known.seen(c.Seq, sure)
	case sure > 0:
		first(&t.Set, c.Seq)
		first(&t.Intruder, c.Seq)
		known.sets(c.Seq, sure)
	case c.Role != access.System: // what a job of ours writes or reads, nobody learns
		first(&t.Holder, c.Seq)
		known.seen(c.Seq, 0)
	}
	if c.Verb != history.View && a.marks.version[VersionRef{c.Path, c.Version}] {
		if marked := a.said.sure(Mark{Version: VersionRef{c.Path, c.Version}}); marked > sure {
			a.expose(found.Thing, finding.Reason{Rule: finding.Seed, From: c.Seq, Confidence: marked})
		}
	}
}

// build marks a change that is not tainted but built on a tainted value: it
// wrote a part of it, or sent something to it. A total write by somebody else than the
// intruder cuts everything before it.
//
// Only what is sure affects: a value that people are asked about is decided first.
func (a *analysis) build(c *history.Change, found *finding.Change) {
	sure := hardly(found)
	switch c.Verb {
	case history.Order:
		for _, r := range c.Reads {
			affect(found, &a.places[a.placeNos.find(r.Path)])
		}
	case history.Patch:
		p := &a.places[found.Place]
		if sure > 0 && sure >= p.sure {
			p.taint, p.sure = c.Seq, sure
		}
		affect(found, p)
	case history.Set, history.Add, history.Remove, history.Credential, history.Contact, history.Drop:
		p := &a.places[found.Place]
		p.taint, p.sure = 0, sure
		if sure > 0 {
			p.taint = c.Seq
		}
	}
}

// affect marks what read a place that holds a tainted value.
func affect(found *finding.Change, p *place) {
	if p.sure < finding.Automatic || found.Certain() {
		return
	}
	found.Affected = true
	if found.Reason.Rule == finding.NoRule {
		found.Reason = finding.Reason{Rule: finding.Read, From: p.taint, Confidence: p.sure}
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

// place gives the number of a path.
func (a *analysis) place(path string) int32 {
	n, added := a.placeNos.number(path)
	if added {
		a.places = append(a.places, place{})
	}
	return n
}

// named gives the thing that a change sets. Knowledge belongs to the secret or
// the address and not to its version: equal ones are one thing, in whatever slot.
func (a *analysis) named(c *history.Change) (id int32) {
	ref := VersionRef{c.Path, c.Version}
	switch {
	case c.Verb == history.Contact:
		id = equal(a, a.addresses, text(c.After))
	case c.SecretID != "":
		id = equal(a, a.secrets, c.SecretID)
	default:
		id = equal(a, a.alone, ref)
	}
	*a.versions.thing(ref) = id
	return id
}

// behind gives the thing behind a factor; one from before the history is new.
func (a *analysis) behind(f history.Factor) int32 {
	thing := a.versions.thing(VersionRef{f.Path, f.Version})
	if *thing == 0 {
		*thing = a.newThing()
	}
	return *thing
}

// equal gives the thing that has a name already, or a new one.
func equal[K comparable](a *analysis, things map[K]int32, name K) int32 {
	id, ok := things[name]
	if !ok {
		id = a.newThing()
		things[name] = id
	}
	return id
}

func (a *analysis) newThing() int32 {
	a.Things, a.known = append(a.Things, finding.Thing{}), append(a.known, unknown)
	return int32(len(a.Things) - 1)
}

// expose keeps that both may know a thing, and why; it tells whether that is
// new, or surer than it was.
func (a *analysis) expose(id int32, why finding.Reason) bool {
	t := &a.Things[id]
	if id == 0 || t.Exposed && why.Confidence <= t.Reason.Confidence {
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
