package restore

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/finding"
)

// decide is the table: what becomes of a field, by its algebra. What waits for a
// person has no step yet.
func (p *planner) decide(fd *field) {
	if fd.undecided() {
		return
	}
	switch fd.algebra {
	case account.Register, account.Group:
		p.decideValue(fd)
	case account.Element:
		p.decideElement(fd)
	case account.ContactOf:
		p.decideContact(fd)
	case account.SecretOf:
		p.decideSecret(fd)
	case account.Ledger:
		p.decideLedger(fd)
	case account.Effect:
		p.decideEffect(fd)
	}
}

// decideValue puts back what would be there without the tainted changes. What no
// tainted change touched has no step, ever. What was erased at the holder's wish
// is no value any more; if the wish was the intruder's alone, people say whether it was.
func (p *planner) decideValue(fd *field) {
	if fd.tainted != 0 && p.erasedBy(fd.kept) {
		p.Erased = append(p.Erased, fd.path)
	}
	if fd.tainted == 0 && fd.ours == 0 || same(fd.now.json(), fd.kept.json()) {
		return
	}
	if fd.now.json() == nil && fd.now.Erased && !p.erasedBy(fd.now) {
		fd.asked = append(fd.asked, Question{Why: ErasedByOther, Path: fd.path, Seq: fd.now.seq(), Proposal: fd.kept.json()})
		return
	}
	s := Step{Op: Put, Phase: dataPhase(p.kinds, fd.path), Pre: fd.now.json(), Want: fd.kept.json(), Because: p.cause(fd)}
	if s.Want == nil {
		s.Op = Remove
	}
	p.step(fd, s)
}

// erasedBy tells whether a value is that something was erased at the holder's wish, and not at the intruder's.
func (p *planner) erasedBy(v value) bool {
	return v.Change != nil && v.Erased && p.findings.Of(v.seq()).Label == finding.Clean
}

// decideElement does the same for an element of a set, but what the intruder removed does not come back
// where the holder has entered an equal one again, for it would be there twice, or has erased an equal one.
func (p *planner) decideElement(fd *field) {
	if fd.robbed() {
		if p.erased[twin(fd.path, fd.kept)] > fd.gone {
			p.Erased = append(p.Erased, fd.path)
			return
		}
		if p.enteredAgain(fd) {
			return
		}
	}
	p.decideValue(fd)
}

// enteredAgain tells whether an equal element came into the same set after this one was removed, and stays.
func (p *planner) enteredAgain(fd *field) bool {
	if p.twins == nil {
		p.twins = map[string][]*field{}
		for i := range p.fields {
			other := &p.fields[i]
			if other.algebra == account.Element && other.added != 0 && other.kept.json() != nil {
				key := twin(other.path, other.kept)
				p.twins[key] = append(p.twins[key], other)
			}
		}
	}
	return slices.ContainsFunc(p.twins[twin(fd.path, fd.kept)], func(other *field) bool { return other != fd && other.added > fd.gone })
}

// twin is equal for elements of one set with equal parts.
func twin(path string, v value) string {
	parts, _ := json.Marshal(account.Fact{Value: v.json()}.Parts()) // sorted by name
	return setOf(path) + string(parts)
}

// setOf gives the set that an element is of.
func setOf(path string) string {
	set, _, _ := strings.Cut(path, "/")
	return set
}

// decideContact drops a contact that the intruder owns or knows to receive at,
// wherever it came from. The one from before comes back only if it is not
// exposed itself: else nobody is reached there until verified out of band.
func (p *planner) decideContact(fd *field) {
	now := fd.now
	if now.json() != nil && p.findings.Known(now.seq()).Bad() {
		p.step(fd, Step{Op: Drop, Phase: WaysIn, Pre: now.json(), Because: p.paths.BecauseKnown(now.seq())})
		now = value{}
	}
	if now.json() != nil && now.seq() == fd.ours && !same(now.json(), fd.kept.json()) { // we put it back for a reason that is gone
		p.step(fd, Step{Op: Drop, Phase: WaysIn, Pre: now.json(), Because: p.cause(fd)})
		now = value{}
	}
	switch {
	case now.json() != nil || fd.kept.json() == nil:
	case p.findings.Known(fd.kept.seq()).Bad():
		p.Held = append(p.Held, fd.path)
		fd.asked = append(fd.asked, Question{Why: ContactExposed, Path: fd.path, Because: p.paths.BecauseKnown(fd.kept.seq())})
	default:
		p.step(fd, Step{Op: PutBack, Phase: Contacts, Want: fd.kept.json(), Version: fd.kept.Version, Because: p.cause(fd)})
	}
}

// decideSecret revokes what the intruder may have, and never goes back to a
// former secret. Only a passkey that the intruder removed returns: nobody could read it out.
func (p *planner) decideSecret(fd *field) {
	lastByUs := fd.ours != 0 && fd.now.seq() == fd.ours
	emptiedByUs := lastByUs && fd.now.json() == nil
	switch {
	case lastByUs && fd.now.json() != nil && fd.kept.json() == nil: // its holder had removed the passkey that we enabled again
		p.step(fd, Step{Op: Revoke, Phase: WaysIn, Pre: fd.now.json(), Because: p.cause(fd)})
	case fd.now.json() != nil && p.findings.Known(fd.now.seq()).Bad():
		p.step(fd, Step{Op: Revoke, Phase: WaysIn, Pre: fd.now.json(), Because: p.paths.BecauseKnown(fd.now.seq())})
		p.Enrol = append(p.Enrol, fd.path)
	case fd.now.json() != nil || fd.kept.json() == nil && !emptiedByUs:
	case strings.HasPrefix(fd.path, "passkey/") && !emptiedByUs && !p.findings.Known(fd.kept.seq()).Bad():
		p.step(fd, Step{Op: Reenable, Phase: Keys, Want: fd.kept.json(), Version: fd.kept.Version, Because: p.cause(fd)})
	default:
		p.Enrol = append(p.Enrol, fd.path)
	}
}

