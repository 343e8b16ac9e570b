package restore

import (
	"encoding/json"
	"slices"
	"sync"
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
	paths        *finding.Paths
	history      []history.Change
	kinds        account.Kinds
	now          time.Time
	contradicted map[int64]Why
	fields       []field             // the paths that are played
	number       []int32             // by finding.Change.Place: the number of its field, from 1; 0 if it is not played
	erased       map[string]int64    // elements erased at the holder's wish, by set and parts: the latest such change
	twins        map[string][]*field // elements by set and parts; made when first needed
}

// play plays the history of every path on which something is to be decided.
func (p *planner) play() {
	p.choose()
	p.playFrom(0)
	if sets := p.robbed(); len(sets) > 0 {
		played := len(p.fields)
		p.chooseOf(sets)
		p.playFrom(played)
	}
}

// choose chooses the paths that somebody else than the holder may have written,
// or where he knows what there is, or that we wrote ourselves. On all others the
// holder's last value stands whatever it is, so that nobody need look: they are nearly all of a long history.
func (p *planner) choose() {
	f, n := p.findings, int32(0)
	p.number = make([]int32, len(f.Changes)+1) // there are no more places than changes
	choose := func(place int32) {
		if place != 0 && p.number[place] == 0 {
			n++
			p.number[place] = n
		}
	}
	for i := range f.Changes {
		if c := &f.Changes[i]; c.Label != finding.Clean || c.Affected || c.System || c.Thing != 0 && f.Things[c.Thing].Bad() {
			choose(c.Place)
		}
	}
	for _, c := range f.Contradictions {
		choose(f.Of(c.Seq).Place) // a session is at no place
	}
	p.fields = make([]field, n)
}

// robbed gives the sets from which the intruder removed an element: whether it
// comes back depends on what else is or was in them.
func (p *planner) robbed() map[string]bool {
	sets := map[string]bool{}
	for i := range p.fields {
		if fd := &p.fields[i]; fd.robbed() {
			sets[setOf(fd.path)] = true
		}
	}
	return sets
}

// chooseOf chooses the other elements of some sets.
func (p *planner) chooseOf(sets map[string]bool) {
	for i := range p.history {
		place := p.findings.Changes[i].Place
		if place != 0 && p.number[place] == 0 && sets[setOf(p.history[i].Path)] {
			p.fields = append(p.fields, field{})
			p.number[place] = int32(len(p.fields))
		}
	}
}

// player plays the history of some paths, and knows nothing of the others.
type player struct {
	*planner
	after    int32            // it plays the fields after this number,
	part, of int32            // those whose number leaves part when divided by of
	wished   map[string]int64 // as planner.erased
}

// long is from how many changes on a history is played by two at once. No path
// waits for another, and half of the time goes into waiting for memory.
const long = 2000

// playFrom plays the fields from an index on.
func (p *planner) playFrom(played int) {
	players := []player{{planner: p, after: int32(played), of: 1}}
	if len(p.history) >= long {
		players = []player{{planner: p, after: int32(played), of: 2}, {planner: p, after: int32(played), part: 1, of: 2}}
	}
	var others sync.WaitGroup
	for i := range players[1:] {
		others.Go(players[i+1].play)
	}
	players[0].play()
	others.Wait()
	for _, one := range players {
		for twin, seq := range one.wished {
			if p.erased == nil {
				p.erased = map[string]int64{}
			}
			p.erased[twin] = max(p.erased[twin], seq)
		}
	}
}

func (p *player) play() {
	for i := range p.findings.Changes {
		found := &p.findings.Changes[i]
		if n := p.number[found.Place]; n > p.after && n%p.of == p.part {
			p.replay(&p.fields[n-1], &p.history[i], *found)
		}
	}
}

// field is one path, played twice: as it is, and without the tainted changes.
type field struct {
	path      string          // empty until its first change is played
	algebra   account.Algebra // empty if nobody declared the path
	now       value
	kept      value
	tainted   int64             // latest tainted change that wrote it; 0 if none
	ours      int64             // latest step of a former plan that wrote it; 0 if none
	gone      int64             // first tainted change that made absent what is kept; 0 if none
	added     int64             // latest change, not tainted, that made it present, or the holder's instead of the intruder's
	movements []int64           // tainted ones
	sum       int64             // of tainted movements and of ours that made up for them
	ordered   int64             // the change that placed the order
	mended    []*history.Change // partial writes on a base that the intruder wrote
	asked     []Question
}

// value is the change that set what a field holds; nil if nothing ever did.
type value struct{ *history.Change }

// json gives the value itself; nil: absent.
func (v value) json() json.RawMessage {
	if v.Change == nil {
		return nil
	}
	return v.After
}

