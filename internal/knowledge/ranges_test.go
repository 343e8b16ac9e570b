package knowledge

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOfRangesInsideOneAnotherTheNarrowestCounts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"10.0.0.0/8,AA\n10.1.0.0/16,BB\n10.1.2.0/24,CC\n10.1.2.3,DD\n255.255.255.255,EE\n2001:db8::/32,FF\nffff:ffff:ffff:ffff::/64,GG\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,HH\n",
		"10.1.2.3,DD\n10.1.2.0/24,CC\n255.255.255.255,EE\n10.1.0.0/16,BB\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,HH\n2001:db8::/32,FF\n10.0.0.0/8,AA\nffff:ffff:ffff:ffff::/64,GG\n",
	} {
		r, err := readPlaces(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for address, want := range map[string]string{
			"9.255.255.255": "", "10.0.0.0": "AA", "10.0.255.255": "AA", "10.1.0.0": "BB", "10.1.1.255": "BB", "10.1.2.0": "CC", "10.1.2.2": "CC", "10.1.2.3": "DD", "10.1.2.4": "CC",
			"10.1.2.255": "CC", "10.1.3.0": "BB", "10.2.0.0": "AA", "10.255.255.255": "AA", "11.0.0.0": "", "255.255.255.254": "", "255.255.255.255": "EE",
			"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff": "", "2001:db8::": "FF", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff": "FF", "2001:db9::": "",
			"ffff:ffff:ffff:ffff::1": "GG", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe": "GG", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "HH", "::": "",
		} {
			if got, ok := r.find(netip.MustParseAddr(address)); got.country != want || ok != (want != "") {
				t.Errorf("%s: %q %v, want %q", address, got.country, ok, want)
			}
		}
	}
}

// slow is a table of the plainest kind: every row is looked at.
func slow(rows []row, n number) (value uint32, ok bool) {
	var best row
	for _, r := range rows {
		if r.from.compare(n) > 0 || r.to.compare(n) < 0 {
			continue
		}
		inside := r.from.compare(best.from) >= 0 && r.to.compare(best.to) <= 0
		if !ok || inside && (r.from != best.from || r.to != best.to || r.line > best.line) {
			best, ok = r, true
		}
	}
	return best.value, ok
}

func TestRangesSayWhatLookingAtEveryRowSays(t *testing.T) {
	t.Parallel()
	const space = 64 // addresses, so that all can be asked
	rapid.Check(t, func(t *rapid.T) {
		var rows []row
		for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
			bits := rapid.IntRange(0, 6).Draw(t, "bits")
			at := uint64(rapid.IntRange(0, space-1).Draw(t, "at")) >> bits << bits
			base := number{}
			if rapid.Bool().Draw(t, "at the end") {
				base = number{^uint64(0), ^uint64(0) - (space - 1)}
			}
			rows = append(rows, row{number{base.hi, base.lo + at}, number{base.hi, base.lo + at + 1<<bits - 1}, uint32(rapid.IntRange(0, 3).Draw(t, "value")), uint32(i + 1)})
		}
		flat, err := flatten(append([]row(nil), rows...))
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(space) {
			for _, n := range []number{{0, i}, {^uint64(0), ^uint64(0) - i}} {
				want, listed := slow(rows, n)
				got, ok := within(flat, n)
				if got != want || ok != listed {
					t.Fatalf("%v: %d %v, want %d %v", n, got, ok, want, listed)
				}
			}
		}
		listed := union(append([]row(nil), rows...))
		for i := 1; i < len(listed); i++ {
			if listed[i-1].to.next().compare(listed[i].from) >= 0 {
				t.Fatalf("%v and %v touch", listed[i-1], listed[i])
			}
		}
	})
}

func within(flat []row, n number) (uint32, bool) {
	for _, r := range flat {
		if r.from.compare(n) <= 0 && r.to.compare(n) >= 0 {
			return r.value, true
		}
	}
	return 0, false
}

func TestRangesThatCrossAreRefused(t *testing.T) {
	t.Parallel()
	_, err := readPlaces(strings.NewReader("10.0.0.0,10.0.0.9,JP\n192.0.2.0,192.0.2.255,JP\n10.0.0.5,10.0.0.20,GB\n"))
	if err == nil || !strings.Contains(err.Error(), "line 3") || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v", err)
	}
}
