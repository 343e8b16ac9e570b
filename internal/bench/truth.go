package bench

import (
	"encoding/binary"
	"net/netip"

	"takeback/internal/draw"
	"takeback/internal/risk"
)

// truth counts exactly what counters count within bounds, to tell how far they are
// off. Of addresses there are too many: one in 256 is counted.
type truth struct {
	addresses map[netip.Addr]*tally
	agents    map[string]*tally
	networks  map[uint32]*tally
}

// tally is how often something was learnt, and an event that showed it.
type tally struct {
	n    int
	like risk.Event
}

func newTruth() *truth {
	return &truth{map[netip.Addr]*tally{}, map[string]*tally{}, map[uint32]*tally{}}
}

func (t *truth) note(of *batch) {
	for i := range of.events {
		if !of.learnt[i] {
			continue
		}
		e := &of.events[i]
		if b := e.Place.Address.As4(); draw.Mix(uint64(binary.BigEndian.Uint32(b[:])))%256 == 0 {
			note(t.addresses, e.Place.Address, e)
		}
		note(t.agents, e.Client.Agent, e)
		note(t.networks, e.Place.Network, e)
	}
}

func note[K comparable](all map[K]*tally, key K, e *risk.Event) {
	t := all[key]
	if t == nil {
		t = &tally{like: risk.Event{Place: e.Place, Client: e.Client}}
		all[key] = t
	}
	t.n++
}

// often is from where on somebody asks how often something was seen: what is rarer
// is rare, whatever the count.
const often = 1000

// compare tells how much of what occurs often is counted, and how often too much is.
func (t *truth) compare(c *risk.Counters, more map[string]float64) {
	compare(t.addresses, "addresses", func(e *risk.Event) int { address, _, _ := c.Counted(e); return address }, more)
	compare(t.agents, "user agents", func(e *risk.Event) int { _, agent, _ := c.Counted(e); return agent }, more)
	compare(t.networks, "networks", func(e *risk.Event) int { _, _, network := c.Counted(e); return network }, more)
}

func compare[K comparable](all map[K]*tally, what string, counted func(*risk.Event) int, more map[string]float64) {
	true, got, over := 0, 0, 0
	for _, t := range all {
		n := counted(&t.like)
		over += max(n-t.n, 0)
		if t.n >= often {
			true += t.n
			got += n
		}
	}
	more[what+" counted too often"] = float64(over)
	if true > 0 {
		more["of 100 sign-ins of frequent "+what+" counted"] = 100 * float64(got) / float64(true)
	}
}
