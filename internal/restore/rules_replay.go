package restore

import (
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// ActorID is who writes the steps of a plan, as a System actor. By it a later
// plan knows them again: they are no reason of their own, and are undone with the
// finding that caused them.
const ActorID = "restore"

// planner is the state of one MakePlan.
type planner struct {
	Plan
	findings     *finding.Findings
	kinds        account.Kinds
	now          time.Time
	fields       map[string]*field
	order        []*field // as they came up
	contradicted map[int64]finding.Reason
	twins        map[string][]*field // elements by set and parts; made when first needed
}

// field is one path, played twice: as it is, and without the tainted changes.
type field struct {
	path      string
	kind      account.Kind
	now       value
	kept      value
	tainted   int64   // latest tainted change that wrote it; 0 if none
	ours      int64   // latest step of a former plan that wrote it; 0 if none
	gone      int64   // tainted change that made it absent
	added     int64   // latest change, not tainted, that made it present
	movements []int64 // tainted ones
	sum       int64   // of tainted movements and of ours that made up for them
	ordered   int64   // the change that placed the order
	undecided bool    // a value nobody saw is never written without a person: no step
	asked     []Question
}

// value is what a field holds, and the change that set it.
type value struct {
	json    json.RawMessage // nil: absent
	seq     int64
	version string
}

// replay plays the next change.
func (p *planner) replay(c *history.Change) {
	if c.Path == "" {
		return
	}
	fd := p.field(c.Path)
	if fd == nil {
		return // nobody declared it, so nobody could have written it
	}
	found := p.findings.Of(c.Seq)
	switch c.Verb {
	case history.Set, history.Add, history.Remove, history.Credential, history.Contact, history.Drop:
		fd.write(c, found)
	case history.Patch:
		fd.patch(c, found)
	case history.Move:
		fd.move(c, found)
	case history.Order:
		fd.ordered, fd.now = c.Seq, value{c.After, c.Seq, ""}
	default:
		return // it was looked at, held or let go: no value came of it
	}
	if found.Label == finding.Suspect {
		p.ask(fd, Question{Why: SuspectChange, Seq: c.Seq})
	}
	if why, ok := p.contradicted[c.Seq]; ok {
		fd.asked = append(fd.asked, Question{Why: Contradiction, Path: fd.path, Seq: c.Seq, Because: append(p.findings.Because(why.From), c.Seq)})
	}
	if fd.undecided && found.Affected && c.Verb == history.Patch {
		p.askMerged(fd, c)
	}
}

func (p *planner) field(path string) *field {
	if fd, ok := p.fields[path]; ok {
		return fd
	}
	var fd *field
	if kind, ok := p.kinds.Of(path); ok {
		fd = &field{path: path, kind: kind}
		p.order = append(p.order, fd)
	}
	p.fields[path] = fd
	return fd
}

// write plays a total write: it cuts everything before it, unless it is the
// intruder's or a former step of ours.
func (fd *field) write(c *history.Change, found finding.Change) {
	v := value{c.After, c.Seq, c.Version}
	switch {
	case ours(c):
		fd.ours = c.Seq
	case fd.kind.Algebra == account.Effect: // what became of an order; the order itself is judged
	case found.Label == finding.Tainted:
		fd.tainted = c.Seq
		if fd.now.json != nil && v.json == nil {
			fd.gone = c.Seq
		}
	default:
		if fd.now.json == nil && v.json != nil {
			fd.added = c.Seq
		}
		fd.kept = v
		fd.asked, fd.undecided = nil, false // who wrote it all has seen it all
	}
	fd.now = v
}

// patch plays a partial write. On a base that the intruder wrote it makes a
// value that nobody ever saw.
func (fd *field) patch(c *history.Change, found finding.Change) {
	fd.now = value{c.After, c.Seq, ""}
	switch {
	case found.Label == finding.Tainted:
		fd.tainted = c.Seq
	case !found.Affected:
		fd.kept = fd.now
	default:
		fd.undecided = true
		if fd.kind.Algebra != account.Element || fd.kept.json != nil {
			fd.kept = value{merge(fd.kept.json, c.Part, c.After), c.Seq, ""}
		}
	}
}

// askMerged asks about a partial write on a tainted base, with the merged value as the proposal.
func (p *planner) askMerged(fd *field, c *history.Change) {
	q := Question{Why: PartialOnTaintedBase, Seq: c.Seq, Proposal: fd.kept.json}
	if fd.kept.json == nil { // without the intruder there is nothing to merge with
		q.Why, q.Proposal = AddedThenEdited, c.After
	}
	p.ask(fd, q)
}

// move plays a movement on a ledger.
func (fd *field) move(c *history.Change, found finding.Change) {
	switch {
	case ours(c):
		fd.ours, fd.sum = c.Seq, fd.sum+c.Amount
	case found.Label == finding.Tainted:
		fd.tainted, fd.sum = c.Seq, fd.sum+c.Amount
		fd.movements = append(fd.movements, c.Seq)
	}
	fd.now = value{c.After, c.Seq, ""}
}

func (p *planner) ask(fd *field, q Question) {
	q.Path = fd.path
	q.Because = p.findings.Because(q.Seq)
	fd.asked = append(slices.DeleteFunc(fd.asked, func(o Question) bool { return o.Why == q.Why }), q)
}

// ours tells whether a change is a step of a former plan.
func ours(c *history.Change) bool { return c.Role == access.System && c.Actor == ActorID }

// merge gives a group with one part as a later value has it.
func merge(base json.RawMessage, part string, later json.RawMessage) json.RawMessage {
	merged, from := account.Fact{Value: base}.Parts(), account.Fact{Value: later}.Parts()
	if merged == nil {
		merged = map[string]string{}
	}
	if to, ok := from[part]; ok {
		merged[part] = to
	}
	b, _ := json.Marshal(merged) // a map of strings always has a JSON form
	return b
}
