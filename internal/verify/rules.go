package verify

import (
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/history"
)

// Method is a way to show that one is the holder.
type Method string

// The methods.
const (
	Link     Method = "not-me"     // reported through a link in a letter to a contact
	Code     Method = "email-code" // typed a code that was sent to a contact
	Callback Method = "call-back"  // answered at a number that was on file before
	Saved    Method = "saved-code" // typed one of the codes kept on paper
	Question Method = "question"   // knew something from the history
)

// Class is what a method shows that a person has. Two methods of one class are one proof: whoever
// reads a mailbox has every letter in it.
type Class string

// The classes.
const (
	Mailbox   Class = "mailbox"
	Phone     Class = "phone"
	Paper     Class = "paper"
	Knowledge Class = "knowledge" // what one knows another one can know
)

// ClassOf tells what a method shows.
func (m Method) ClassOf() Class {
	switch m {
	case Link, Code:
		return Mailbox
	case Callback:
		return Phone
	case Saved:
		return Paper
	}
	return Knowledge
}

// factor says in the history's words how a method was presented.
func (m Method) factor() string {
	switch m {
	case Link:
		return "link"
	case Callback:
		return "call"
	}
	return "code"
}

// evidence says good proofs in the history's words, each contact or secret once.
func evidence(proofs []Proof) (all []history.Factor) {
	for _, p := range proofs {
		f := history.Factor{Path: p.Path, Version: p.Version, Proof: p.Method.factor()}
		if p.Good && p.Version != "" && p.Method.ClassOf() != Knowledge && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// Strength is what a proof suffices for.
type Strength string

// The strengths.
const (
	Nothing   Strength = "nothing"
	ForStop   Strength = "stop"   // with others of its kind it stops an account
	ForReturn Strength = "return" // with one of another class it returns an account
)

const (
	freshFor   = 14 * 24 * time.Hour // how long a proof counts: cases are promised to end in half of it
	shownFor   = time.Hour           // how long after a number was shown a call to it is believed
	quarantine = 7 * 24 * time.Hour  // what was changed so shortly before the incident may be part of it
)

// shown tells whether staff saw a version of a contact in clear, in a case and not long ago.
func shown(h []history.Change, caseID, version string, now time.Time) bool {
	return slices.ContainsFunc(h, func(c history.Change) bool {
		return c.Verb == history.View && c.Role.Staff() && c.Case == caseID && c.Version == version && now.Sub(c.At) <= shownFor
	})
}

// Proof is one piece of evidence, or a failed try at one.
type Proof struct {
	ID       string
	Case     string
	Reporter string
	Method   Method
	Path     string
	Version  string
	SetSeq   int64
	Good     bool
	Visible  bool
	At       time.Time
	Role     string
	Actor    string
	Until    time.Time
	Worth    Strength // as judged
	Why      string   // why it is worth less than its method could be: wrong, stale, inside, exposed, visible, knowledge
}

// Waiver is the exception for accounts that have no second method.
type Waiver struct {
	ID          string
	Case        string
	AskedBy     string
	AskedAt     time.Time
	Reason      string
	AgreedBy    string
	AgreedAt    time.Time
	AgreedWords string
	Refused     bool
}

// counts tells whether two people stand behind it and it is not too old.
func (w Waiver) counts(now time.Time) bool {
	return w.AgreedBy != "" && w.AgreedBy != w.AskedBy && !w.Refused && w.Reason != "" && w.AgreedWords != "" && now.Sub(w.AgreedAt) < freshFor
}

// Facts are what a verdict is made from.
type Facts struct {
	Proofs  []Proof
	Suspect int64           // nothing that was set by this change or a later one is good
	Exposed map[string]bool // versions that the intruder had in his hands
	Offers  []Class         // what the account could be proved by at all, knowledge left out
	Contest bool            // a second person says he is the holder, and nobody has settled it
	Waiver  Waiver
	Now     time.Time
}

// Verdict is how sure we are.
type Verdict struct {
	Stop    bool    // enough to stop the account
	Return  bool    // enough to return it
	Classes []Class // different ones that count for a return
	Needed  int     // classes still missing for a return
	Contest bool    // nothing is verified before a second member of staff has looked
	Waive   bool    // the account has no second method: an exception may be asked for
	Waived  bool    // the exception carries the verdict
}

// Judge says what every proof is worth and what they come to. It changes the
// Worth and Why of the proofs handed in.
func Judge(f Facts) (v Verdict) {
	var hidden, visible, wrong int
	for i := range f.Proofs {
		p := &f.Proofs[i]
		p.Worth, p.Why = worth(*p, f)
		switch {
		case p.Worth == ForReturn && !slices.Contains(v.Classes, p.Method.ClassOf()):
			v.Classes = append(v.Classes, p.Method.ClassOf())
		case p.Method != Question:
		case !p.Good:
			wrong++
		case p.Visible:
			visible++
		default:
			hidden++
		}
	}
	slices.Sort(v.Classes)
	v.Stop = len(v.Classes) > 0 || 2*hidden+visible >= 2 && hidden+visible > wrong
	v.Contest = f.Contest
	v.Needed = max(0, 2-len(v.Classes))
	v.Waive = len(f.Offers) < 2
	// Even the exception wants everything that the account does offer.
	v.Waived = v.Waive && v.Needed > 0 && f.Waiver.counts(f.Now) && len(v.Classes) >= len(f.Offers)
	v.Return = (v.Needed == 0 || v.Waived) && !f.Contest
	return v
}

// worth judges one proof.
func worth(p Proof, f Facts) (Strength, string) {
	switch {
	case !p.Good:
		return Nothing, "wrong"
	case !f.Now.Before(p.Until):
		return Nothing, "stale"
	case p.Method == Question && p.Visible:
		return ForStop, "visible"
	case p.Method == Question:
		return ForStop, "knowledge"
	case p.Version == "" || f.Exposed[p.Version]:
		return Nothing, "exposed"
	case p.SetSeq >= f.Suspect:
		return Nothing, "inside"
	}
	return ForReturn, ""
}

// Incident is when it began, as far as is known before the investigation.
type Incident struct {
	Seq int64     // the first change that is not good beyond doubt
	At  time.Time // when it was
}

// began finds where the time before the incident ends: the opening of the
// session that made the reported change, or of the first session that replaced
// a contact or a secret in the quarantine before the case was opened, whichever
// was earlier; without either, the opening of the case. The reported change
// alone does not decide: an intruder can report a late change of his own, and
// what he had set before it would prove him the holder.
func began(changes []history.Change, reported int64, opened time.Time) Incident {
	first := Incident{Seq: 1, At: opened}
	for i := len(changes) - 1; i >= 0; i-- {
		if !changes[i].At.After(opened) {
			first.Seq = changes[i].Seq + 1
			break
		}
	}
	for _, c := range changes {
		takes := c.Before != nil && (c.Verb == history.Contact || c.Verb == history.Credential || c.Verb == history.Drop)
		if c.Seq != reported && (!takes || opened.Sub(c.At) >= quarantine || c.Seq >= first.Seq) {
			continue
		}
		if at := opening(changes, c); at.Seq < first.Seq {
			first = at
		}
	}
	return first
}

// opening gives the first change of the session that made a change, or that change itself.
func opening(changes []history.Change, of history.Change) Incident {
	for _, c := range changes { // oldest first
		if of.Session != "" && c.Session == of.Session {
			return Incident{c.Seq, c.At}
		}
	}
	return Incident{of.Seq, of.At}
}

// cleanMail picks the addresses that a code may go to: good for recovery when
// the case was opened, and set before the incident.
func cleanMail(contacts []account.Contact, in Incident, opened time.Time) []account.Contact {
	good := account.GoodForRecovery(asOf(contacts, opened), opened)
	return slices.DeleteFunc(good, func(c account.Contact) bool { return !isMail(c.Slot) || c.SetSeq >= in.Seq })
}

// asOf gives the contacts as they were at a time: what was put back since is no
// younger by it, and what was taken away since was there.
func asOf(contacts []account.Contact, t time.Time) (then []account.Contact) {
	for _, c := range contacts {
		if c.From.After(t) {
			continue
		}
		if c.Until.After(t) {
			c.Until = time.Time{}
		}
		then = append(then, c)
	}
	return then
}

func isMail(slot string) bool { return slot == "email" || len(slot) > 6 && slot[:6] == "email/" }

// cleanPhones picks the numbers that may be called back: on file when the
// incident began, and not changed in the quarantine before it. A number that the
// caller gives is none of them.
func cleanPhones(contacts []account.Contact, in Incident) []account.Contact {
	var out []account.Contact
	for _, c := range contacts {
		if c.Slot == "phone" && c.BadAt.IsZero() && c.SetSeq < in.Seq && !c.From.After(in.At.Add(-quarantine)) && (c.Until.IsZero() || !c.Until.Before(in.At)) {
			out = append(out, c)
		}
	}
	return out
}
