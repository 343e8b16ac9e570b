package trial

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"takeback/internal/draw"
)

// Making says what Generate makes.
type Making struct {
	Users   int
	Seed    uint64
	Attacks float64 // takeovers of each kind per later sign-in
	Flood   float64 // how many times as many tries of strangers as published; 1 if zero

	Rows   io.Writer
	Truth  io.Writer // nil if not wanted: index, kind and depth of what is not ordinary
	Events io.Writer // nil if not wanted: all rows and what follows them, as JSON lines
}

// The time of the data set.
var (
	begin = time.Date(2020, 2, 3, 12, 43, 30, 0, time.UTC)
	end   = time.Date(2021, 2, 28, 12, 0, 0, 0, time.UTC)
)

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// Generate writes a file in the shape of the public data set, from published
// marginals, and tells how close each came. The same making gives the same bytes.
func Generate(m Making) ([]Marginal, error) {
	if m.Users < 1 || m.Users > 50_000_000 {
		return nil, fmt.Errorf("users: %d is not between 1 and 50,000,000", m.Users)
	}
	if !(m.Attacks >= 0 && m.Attacks <= 1) {
		return nil, fmt.Errorf("attacks: %v is no share between 0 and 1", m.Attacks)
	}
	t := newTally()
	all := make([]attempt, 0, 10*m.Users)
	keep := func(a attempt) {
		a.at = max(0, a.at)
		all = append(all, a)
		t.draw(a)
	}
	span := end.Sub(begin).Milliseconds()
	for u := range m.Users {
		live(throw(m.Seed, 1, uint64(u)), uint32(u), span, m.Attacks, keep)
		t.drawn()
	}
	all = strangers(throw(m.Seed, 2, 0), m, span, t, all)
	slices.SortFunc(all, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.user, b.user), cmp.Compare(a.depth, b.depth), cmp.Compare(a.kind, b.kind))
	})
	if err := m.write(all, t); err != nil {
		return nil, err
	}
	return t.marginals(), nil
}

// strangers are the tries of everybody else: on names that do not exist, and on
// existing ones until the published share of failures is reached. They come from
// where the published shares of countries still lack attempts.
func strangers(d dice, m Making, span int64, t *tally, all []attempt) []attempt {
	rows := float64(t.logins) / successShare
	onNames := int(existingShare*(rows-float64(t.logins))) - t.failed[0]
	nobody := int(nobodyShare * rows)
	var from [len(countryNames)]float64
	for _, a := range all {
		if !a.kind.intruder() {
			from[a.place.country]--
		}
	}
	rest := 1.0
	for _, target := range attemptsFrom {
		rest -= target
	}
	others := draw.Zipf(len(countryNames)-len(attemptsFrom), 0.5)
	for i := range from {
		target := 0.0
		if i < len(attemptsFrom) {
			target = attemptsFrom[i]
		} else {
			target = rest * others.Of(i-len(attemptsFrom))
		}
		// The holders alone may be more than the published share: some of the
		// strangers are at home there all the same.
		from[i] = math.Max(target*rows+from[i], target*rows*0.05)
	}
	countries := draw.Weights(from[:]...)
	flood := cmp.Or(m.Flood, 1)
	onNames, nobody = int(flood*float64(max(0, onNames))), int(flood*float64(nobody))
	for i := range onNames + nobody {
		a := attempt{at: d.Int64N(span), failed: true, nobody: i >= onNames, user: uint32(d.IntN(m.Users))}
		a.place, a.client = d.placeIn(d.pick(countries)), d.client()
		for listed := d.with(listedStranger); a.place.listed() != listed; {
			a.place = d.placeIn(int(a.place.country))
		}
		all = append(all, a)
	}
	return all
}

// write writes everything in the order of time.
func (m Making) write(all []attempt, t *tally) error {
	rows, err := NewWriter(m.Rows)
	if err != nil {
		return err
	}
	s := &scribe{making: m, names: map[client]names{}, catalogue: newCatalogue()}
	truth := newTruthWriter(m.Truth)
	events := newAfterwards(m)
	index, without := 0, 0
	for _, a := range all {
		id := strconv.Itoa(index)
		if a.kind == stolen {
			id = "x" + strconv.Itoa(without)
			without++
		} else {
			index++
		}
		row := s.row(a, id)
		if a.kind != ordinary && !a.failed {
			truth.write(id, a)
		}
		if err := events.follow(a, id, row); err != nil {
			return err
		}
		if a.kind == stolen {
			continue
		}
		if !a.kind.intruder() {
			t.wrote(a, row)
		}
		if err := rows.Write(row); err != nil {
			return err
		}
	}
	if err := truth.flush(); err != nil {
		return err
	}
	if err := events.end(); err != nil {
		return err
	}
	return rows.Flush()
}

// scribe puts attempts into rows.
type scribe struct {
	making    Making
	catalogue *catalogue
	names     map[client]names
	one       Row
	address   []byte
}

func (s *scribe) row(a attempt, id string) *Row {
	n, ok := s.names[a.client]
	if !ok {
		n = s.catalogue.of(a.client)
		s.names[a.client] = n
	}
	d := draw.Mix(s.making.Seed<<40 ^ uint64(a.at)<<8 ^ uint64(a.user))
	s.address = a.place.appendAddress(s.address[:0])
	region := a.place.region()
	s.one = Row{
		Index: []byte(id), At: begin.Add(millis(a.at)), User: []byte(s.making.account(a)),
		Address: s.address, Country: []byte(countryNames[a.place.country]), Region: []byte(region[0]), City: []byte(region[1]),
		Network: a.place.asn(), Agent: []byte(n.agent), Browser: []byte(n.browser), System: []byte(n.system), Device: []byte(deviceNames[a.client.device]),
		Success: !a.failed, Listed: a.place.listed(), Takeover: a.kind.intruder() && !a.failed,
	}
	if float64(d%1000)/1000 < roundTripShare {
		s.one.RoundTrip = strconv.AppendInt(nil, int64(20+d/1000%1500), 10)
		s.one.RoundTrip = append(s.one.RoundTrip, ".0"...)
	}
	return &s.one
}

// account is the user id of the data set's kind: any 64 bits, with a sign.
func (m Making) account(a attempt) string {
	if a.nobody {
		return UnknownNames
	}
	return strconv.FormatInt(int64(draw.Mix(m.Seed<<32^uint64(a.user))), 10)
}
