package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"runtime"
	"time"

	"takeback/internal/risk"
)

// crowd is everybody who has signed in before, as risk knows them.
type crowd struct {
	all      []risk.Profile
	profiles map[string]*risk.Profile
	packed   map[string][]byte // the same as bytes, of those who are decided about, for the limit
	counters *risk.Counters
	tables   *risk.Tables
	events   []risk.Event // to decide on
	seed     maphash.Seed
	more     map[string]float64
}

const (
	crowded = 100     // accounts for each session of a session check
	lately  = 3.5     // past events of each
	longer  = 100     // past events of each account when a number of events was asked for
	various = 1 << 14 // events to decide on, and more where there are more accounts than that
	most    = 1 << 18
)

// deciding decides about sign-ins and changes of one of many accounts, after what
// happened to all of them before. Its limit finds the same account and touches what
// no decision can leave out: every byte of the profile, and the values of the event.
func deciding(ctx context.Context, _ *house, o Options) (r Result, err error) {
	accounts, events := crowded*o.Visitors, int(lately*crowded)*o.Visitors
	if o.Past > 0 {
		accounts, events = max(o.Past/longer, 1), o.Past
	}
	c, err := gather(ctx, accounts, events)
	if err != nil {
		return r, err
	}
	real := side{do: func(_ context.Context, _, i int) error {
		e := &c.events[i%len(c.events)]
		if d := risk.Decide(e, c.profiles[e.Account], c.counters, c.tables); d.Action > risk.Freeze {
			return fmt.Errorf("an answer that there is not: %d", d.Action)
		}
		return nil
	}}
	limit := side{do: func(_ context.Context, _, i int) error {
		if c.touch(&c.events[i%len(c.events)]) == 0 {
			return fmt.Errorf("event %d has no hash", i)
		}
		return nil
	}}
	r, err = versus(ctx, o, 1, real, limit)
	r.LimitIs = "finding the same account and hashing its profile and the event's values, once"
	r.More = c.more
	c.weigh()
	return r, err
}

// gather plays what happened before into profiles and counters. It does not decide
// on it again. Then it makes the events to decide on.
func gather(ctx context.Context, accounts, events int) (*crowd, error) {
	tables, err := risk.ShippedTables()
	if err != nil {
		return nil, err
	}
	c := &crowd{all: make([]risk.Profile, accounts), profiles: make(map[string]*risk.Profile, accounts), packed: map[string][]byte{},
		counters: risk.NewCounters(1, risk.Sizes{}), tables: tables, seed: maphash.MakeSeed()}
	p := newPast(accounts, events)
	for i, name := range p.names {
		c.profiles[name] = &c.all[i]
	}
	if err := c.play(ctx, p, events); err != nil {
		return nil, err
	}
	return c, c.prepare(p)
}

// together is how many events go from one hand to the next at once.
const together = 4096

// batch is events on their way, and what they taught.
type batch struct {
	events  []risk.Event
	account []int
	lessons []risk.Lesson
	learnt  []bool
}

// play lets two hands work at once: one makes events, the other teaches profiles and
// counters, which look at one another.
func (c *crowd) play(ctx context.Context, p *past, events int) error {
	empty, made := make(chan *batch, 3), make(chan *batch, 2)
	for range cap(empty) {
		empty <- &batch{lessons: make([]risk.Lesson, together), learnt: make([]bool, together)}
	}
	go func() {
		defer close(made)
		for left := events; left > 0 && ctx.Err() == nil; left -= together {
			made <- p.fill(<-empty, min(left, together))
		}
	}()
	var profiles, counters time.Duration
	t := newTruth()
	for b := range made {
		began := time.Now()
		c.teachProfiles(b)
		between := time.Now()
		c.teachCounters(b)
		profiles, counters = profiles+between.Sub(began), counters+time.Since(between)
		t.note(b)
		empty <- b
	}
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(events) }
	c.more = map[string]float64{"accounts": float64(len(c.all)), "events played before": float64(events), "sign-ins learnt of them": float64(c.counters.SignIns),
		"µs for each of them, profile": each(profiles), "µs for each of them, counters": each(counters)}
	t.compare(c.counters, c.more)
	return ctx.Err()
}

// teachProfiles takes events of the past as let be: whoever was asked for a proof had one.
func (c *crowd) teachProfiles(b *batch) {
	var calm risk.Decision
	for i := range b.events {
		if b.learnt[i] = false; b.account[i] >= 0 {
			p := &c.all[b.account[i]]
			p.Follow(&b.events[i], &calm, c.counters)
			b.lessons[i], b.learnt[i] = p.Learn(&b.events[i], c.counters)
		}
	}
}

func (c *crowd) teachCounters(b *batch) {
	var calm risk.Decision
	for i := range b.events {
		c.counters.Observe(&b.events[i], &calm)
		if b.learnt[i] {
			c.counters.Learn(b.lessons[i])
		}
	}
}

// prepare lets the stream go on for the events to decide on, about so many different
// accounts that no cache holds them.
func (c *crowd) prepare(p *past) (err error) {
	c.events = make([]risk.Event, min(max(various, len(c.all)/4), most))
	for i := range c.events {
		account, e := p.next()
		for account < 0 {
			account, e = p.next()
		}
		c.events[i] = e
		if c.packed[e.Account] != nil {
			continue
		}
		if c.packed[e.Account], err = c.profiles[e.Account].MarshalBinary(); err != nil {
			return err
		}
	}
	return nil
}

// weigh tells what is in memory, by letting go of it.
func (c *crowd) weigh() {
	accounts, whole := float64(len(c.all)), inUse()
	c.all, c.profiles, c.packed, c.events = nil, nil, nil, c.events[:1]
	rest := inUse()
	c.counters = nil
	c.more["bytes of memory for each account"] = (whole - rest) / accounts
	c.more["MB of memory for the counters"] = (rest - inUse()) / 1e6
}

// inUse is how many bytes of the heap something still needs.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// touch finds an account and hashes what every decision about it rests on.
func (c *crowd) touch(e *risk.Event) (sum uint64) {
	sum = maphash.Bytes(c.seed, c.packed[e.Account])
	address := e.Place.Address.As16()
	sum += maphash.Bytes(c.seed, address[:])
	sum += maphash.Bytes(c.seed, binary.LittleEndian.AppendUint32(nil, e.Place.Network))
	for _, text := range []string{e.Place.Country, e.Client.Agent, e.Client.Browser, e.Client.OS, e.Client.Type, e.Device.Token} {
		sum += maphash.String(c.seed, text)
	}
	return sum
}
