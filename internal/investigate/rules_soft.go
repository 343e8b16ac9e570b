package investigate

import (
	"takeback/internal/finding"
	"takeback/internal/history"
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
	for _, i := range a.softly {
		c, found := &a.h[i], &a.Changes[i]
		s := a.sessions[c.Session]
		if s == nil || s.Cleared {
			continue
		}
		switch c.Verb {
		case history.Open, history.Recover:
			a.suspect(c, s)
		case history.Derive:
			// S4: what comes out of a suspect session is suspect.
			if p := a.sessions[c.Parent]; p != nil && p.At(c.Seq) == finding.Suspect {
				suspectFrom(s, c.Seq, finding.Reason{Rule: finding.S4, From: p.SuspectFrom})
			}
		default:
			// S2: what a suspect set or was shown is exposed.
			if s.At(c.Seq) == finding.Suspect && found.Label == finding.Clean && !found.Cleared && found.Thing != 0 {
				grew = a.expose(found.Thing, finding.Reason{Rule: finding.S2, From: c.Seq}) || grew
			}
		}
	}
	return grew
}

// suspect applies S3: a session that presented nothing but what is exposed, from
// a device that the account did not know before, may be anybody's. One factor
// that is not exposed, a passkey like any other, makes it the holder's.
func (a *analysis) suspect(c *history.Change, s *finding.Session) {
	if len(c.Factors) == 0 || a.established[c.Device] || s.At(c.Seq) != finding.Clean {
		return
	}
	for _, f := range c.Factors {
		if !a.Things[a.presented(f)].Exposed {
			return
		}
	}
	by := a.Things[a.presented(c.Factors[0])].Reason
	suspectFrom(s, c.Seq, finding.Reason{Rule: finding.S3, From: by.From})
}

func suspectFrom(s *finding.Session, seq int64, why finding.Reason) {
	if s.SuspectFrom == 0 {
		s.SuspectFrom, s.Suspect = seq, why
	}
}