// seq gives the change that set it; 0 if none did.
func (v value) seq() int64 {
	if v.Change == nil {
		return 0
	}
	return v.Seq
}

// replay plays the next change of a field.
func (p *player) replay(fd *field, c *history.Change, found finding.Change) {
	if found.Label == finding.Tainted && !found.Certain() {
		found.Label = finding.Suspect // a guess undoes nothing: it is kept, and people are asked
	}
	if fd.path == "" {
		kind, _ := p.kinds.Of(c.Path)
		fd.path, fd.algebra = c.Path, kind.Algebra
	}
	if fd.algebra == "" {
		return // nobody declared it, so nobody could have written it
	}
	switch c.Verb {
	case history.Set, history.Add, history.Remove, history.Credential, history.Contact, history.Drop:
		p.erase(fd, c, found)
		fd.write(c, found)
	case history.Patch:
		fd.patch(c, found)
	case history.Move:
		fd.move(c, found)
	case history.Order:
		fd.ordered, fd.now = c.Seq, value{c}
	default:
		return // it was looked at, held or let go: no value came of it
	}
	if found.Label == finding.Suspect && p.findings.Asked(c.Seq) {
		fd.ask(SuspectChange, c.Seq)
	}
	if why := p.contradicted[c.Seq]; why != "" {
		fd.ask(why, c.Seq)
	}
}

// erase remembers the element that a change erases: the same may stand elsewhere in its set.
func (p *player) erase(fd *field, c *history.Change, found finding.Change) {
	if !c.Erased || found.Label == finding.Tainted || fd.algebra != account.Element || fd.now.json() == nil {
		return
	}
	if p.wished == nil {
		p.wished = map[string]int64{}
	}
	p.wished[twin(fd.path, fd.now)] = c.Seq
}

// robbed tells whether the field is of an element that the intruder removed and nobody brought back.
func (fd *field) robbed() bool {
	return fd.algebra == account.Element && fd.gone != 0 && fd.now.json() == nil && fd.kept.json() != nil
}

// write plays a total write: it cuts everything before it, unless it is the
// intruder's or a former step of ours.
func (fd *field) write(c *history.Change, found finding.Change) {
	v := value{c}
	switch {
	case ours(c):
		fd.ours = c.Seq
	case fd.algebra == account.Effect: // what became of an order; the order itself is judged
	case found.Label == finding.Tainted:
		fd.tainted = c.Seq
		if fd.now.json() != nil && v.json() == nil && fd.gone == 0 {
			fd.gone = c.Seq
		}
	default:
		if v.json() != nil && (fd.now.json() == nil || fd.kept.json() == nil) {
			fd.added = c.Seq
		}
		fd.kept, fd.gone = v, 0
		fd.asked, fd.mended = nil, nil // who wrote it all has seen it all
	}
	fd.now = v
}

// patch plays a partial write. On a base that the intruder wrote it makes a
// value that nobody ever saw.
func (fd *field) patch(c *history.Change, found finding.Change) {
	fd.now = value{c}
	switch {
	case found.Label == finding.Tainted:
		fd.tainted = c.Seq
	case !found.Affected:
		fd.kept = fd.now
	default:
		fd.mended = append(fd.mended, c)
	}
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
	fd.now = value{c}
}

func (fd *field) ask(why Why, seq int64) {
	fd.asked = append(fd.asked, Question{Why: why, Path: fd.path, Seq: seq})
}

// ours tells whether a change is a step of a former plan.
func ours(c *history.Change) bool { return c.Actor == ActorID && c.Role == access.System }

// undecided tells whether the field waits for a person: a value that nobody
// ever saw is never written without one. It asks with the merged value as the proposal.
func (fd *field) undecided() bool {
	n := len(fd.mended)
	if n == 0 {
		return false
	}
	last := fd.mended[n-1]
	if fd.algebra == account.Element && fd.kept.json() == nil { // without the intruder there is nothing to merge with
		fd.asked = append(fd.asked, Question{Why: AddedThenEdited, Path: fd.path, Seq: last.Seq, Proposal: last.After})
		return true
	}
	merged := account.Fact{Value: fd.kept.json()}.Parts()
	if merged == nil {
		merged = map[string]string{}
	}
	seen := map[string]bool{}
	for _, c := range slices.Backward(fd.mended) { // the latest write of each part counts
		if !seen[c.Part] {
			seen[c.Part], merged[c.Part] = true, account.Fact{Value: c.After}.Parts()[c.Part]
		}
	}
	proposal, _ := json.Marshal(merged) // a map of strings always has a JSON form
	fd.asked = append(fd.asked, Question{Why: PartialOnTaintedBase, Path: fd.path, Seq: last.Seq, Proposal: proposal})
	return true
}
