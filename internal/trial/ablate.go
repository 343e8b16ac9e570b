package trial

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"time"

	"takeback/internal/draw"
	"takeback/internal/risk"
)

// Ablating says what an ablation is made on: worlds of its own, one after the other.
type Ablating struct {
	Users   int
	Seeds   int     // worlds 1, 2, … are made
	Attacks float64 // takeovers of each kind per later sign-in
	Tables  *risk.Tables
	Sizes   risk.Sizes
	Say     func(line string) // hears what is being done; may be nil
}

// without is a way to take something from the judge, or to make the intruder stronger.
type without struct {
	name   string
	making func(*Making)
	course func(*Course)
	early  bool // only the first days are judged
}

// ablations are those of the protocol. The first takes nothing away.
var ablations = []without{
	{name: "full"},
	{name: "no files about addresses", course: func(c *Course) { c.Bend = forgetPlace }},
	{name: "no device cookie", course: func(c *Course) { c.Bend = func(e *risk.Event) { e.Device = risk.Device{} } }},
	{name: "neither", course: func(c *Course) { c.Bend = func(e *risk.Event) { forgetPlace(e); e.Device = risk.Device{} } }},
	{name: "a fifth of countries wrong", course: func(c *Course) { c.Bend = misplace }},
	{name: "cold: the first 30 days", early: true},
	{name: "ten times the attacks", making: func(m *Making) { m.Attacks *= 10; m.Flood = 10 }},
	{name: "after 20 failures", course: func(c *Course) { c.Poison.Failed = 20 }},
	{name: "after 3 quiet sign-ins, ten minutes apart", course: quietly(3, 10*time.Minute)},
	{name: "after 3 quiet sign-ins, a day apart", course: quietly(3, 24*time.Hour)},
	{name: "after 3 quiet sign-ins, two weeks apart", course: quietly(3, 14*24*time.Hour)},
	{name: "after 3 quiet sign-ins, a month apart", course: quietly(3, 30*24*time.Hour)},
	{name: "after 10 quiet sign-ins, a day apart", course: quietly(10, 24*time.Hour)},
}

func quietly(times int, apart time.Duration) func(*Course) {
	return func(c *Course) { c.Poison.Quiet, c.Poison.Apart = times, apart }
}

// forgetPlace leaves the bare address.
func forgetPlace(e *risk.Event) { e.Place = risk.Place{Address: e.Place.Address} }

// misplace puts a fifth of all blocks of addresses into some other country, always
// the same: a table is wrong about a block, and not each time anew.
func misplace(e *risk.Event) {
	if !e.Place.Address.IsValid() {
		return
	}
	block, _ := e.Place.Address.Prefix(min(24, e.Place.Address.BitLen()))
	h := fnv.New64a()
	_, _ = h.Write([]byte(block.String())) // never fails
	if n := draw.Mix(h.Sum64()); n%5 == 0 {
		e.Place.Country = countryNames[n/5%uint64(len(countryNames))]
	}
}

// The share of sign-ins that is challenged in an ablation, and how long its first days are.
const (
	ablatedAt = 0.05
	coldDays  = 30
)

// signingIn are the intruders who sign in.
var signingIn = []kind{naive, vpn, resproxy, targeted, cloned}

// Ablated is what came of one ablation, over all worlds.
type Ablated struct {
	Name       string  `json:"name"`
	Challenged Share   `json:"challenged"` // of holders' sign-ins, as it came out
	Caught     []Cell  `json:"caught"`     // of intruders' sign-ins, by kind: challenged
	ByDepth    []Cell  `json:"by_depth"`   // the same by depth of history
	Stopped    Share   `json:"stopped"`    // of takeovers, before value moved, at the usual budgets
	Held       Share   `json:"held"`       // of holders' changes, at those
	Fell       float64 `json:"fell"`       // of intruders' sign-ins, whose score poison made lower
}

// gathered are the samples of one ablation.
type gathered struct {
	challenged, stopped, held sample
	caught                    map[string]*sample
	fell, intruders           float64
}

// Ablate makes worlds, and judges each with and without what the protocol takes away.
func Ablate(a Ablating) (*Ablation, error) {
	if a.Users < 1_000 || a.Seeds < 1 || a.Seeds > 100 {
		return nil, errors.New("ablate: at least 1000 users and 1 to 100 seeds are needed")
	}
	all := make([]gathered, len(ablations))
	for seed := range a.Seeds {
		w := world{Ablating: a, seed: uint64(seed + 1), limit: math.Inf(1)}
		for i, x := range ablations {
			if a.Say != nil {
				a.Say(fmt.Sprintf("world %d of %d: %s", seed+1, a.Seeds, x.name))
			}
			if err := w.ablate(x, &all[i]); err != nil {
				return nil, err
			}
		}
	}
	out := &Ablation{Users: a.Users, Seeds: a.Seeds, Attacks: a.Attacks, About: aboutAblation}
	judging := &bench{Judging: Judging{Rounds: 200}, weight: map[uint32][]uint8{}}
	for i := range all {
		out.All = append(out.All, all[i].share(ablations[i].name, judging))
	}
	return out, nil
}

