package risk

import (
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"math"
	"slices"
)

// Profiles, lessons and counters outlive the program: whoever keeps them writes
// them down as they are and plays what happened since again. All rest on the
// seed of the counters; under another one they say nothing.

// ErrKept says that bytes are no profile or lesson, or of another version.
var ErrKept = errors.New("risk: these bytes are no profile or lesson of this version")

// packing is a row of numbers, written or read in the same order. One function
// per type goes through its fields, so that reading cannot differ from writing.
type packing struct {
	bytes   []byte
	reading bool
	short   bool // there were not enough bytes
}

func (k *packing) number(size int, n uint64) uint64 {
	if !k.reading {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], n)
		k.bytes = append(k.bytes, b[:size]...)
		return n
	}
	if len(k.bytes) < size {
		k.short = true
		return 0
	}
	var b [8]byte
	copy(b[:], k.bytes[:size])
	k.bytes = k.bytes[size:]
	return binary.LittleEndian.Uint64(b[:])
}

func (k *packing) u8(n *uint8)   { *n = uint8(k.number(1, uint64(*n))) }
func (k *packing) u16(n *uint16) { *n = uint16(k.number(2, uint64(*n))) }
func (k *packing) u32(n *uint32) { *n = uint32(k.number(4, uint64(*n))) }
func (k *packing) u64(n *uint64) { *n = k.number(8, *n) }
func (k *packing) i64(n *int64)  { *n = int64(k.number(8, uint64(*n))) }
func (k *packing) f32(n *float32) {
	*n = math.Float32frombits(uint32(k.number(4, uint64(math.Float32bits(*n)))))
}

func (k *packing) flag(b *bool) {
	var n uint8
	if *b {
		n = 1
	}
	k.u8(&n)
	*b = n != 0
}

// The versions of what is kept. Profiles of the first one had no guests: all that
// they knew is taken for the account's own.
const (
	keptFirst   = 1
	keptVersion = 2
)

func (k *packing) version() (v uint8) {
	v = keptVersion
	k.u8(&v)
	k.short = k.short || v != keptVersion && v != keptFirst
	return v
}

func (k *packing) place(p *place) {
	k.u32(&p.address)
	for _, n := range []*uint16{&p.network, &p.country, &p.count, &p.day} {
		k.u16(n)
	}
}

func (k *packing) client(c *client) {
	k.u32(&c.token)
	for _, n := range []*uint16{&c.agent, &c.browser, &c.os, &c.device, &c.count, &c.day} {
		k.u16(n)
	}
}

func (k *packing) fix(f *fix) {
	k.f32(&f.lat)
	k.f32(&f.lon)
	k.f32(&f.errorKM)
	k.flag(&f.known)
	k.flag(&f.vague)
	k.u16(&f.country)
}

func (k *packing) profile(p *Profile) {
	v := k.version()
	places, clients := uint8(len(p.places)), uint8(len(p.clients))
	k.u8(&places)
	k.u8(&clients)
	if k.reading {
		if k.short || places > mostPlaces || clients > mostClients {
			k.short = true
			return
		}
		if places > 0 {
			p.places = make([]place, places)
		}
		if clients > 0 {
			p.clients = make([]client, clients)
		}
	}
	for i := range p.places {
		k.place(&p.places[i])
	}
	for i := range p.clients {
		k.client(&p.clients[i])
	}
	k.u32(&p.n)
	k.i64(&p.lastAt)
	k.u16(&p.chances)
	for i := range p.news {
		k.u16(&p.news[i])
	}
	for i := range p.hours {
		k.u8(&p.hours[i])
	}
	k.fix(&p.fix)
	k.trail(&p.trail)
	if v > keptFirst {
		k.guests(p)
	}
	p.trim()
}

// guests come last, with the stamp. Each stands on a place and a client.
func (k *packing) guests(p *Profile) {
	k.u32(&p.stamp)
	n := uint8(len(p.guests))
	k.u8(&n)
	if k.reading && (k.short || n > maxGuests) {
		k.short = true
		return
	}
	if k.reading && n > 0 {
		p.guests = make([]guest, n)
	}
	for i := range p.guests {
		g := &p.guests[i]
		k.guest(g)
		k.short = k.short || int(g.place) >= len(p.places) || int(g.client) >= len(p.clients)
	}
}

func (k *packing) guest(g *guest) {
	for _, n := range []*uint8{&g.place, &g.client, &g.count, &g.news} {
		k.u8(n)
	}
	k.u16(&g.since)
	k.u16(&g.day)
}

// Profiles of the first version had room for more.
const (
	mostPlaces  = 40
	mostClients = 18
)

// trim drops what a profile of the first version has too much: the longest unused.
func (p *Profile) trim() {
	byDay := func(a, b uint16) int { return cmp.Compare(b, a) }
	if len(p.places) > maxPlaces {
		slices.SortStableFunc(p.places, func(a, b place) int { return byDay(a.day, b.day) })
		p.places = slices.Clip(p.places[:maxPlaces])
	}
	if len(p.clients) > maxClients {
		slices.SortStableFunc(p.clients, func(a, b client) int { return byDay(a.day, b.day) })
		p.clients = slices.Clip(p.clients[:maxClients])
	}
}

