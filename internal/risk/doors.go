package risk

import "time"

// doors are what was tried lately, by whom and where from: one watch for each
// account, address, network, device and pattern (a network with one user agent)
// that failed or succeeded, as many as there is room for. The longest untouched
// make room, so a flood costs memory that was set aside and no more.
type doors struct {
	accounts, addresses, networks, devices, patterns, clusters watches
	site                                                       watch
	calm                                                       calm
}

func newDoors(sources int) doors {
	d := doors{networks: newWatches(sources / 4)} // there are fewer of them
	for _, w := range []*watches{&d.accounts, &d.addresses, &d.devices, &d.patterns, &d.clusters} {
		*w = newWatches(sources)
	}
	return d
}

const (
	tick   = int64(5 * time.Minute / time.Microsecond) // of a ring
	ring   = 12                                        // ticks: an hour
	people = 24                                        // accounts told apart in one watch
	spots  = 8                                         // addresses told apart in one watch
)

// watch is what happened at one door in the last hour, and who was seen there
// in the last day.
type watch struct {
	Key     uint64
	Last    int64 // when it was last touched
	Alarmed int64 // when an attack was last seen here; 0 if never
	Ring    [ring]counts
	Now     int64 // number of the newest tick in the ring
	People  [people]seen
	Spots   [spots]seen
}

// counts are what happened within one tick.
type counts struct{ Failed, Unknown, Passed, Refused uint16 }

// seen is one account or address at a door.
type seen struct {
	Who    uint32
	Tries  uint8 // failures within the last quarter of an hour
	Passed bool  // a sign-in succeeded within the day
	Tick   uint32
}

// roll brings the ring to the time of an event. An event of the past is counted
// in the newest tick: it was heard of now.
func (w *watch) roll(at int64) {
	t := at / tick
	if t-w.Now >= ring {
		w.Ring, w.Now = [ring]counts{}, t
	}
	for w.Now < t {
		w.Now++
		w.Ring[w.Now%ring] = counts{}
	}
	w.Last = max(w.Last, at)
}

// sum adds the last ticks up, as seen at a time.
func (w *watch) sum(at int64, ticks int64) (c counts) {
	t := max(at/tick, w.Now)
	for i := range ticks {
		if t-i > w.Now || t-i <= w.Now-ring || t-i < 0 {
			continue
		}
		r := &w.Ring[(t-i)%ring]
		c.Failed = clamp(c.Failed, r.Failed)
		c.Unknown = clamp(c.Unknown, r.Unknown)
		c.Passed = clamp(c.Passed, r.Passed)
		c.Refused = clamp(c.Refused, r.Refused)
	}
	return c
}

func clamp(a, b uint16) uint16 { return uint16(min(uint32(a)+uint32(b), 1<<16-1)) }

// quarter and day are how long somebody counts as seen, in ticks.
const (
	quarter  = 3
	dayTicks = 288
)

// meet notes an account or address in a watch; the one longest unseen makes room.
func meet(list []seen, who uint32, at int64, passed bool) {
	if who == 0 {
		return
	}
	now, old := uint32(at/tick), 0
	for i := range list {
		s := &list[i]
		if s.Who == who {
			if now > s.Tick+quarter {
				s.Tries = 0
			}
			if now > s.Tick+dayTicks {
				s.Passed = false
			}
			s.note(now, passed)
			return
		}
		if s.Tick < list[old].Tick {
			old = i
		}
	}
	list[old] = seen{Who: who}
	list[old].note(now, passed)
}

func (s *seen) note(now uint32, passed bool) {
	s.Tick = max(s.Tick, now)
	s.Passed = s.Passed || passed
	if !passed && s.Tries < 255 {
		s.Tries++
	}
}

// crowd is who was seen at a door.
type crowd struct {
	failed  int // with failures in the last quarter of an hour
	few     int // of those, with at most two
	tries   int // their failures
	passed  int // with a success within the day
	present int // seen at all within the day
}

func gather(list []seen, at int64) (c crowd) {
	now := at / tick
	for i := range list {
		s := &list[i]
		if s.Who == 0 || now-int64(s.Tick) > dayTicks {
			continue
		}
		c.present++
		if s.Passed {
			c.passed++
		}
		if s.Tries > 0 && now-int64(s.Tick) <= quarter {
			c.failed++
			c.tries += int(s.Tries)
			if s.Tries <= 2 {
				c.few++
			}
		}
	}
	return c
}

// watches are a table of watches in rows of four. Their heads have what is asked most once
// more, close together: most look-ups find nothing or nothing alarming, and need not
// touch the watches.
type watches struct {
	Rows  [][4]watch
	heads [][4]head
}