// decideLedger never sets a balance: one movement makes up for all of the intruder's.
func (p *planner) decideLedger(fd *field) {
	if fd.sum == 0 {
		return
	}
	balance, _ := strconv.ParseInt(string(fd.now.json()), 10, 64) // history writes nothing else
	because := p.cause(fd)
	if len(fd.movements) > 0 {
		because = append(p.paths.Because(fd.movements[0]), fd.movements[1:]...)
	}
	p.step(fd, Step{Op: Move, Phase: Data, Amount: -fd.sum, Pre: fd.now.json(),
		Want: json.RawMessage(strconv.FormatInt(balance-fd.sum, 10)), Because: because})
}

// Class says what can still be done about an effect.
type Class string

// The classes of effects.
const (
	Undo       Class = "undo"       // it can be cancelled
	Window     Class = "window"     // it can be cancelled until a moment
	Compensate Class = "compensate" // it can be made good
	ClaimClass Class = "claim"      // others must make it good
	Final      Class = "final"      // nobody can
)

// Effect is what the value of an order says about undoing it. It may say more,
// which is kept. Undone is what a plan did about it: the word of a step.
type Effect struct {
	Class  Class     `json:"effect"`
	Until  time.Time `json:"until,omitzero"`
	ShipTo string    `json:"ship_to,omitempty"` // the path that it read
	Amount int64     `json:"amount,omitempty"`
	Undone Op        `json:"undone,omitempty"`
}

// stoppable tells whether the effect can still be cancelled.
func (e Effect) stoppable(now time.Time) bool {
	return e.Class == Undo || e.Class == Window && now.Before(e.Until)
}

// decideEffect undoes the intruder's effects as far as the world allows, and
// corrects the holder's own that went to the intruder's value. All others stay.
func (p *planner) decideEffect(fd *field) {
	found := p.findings.Of(fd.ordered)
	tainted := found.Certain()
	affected := found.Label == finding.Clean && found.Affected
	if !tainted && !affected || fd.ordered == 0 {
		return
	}
	var e Effect
	if json.Unmarshal(fd.now.json(), &e) != nil {
		fd.ask(AffectedEffect, fd.ordered) // an order we cannot read is nothing to be silent about
		return
	}
	if e.Undone != "" {
		return // what was done outside is not done twice
	}
	var op Op
	switch {
	case affected && e.stoppable(p.now) && !p.paidByOther(found):
		op = CorrectShipTo
	case affected:
		fd.ask(AffectedEffect, fd.ordered)
		return
	case e.stoppable(p.now):
		op = Cancel
	case e.Class == ClaimClass:
		op = Claim
	case e.Class == Final:
		op = BookLoss
	default:
		op = Refund
	}
	if tainted && e.Class == Window && op == Refund {
		fd.ask(DeadlinePassed, fd.ordered)
	}
	phase := StopLoss
	if op == CorrectShipTo {
		phase = Pointers // it is sent to what was put back
	}
	p.step(fd, Step{Op: op, Phase: phase, Pre: fd.now.json(), Want: undone(fd.now.json(), op), Because: p.paths.Because(fd.ordered)})
}

// paidByOther tells whether what misled an order was the card that it was paid
// with: it goes where it should, and who pays for it now is for a person to say.
func (p *planner) paidByOther(found finding.Change) bool {
	i := found.Reason.From - p.findings.First
	if i < 0 || i >= int64(len(p.history)) {
		return false
	}
	path := p.history[i].Path
	return path == "default/card" || strings.HasPrefix(path, "card/")
}

// undone gives the value of an order with what was done about it.
func undone(order json.RawMessage, op Op) json.RawMessage {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(order, &all) // decideEffect has read it
	all["undone"], _ = json.Marshal(op)
	b, _ := json.Marshal(all) // what was read as JSON can be written
	return b
}

func (p *planner) step(fd *field, s Step) {
	s.Path = fd.path
	p.Steps = append(p.Steps, s)
}

// cause gives the path of evidence to the latest tainted change of a field, or
// the former step of ours that has lost its reason.
func (p *planner) cause(fd *field) []int64 {
	if fd.tainted == 0 {
		return []int64{fd.ours}
	}
	return p.paths.Because(fd.tainted)
}

// dataPhase tells when a value is written: what leads mail to the intruder, or
// lets him act, ends with the other ways in, and what points at a value comes after it.
func dataPhase(kinds account.Kinds, path string) Phase {
	if kind, _ := kinds.Of(path); kind.Grant {
		return WaysIn
	}
	switch set, _, _ := strings.Cut(path, "/"); set {
	case "forward", "filter":
		return WaysIn
	case "default":
		return Pointers
	}
	return Data
}

// same tells whether two values are equal, whatever the order of their parts.
func same(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
