package investigate

import (
	"takeback/internal/finding"
)

// shared exposes what the intruder set and somebody else set or was shown too,
// in whatever order (H9): both know it.
func (a *analysis) shared() {
	for id := range a.Things {
		if k := &a.known[id]; k.set > k.least {
			a.expose(int32(id), finding.Reason{Rule: finding.H9, From: k.setAt, Confidence: k.set})
		}
	}
}

// soft applies the soft rules once to the whole history and tells whether
// anything new was exposed, so that it must be done again.
func (a *analysis) soft() (grew bool) {
	for _, i := range a.softly {
		seq, l, found := a.First+int64(i), &a.lines[i], &a.Changes[i]
		s := &a.visits[l.visit].Session
		if s.Cleared || s.Claimed {
			continue
		}
		if l.thing != 0 {
			// S2: what a suspect set or was shown is exposed.
			if why := suspected(s, seq); why.Confidence > hardly(found) && !found.Cleared && !found.Claimed {
				grew = a.expose(l.thing, finding.Reason{Rule: finding.S2, From: seq, Confidence: why.Confidence * weightS2}) || grew
			}
			continue
		}
		if l.act != derives {
			a.suspect(int(i), s, hardly(found))
			continue
		}
		// S4: what comes out of a suspect session is suspect.
		if p := a.parent(l); p.SuspectFrom != 0 && seq >= p.SuspectFrom {
			if why := (finding.Reason{Rule: finding.S4, From: p.SuspectFrom, Confidence: p.Suspect.Confidence * weightS4}); why.Confidence > hardly(found) {
				suspectFrom(s, seq, why)
			}
		}
	}
	return grew
}

// suspect applies S3: a session that presented nothing but what is exposed, from
// a device that the account did not know before, may be anybody's, and is as doubtful as
// the least known of it. One factor that is not exposed, a passkey like any other,
// makes it the holder's. hard is how sure the session is the intruder's anyway.
func (a *analysis) suspect(i int, s *finding.Session, hard finding.Confidence) {
	with := a.presented[a.lines[i].from:a.lines[i].to]
	if len(with) == 0 || hard >= weightS3 {
		return
	}
	var least finding.Reason
	for n, id := range with {
		t := &a.Things[id]
		if !t.Exposed {
			return
		}
		if n == 0 || t.Reason.Confidence < least.Confidence {
			least = t.Reason
		}
	}
	why := finding.Reason{Rule: finding.S3, Through: least.Rule, From: least.From, Confidence: least.Confidence * weightS3}
	if why.Confidence > hard && why.Confidence > s.Suspect.Confidence && !a.established[a.h[i].Device] {
		suspectFrom(s, a.First+int64(i), why)
	}
}

// suspectFrom makes a session suspect from a change on, or surer.
func suspectFrom(s *finding.Session, seq int64, why finding.Reason) {
	if s.SuspectFrom == 0 || seq <= s.SuspectFrom && why.Confidence > s.Suspect.Confidence {
		s.SuspectFrom, s.Suspect = seq, why
	}
}
