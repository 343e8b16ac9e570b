package risk

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// anySignIn draws a success of one account from a small world, so that values repeat.
func anySignIn(t *rapid.T, account string) Event {
	n := rapid.IntRange(0, 70).Draw(t, "place")
	k := rapid.IntRange(0, 40).Draw(t, "client")
	e := Event{
		ID: "e", Account: account, Kind: SignedIn, At: pilotBegin + int64(rapid.IntRange(0, 900).Draw(t, "hour"))*3600e6, Session: fmt.Sprint("s", n),
		Place:  Place{Address: netip.AddrFrom4([4]byte{10, byte(n), byte(k), 1}), Network: uint32(n / 3), Country: []string{"", "NO", "SE"}[n%3]},
		Client: Client{Agent: fmt.Sprint("agent", k), Browser: fmt.Sprint("b", k/2), OS: fmt.Sprint("o", k/4), Type: []string{"mobile", "desktop"}[k%2]},
	}
	if rapid.Bool().Draw(t, "asked") {
		e.Device = Device{Asked: true, Given: fmt.Sprint("t", k)}
	}
	return e
}

func saved(t interface{ Fatal(...any) }, p *Profile) []byte {
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestUnlearn: a lesson taken back at once leaves profile and counters as they were.
func TestUnlearn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, p := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16}), &Profile{}
		for range rapid.IntRange(0, 90).Draw(t, "before") {
			e := anySignIn(t, "a")
			l, _ := p.Learn(&e, c)
			c.Learn(l)
		}
		before, counted := saved(t, p), [3]uint64{c.SignIns, c.Accounts, c.chances}
		news, census := c.news, fmt.Sprint(c.census)
		e := anySignIn(t, "a")
		l, ok := p.Learn(&e, c)
		if !ok {
			t.Fatal("a success taught nothing")
		}
		c.Learn(l)
		p.Unlearn(l)
		c.Unlearn(l)
		if !bytes.Equal(saved(t, p), before) {
			t.Errorf("the profile is not what it was")
		}
		if now := [3]uint64{c.SignIns, c.Accounts, c.chances}; now != counted || news != c.news || fmt.Sprint(c.census) != census {
			t.Errorf("the counters are not what they were")
		}
	})
}

// TestUnlearnLater: of what was learnt and taken back in any order, nothing is left.
func TestUnlearnLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, p := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16}), &Profile{}
		var lessons []Lesson
		for range rapid.IntRange(1, 15).Draw(t, "n") { // few enough that none is pushed out
			e := anySignIn(t, "a")
			l, _ := p.Learn(&e, c)
			c.Learn(l)
			lessons = append(lessons, l)
		}
		for _, i := range rapid.Permutation(lessons).Draw(t, "order") {
			p.Unlearn(i)
			c.Unlearn(i)
		}
		if p.n != 0 || len(p.places) != 0 || len(p.clients) != 0 || p.chances != 0 || p.news != [levels]uint16{} || p.hours != [hourBins]uint8{} {
			t.Errorf("left: %+v", p)
		}
		if c.SignIns != 0 || c.Accounts != 0 || c.news != [levels]uint64{} {
			t.Errorf("left in the counters: %d sign-ins, %d accounts, %v", c.SignIns, c.Accounts, c.news)
		}
	})
}

// TestFailuresTeachNothing: whatever fails, and however often, the profile stays.
func TestFailuresTeachNothing(t *testing.T) {
	t.Parallel()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, p := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16}), &Profile{}
		for range rapid.IntRange(0, 5).Draw(t, "before") {
			e := anySignIn(t, "a")
			l, _ := p.Learn(&e, c)
			c.Learn(l)
		}
		before, signIns := saved(t, p), c.SignIns
		for range rapid.IntRange(1, 20).Draw(t, "failures") {
			e := anySignIn(t, "a")
			e.Kind = rapid.SampledFrom([]Kind{SignInFailed, PromptRefused}).Draw(t, "kind")
			d := Decide(&e, p, c, tables)
			c.Observe(&e, &d)
			p.Follow(&e, &d, c)
			if _, ok := p.Learn(&e, c); ok {
				t.Fatal("a failure taught")
			}
		}
		if !bytes.Equal(saved(t, p), before) || c.SignIns != signIns {
			t.Error("failures left something")
		}
	})
}