func (k *packing) trail(t *trail) {
	k.f32(&t.carried)
	k.u32(&t.carriedAt)
	k.u32(&t.channelAt)
	k.f32(&t.channelBy)
	k.u8(&t.channels)
	k.flag(&t.denied)
	k.flag(&t.bounced)
	for i := range t.visits {
		v := &t.visits[i]
		k.u32(&v.session)
		k.u32(&v.token)
		k.u16(&v.network)
		k.u16(&v.agent)
		k.u32(&v.at)
		k.f32(&v.risk)
	}
	for i := range t.pointed {
		p := &t.pointed[i]
		k.u32(&p.target)
		k.u32(&p.at)
		k.f32(&p.risk)
	}
}

func (k *packing) lesson(l *Lesson) {
	k.short = k.version() != keptVersion || k.short
	v := &l.values
	for _, n := range []*uint64{
		&v.account, &v.address, &v.block, &v.network, &v.country, &v.agent, &v.browser, &v.os, &v.device,
		&v.shown, &v.given, &v.session, &v.target,
	} {
		k.u64(n)
	}
	k.i64(&l.at)
	k.u32(&l.stamp)
	k.u32(&l.before)
	for _, b := range []*bool{&l.guested, &l.turned, &l.first, &l.chanced, &l.placeAdded, &l.clientAdded, &l.guestAdded} {
		k.flag(b)
	}
	k.u16(&l.news)
	k.u16(&l.own)
	k.place(&l.place)
	k.client(&l.client)
	k.guest(&l.guest)
	for _, n := range []*uint8{&l.placeAt, &l.clientAt, &l.guestAt, &l.hour} {
		k.u8(n)
	}
	k.i64(&l.lastAt)
	k.fix(&l.fix)
}

// MarshalBinary writes a profile down.
func (p *Profile) MarshalBinary() ([]byte, error) {
	k := packing{bytes: make([]byte, 0, 256)}
	k.profile(p)
	return k.bytes, nil
}

// UnmarshalBinary reads it back.
func (p *Profile) UnmarshalBinary(b []byte) error {
	k, read := packing{bytes: b, reading: true}, Profile{}
	k.profile(&read)
	if k.short || len(k.bytes) > 0 {
		return ErrKept
	}
	*p = read
	return nil
}

// MarshalBinary writes a lesson down, to be kept with its event.
func (l *Lesson) MarshalBinary() ([]byte, error) {
	k := packing{bytes: make([]byte, 0, 256)}
	k.lesson(l)
	return k.bytes, nil
}

// UnmarshalBinary reads it back.
func (l *Lesson) UnmarshalBinary(b []byte) error {
	k, read := packing{bytes: b, reading: true}, Lesson{}
	k.lesson(&read)
	if k.short || len(k.bytes) > 0 {
		return ErrKept
	}
	*l = read
	return nil
}

// kept is what counters are written down as: what is in their tables, without
// the empty rows, so that they can be read into tables of another size.
type kept struct {
	SignIns, Accounts, Chances uint64
	News                       []uint64
	Addresses, Agents          []entry
	Census                     []map[uint64]tally
	Doors                      [6][]watch
	Site                       watch
	Calm                       calm
}

// Save writes the counters down.
func (c *Counters) Save(out io.Writer) error {
	k := kept{SignIns: c.SignIns, Accounts: c.Accounts, Chances: c.chances, News: c.news[:], Site: c.doors.site, Calm: c.doors.calm}
	k.Addresses, k.Agents = c.addresses.entries(), c.agents.entries()
	for i := range c.census {
		k.Census = append(k.Census, c.census[i].Counts)
	}
	for i, t := range c.doors.tables() {
		k.Doors[i] = t.entries()
	}
	return gob.NewEncoder(out).Encode(k)
}

// Load reads what Save wrote into new counters of the same seed.
func (c *Counters) Load(in io.Reader) error {
	var k kept
	if err := gob.NewDecoder(in).Decode(&k); err != nil {
		return err
	}
	c.SignIns, c.Accounts, c.chances, c.doors.site, c.doors.calm = k.SignIns, k.Accounts, k.Chances, k.Site, k.Calm
	copy(c.news[:], k.News)
	c.addresses.load(k.Addresses)
	c.agents.load(k.Agents)
	for i := range min(len(k.Census), len(c.census)) {
		for value, t := range k.Census[i] {
			if len(c.census[i].Counts) < c.census[i].Most {
				c.census[i].Counts[value] = t
			}
		}
	}
	for i, t := range c.doors.tables() {
		t.load(k.Doors[i])
	}
	return nil
}

func (t *popular) entries() (list []entry) {
	for i := range t.Rows {
		for _, e := range t.Rows[i] {
			if e.Key != 0 {
				list = append(list, e)
			}
		}
	}
	return list
}

// load puts entries where they belong; in a smaller table the rarest give way.
func (t *popular) load(list []entry) {
	for _, e := range list {
		r := t.row(e.Key)
		at := &r[0]
		for i := range r {
			if r[i].Count < at.Count {
				at = &r[i]
			}
		}
		if at.Count < e.Count {
			*at = e
		}
	}
}

func (t *watches) entries() (list []watch) {
	for i := range t.Rows {
		for _, w := range t.Rows[i] {
			if w.Key != 0 {
				list = append(list, w)
			}
		}
	}
	return list
}

func (t *watches) load(list []watch) {
	for _, w := range list {
		at, h := t.at(w.Key, w.Last)
		*at = w
		h.alarm(at, w.Alarmed)
		if w.sum(w.Last, ring).Refused > 0 {
			h.refused = seconds(w.Last)
		}
	}
}

func (d *doors) tables() [6]*watches {
	return [6]*watches{&d.accounts, &d.addresses, &d.networks, &d.devices, &d.patterns, &d.clusters}
}