// head is the key of a watch, and in seconds when an attack was last seen there and
// when a prompt was last refused; 0 if never.
type head struct {
	key              uint64
	alarmed, refused uint32
}

func newWatches(entries int) watches {
	rows := 1
	for rows*4 < entries {
		rows *= 2
	}
	return watches{make([][4]watch, rows), make([][4]head, rows)}
}

// row is where a key belongs.
func (t *watches) row(key uint64) uint64 { return mix(key, 1) & uint64(len(t.Rows)-1) }

func (t *watches) find(key uint64) *watch {
	w, _ := t.look(key)
	return w
}

// look finds a watch, and its head.
func (t *watches) look(key uint64) (*watch, *head) {
	if key == 0 || len(t.Rows) == 0 {
		return nil, nil
	}
	row := t.row(key)
	for i := range &t.heads[row] {
		if h := &t.heads[row][i]; h.key == key {
			return &t.Rows[row][i], h
		}
	}
	return nil, nil
}

// at finds the watch of a key or makes one, and rolls it.
func (t *watches) at(key uint64, at int64) (*watch, *head) {
	w, h := t.look(key)
	if w == nil {
		row, old := t.row(key), 0
		r := &t.Rows[row]
		for i := range r {
			if r[i].Last < r[old].Last {
				old = i
			}
		}
		w = &r[old]
		*w = watch{Key: key, Now: at / tick}
		h = &t.heads[row][old]
		*h = head{key: key}
	}
	w.roll(at)
	return w, h
}

// alarm notes that an attack is seen.
func (h *head) alarm(w *watch, at int64) {
	w.Alarmed = max(w.Alarmed, at)
	h.alarmed = seconds(w.Alarmed)
}

// calm is what the site is like on ordinary days: how much fails and passes in
// an hour, forgotten with a half-life of three days.
type calm struct {
	Failed, Passed float64 // per tick
	Ticks          float64 // how many it is based on, at most a week's
}

func (k *calm) take(c counts) {
	k.Ticks = min(k.Ticks+1, 864)
	k.Failed += (float64(c.Failed) - k.Failed) / k.Ticks
	k.Passed += (float64(c.Passed) - k.Passed) / k.Ticks
}

// observe counts an event at its doors, and raises their alarms.
func (d *doors) observe(e *Event, v *values) {
	if e.Kind != SignedIn && e.Kind != SignInFailed && e.Kind != PromptRefused {
		return
	}
	passed := e.Kind == SignedIn
	who := uint32(v.account)
	if now := e.At / tick; now > d.site.Now && d.site.Now > 0 && now-d.site.Now < dayTicks {
		d.calm.take(d.site.Ring[d.site.Now%ring])
	}
	d.site.roll(e.At)
	d.site.tell(e)
	for _, x := range d.doorsOf(v, e) {
		if x.key == 0 {
			continue
		}
		w, h := x.table.at(x.key, e.At)
		w.tell(e)
		if e.Kind == PromptRefused {
			h.refused = max(h.refused, seconds(e.At))
			continue
		}
		meet(w.People[:], who|1, e.At, passed)
		meet(w.Spots[:], uint32(v.address), e.At, passed)
		if !passed && x.shape(w, e.At, false) != "" {
			h.alarm(w, e.At)
		}
	}
}

// tell counts an event in the newest tick.
func (w *watch) tell(e *Event) {
	c := &w.Ring[w.Now%ring]
	switch {
	case e.Kind == SignedIn:
		c.Passed = clamp(c.Passed, 1)
	case e.Kind == PromptRefused:
		c.Refused = clamp(c.Refused, 1)
	default:
		c.Failed = clamp(c.Failed, 1)
		if e.Marks&NameUnknown != 0 {
			c.Unknown = clamp(c.Unknown, 1)
		}
	}
}

// door is one watch that an event concerns, and the shape of an attack there.
type door struct {
	table *watches
	key   uint64
	shape func(w *watch, at int64, failing bool) Signal
}

// doorsOf lists the doors of an event. A name that is no account has no watch of
// its own: there are more such names than memory.
func (d *doors) doorsOf(v *values, e *Event) [5]door {
	account := v.account
	if e.Marks&NameUnknown != 0 {
		account = 0
	}
	var pattern uint64
	if v.network != 0 && v.agent != 0 {
		pattern = mix(v.network, v.agent)
	}
	return [5]door{
		{&d.accounts, account, accountShape},
		{&d.addresses, v.address, addressShape},
		{&d.networks, v.network, networkShape},
		{&d.devices, v.shown, deviceShape},
		{&d.patterns, pattern, patternShape},
	}
}
