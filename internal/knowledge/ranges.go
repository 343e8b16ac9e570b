package knowledge

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// number is an address as a number: hi is zero for IPv4.
type number struct{ hi, lo uint64 }

func numberOf(a netip.Addr) number {
	if a.Is4() {
		b := a.As4()
		return number{0, uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return number{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (n number) compare(o number) int {
	return cmp.Or(cmp.Compare(n.hi, o.hi), cmp.Compare(n.lo, o.lo))
}

func (n number) next() number {
	n.lo++
	if n.lo == 0 {
		n.hi++
	}
	return n
}

func (n number) before() number {
	if n.lo == 0 {
		n.hi--
	}
	n.lo--
	return n
}

// row is a range of addresses as a line of a file has it.
type row struct {
	from, to number
	value    uint32 // index of what is known of it
	line     uint32
}

// ranges are sorted and apart from one another.
type ranges[V any] struct {
	four   []span4
	six    []row
	values []V
}

// span4 is a row of IPv4 in a fifth of the space: such tables have half a
// million lines, and what costs is to bring them from memory.
type span4 struct{ from, to, value uint32 }

// find gives what is known of an address; ok is false in a gap.
func (r *ranges[V]) find(a netip.Addr) (v V, ok bool) {
	n := numberOf(a)
	if !a.Is4() {
		after, _ := slices.BinarySearchFunc(r.six, n, func(s row, n number) int {
			if s.from.compare(n) <= 0 {
				return -1
			}
			return 1
		})
		if after == 0 || r.six[after-1].to.compare(n) < 0 {
			return v, false
		}
		return r.values[r.six[after-1].value], true
	}
	// Written out, because this is asked several times at every sign-in: the
	// number of ranges that begin at x or before it.
	x, after, end := uint32(n.lo), 0, len(r.four)
	for after < end {
		if mid := int(uint(after+end) >> 1); r.four[mid].from <= x {
			after = mid + 1
		} else {
			end = mid
		}
	}
	if after == 0 || r.four[after-1].to < x {
		return v, false
	}
	return r.values[r.four[after-1].value], true
}

// knows tells whether there is anything about addresses of this family.
func (r *ranges[V]) knows(a netip.Addr) bool {
	if a.Is4() {
		return len(r.four) > 0
	}
	return len(r.six) > 0
}

// gathering collects rows as they are read.
type gathering[V comparable] struct {
	four, six []row
	values    []V
	index     map[V]uint32
}

func (g *gathering[V]) add(from, to netip.Addr, line int, v V) {
	i, known := g.index[v]
	if !known {
		if g.index == nil {
			g.index = map[V]uint32{}
		}
		i = uint32(len(g.values))
		g.index[v], g.values = i, append(g.values, v)
	}
	r := row{numberOf(from), numberOf(to), i, uint32(min(line, math.MaxUint32))}
	if from.Is4() {
		g.four = append(g.four, r)
	} else {
		g.six = append(g.six, r)
	}
}

// ranges sorts what was gathered. Where ranges lie inside one another the
// narrowest counts, and of equal ones the later line.
func (g *gathering[V]) ranges() (*ranges[V], error) {
	four, err := flatten(g.four)
	if err != nil {
		return nil, err
	}
	out := &ranges[V]{four: make([]span4, len(four)), values: g.values}
	for i, r := range four {
		out.four[i] = span4{uint32(r.from.lo), uint32(r.to.lo), r.value}
	}
	out.six, err = flatten(g.six)
	return out, err
}

// flatten makes of ranges that may lie inside one another ranges that are apart.
func flatten(rows []row) ([]row, error) {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(a.from.compare(b.from), b.to.compare(a.to), cmp.Compare(a.line, b.line))
	})
	var flat, open []row // open are the ranges around the place where we are, the narrowest last
	var at number        // everything before it is written
	write := func(to number, r row) {
		if at.compare(to) > 0 {
			return
		}
		if n := len(flat); n > 0 && flat[n-1].value == r.value && flat[n-1].to.next() == at {
			flat[n-1].to = to
		} else {
			flat = append(flat, row{at, to, r.value, r.line})
		}
		at = to.next()
	}
	closeUntil := func(from *number) {
		for len(open) > 0 {
			top := open[len(open)-1]
			if from != nil && top.to.compare(*from) >= 0 {
				return
			}
			write(top.to, top)
			open = open[:len(open)-1]
			if at == (number{}) {
				open = nil // that was the last address there is
			}
		}
	}
	for _, r := range rows {
		closeUntil(&r.from)
		if n := len(open); n > 0 {
			around := open[n-1]
			if r.to.compare(around.to) > 0 {
				return nil, fmt.Errorf("line %d: its range overlaps that of line %d, and neither lies inside the other", max(r.line, around.line), min(r.line, around.line))
			}
			if r.from.compare(at) > 0 {
				write(r.from.before(), around)
			}
		}
		at = r.from
		open = append(open, r)
	}
	closeUntil(nil)
	return slices.Clip(flat), nil
}

// union makes of ranges that may overlap ranges that are apart, for lists, on
// which a range says nothing but that it is there.
func union(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return a.from.compare(b.from) })
	flat := rows[:0]
	for _, r := range rows {
		if n := len(flat); n > 0 && (r.from.compare(flat[n-1].to) <= 0 || flat[n-1].to.next() == r.from) {
			if r.to.compare(flat[n-1].to) > 0 {
				flat[n-1].to = r.to
			}
			continue
		}
		flat = append(flat, r)
	}
	return flat
}
