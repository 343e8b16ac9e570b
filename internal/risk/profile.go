package risk

// The bounds of what an account is remembered by. Together with the rest of a
// Profile they stay below a kilobyte.
const (
	maxPlaces  = 31
	maxClients = 16
	// So many at most are the account's own, so that there is room for guests.
	ownPlaces  = 24
	ownClients = 12
	// halfDays is half a year: what was not used for so long counts half. What was not
	// used for four times as long while the holder signed in elsewhere is new again;
	// when he stayed away himself it is all that he can be known by when he comes back.
	halfDays   = 183
	forgetDays = 4 * halfDays
)

// Profile is what one account was like so far. The zero value is an account
// nobody has signed in to. It keeps hashes and counts, neither addresses nor
// agents, and learns from successes alone. Counts, times and rates are of what
// something vouched for; the rest are guests.
type Profile struct {
	places  []place
	clients []client
	guests  []guest
	n       uint32 // successes learnt, guests' too
	stamp   uint32 // another one after each lesson
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
	count, day       uint16 // day since 1970 of the last use; the count is 0 if guests alone were there
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

// oldest finds what is worth least.
func oldest[T any](s []T, worth func(i int) int) (at int) {
	for i := range s {
		if worth(i) < worth(at) {
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
	// Sign-ins that could have been new somewhere, and where they were: those that
	// speak here, and those of guests who come as this event does.
	chances, hidden  float64
	news, hiddenNews [levels]float64
	have             [levels]bool // the profile has values to compare with
	// The last days on which places and clients were used, and whether they showed the value.
	placeDay, clientDay uint16
	last                [levels]bool
}

// look compares an event with a profile as the fitted score does: what was not
// used for long counts for less, and a guest does not speak for his like.
func (p *Profile) look(at int64, v *values) sight { return p.lookAt(at, v, true, false) }

// lookAll compares it with all that was ever learnt, as Freeman's model does.
func (p *Profile) lookAll(at int64, v *values) sight { return p.lookAt(at, v, false, true) }

func (p *Profile) lookAt(at int64, v *values, aging, everybody bool) (s sight) {
	x, y, today, seen := placeOf(v), clientOf(v, v.shown), int(day(at)), int(day(p.lastAt))
	fade := func(count, last uint16) float64 {
		if aging {
			return float64(count) * faded(today-int(last), seen-int(last))
		}
		return float64(count)
	}
	for i := range p.places {
		o := &p.places[i]
		if n := fade(o.count, o.day); n > 0 {
			s.n += n
			s.seePlace(o, &x, n)
			s.latePlace(o, &x, o.day)
		}
	}
	for i := range p.clients {
		o := &p.clients[i]
		s.tokens = s.tokens || o.count > 0 && o.token != 0
		if n := fade(o.count, o.day); n > 0 {
			s.seeClient(o, &y, n)
			s.lateClient(o, &y, o.day)
		}
	}
	s.chances = float64(p.chances)
	for i := range levels {
		s.news[i] = float64(p.news[i])
	}
	for i := range p.guests {
		g := &p.guests[i]
		if !everybody && p.alike(g, &x, &y) && !p.ripe(g, at) {
			s.hide(g)
			continue
		}
		s.tell(g)
		s.tokens = s.tokens || p.clients[g.client].token != 0
		if n := fade(uint16(g.count), g.day); n > 0 {
			s.n += n
			s.seePlace(&p.places[g.place], &x, n)
			s.seeClient(&p.clients[g.client], &y, n)
			s.latePlace(&p.places[g.place], &x, g.day)
			s.lateClient(&p.clients[g.client], &y, g.day)
		}
	}
	s.known = [levels]bool{x.address != 0, x.address != 0, x.network != 0, x.country != 0, y.agent != 0, y.browser != 0, y.os != 0, y.device != 0}
	for i := range levels {
		s.known[i] = s.known[i] && (s.have[i] || s.n == 0)
	}
	for _, h := range p.hours {
		s.hours += int(h)
	}
	s.hour = int(p.hours[hourBin(at)])
	return s
}

func (s *sight) seePlace(o, x *place, n float64) {
	s.see(atAddress, o.address == x.address, n)
	s.see(atBlock, o.address>>16 == x.address>>16, n)
	s.see(atNetwork, o.network == x.network, n)
	s.see(atCountry, o.country == x.country, n)
	s.have[atAddress] = s.have[atAddress] || o.address != 0
	s.have[atBlock] = s.have[atAddress]
	s.have[atNetwork] = s.have[atNetwork] || o.network != 0
	s.have[atCountry] = s.have[atCountry] || o.country != 0
}

func (s *sight) seeClient(o, y *client, n float64) {
	s.see(atAgent, o.agent == y.agent, n)
	s.see(atBrowser, o.browser == y.browser, n)
	s.see(atOS, o.os == y.os, n)
	s.see(atType, o.device == y.device, n)
	if y.token != 0 && o.token == y.token {
		s.token += n
	}
	s.have[atAgent] = s.have[atAgent] || o.agent != 0
	s.have[atBrowser] = s.have[atBrowser] || o.browser != 0
	s.have[atOS] = s.have[atOS] || o.os != 0
	s.have[atType] = s.have[atType] || o.device != 0
}

func (s *sight) latePlace(o, x *place, day uint16) {
	if day < s.placeDay {
		return
	}
	again := day == s.placeDay && s.last[atNetwork]
	s.placeDay, s.last[atNetwork] = day, again || o.network == x.network
}

func (s *sight) lateClient(o, y *client, day uint16) {
	if day < s.clientDay {
		return
	}
	if day > s.clientDay {
		s.last[atBrowser], s.last[atOS], s.last[atType] = false, false, false
	}
	s.clientDay = day
	s.last[atBrowser] = s.last[atBrowser] || o.browser == y.browser
	s.last[atOS] = s.last[atOS] || o.os == y.os
	s.last[atType] = s.last[atType] || o.device == y.device
}

// tell lets a guest speak for how often this account is somewhere new.
func (s *sight) tell(g *guest) {
	s.chances += float64(g.count)
	for i := range levels {
		s.news[i] += float64(g.news >> i & 1)
	}
}

// hide takes him out of everybody's rates, too.
func (s *sight) hide(g *guest) {
	s.hidden += float64(g.count)
	for i := range levels {
		s.hiddenNews[i] += float64(g.news >> i & 1)
	}
}

// faded is what a context counts for after so many days without use, and after so
// many until the holder was seen last: half after each half-year, and a straight line
// between.
func faded(days, seen int) float64 {
	if seen > forgetDays {
		return 0
	}
	days = min(max(days, 0), forgetDays)
	return (1 - float64(days%halfDays)/(2*halfDays)) / float64(int(1)<<(days/halfDays))
}

func (s *sight) see(at level, same bool, n float64) {
	if same {
		s.count[at] += n
	}
}

// Successes tells how many sign-ins the profile has learnt.
func (p *Profile) Successes() int { return int(p.n) }
