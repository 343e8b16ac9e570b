package risk

import "slices"

// The bounds of what an account is remembered by. Together with the rest of a
// Profile they stay below a kilobyte.
const (
	maxPlaces  = 40
	maxClients = 18
	// halfDays is half a year: what was not used for so long counts half, and what
	// was not used for four times as long is new again.
	halfDays   = 183
	forgetDays = 4 * halfDays
)

// Profile is what one account was like so far. The zero value is an account
// nobody has signed in to. It keeps hashes and counts, neither addresses nor
// agents, and learns from successes alone.
type Profile struct {
	places  []place
	clients []client
	n       uint32 // successes learnt
	lastAt  int64  // of the last of them
	chances uint16 // successes that could have been new somewhere: all but the first
	news    [levels]uint16
	hours   [hourBins]uint8
	fix     fix
	trail   trail
}

// A level is a step of the two hierarchies.
type level uint8

// The levels, finest first in each hierarchy.
const (
	atAddress level = iota
	atBlock
	atNetwork
	atCountry
	atAgent
	atBrowser
	atOS
	atType
	levels
)

// place is where somebody signed in from. Its address holds 16 bits of the block
// and 16 bits of the address, so that one number tells both.
type place struct {
	address          uint32
	network, country uint16
	count, day       uint16 // day since 1970 of the last use
}

// client is what somebody signed in with.
type client struct {
	token              uint32
	agent, browser, os uint16
	device             uint16
	count, day         uint16
}

// fix is a position on the map at the last success.
type fix struct {
	lat, lon, errorKM float32
	known, vague      bool // vague: behind a carrier, relay or proxy, where positions say nothing
	country           uint16
}

const hourBins = 8

// hourBin is the third of a day's twenty-four that an event falls in.
func hourBin(at int64) int { return int(at / (dayMicros / hourBins) % hourBins) }

func day(at int64) uint16 { return uint16(min(max(at/dayMicros, 0), 65535)) }

func placeOf(v *values) place {
	p := place{network: v.short(v.network), country: v.short(v.country)}
	if v.address != 0 {
		p.address = uint32(v.short(v.block))<<16 | uint32(v.short(v.address))
	}
	return p
}

func clientOf(v *values, token uint64) client {
	return client{token: v.long(token), agent: v.short(v.agent), browser: v.short(v.browser), os: v.short(v.os), device: v.short(v.device)}
}

// Lesson is what one success taught a profile and the counters. Keep it with the
// event: with it a success that is disowned later can be un-learnt.
type Lesson struct {
	values     values
	at         int64
	place      place // as matched or added; count and day are those before
	client     client
	lostPlace  place // pushed out to make room; count 0 if none was
	lostClient client
	placeAt    uint8 // where it stood
	clientAt   uint8
	news       uint16 // one bit per level
	first      bool   // it was the first success of the account
	lastAt     int64
	hour       uint8 // count of the hour before
	chanced    bool
	fix        fix
}

// Learn takes a success of the holder into the profile. Whoever calls it answers
// for it that the success was not challenged, or that the challenge was passed,
// and that nobody disowned it; anything but a success teaches nothing.
func (p *Profile) Learn(e *Event, c *Counters) (Lesson, bool) {
	if e.Kind != SignedIn || e.Account == "" || e.At < 0 || e.At > maxTime || e.Marks&NameUnknown != 0 {
		return Lesson{}, false
	}
	v := valuesOf(c.seed, e)
	l := Lesson{values: v, at: e.At, first: p.n == 0, lastAt: p.lastAt, fix: p.fix}
	if p.n > 0 && p.chances < 1<<16-1 {
		l.chanced = true
		p.chances++
		seen := p.look(e.At, &v, true)
		for i := range levels {
			if seen.known[i] && seen.count[i] == 0 {
				l.news |= 1 << i
				p.news[i]++
			}
		}
	}
	token := v.shown
	if v.given != 0 {
		token = v.given
	}
	p.learnPlace(placeOf(&v), day(e.At), &l)
	p.learnClient(clientOf(&v, token), day(e.At), &l)
	p.n++
	h := &p.hours[hourBin(e.At)]
	l.hour = *h
	*h = uint8(min(int(*h)+1, 255))
	if e.At >= p.lastAt {
		p.lastAt, p.fix = e.At, fixOf(e, &v)
	}
	return l, true
}