// world is one seed's. The usual events are made once.
type world struct {
	Ablating
	seed   uint64
	events []byte
	kinds  map[string]string
	limit  float64 // from which on a sign-in is challenged when nothing is taken away
}

func (w *world) make(m Making) (events []byte, kinds map[string]string, err error) {
	var truth, out bytes.Buffer
	m.Rows, m.Truth, m.Events = io.Discard, &truth, &out
	if _, err = Generate(m); err == nil {
		kinds, err = ReadTruth(&truth)
	}
	return out.Bytes(), kinds, err
}

func (w *world) ablate(x without, into *gathered) (err error) {
	m := Making{Users: w.Users, Seed: w.seed, Attacks: w.Attacks}
	if w.events == nil {
		if w.events, w.kinds, err = w.make(m); err != nil {
			return err
		}
	}
	events, kinds := w.events, w.kinds
	if x.making != nil {
		if x.making(&m); m.Attacks > 1 {
			return fmt.Errorf("ablate: %v attacks are too many for ten times as many", w.Attacks)
		}
		if events, kinds, err = w.make(m); err != nil {
			return err
		}
	}
	p := Course{Tables: w.Tables, Sizes: w.Sizes, Kinds: kinds, Budget: usualBudget, Asked: ablatedAt}
	if x.course != nil {
		x.course(&p)
		p.Poison.Below = w.limit
	}
	c, err := p.run(bytes.NewReader(events))
	if err != nil {
		return err
	}
	b := newBench(c, Judging{WarmUp: 0.2, Split: 0.6})
	if x.early {
		b.warm, b.parted = c.first, c.first
		b.until = c.first + coldDays*24*3600*1e6
	}
	b.part()
	if x.early { // too soon for an earlier part: the limit is set where it is judged
		for _, a := range b.holders {
			for i := range a.steps {
				b.measure(&a.steps[i])
			}
		}
	}
	l := b.within(usualBudget)
	at := l
	at.StepUp = b.signIns.Over(ablatedAt, l.StepUp)
	if x.name == ablations[0].name {
		w.limit = at.StepUp
	}
	into.take(b, &at, &l, uint32(w.seed)*uint32(w.Users))
	return nil
}

// take adds what became of the acts of one world. Its accounts are numbered apart from those of others.
func (g *gathered) take(b *bench, challenge, usual *risk.Limits, base uint32) {
	if g.caught == nil {
		g.caught = map[string]*sample{}
	}
	for _, a := range b.holders {
		for i := range a.steps {
			switch s := &a.steps[i]; {
			case s.kind == risk.SignedIn && s.scored:
				g.challenged.add(base+a.account, part(s.under(challenge) >= risk.StepUp), 1)
			case s.changes():
				g.held.add(base+a.account, part(s.under(usual) >= risk.Hold), 1)
			}
		}
	}
	for _, a := range b.intruders {
		g.stopped.add(base+a.account, a.fate(usual).stopped(a.kind, false), 1)
		s := &a.steps[0]
		if s.kind != risk.SignedIn || !s.scored {
			continue
		}
		g.intruders++
		g.fell += part(a.fell)
		for _, depth := range []int{0, depthOf(a.depth)} {
			key := a.kind + " " + depthNames[depth]
			if g.caught[key] == nil {
				g.caught[key] = &sample{}
			}
			g.caught[key].add(base+a.account, part(s.under(challenge) >= risk.StepUp), 1)
		}
	}
}

func (g *gathered) share(name string, b *bench) Ablated {
	a := Ablated{Name: name, Challenged: b.share(g.challenged), Stopped: b.share(g.stopped), Held: b.share(g.held), Fell: g.fell / max(g.intruders, 1)}
	for _, k := range signingIn {
		for i, depth := range depthNames {
			s := g.caught[k.String()+" "+depth]
			if s == nil {
				s = &sample{}
			}
			cell := Cell{k.String(), depth, b.share(*s)}
			if i == 0 {
				a.Caught = append(a.Caught, cell)
			} else {
				a.ByDepth = append(a.ByDepth, cell)
			}
		}
	}
	return a
}
