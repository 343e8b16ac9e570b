package investigate

import (
	"takeback/internal/finding"
)

// shared exposes what the intruder set and somebody else set or was shown too,
// in whatever order (H9): both know it.
func (a *analysis) shared() {
	for id := range a.Things {
		if t := &a.Things[id]; t.Set != 0 && t.Holder != 0 {
			a.expose(int32(id), finding.Reason{Rule: finding.H9, From: t.Set})
		}
	}
}

// soft applies the soft rules once to the whole history and tells whether
// anything new was exposed, so that it must be done again.
func (a *analysis) soft() (grew bool) {
	for _, k := range a.softly {
		seq, found := a.First+int64(k.change), &a.Changes[k.change]
		s := &a.visits[k.visit].Session
		if s.Cleared || s.Claimed {
			continue
		}
		if found.Thing != 0 {
			// S2: what a suspect set or was shown is exposed.
			if found.Label == finding.Clean && !found.Cleared && !found.Claimed && s.At(seq) == finding.Suspect {
				grew = a.expose(found.Thing, finding.Reason{Rule: finding.S2, From: seq}) || grew
			}
			continue
		}
		if !k.derives {
			a.suspect(k, s)
			continue
		}
		// S4: what comes out of a suspect session is suspect.
		if p := &a.visits[a.visitNos.find(a.h[k.change].Parent)]; p.At(seq) == finding.Suspect {
			suspectFrom(s, seq, finding.Reason{Rule: finding.S4, From: p.SuspectFrom})
		}
	}
	return grew
}

// suspect applies S3: a session that presented nothing but what is exposed, from
// a device that the account did not know before, may be anybody's. One factor
// that is not exposed, a passkey like any other, makes it the holder's.
func (a *analysis) suspect(k clue, s *finding.Session) {
	seq := a.First + int64(k.change)
	with := a.presented[k.from:k.to]
	if len(with) == 0 || s.At(seq) != finding.Clean {
		return
	}
	for _, id := range with {
		if !a.Things[id].Exposed {
			return
		}
	}
	if !a.established[a.h[k.change].Device] {
		suspectFrom(s, seq, finding.Reason{Rule: finding.S3, From: a.Things[with[0]].Reason.From})
	}
}

func suspectFrom(s *finding.Session, seq int64, why finding.Reason) {
	if s.SuspectFrom == 0 {
		s.SuspectFrom, s.Suspect = seq, why
	}
}
