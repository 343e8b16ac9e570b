package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// made is a small file with everything that belongs to it.
type made struct {
	rows, truth, events string
	marginals           map[string]Marginal
}

func generate(t testing.TB, users int, seed uint64, attacks float64) made {
	t.Helper()
	var rows, truth, events bytes.Buffer
	all, err := Generate(Making{Users: users, Seed: seed, Attacks: attacks, Rows: &rows, Truth: &truth, Events: &events})
	if err != nil {
		t.Fatal(err)
	}
	m := made{rows.String(), truth.String(), events.String(), map[string]Marginal{}}
	for _, x := range all {
		m.marginals[x.Figure] = x
	}
	return m
}

// each reads all rows of a file that has no broken ones.
func each(t testing.TB, rows string, do func(*Row)) {
	t.Helper()
	r, err := NewReader(strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var row Row
		err := r.Read(&row)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		do(&row)
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	a, b, other := generate(t, 300, 7, 0.1), generate(t, 300, 7, 0.1), generate(t, 300, 8, 0.1)
	if a.rows != b.rows || a.truth != b.truth || a.events != b.events {
		t.Error("two files of the same seed differ")
	}
	if a.rows == other.rows {
		t.Error("two seeds give the same file")
	}
}

func TestMarginalsComeOutAsPublished(t *testing.T) {
	m := generate(t, 4_000, 1, 0.05)
	for figure, most := range map[string]float64{ // how far off each may be
		"sign-ins per account, mean": 0.08, "… median": 0, "… 90 of 100": 0.12, "… 99 of 100": 0.12, "… one only": 0.05, "… ten or more": 0.08,
		"address seen before": 0.12, "network seen before": 0.04, "country seen before": 0.03, "browser seen before": 0.05,
		"OS seen before": 0.03, "device type seen before": 0.05,
		"failures before a success: holders": 0.08, "… intruders": 0.12,
		"rows that succeed": 0.01, "rows on unknown names": 0.01, "failures on known names": 0.02,
		"rows from listed addresses": 0.05, "takeovers from listed addresses": 0.03, "rows with a round-trip time": 0.05,
		"mobile": 0.04, "mobile Android": 0.05, "mobile iOS": 0.08, "desktop Windows": 0.05,
		"Chrome": 0.05, "Safari": 0.08, "Edge": 0.25, "Firefox": 0.25,
		"rows from NO": 0.16, "rows from US": 0.15,
	} {
		x, ok := m.marginals[figure]
		if off := math.Abs(x.Got/x.Target - 1); !ok || off > most {
			t.Errorf("%s: got %.4f for %.4f, off by %.3f, more than %.2f", figure, x.Got, x.Target, off, most)
		}
	}
}

func TestRowsAreOfTheSetsKind(t *testing.T) {
	m := generate(t, 1_000, 3, 0.05)
	var last time.Time
	index, listed := 0, map[string]bool{}
	each(t, m.rows, func(r *Row) {
		if r.At.Before(last) {
			t.Fatalf("row %s is earlier than the one before", r.Index)
		}
		last = r.At
		if n := digits(r.Index); n != index {
			t.Fatalf("row %d has the index %s", index, r.Index)
		}
		index++
		if was, known := listed[string(r.Address)]; known && was != r.Listed {
			t.Fatalf("the address %s carries both labels", r.Address)
		}
		listed[string(r.Address)] = r.Listed
		if artificial := r.Network >= 500_000; artificial != bytes.HasPrefix(r.Address, []byte("10.")) {
			t.Fatalf("network %d has the address %s", r.Network, r.Address)
		}
		if r.Takeover && !r.Success || r.Success && string(r.User) == UnknownNames {
			t.Fatalf("row %s: takeover %v, nobody %v, success %v", r.Index, r.Takeover, string(r.User) == UnknownNames, r.Success)
		}
	})
}

func TestTheTruthNamesEveryTakeover(t *testing.T) {
	m := generate(t, 1_500, 2, 0.05)
	kinds, err := ReadTruth(strings.NewReader(m.truth))
	if err != nil {
		t.Fatal(err)
	}
	intruders := []string{"naive", "vpn", "resproxy", "targeted", "cloned"}
	seen := map[string]int{}
	for _, k := range kinds {
		seen[k]++
	}
	for k := travel; k < allKinds; k++ {
		if seen[k.String()] == 0 {
			t.Errorf("there is no %s", k)
		}
	}
	each(t, m.rows, func(r *Row) {
		if got := slices.Contains(intruders, kinds[string(r.Index)]); got != r.Takeover {
			t.Fatalf("row %s is marked %v and is %q", r.Index, r.Takeover, kinds[string(r.Index)])
		}
	})
}

func TestIntrudersAreWhatTheirKindSays(t *testing.T) {
	d := throw(1, 9, 9)
	l := &life{dice: d, country: 4, emit: func(attempt) {}}
	l.know(place{4, 2, 77}, client{1, 3, 5, 7})
	for range 2_000 {
		p, _ := l.intrude(vpn)
		if p.country != 4 || p.network < leastPopular {
			t.Fatalf("a VPN of another country or of a popular network: %+v", p)
		}
		if p, _ = l.intrude(resproxy); p.country != 4 {
			t.Fatalf("a residential proxy of another country: %+v", p)
		}
		p, c := l.intrude(targeted)
		if p.country != 4 || c.device != 1 || c.system != 3 {
			t.Fatalf("a targeted attack with another system: %+v %+v", p, c)
		}
		if p, c = l.intrude(cloned); !p.inNetwork(l.last) || c != l.recent {
			t.Fatalf("a clone from elsewhere or with something else: %+v %+v", p, c)
		}
	}
}

func TestWhatFollowsIsInOrderAndInItsSession(t *testing.T) {
	m := generate(t, 600, 4, 0.05)
	var last time.Time
	opened, ids := map[string]string{}, map[string]bool{}
	count := map[string]int{}
	for line := range strings.Lines(m.events) {
		var e outside
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.At.Before(last) {
			t.Fatalf("%s is earlier than the event before", e.ID)
		}
		last = e.At
		if ids[e.ID] {
			t.Fatalf("the id %s comes twice", e.ID)
		}
		ids[e.ID] = true
		count[e.Kind]++
		switch e.Kind {
		case "sign-in":
			opened[e.Session] = e.Account
		case "sign-in-failed", "holder-denied":
		default:
			if opened[e.Session] != e.Account {
				t.Fatalf("%s (%s) is in the session %q of %q, not of %q", e.ID, e.Kind, e.Session, opened[e.Session], e.Account)
			}
		}
	}
	for _, kind := range []string{"email-changed", "password-changed", "notice-changed", "address-added", "payout-changed", "order-placed", "seen", "holder-denied"} {
		if count[kind] == 0 {
			t.Errorf("nothing of the kind %s happens", kind)
		}
	}
}

func TestHalfOfTheIntrudersActWithinThreeMinutes(t *testing.T) {
	const n = 20_000
	s, d := newAfterwards(Making{Users: 1, Events: io.Discard}), throw(1, 9, 1)
	var minutes []float64
	for range n {
		s.waiting = s.waiting[:0]
		s.takeOver(d, attempt{kind: naive}, outside{ID: "r1"})
		minutes = append(minutes, float64(s.waiting[0].at)/60_000) // the first to come is on top
	}
	slices.Sort(minutes)
	late, _ := slices.BinarySearch(minutes, 20)
	if median := minutes[n/2]; math.Abs(median-3) > 0.2 {
		t.Errorf("the median is %.2f minutes, not 3", median)
	}
	if share := 1 - float64(late)/n; math.Abs(share-0.2) > 0.01 {
		t.Errorf("%.3f take more than 20 minutes, not 0.2", share)
	}
}

func TestAMakingOutOfBoundsIsRefused(t *testing.T) {
	for _, m := range []Making{{Users: 0}, {Users: -1}, {Users: 1 << 40}, {Users: 5, Attacks: -1}, {Users: 5, Attacks: math.NaN()}, {Users: 5, Attacks: 2}} {
		m.Rows = io.Discard
		if _, err := Generate(m); err == nil {
			t.Errorf("%d users with %v attacks are made", m.Users, m.Attacks)
		}
	}
}
