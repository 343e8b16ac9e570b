package risk

import (
	"math"
	"net/netip"
	"testing"
)

// TestFreemanByHand computes every part of the published formula by hand.
//
// Four sign-ins, N = 4, of two users, |U| = 2:
//
//	u1  A (AS1, NO)  X (browser Bx, system O, type T)   twice
//	u2  B (AS1, NO)  Y (browser By, system O, type T)
//	u2  C (AS2, SE)  X
//
// Coarser values: 2 networks and 2 countries, so M = 1+2+2 = 5 for addresses;
// 2 browsers, 1 system, 1 type, so M = 1+2+1+1 = 5 for agents.
func TestFreemanByHand(t *testing.T) {
	t.Parallel()
	const wx, wb, wo, wt = 0.5386653840551359, 0.2680451498625666, 0.18818295100109536, 0.0051065150812021525
	place := func(last byte, network uint32, country string) Place {
		return Place{Address: netip.AddrFrom4([4]byte{10, 0, last, last}), Network: network, Country: country}
	}
	a, b, s := place(1, 1, "NO"), place(2, 1, "NO"), place(3, 2, "SE")
	x, y := Client{"X", "Bx", "O", "T"}, Client{"Y", "By", "O", "T"}
	c := NewCounters(5, Sizes{})
	users := map[string]*Profile{"u1": {}, "u2": {}}
	for _, r := range []struct {
		user   string
		place  Place
		client Client
	}{{"u1", a, x}, {"u1", a, x}, {"u2", b, y}, {"u2", s, x}} {
		e := Event{Account: r.user, Kind: SignedIn, At: pilotBegin, Place: r.place, Client: r.client}
		l, _ := users[r.user].Learn(&e, c)
		c.Learn(l)
	}
	tests := []struct {
		name   string
		place  Place
		client Client
		want   float64 // p(address)/p(address|u1) · p(agent)/p(agent|u1) · p(u|A)/p(u|L)
	}{
		// u1 has n = 2 of N = 4 sign-ins: p(u|A)/p(u|L) = (1/2)/(2/4) = 1 in every row.
		//
		// B, seen once: 1/4·(1 − 5/(4+5)) = 1/9; within B there are AS1 and NO, M' = 3,
		// so times 1 − 3/(1+3) = 1/4: 1/36. AS1 and NO have 3 of 4.
		// u1: never B, always AS1 and NO: .3 + .1.
		// X, seen three times: 3/4·4/9 = 1/3; within X Bx, O, T, M' = 4: times 1 − 4/(3+4) = 3/7: 1/7.
		// Bx has 3 of 4, O and T all. u1: all of it, so 1.
		{"the neighbour's address", b, x, (.6/36 + .3*.75 + .1*.75) / (.3 + .1) * (wx/7 + wb*.75 + wo + wt)},
		// A, seen twice: 2/4·4/9 = 2/9, times 1 − 3/(2+3) = 2/5: 4/45. u1: all of it, so 1.
		// Y, seen once: 1/4·4/9 = 1/9, times 1 − 4/(1+4) = 1/5: 1/45; By has 1 of 4. u1: O and T only.
		{"the neighbour's browser", a, y, (.6*4/45 + .3*.75 + .1*.75) * (wx/45 + wb*.25 + wo + wt) / (wo + wt)},
		// Nobody has seen the place: the address alone is smoothed, 1/(4+5), times 1/M' = 1.
		// u1 has nothing of it: the edge case, p/4 in the place of p(x|u), gives 4.
		{"a place nobody has seen", place(9, 9, "BR"), x, 4 * (wx/7 + wb*.75 + wo + wt)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Event{Account: "u1", Kind: SignedIn, At: pilotBegin, Place: tt.place, Client: tt.client}
			if got := math.Exp(Freeman(&e, users["u1"], c)); math.Abs(got-tt.want) > 1e-12 {
				t.Errorf("%.15f, want %.15f", got, tt.want)
			}
		})
	}
	t.Run("a user who signs in more is less likely another", func(t *testing.T) {
		_, _, on := freemanParts(&values{}, &Profile{places: []seat{{count: 3}}}, c, pilotBegin)
		if want := math.Log(.5 / (3. / 4)); math.Abs(on-want) > 1e-12 {
			t.Errorf("%v, want %v", on, want)
		}
	})
}

// seat is place under another name, where a variable has taken it.
type seat = place

// TestFreemanDoesNotForget: Freeman's model is the published one, without our forgetting.
func TestFreemanDoesNotForget(t *testing.T) {
	t.Parallel()
	c, p := NewCounters(5, Sizes{}), &Profile{}
	e := Event{Account: "u", Kind: SignedIn, At: pilotBegin, Place: home, Client: phone}
	l, _ := p.Learn(&e, c)
	c.Learn(l)
	now := Freeman(&e, p, c)
	e.At += 3 * 366 * dayMicros
	if later := Freeman(&e, p, c); later != now {
		t.Errorf("%v three years later, want %v", later, now)
	}
}