func (p *Profile) learnPlace(x place, day uint16, l *Lesson) {
	i := slices.IndexFunc(p.places, func(o place) bool {
		return o.address == x.address && o.network == x.network && o.country == x.country
	})
	switch {
	case i >= 0:
		l.place = p.places[i]
	case len(p.places) < maxPlaces:
		i = len(p.places)
		p.places = append(grown(p.places, maxPlaces), x)
		l.place = x
	default:
		i = oldest(p.places, func(o place) uint16 { return o.day })
		l.lostPlace, l.place = p.places[i], x
		p.places[i] = x
	}
	l.placeAt = uint8(i)
	o := &p.places[i]
	o.count, o.day = min(o.count, 1<<16-2)+1, max(o.day, day)
}

func (p *Profile) learnClient(x client, day uint16, l *Lesson) {
	i := slices.IndexFunc(p.clients, x.same)
	switch {
	case i >= 0:
		l.client = p.clients[i]
	case len(p.clients) < maxClients:
		i = len(p.clients)
		p.clients = append(grown(p.clients, maxClients), x)
		l.client = x
	default:
		i = oldest(p.clients, func(o client) uint16 { return o.day })
		l.lostClient, l.client = p.clients[i], x
		p.clients[i] = x
	}
	l.clientAt = uint8(i)
	o := &p.clients[i]
	o.count, o.day = min(o.count, 1<<16-2)+1, max(o.day, day)
}

func (x client) same(o client) bool {
	return o.token == x.token && o.agent == x.agent && o.browser == x.browser && o.os == x.os && o.device == x.device
}

// Unlearn takes back what a success has taught, because the holder says that it
// was not theirs. Un-learnt at once, it leaves the profile as it was before; later,
// it takes its own counts out and leaves what others have taught since.
func (p *Profile) Unlearn(l Lesson) {
	if p.n == 0 {
		return
	}
	p.unlearnPlace(&l)
	p.unlearnClient(&l)
	p.n--
	if l.chanced {
		p.chances = max(p.chances, 1) - 1
		for i := range levels {
			if l.news>>i&1 == 1 && p.news[i] > 0 {
				p.news[i]--
			}
		}
	}
	if h := &p.hours[hourBin(l.at)]; *h > 0 && (*h < 255 || l.hour < 255) {
		*h--
	}
	if p.lastAt == l.at {
		p.lastAt, p.fix = l.lastAt, l.fix
	}
}

func (p *Profile) unlearnPlace(l *Lesson) {
	i := slices.IndexFunc(p.places, func(o place) bool {
		return o.address == l.place.address && o.network == l.place.network && o.country == l.place.country
	})
	if i < 0 {
		return // pushed out meanwhile
	}
	o := &p.places[i]
	if o.count--; o.count > 0 {
		if o.day == day(l.at) && l.place.count > 0 {
			o.day = l.place.day
		}
		return
	}
	if l.lostPlace.count > 0 && i == int(l.placeAt) {
		*o = l.lostPlace
		return
	}
	p.places = slices.Delete(p.places, i, i+1)
}

func (p *Profile) unlearnClient(l *Lesson) {
	i := slices.IndexFunc(p.clients, l.client.same)
	if i < 0 {
		return
	}
	o := &p.clients[i]
	if o.count--; o.count > 0 {
		if o.day == day(l.at) && l.client.count > 0 {
			o.day = l.client.day
		}
		return
	}
	if l.lostClient.count > 0 && i == int(l.clientAt) {
		*o = l.lostClient
		return
	}
	p.clients = slices.Delete(p.clients, i, i+1)
}

