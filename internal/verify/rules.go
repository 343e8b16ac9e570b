package verify

import (
	"slices"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/proof"
)

// The words of package proof, as this room uses them.
type (
	Method = proof.Method
	Class  = proof.Class
)

// The methods.
const (
	Link     = proof.Link
	Code     = proof.Code
	Text     = proof.Text
	Callback = proof.Callback
	Saved    = proof.Saved
	Passkey  = proof.Passkey
	App      = proof.App
	Password = proof.Password
	Question = proof.Question
)

// The classes.
const (
	Mailbox   = proof.Mailbox
	Phone     = proof.Phone
	Paper     = proof.Paper
	Key       = proof.Key
	Device    = proof.Device
	Knowledge = proof.Knowledge
)

// factor says in the history's words how a method was presented.
func factor(m Method) string {
	switch m {
	case Link:
		return "link"
	case Callback:
		return "call"
	case Passkey:
		return "passkey"
	case App:
		return "totp"
	}
	return "code"
}

// evidence says good proofs in the history's words, each contact or secret once.
func evidence(proofs []Proof) (all []history.Factor) {
	for _, p := range proofs {
		f := history.Factor{Path: p.Path, Version: p.Version, Proof: factor(p.Method)}
		if p.Good && p.Version != "" && p.Method.Class() != Knowledge && !slices.Contains(all, f) {
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
	Settled map[string]bool // versions that were there for a week before the account was stopped
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
	Undo    bool    // enough to undo a freeze that was a mistake
}

// Judge says what every proof is worth and what they come to. It changes the
// Worth and Why of the proofs handed in.
func Judge(f Facts) (v Verdict) {
	var hidden, visible, wrong int
	var settled []Method
	for i := range f.Proofs {
		p := &f.Proofs[i]
		p.Worth, p.Why = worth(*p, f)
		if p.Why == "" && f.Settled[p.Version] {
			settled = append(settled, p.Method)
		}
		switch {
		case p.Worth == ForReturn && !slices.Contains(v.Classes, p.Method.Class()):
			v.Classes = append(v.Classes, p.Method.Class())
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
	v.Undo = proof.Undoes(settled) && !f.Contest
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
	case !p.Method.Row().Returns:
		return Nothing, "" // good for nothing but to undo a freeze
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

// secretClass tells what a secret shows that somebody has; false for one that proves nothing.
func secretClass(slot string) (Class, bool) {
	switch {
	case slot == "codes":
		return Paper, true
	case slot == "totp":
		return Device, true
	case strings.HasPrefix(slot, "passkey/"):
		return Key, true
	}
	return "", false
}

// settledBy tells which secrets can undo a freeze that was a mistake: those set a week before the account was
// stopped. A passkey that an intruder made after he came in is none of them; nor is what he had in his hands, which is exposed.
func settledBy(changes []history.Change, opened time.Time) map[string]bool {
	settled := map[string]bool{}
	for _, c := range changes {
		if c.Verb == history.Credential && c.Version != "" && opened.Sub(c.At) >= quarantine {
			settled[c.Version] = true
		}
	}
	return settled
}

// cleanMail picks the addresses that a code may go to: good for recovery when
// the case was opened, and set before the incident.
func cleanMail(contacts []account.Contact, in Incident, opened time.Time) []account.Contact {
	good := account.GoodForRecovery(asOf(contacts, opened), opened)
	return slices.DeleteFunc(good, func(c account.Contact) bool { return !c.Mail() || c.SetSeq >= in.Seq })
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

// textable tells whether a code by text to a clean number proves anything: somebody received there a week before the
// incident. One who had the number moved to another card since then would receive there, too.
func textable(c account.Contact, in Incident) bool {
	return !c.ConfirmedAt.IsZero() && !c.ConfirmedAt.After(in.At.Add(-quarantine))
}
