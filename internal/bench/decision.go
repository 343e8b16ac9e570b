package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"time"

	"takeback/internal/risk"
)

// crowd is everybody who has signed in before, as risk knows them.
type crowd struct {
	profiles map[string]*risk.Profile
	packed   map[string][]byte // the same as bytes, for the limit
	counters *risk.Counters
	tables   *risk.Tables
	events   []risk.Event // to decide on
	seed     maphash.Seed
}

// crowded is how many accounts there are for each session of a session check.
const crowded = 100

// deciding decides about sign-ins and changes of one of many accounts at random.
// Its limit finds the same account and touches what no decision can leave out:
// every byte of the profile, and the values of the event.
func deciding(ctx context.Context, _ *house, o Options) (r Result, err error) {
	c, err := gather(crowded * o.Visitors)
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
	r.More = map[string]float64{"accounts": float64(len(c.profiles)), "events learnt before": float64(c.counters.SignIns)}
	return r, err
}

// gather lets n accounts sign in some times each, and makes the events to decide on.
func gather(n int) (*crowd, error) {
	tables, err := risk.ShippedTables()
	if err != nil {
		return nil, err
	}
	c := &crowd{profiles: make(map[string]*risk.Profile, n), packed: make(map[string][]byte, n), counters: risk.NewCounters(1, risk.Sizes{}),
		tables: tables, events: make([]risk.Event, 1<<14), seed: maphash.MakeSeed()}
	dice := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		name, p := fmt.Sprintf("acc_%022d", i), &risk.Profile{}
		for range 1 + dice.IntN(6) {
			e := arrival(dice, name)
			lesson, learnt := p.Learn(&e, c.counters)
			if learnt {
				c.counters.Learn(lesson)
			}
		}
		c.profiles[name] = p
		if c.packed[name], err = p.MarshalBinary(); err != nil {
			return nil, err
		}
	}
	for i := range c.events {
		e := arrival(dice, fmt.Sprintf("acc_%022d", dice.IntN(n)))
		e.At = beginning.Add(201 * 24 * time.Hour).UnixMicro()
		if i%4 == 3 {
			e.Kind = risk.EmailChanged
		}
		c.events[i] = e
	}
	return c, nil
}

var beginning = time.Date(2026, time.January, 1, 9, 0, 0, 0, time.UTC)

// arrival is a sign-in from one of many networks by one of many browsers.
func arrival(dice *rand.Rand, account string) risk.Event {
	net, version := uint32(dice.IntN(60_000)), dice.IntN(2000)
	return risk.Event{ID: "e", Account: account, Kind: risk.SignedIn, Session: "s", At: beginning.AddDate(0, 0, dice.IntN(200)).UnixMicro(),
		Place: risk.Place{Address: netip.AddrFrom4([4]byte{byte(net >> 8), byte(net), byte(dice.IntN(256)), byte(dice.IntN(256))}), Network: net/4 + 1,
			Country: string([]byte{'A' + byte(net%8), 'A'}), Located: true, Lat: float32(net % 90), Lon: float32(net % 180), ErrorKM: 50},
		Client: risk.Client{Agent: fmt.Sprintf("Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.%d Mobile Safari/537.36", version),
			Browser: fmt.Sprint("Chrome Mobile 90.0.", version), OS: fmt.Sprint("Android ", version%40), Type: "mobile"},
		Device: risk.Device{Asked: true, Token: fmt.Sprint("token", version)}}
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
