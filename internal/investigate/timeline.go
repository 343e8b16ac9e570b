package investigate

import (
	"context"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/session"
)

// Timeline is everything that an investigator looks at: who was there, what was
// done, and what follows from the marks.
type Timeline struct {
	Lanes    []Lane // by when each session first appears
	Changes  []Act  // oldest first
	Marks    []Marked
	Revision int64         // to be named with the next mark
	Suggests *Mark         // the first seed that the report names; nil once somebody marked anything
	Doubts   []Contradicts // marks that hold against the rules
}

// Lane is a session on the timeline, as it was when it first appears.
type Lane struct {
	Session  string
	No       int // how people call it: 1, 2, 3
	Label    finding.Label
	From     int64 // it is the intruder's from this change on; 0 if never
	Since    int64 // it has its label from this change on; 0 if it is clean
	Reason   finding.Reason
	Because  []int64 // path of evidence to the reason, by seq
	Mark     *Marked // the newest mark about it; nil if none
	OpenedAt time.Time
	SeenAt   time.Time
	IP       string
	Client   string // "Chrome, Windows"
	Device   string // id of the device it was first used from; empty if nobody knows
	Known    bool   // the device was established before the look-back window
	Hands    int    // from how many clients it was used
}

// Act is one change on the timeline.
type Act struct {
	history.Change
	Label   string // tainted, suspect, affected or clean
	Reason  finding.Reason
	Grounds []finding.Station // the path of evidence, from the seed to this change; nil if there is nothing to explain
	Because []int64           // the same by seq, without itself
	Mark    *Marked           // the newest mark about the change itself; nil if none
	Writes  bool              // it changed a fact
	Marks   bool              // it can be marked by itself: somebody changed a fact

	VersionMark *Marked // about the version that it set
	AgentMark   *Marked // about the member of staff who made it
}

// Contradicts is a mark that holds against the rules.
type Contradicts struct {
	finding.Contradiction
	Because []int64
}

// Timeline gives the timeline of a case. The caller has entered the look before.
func (v *Investigator) Timeline(ctx context.Context, by access.Actor, caseID string) (t Timeline, err error) {
	defer fault.Wrap(&err, "investigate.Timeline(%s)", caseID)
	if !by.May(access.DeskWork) {
		return t, ErrForbidden
	}
	err = v.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		x, err := v.examine(tx, c)
		if err != nil {
			return err
		}
		sessions, err := session.Of(tx, c.Account)
		if err != nil {
			return err
		}
		t = Timeline{Marks: x.Marks, Revision: int64(len(x.Marks))}
		t.Lanes = x.lanes(sessions)
		for _, h := range x.History {
			if interesting(h, v.Kinds) {
				t.Changes = append(t.Changes, x.act(h))
			}
		}
		for _, d := range x.Findings.Contradictions {
			t.Doubts = append(t.Doubts, Contradicts{d, x.evidence().Because(d.Reason.From)})
		}
		if m, ok := suggest(x.History, c.ReportedSeq); ok && len(x.Marks) == 0 {
			t.Suggests = &m
		}
		return nil
	})
	return t, err
}

// lanes gives a lane for every session that appears in the history.
func (x *examined) lanes(sessions []session.Session) (lanes []Lane) {
	known := map[string]session.Session{}
	for _, s := range sessions {
		known[s.ID] = s
	}
	seen := map[string]bool{"": true}
	for _, c := range x.History {
		if seen[c.Session] || c.Role != access.Holder { // staff act in sessions of their own
			continue
		}
		seen[c.Session] = true
		s := known[c.Session]
		f := x.Findings.Sessions[c.Session]
		l := Lane{Session: c.Session, No: len(lanes) + 1, Label: f.Label(), From: f.TaintedFrom, OpenedAt: c.At, SeenAt: s.SeenAt, IP: c.Client.IP,
			Client: session.Describe(c.Client.UserAgent), Device: c.Client.Device, Known: x.Established[c.Client.Device], Hands: s.Segment, Mark: x.markOf(Mark{Session: c.Session})}
		l.Reason, l.Since = f.Why()
		if l.Reason.From != 0 {
			l.Because = x.evidence().Because(l.Reason.From)
		}
		lanes = append(lanes, l)
	}
	return lanes
}

func (x *examined) act(c history.Change) Act {
	f := x.Findings.Of(c.Seq)
	a := Act{Change: c, Label: f.Word(), Reason: x.Findings.Why(c.Seq), Mark: x.markOf(Mark{Change: c.Seq}),
		VersionMark: x.markOf(Mark{Version: VersionRef{c.Path, c.Version}}), AgentMark: x.markOf(Mark{Agent: c.Actor}), Writes: actOf(c.Verb).changesFacts(), Marks: actOf(c.Verb).changesFacts() && c.Role != access.System}
	if a.Reason.Rule != finding.NoRule {
		a.Grounds = x.evidence().To(c.Seq)
		for _, s := range a.Grounds[:len(a.Grounds)-1] {
			a.Because = append(a.Because, s.Seq)
		}
	}
	return a
}

// evidence gives the paths of evidence to all changes.
func (x *examined) evidence() *finding.Paths {
	if x.paths == nil {
		x.paths = x.Findings.Paths()
	}
	return x.paths
}

// markOf gives the newest mark about a node; nil if there is none.
func (x *examined) markOf(m Mark) *Marked {
	if x.newest == nil {
		x.newest = make(map[string]*Marked, len(x.Marks))
		for i := range x.Marks {
			x.newest[x.Marks[i].node()] = &x.Marks[i]
		}
	}
	return x.newest[m.node()]
}