// grown gives a slice with room for one more. It grows by a quarter, because most
// accounts have two sign-ins and a doubled slice would be mostly air.
func grown[T any](s []T, most int) []T {
	if len(s) < cap(s) {
		return s
	}
	bigger := make([]T, len(s), min(len(s)+1+len(s)/4, most))
	copy(bigger, s)
	return bigger
}

func oldest[T any](s []T, day func(T) uint16) (at int) {
	for i := range s {
		if day(s[i]) < day(s[at]) {
			at = i
		}
	}
	return at
}

func fixOf(e *Event, v *values) fix {
	return fix{
		lat: e.Place.Lat, lon: e.Place.Lon, errorKM: e.Place.ErrorKM, known: e.Place.Located,
		vague:   e.Place.Flags&(Mobile|Relay|VPN|Tor|Residential|Hosting) != 0,
		country: v.short(v.country),
	}
}

// sight is what a profile says about the values of an event.
type sight struct {
	n      float64         // sign-ins that are remembered, each by its age
	count  [levels]float64 // of those, how many showed the value
	known  [levels]bool    // the event shows a value, and the profile has some to compare with
	token  float64         // sign-ins with the token that was shown
	tokens bool            // the profile has tokens
	hour   int             // sign-ins in this part of the day
	hours  int
}

// look compares an event with a profile. Aging lets what was not used for long
// count for less.
func (p *Profile) look(at int64, v *values, aging bool) (s sight) {
	x, y, today := placeOf(v), clientOf(v, v.shown), int(day(at))
	var have [levels]bool
	for i := range p.places {
		o := &p.places[i]
		n := float64(o.count)
		if aging {
			n *= faded(today - int(o.day))
		}
		if n == 0 {
			continue
		}
		s.n += n
		s.see(atAddress, o.address == x.address, n)
		s.see(atBlock, o.address>>16 == x.address>>16, n)
		s.see(atNetwork, o.network == x.network, n)
		s.see(atCountry, o.country == x.country, n)
		have[atAddress] = have[atAddress] || o.address != 0
		have[atNetwork] = have[atNetwork] || o.network != 0
		have[atCountry] = have[atCountry] || o.country != 0
	}
	for i := range p.clients {
		o := &p.clients[i]
		s.tokens = s.tokens || o.token != 0
		n := float64(o.count)
		if aging {
			n *= faded(today - int(o.day))
		}
		if n == 0 {
			continue
		}
		s.see(atAgent, o.agent == y.agent, n)
		s.see(atBrowser, o.browser == y.browser, n)
		s.see(atOS, o.os == y.os, n)
		s.see(atType, o.device == y.device, n)
		if y.token != 0 && o.token == y.token {
			s.token += n
		}
		have[atAgent] = have[atAgent] || o.agent != 0
		have[atBrowser] = have[atBrowser] || o.browser != 0
		have[atOS] = have[atOS] || o.os != 0
		have[atType] = have[atType] || o.device != 0
	}
	have[atBlock] = have[atAddress]
	s.known = [levels]bool{x.address != 0, x.address != 0, x.network != 0, x.country != 0, y.agent != 0, y.browser != 0, y.os != 0, y.device != 0}
	for i := range levels {
		s.known[i] = s.known[i] && (have[i] || s.n == 0)
	}
	for _, h := range p.hours {
		s.hours += int(h)
	}
	s.hour = int(p.hours[hourBin(at)])
	return s
}

// faded is what a context counts for after so many days without use: half after
// each half-year, and a straight line between.
func faded(days int) float64 {
	switch {
	case days <= 0:
		return 1
	case days > forgetDays:
		return 0
	}
	return (1 - float64(days%halfDays)/(2*halfDays)) / float64(int(1)<<(days/halfDays))
}

func (s *sight) see(at level, same bool, n float64) {
	if same {
		s.count[at] += n
	}
}

// Successes tells how many sign-ins the profile has learnt.
func (p *Profile) Successes() int { return int(p.n) }
