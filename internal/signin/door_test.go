package signin

import (
	"fmt"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func at(ip string) access.Client { return access.Client{IP: ip} }

// tried lets somebody try until he is refused, and gives how often he could.
func tried(l *Life, now time.Time, name func(i int) string, known bool, from func(i int) access.Client) int {
	for i := range 1000 {
		if _, ok := l.allow(now, name(i), known, from(i)); !ok {
			return i
		}
	}
	return 1000
}

// A provider whose customers try without end is slowed. The holder who is its
// customer, too, comes in on the device that is known.
func TestTheGuesserIsSlowedAndTheHolderIsNot(t *testing.T) {
	t.Parallel()
	hana := func(int) string { return "hana@example.jp" }
	other := func(i int) string { return fmt.Sprintf("nobody%d@example.jp", i) }
	for _, c := range []struct {
		name string
		who  func(int) string
		from func(int) access.Client
		want int
	}{
		{"one name from one address", hana, func(int) access.Client { return at("192.0.2.7") }, 10},
		{"one name from everywhere", hana, func(i int) access.Client { return at(fmt.Sprintf("10.1.%d.7", i)) }, 50},
		{"all names from one address", other, func(int) access.Client { return at("192.0.2.7") }, 100},
		{"all names from one network", other, func(i int) access.Client { return at(fmt.Sprintf("192.0.2.%d", i%250)) }, 300},
		{"all names from one customer with version 6", other, func(i int) access.Client { return at(fmt.Sprintf("2001:db8:7:%x::1", i)) }, 300},
	} {
		l := &Life{}
		if got := tried(l, noon, c.who, false, c.from); got != c.want {
			t.Errorf("%s: %d tries, want %d", c.name, got, c.want)
		}
		own := c.from(0)
		own.Device = "hana's"
		if _, ok := l.allow(noon, "hana@example.jp", true, own); !ok {
			t.Errorf("%s: the holder is locked out of a known device", c.name)
		}
		if got := tried(l, noon.Add(15*time.Minute), c.who, false, c.from); got != c.want {
			t.Errorf("%s, a quarter of an hour later: %d tries, want %d", c.name, got, c.want)
		}
	}
}

// People who mistype nothing use nothing up, however many of them share an address.
func TestWhoWasRightPaysNothing(t *testing.T) {
	t.Parallel()
	l := &Life{}
	for i := range 500 {
		a, ok := l.allow(noon, fmt.Sprintf("person%d@example.jp", i), false, at("192.0.2.7"))
		if !ok {
			t.Fatalf("person %d is refused", i)
		}
		l.right(a)
	}
}

// Whichever limit it was, and whenever it began, the answer is the same to the second.
func TestTheAnswerDoesNotTellWhichLimitItWas(t *testing.T) {
	t.Parallel()
	if f := fault.Public(errSlowDoor); f.Code != ErrSlow.Code || f.RetryAfter != 15*time.Minute || f.Field != "" {
		t.Errorf("%+v", f)
	}
	for name, l := range map[string]limit{"a name": perName, "an address": perIP, "a network": perNetwork} {
		if l.per != perPair.per {
			t.Errorf("%s is limited for %v, a name from one address for %v: what it says is wrong for one", name, l.per, perPair.per)
		}
	}
}

// A flood of names and networks must not make room for who is at his limit.
func TestAFloodDoesNotForgetAGuesser(t *testing.T) {
	t.Parallel()
	l := &Life{}
	mine := func(int) string { return "hana@example.jp" }
	here := func(int) access.Client { return at("192.0.2.7") }
	tried(l, noon, mine, false, here)
	for i := range most + 10_000 {
		l.allow(noon.Add(time.Second), fmt.Sprintf("n%d@example.jp", i), false, at(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
	}
	if got := tried(l, noon.Add(time.Minute), mine, false, here); got != 0 {
		t.Errorf("after a flood he has %d tries again", got)
	}
	if len(l.tries.seen) > most {
		t.Errorf("%d names are held", len(l.tries.seen))
	}
}
