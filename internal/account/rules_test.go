package account

import (
	"slices"
	"testing"
	"time"
)

func TestGoodForRecovery(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var seq int64
	// held is a version of the address that the account signs in with, from and until so many days ago (0: still).
	held := func(address string, from, until float64) Contact {
		seq++
		c := Contact{Slot: "email", Address: address, SetSeq: seq, From: now.Add(-time.Duration(from * float64(day)))}
		c.ConfirmedAt = c.From
		if until > 0 {
			c.Until = now.Add(-time.Duration(until * float64(day)))
		}
		return c
	}
	bad := func(c Contact) Contact {
		c.BadAt = now
		return c
	}
	unconfirmed := func(c Contact) Contact {
		c.ConfirmedAt = time.Time{}
		return c
	}
	for name, c := range map[string]struct {
		all  []Contact
		want []string
	}{
		"the one that was always there":                          {[]Contact{held("a", 90, 0)}, []string{"a"}},
		"a new account's only one":                               {[]Contact{held("a", 0.1, 0)}, []string{"a"}},
		"after a change yesterday, the one of before":            {[]Contact{held("a", 90, 1), held("b", 1, 0)}, []string{"a"}},
		"in a new account, too, the one of before":               {[]Contact{held("a", 2, 1), held("b", 1, 0)}, []string{"a"}},
		"after a change of a month ago, the new one":             {[]Contact{held("a", 90, 31), held("b", 31, 0)}, []string{"b"}},
		"changed twice in a night, the first and no other":       {[]Contact{held("a", 90, 1.1), held("b", 1.1, 1), held("c", 1, 0)}, []string{"a"}},
		"changed back, and not what stood there for a night":     {[]Contact{held("a", 90, 1.1), held("b", 1.1, 1), held("a", 1, 0)}, []string{"a"}},
		"changed back after ten days, and not what stood there":  {[]Contact{held("a", 90, 11), held("b", 11, 1), held("a", 1, 0)}, []string{"a"}},
		"what a case found to be the intruder's, for nothing":    {[]Contact{held("a", 90, 40), bad(held("b", 40, 1)), held("a", 1, 0)}, []string{"a"}},
		"nor if nothing else is left":                            {[]Contact{bad(held("b", 40, 0))}, nil},
		"an address of years ago that came back yesterday waits": {[]Contact{held("a", 900, 400), held("b", 400, 1), held("a", 1, 0)}, []string{"b"}},
		"one that was held for years and changed twice since":    {[]Contact{held("a", 900, 20), held("b", 20, 2), held("c", 2, 0)}, []string{"a", "b"}},
		"one that nobody ever confirmed is none":                 {[]Contact{held("a", 90, 1), unconfirmed(held("b", 1, 0))}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, g := range GoodForRecovery(c.all, now) {
				got = append(got, g.Address)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("good are %v, want %v", got, c.want)
			}
		})
	}
}
