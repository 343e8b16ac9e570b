package finding

import "strconv"

// Label says whose a session or change is. A higher one wins.
type Label uint8

// The labels, lowest first.
const (
	Clean   Label = iota // the holder's, as far as anybody can tell
	Suspect              // both could have made it: kept, and asked about
	Tainted              // the intruder's: undone
)

// MarshalText makes JSON hold the word.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// String gives the word for the label.
func (l Label) String() string { return [...]string{"clean", "suspect", "tainted"}[l] }

// Rule names why a node has its label.
type Rule uint8

// The hard rules (H) make tainted, the soft ones (S) suspect or exposed.
const (
	NoRule Rule = iota // there is nothing to explain
	Seed               // marked by the investigator
	H1                 // made in a session that was the intruder's by then
	H3                 // the session was opened with something only the intruder had
	H4                 // the session was opened through a contact only the intruder had
	H5                 // the session was derived from one of the intruder's
	H6                 // something only the intruder had was presented inside the session
	H7                 // staff acted for a caller whom only the intruder's evidence verified
	H8                 // somebody acted for the holder by a grant of the intruder's
	H9                 // the intruder set what the holder knew too, or came to know
	S1                 // the intruder presented it
	S2                 // it was shown to the intruder, or set by a suspect
	S3                 // the session was opened with nothing but exposed factors, from a new device
	S4                 // made in, or derived from, a suspect session
	Read               // it built on a value of the intruder's, and is affected
)

// String gives the name of the rule; catalogues of words are keyed by it.
func (r Rule) String() string {
	return [...]string{"", "seed", "H1", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "S1", "S2", "S3", "S4", "read"}[r]
}

// MarshalText makes JSON hold the name.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Reason is one link of the path of evidence: by which rule, and from which change it follows.
type Reason struct {
	Rule       Rule
	Through    Rule       // of S3: by which rule the intruder knew what was presented
	Confidence Confidence // of whatever has this reason
	From       int64      // seq of the change before it on the path; 0 at a seed
}

// Change is what was found about one change.
type Change struct {
	Label    Label
	Affected bool   // not the intruder's, but it built on a value of theirs
	Cleared  bool   // the investigator declared it the holder's
	Claimed  bool   // the holder says so; it clears a suspicion and nothing more
	System   bool   // the program itself made it: a job of ours, or a step of a former plan
	Thing    int32  // the secret or contact that it set or showed; index into Findings.Things
	Place    int32  // its path as a number, equal for equal paths; 0 for none
	Reason   Reason // kept for a cleared change too: why it would be labelled
}

// Certain tells whether the change is undone without asking: it is the
// intruder's, and there is next to no doubt of it.
func (c Change) Certain() bool { return c.Label == Tainted && c.Reason.Confidence >= Automatic }

// Word gives the label as people read it: a clean change may be "affected".
func (c Change) Word() string {
	if c.Label == Clean && c.Affected {
		return "affected"
	}
	return c.Label.String()
}

// Session is what was found about one session. It can be the holder's at first,
// become suspect, and be the intruder's in the end, so both times are kept.
type Session struct {
	TaintedFrom int64 // seq; 0 for never
	SuspectFrom int64 // seq; 0 for never
	SureFrom    int64 // seq from which Tainted holds: it may become surer than it was at TaintedFrom
	Tainted     Reason
	Suspect     Reason
	Cleared     bool
	Claimed     bool
	Segments    []Label // highest label of each segment, from the first
}

// Label gives the highest label that the session carries.
func (s Session) Label() Label {
	switch {
	case s.TaintedFrom != 0:
		return Tainted
	case s.SuspectFrom != 0:
		return Suspect
	}
	return Clean
}

// At gives the label that the session carries at a moment.
func (s Session) At(seq int64) Label {
	switch {
	case s.TaintedFrom != 0 && seq >= s.TaintedFrom:
		return Tainted
	case s.SuspectFrom != 0 && seq >= s.SuspectFrom:
		return Suspect
	}
	return Clean
}

// Asked tells whether people are asked whose the session is.
func (s Session) Asked() bool {
	why, _ := s.Why()
	return s.Label() != Clean && (s.TaintedFrom == 0 || s.Tainted.Confidence < Automatic) && why.Confidence >= Ignored
}

// Why gives the reason that makes the session the intruder's with the highest
// confidence, and the seq from which it holds.
func (s Session) Why() (why Reason, since int64) {
	if s.Suspect.Confidence > s.Tainted.Confidence {
		return s.Suspect, s.SuspectFrom
	}
	return s.Tainted, s.SureFrom
}

// Thing is a secret or an address, whatever versions it had in whatever slots,
// and who came to know it when. All times are seq; 0 is never.
type Thing struct {
	Set      int64  // first set in a tainted change
	Intruder int64  // first known to the intruder: set, shown or presented
	Holder   int64  // first set by or shown to somebody who may be the holder
	Exposed  bool   // both may know it
	Reason   Reason // of the exposure
}

// Owned tells whether only the intruder can have it, as far as the history was
// read when this was asked.
func (t Thing) Owned() bool { return t.Set != 0 && t.Holder == 0 }

// Bad tells whether it must not give access to the account any more.
func (t Thing) Bad() bool { return t.Exposed || t.Owned() }

// Node is something of which people say whose it was: a session, or else one change.
type Node struct {
	Session string
	Change  int64
}

// String names it: "session ses_1", "change 12".
func (n Node) String() string {
	if n.Session != "" {
		return "session " + n.Session
	}
	return "change " + strconv.FormatInt(n.Change, 10)
}

// Contradiction is a clear that holds against the rules. Two people should look at it.
type Contradiction struct {
	Session string // what was cleared: a session, or else
	Seq     int64  // a change, at
	Path    string // this path
	Reason  Reason // what says otherwise
	Claimed bool   // it is only the holder's word: the label stands
}

// Findings are what was found about one account.
type Findings struct {
	First          int64              // seq of Changes[0]
	Changes        []Change           // one for each change of the history
	Sessions       map[string]Session // those with a label above Clean, and those cleared or claimed
	Things         []Thing            // Things[0] stands for nothing
	Contradictions []Contradiction
	Insiders       []string // staff whose every act the investigator calls the intruder's

	// Likelier has the reason of each tainted change, by seq, of which a soft path
	// makes one surer than the hard one that taints it: its seed is a mere guess.
	Likelier map[int64]Reason
}

// Of gives what was found about the change seq.
func (f *Findings) Of(seq int64) Change {
	if i := seq - f.First; i >= 0 && i < int64(len(f.Changes)) {
		return f.Changes[i]
	}
	return Change{}
}

// Asked tells whether people are asked whose the change seq is: neither what is
// next to certain nor what is hardly likely is worth a question.
func (f *Findings) Asked(seq int64) bool {
	c := f.Of(seq)
	return c.Label != Clean && !c.Certain() && f.Why(seq).Confidence >= Ignored
}

// Known tells who knows the secret or address that the change seq set.
func (f *Findings) Known(seq int64) Thing {
	if i := f.Of(seq).Thing; i > 0 {
		return f.Things[i]
	}
	return Thing{}
}
