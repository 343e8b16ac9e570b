package restore

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Op is what a step does.
type Op string

// The operations, in the order of their phases.
const (
	Cancel        Op = "cancel"          // an effect that can still be stopped
	Refund        Op = "refund"          // one that can be made good by us
	Claim         Op = "claim"           // one that others must make good
	BookLoss      Op = "book-loss"       // one that nobody can
	CorrectShipTo Op = "correct-ship-to" // the holder's own order on its way to the intruder
	Revoke        Op = "revoke"          // a secret: the slot ends empty
	Drop          Op = "drop"            // a contact: the slot ends empty, for now
	Remove        Op = "remove"          // a value that was not there before
	Put           Op = "put"             // a value back as it was
	Move          Op = "move"            // one movement that makes up for the intruder's
	PutBack       Op = "put-back"        // a contact that was good before
	Reenable      Op = "re-enable"       // a passkey, which nobody could have read out
)

// Phase orders the steps of a plan. Every way in is closed before anything is given back.
type Phase int

// The phases.
const (
	StopLoss Phase = iota + 1 // effects: they give nobody access, and their deadlines are minutes
	WaysIn                    // secrets, contacts, forwarders, filters
	Data                      // values and ledgers
	Pointers                  // what points at values, after they are there
	Contacts                  // where the holder is reached
	Keys                      // passkeys
)

// Step is one write of a plan. A secret is in it only by the label of its version.
type Step struct {
	Op      Op              `json:"op"`
	Path    string          `json:"path"`
	Phase   Phase           `json:"phase"`
	Pre     json.RawMessage `json:"pre"`  // what must be there before; nil: nothing
	Want    json.RawMessage `json:"want"` // what is there afterwards; nil: nothing
	Amount  int64           `json:"amount,omitempty"`
	Version string          `json:"version,omitempty"` // the version that comes back
	Because []int64         `json:"because"`           // path of evidence from a seed, by seq
}

// Why is why people are asked.
type Why string

// The questions. Uniqueness, InvalidOldValue and Drift are asked where what is
// true outside is known; all others follow from the history.
const (
	SuspectChange        Why = "suspect-change"          // kept, though it may be the intruder's
	PartialOnTaintedBase Why = "partial-on-tainted-base" // the holder mended a part of the intruder's value
	AddedThenEdited      Why = "added-then-edited"       // the holder mended what the intruder had added
	DeadlinePassed       Why = "deadline-passed"         // an effect that can no longer be stopped
	AffectedEffect       Why = "affected-effect"         // the holder's order went to the intruder's value
	ContactExposed       Why = "contact-exposed"         // the slot is empty until somebody is verified out of band
	Contradiction        Why = "contradiction"           // cleared against the rules
	Claimed              Why = "claimed"                 // the holder says it was hers, the rules say otherwise: undone unless people of ours clear it
	Uniqueness           Why = "uniqueness"              // the old address is another account's by now
	InvalidOldValue      Why = "invalid-old-value"       // a card that is expired, an address at which nobody is reached
	Drift                Why = "drift"                   // the other system says something else
	ErasedByOther        Why = "erased-by-other"         // the intruder had it erased in the holder's name: does it come back?
	MixedSession         Why = "mixed-session"           // it is not clear where in a session the intruder begins
)

// Question is what only people can decide. Proposal is what the rules would
// write if a person agrees; it is nil where they have none.
type Question struct {
	Why      Why             `json:"why"`
	Path     string          `json:"path"` // or the name of a session
	Seq      int64           `json:"seq"`  // the change that raised it; 0 if none did
	Proposal json.RawMessage `json:"proposal,omitempty"`
	Because  []int64         `json:"because"`
}

// Plan is what restore will do, and what it asks.
type Plan struct {
	Steps     []Step     `json:"steps"`
	Questions []Question `json:"questions"`
	Erased    []string   `json:"erased"` // paths that the intruder touched and that stay empty: erased at the holder's wish
	Held      []string   `json:"held"`   // contact slots that stay empty until verified out of band
	Enrol     []string   `json:"enrol"`  // secret slots that are empty and to be enrolled again
}

// MakePlan makes the plan for a history and what was found about it. now
// decides which deadlines have passed. The same input gives the same plan.
func MakePlan(h []history.Change, f finding.Findings, kinds account.Kinds, now time.Time) Plan {
	p := planner{findings: &f, paths: f.Paths(), history: h, kinds: kinds, now: now}
	for _, c := range f.Contradictions {
		why := Contradiction
		if c.Claimed {
			why = Claimed
		}
		if c.Session != "" {
			p.Questions = append(p.Questions, Question{Why: why, Path: c.Session, Because: p.paths.Because(c.Reason.From)})
			continue
		}
		if p.contradicted == nil {
			p.contradicted = map[int64]Why{}
		}
		p.contradicted[c.Seq] = why
	}
	p.play()
	for i := range p.fields {
		fd := &p.fields[i]
		p.decide(fd)
		p.Questions = append(p.Questions, fd.asked...)
	}
	p.mixed(h)
	p.sort()
	return p.Plan
}

// Hash names the plan for approvals: any other plan, account or epoch gives another hash.
func (p Plan) Hash(account string, epoch int64) string {
	return digest(struct {
		Account string `json:"account"`
		Epoch   int64  `json:"epoch"`
		Steps   []Step `json:"steps"`
	}{account, epoch, p.Steps})
}

// ID names a step within the plan of a hash. It is the idempotency key of
// whatever carries it out.
func (s Step) ID(plan string) string {
	return "step_" + digest([]string{plan, string(s.Op), s.Path})[:32]
}

func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("restore: a plan has no JSON form: " + err.Error()) // unreachable unless a value in the history is no JSON
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// sort puts steps in the order in which they are carried out, and asks every question once.
func (p *planner) sort() {
	slices.SortFunc(p.Steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Op, b.Op))
	})
	slices.SortStableFunc(p.Questions, func(a, b Question) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Why, b.Why), cmp.Compare(b.Seq, a.Seq))
	})
	p.Questions = slices.CompactFunc(p.Questions, func(a, b Question) bool { return a.Path == b.Path && a.Why == b.Why })
	for i := range p.Questions {
		if q := &p.Questions[i]; q.Because == nil {
			q.Because = p.paths.Because(q.Seq)
		}
	}
	slices.Sort(p.Erased)
	slices.Sort(p.Held)
	slices.Sort(p.Enrol)
}