// TestProfileSize: an account with everything in it stays below a kilobyte, and
// guests push out nothing that is in use.
func TestProfileSize(t *testing.T) {
	t.Parallel()
	c, p := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16}), &Profile{}
	for i := range 800 {
		e := Event{Account: "a", Kind: SignedIn, At: pilotBegin + int64(i/8)*dayMicros,
			Place:  Place{Address: netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}), Network: uint32(i + 1)},
			Client: Client{Agent: fmt.Sprint(i)}}
		if i%2 == 0 {
			e.Marks = Proved
		}
		p.Learn(&e, c)
	}
	size := int(unsafe.Sizeof(*p)) + cap(p.places)*int(unsafe.Sizeof(place{})) + cap(p.clients)*int(unsafe.Sizeof(client{})) + cap(p.guests)*int(unsafe.Sizeof(guest{}))
	if len(p.places) != maxPlaces || len(p.clients) != maxClients || len(p.guests) < guestClients || size >= 1000 {
		t.Errorf("%d places, %d clients, %d guests, %d bytes; want %d, %d, %d, below 1000", len(p.places), len(p.clients), len(p.guests), size, maxPlaces, maxClients, maxGuests)
	}
	own := 0
	for _, o := range p.places {
		if o.count > 0 && o.day >= day(pilotBegin+97*dayMicros) {
			own++
		}
	}
	if own < 12 {
		t.Errorf("of the last three days' twelve places of the account's own %d are left", own)
	}
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		days, seen int
		want       float64
	}{{-5, -5, 1}, {0, 0, 1}, {halfDays, 0, .5}, {2 * halfDays, halfDays, .25}, {forgetDays, forgetDays, 1. / 16}, {10 * forgetDays, 0, 1. / 16}, {forgetDays + 1, forgetDays + 1, 0}} {
		if got := float64(faded(tt.days, tt.seen)) / whole; got != tt.want {
			t.Errorf("after %d days, the holder seen for %d of them, %v is left, want %v", tt.days, tt.seen, got, tt.want)
		}
	}
}

// TestWhoComesBackAfterYearsIsKnown: a long absence makes nobody a stranger at home,
// and strangers no less strange. What the holder himself has left for years is new.
func TestWhoComesBackAfterYearsIsKnown(t *testing.T) {
	t.Parallel()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	c, p := NewCounters(5, Sizes{}), &Profile{}
	learn := func(at int64, where Place) {
		l, _ := p.Learn(&Event{Account: "u", Kind: SignedIn, At: at, Place: where, Client: phone, Marks: Proved}, c)
		c.Learn(l)
	}
	score := func(at int64, where Place, with Client) float64 {
		d := Decide(&Event{Account: "u", Kind: SignedIn, At: at, Place: where, Client: with}, p, c, tables)
		return d.Score
	}
	const years = 366 * dayMicros
	for i := range int64(5) {
		learn(pilotBegin+i*dayMicros, home)
	}
	late := pilotBegin + 4*years
	if own, strange := score(late, home, phone), score(late, far, laptop); own > 0 || strange < own+5 {
		t.Errorf("four years later the holder has the score %v at home, a stranger %v", own, strange)
	}
	for at := pilotBegin; at < late; at += 30 * dayMicros {
		learn(at, far)
	}
	v := valuesOf(c.seed, &Event{Account: "u", Place: home, Client: phone})
	if known := p.look(late, &v).count[atNetwork]; known != 0 {
		t.Errorf("of the network that the holder left four years ago %v sign-ins are left, want none", known)
	}
}

// TestSalt: the same values are kept under other numbers in another account.
func TestSalt(t *testing.T) {
	t.Parallel()
	c := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16})
	var kept [2]Profile
	for i, account := range []string{"a", "b"} {
		e := Event{Account: account, Kind: SignedIn, At: pilotBegin, Place: home, Client: phone}
		kept[i].Learn(&e, c)
	}
	if reflect.DeepEqual(kept[0].places, kept[1].places) || reflect.DeepEqual(kept[0].clients, kept[1].clients) {
		t.Error("two accounts at one place look alike")
	}
}
