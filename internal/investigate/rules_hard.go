package investigate

import (
	"takeback/internal/finding"
)

// hard applies the hard rules to the next change. Whatever they need to know
// lies before it.
func (a *analysis) hard(i int) {
	l, at := &a.lines[i], &a.spots[i]
	seq := a.First + int64(i)
	var s *visit
	if l.visit != 0 {
		s = a.visit(l, seq)
	}
	found := &a.Changes[i]
	found.Place, found.Thing, found.System = at.place, l.thing, l.system
	entered := true
	switch l.act {
	case opens:
		a.present(seq, s, l, finding.H3, found)
	case recovers:
		a.present(seq, s, l, finding.H4, found)
	case stepsUp:
		a.present(seq, s, l, finding.H6, found)
		entered = false
	case derives:
		// H5: what comes out of the intruder's session is the intruder's.
		if p := a.parent(l); s != nil && p.At(seq) == finding.Tainted {
			p.rise(seq)
			a.taint(seq, s, finding.Reason{Rule: finding.H5, From: p.SureFrom, Confidence: p.Tainted.Confidence})
		}
	default:
		entered = false
	}
	a.label(i, s, found)
	if l.thing != 0 {
		a.learn(seq, l, found)
	}
	if at.place != 0 {
		a.build(i, found)
	}
	if s != nil && (entered || l.thing != 0) {
		a.softly = append(a.softly, int32(i))
	}
}

// visit gives the session of a change, and keeps that it went on until there.
func (a *analysis) visit(l *line, seq int64) *visit {
	v := &a.visits[l.visit]
	v.rise(seq)
	if l.segment <= 1 {
		v.end = seq
		return v
	}
	for len(v.more) < int(l.segment)-1 {
		v.more = append(v.more, 0)
	}
	v.more[l.segment-2] = seq
	return v
}

// parent gives the session that one came out of. It was seen before; visits[0] stands for none.
func (a *analysis) parent(l *line) *visit { return &a.visits[l.parent] }

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
func (a *analysis) taint(seq int64, s *visit, why finding.Reason) {
	certain := why.Confidence >= finding.Automatic
	if certain && (s.Cleared || s.Claimed && s.TaintedFrom == 0) {
		name := a.h[seq-a.First].Session
		a.Contradictions = append(a.Contradictions, finding.Contradiction{Session: name, Path: name, Reason: why, Claimed: !s.Cleared})
	}
	switch {
	case s.Cleared || s.Claimed && !certain:
	case s.TaintedFrom == 0 || seq < s.TaintedFrom:
		if s.TaintedFrom != 0 {
			s.later, s.surer = s.TaintedFrom, s.Tainted.Confidence
		}
		s.TaintedFrom, s.SureFrom, s.Tainted = seq, seq, why
	case why.Confidence > s.Tainted.Confidence:
		s.SureFrom, s.Tainted = seq, why
	}
}

// present applies H3, H4 and H6 (rule): one factor that only the intruder can
// have is enough, even beside the holder's own, which was phished then. It also
// applies S1: whatever an intruder's session presented is exposed. What it
// presented before it became the intruder's is not.
func (a *analysis) present(seq int64, s *visit, l *line, rule finding.Rule, found *finding.Change) {
	if s == nil {
		return
	}
	var why finding.Reason
	for _, id := range a.presented[l.from:l.to] {
		if sure, from := a.known[id].owned(); sure > why.Confidence {
			why = finding.Reason{Rule: rule, From: from, Confidence: sure}
		}
	}
	if why.Confidence > 0 {
		a.taint(seq, s, why)
	}
	if s.At(seq) != finding.Tainted {
		return
	}
	sure := max(s.Tainted.Confidence, hardly(found)) // the change may be marked by itself
	for _, id := range a.presented[l.from:l.to] {
		a.expose(id, finding.Reason{Rule: finding.S1, From: seq, Confidence: sure * weightS1})
	}
}

// label applies H1, H7 and H8 to one change, which may be a seed by itself or cleared already.
func (a *analysis) label(i int, s *visit, found *finding.Change) {
	l, seq := &a.lines[i], a.First+int64(i)
	switch {
	case s != nil:
		if s.At(seq) == finding.Tainted { // H1
			taint(found, inSession(seq, s.SureFrom, s.Tainted, finding.H1))
		}
	case l.staff:
		if actor := a.h[i].Actor; a.marks.agent[actor] {
			taint(found, finding.Reason{Rule: finding.Seed, Confidence: a.said.sure(Mark{Agent: actor})})
		}
		if sure, from := a.deceived(l); sure > 0 { // H7
			taint(found, finding.Reason{Rule: finding.H7, From: from, Confidence: sure})
		}
	}
	if p := &a.places[a.spots[i].grant]; p.taint != 0 { // H8
		taint(found, finding.Reason{Rule: finding.H8, From: p.taint, Confidence: p.sure})
	}
	if found.Label != finding.Tainted || !found.Cleared && !found.Claimed {
		return
	}
	if l.act.changesFacts() && found.Certain() {
		a.Contradictions = append(a.Contradictions, finding.Contradiction{Seq: seq, Path: a.h[i].Path, Reason: found.Reason, Claimed: !found.Cleared})
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
func (a *analysis) deceived(l *line) (sure finding.Confidence, from int64) {
	sure = 1
	for _, id := range a.presented[l.from:l.to] {
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
func (a *analysis) learn(seq int64, l *line, found *finding.Change) {
	t, known, sure := &a.Things[l.thing], &a.known[l.thing], hardly(found)
	switch {
	case sure > 0 && l.act == views:
		a.expose(l.thing, finding.Reason{Rule: finding.S2, From: seq, Confidence: sure * weightS2})
		known.seen(seq, sure)
	case sure > 0:
		first(&t.Set, seq)
		first(&t.Intruder, seq)
		known.sets(seq, sure)
	case !l.system: // what a job of ours writes or reads, nobody learns
		first(&t.Holder, seq)
		known.seen(seq, 0)
	}
	if l.act == views || len(a.marks.version) == 0 {
		return
	}
	c := &a.h[seq-a.First]
	if ref := (VersionRef{c.Path, c.Version}); a.marks.version[ref] {
		if marked := a.said.sure(Mark{Version: ref}); marked > sure {
			a.expose(l.thing, finding.Reason{Rule: finding.Seed, From: seq, Confidence: marked})
		}
	}
}

// build marks a change that is not tainted but built on a tainted value: it
// wrote a part of it, or sent something to it. A total write by somebody else than the
// intruder cuts everything before it.
//
// Only what is sure affects: a value that people are asked about is decided first.
func (a *analysis) build(i int, found *finding.Change) {
	act, at, seq := a.lines[i].act, &a.spots[i], a.First+int64(i)
	sure, p := hardly(found), &a.places[at.place]
	switch {
	case act == orders:
		for _, read := range a.followed[at.reads:at.readsTo] {
			affect(found, &a.places[read])
		}
	case act == patches:
		if sure > 0 && sure >= p.sure {
			p.taint, p.sure = seq, sure
		}
		affect(found, p)
	case act >= writes:
		p.taint, p.sure = 0, sure
		if sure > 0 {
			p.taint = seq
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
