package risk

import "slices"

// What vouches. A sign-in that was let in because nothing about it was loud
// enough to ask is not yet the holder's: an intruder who comes quietly a few
// times must not become at home by it. So it is kept as a guest, and becomes the
// account's own only when something vouches for it (vouched), or when it has
// stayed so long that the holder, who came and went meanwhile, would have said
// something (ripe).
//
// A guest counts for everybody but those who come as he did: whoever shows the
// same network with the same agent is looked at as if the
// guest had never been, down to the rates of novelty of the account and of
// everybody. That makes poison useless by construction: no number of quiet
// successes changes the score of the next one. The holder pays little, because
// what came with one of his clients is known when it comes with another.
//
// An intruder who changes network or agent between his visits is another one to
// this rule. What he showed on the first visit, his token too, is then known on the
// second. To hide tokens everywhere cost more than it won: holders change networks
// all day, and twelve of a hundred targeted intruders more came in unasked.

// guest is a pair of a place and a client that was let in unvouched.
type guest struct {
	place, client uint8 // where they stand in the profile's lists
	count         uint8
	news          uint8  // one bit for each level at which it was new when it came
	since, day    uint16 // days since 1970 of the first and of the last sign-in
}

// The bounds of guests. There are fewer than places and clients, so that there is
// always one that no guest uses to make room for another.
const (
	maxGuests = 15
	// guestClients at most are clients of guests alone, so that there is room for the account's own.
	guestClients = 8
	// ripeDays is how long a guest must have been known, and the holder have been
	// seen since from what is his own, for silence to count as a word of his.
	ripeDays = 365 // 60 saved holders next to nothing, and taught intruders who came once a month
	// idleDays after his last sign-in a guest may give way to another one.
	idleDays = 30
	// fewOthers sign in from a household's address besides.
	fewOthers = 4
)

// vouched tells whether a success is the holder's as far as anything can tell at
// once: the account's first, one that was proved, one with a token that is the
// account's own, or one from an address that is the account's own and nobody else's.
func (p *Profile) vouched(e *Event, v *values, c *Counters) bool {
	if p.n == 0 || e.Marks&Proved != 0 {
		return true
	}
	x, y := placeOf(v), clientOf(v, v.shown)
	if y.token != 0 && slices.ContainsFunc(p.clients, func(o client) bool { return o.count > 0 && o.token == y.token }) {
		return true
	}
	if i := slices.IndexFunc(p.places, x.same); i >= 0 {
		if p.places[i].count > 0 && x.address != 0 && e.Place.Flags&sharedPlace == 0 && !p.shares(i, v, c) {
			return true
		}
	}
	return slices.ContainsFunc(p.guests, func(g guest) bool { return p.again(&g, &x, &y) && p.ripe(&g, e.At) })
}

// again tells whether somebody is a guest who was here before: with the token that
// he got, or from his very address with his very client.
func (p *Profile) again(g *guest, x *place, y *client) bool {
	o, c := &p.places[g.place], &p.clients[g.client]
	return y.token != 0 && c.token == y.token || o.same(*x) && c.same(*y)
}

// sharedPlace are kinds of places at whose addresses strangers sit.
const sharedPlace = Tor | Hosting | VPN | Relay | Residential | Mobile

// shares tells whether an address of the profile is used by others more than by the
// account: that one neighbour once had it does not make it a public place.
func (p *Profile) shares(at int, v *values, c *Counters) bool {
	own := int(p.places[at].count)
	for i := range p.guests {
		if int(p.guests[i].place) == at {
			own += int(p.guests[i].count)
		}
	}
	return c.addresses.find(v.address).count() > 2*own+fewOthers
}

// ripe tells whether a guest has stayed long enough under the holder's eyes.
func (p *Profile) ripe(g *guest, at int64) bool {
	return int(day(at))-int(g.since) >= ripeDays && day(p.lastAt) > g.since
}

// alike tells whether somebody comes as a guest did.
func (p *Profile) alike(g *guest, x *place, y *client) bool {
	o, c := &p.places[g.place], &p.clients[g.client]
	return o.network == x.network && c.agent == y.agent
}

// idle tells that a guest has not come for so long that he may be forgotten.
func (g *guest) idle(today int) bool { return today-int(g.day) > idleDays }

// room tells whether another guest can be kept. He takes the place of nobody who
// speaks: else an intruder would push out what the holder is known by.
func (p *Profile) room(x *place, y *client, today uint16) bool {
	i, k := slices.IndexFunc(p.places, x.same), slices.IndexFunc(p.clients, y.same)
	if i >= 0 && k >= 0 && p.guestAt(i, k) >= 0 {
		return true
	}
	if i < 0 {
		free := func(i int) bool { return p.places[i].count == 0 && !p.hosts(i) }
		if len(p.places) == maxPlaces && !some(len(p.places), free) {
			return false
		}
	}
	if k < 0 {
		free := func(i int) bool { return p.clients[i].count == 0 && !p.serves(i) }
		guests := len(p.clients) - owned(len(p.clients), func(i int) uint16 { return p.clients[i].count })
		if (len(p.clients) == maxClients || guests >= guestClients) && !some(len(p.clients), free) {
			return false
		}
	}
	return len(p.guests) < maxGuests || slices.ContainsFunc(p.guests, func(g guest) bool { return g.idle(int(today)) })
}

// some tells whether there is one among so many.
func some(of int, is func(i int) bool) bool {
	for i := range of {
		if is(i) {
			return true
		}
	}
	return false
}

// receive takes a success as a guest's. He who was not seen for longest gives way;
// of what gives way nothing is learnt.
func (p *Profile) receive(place, client int, today uint16, l *Lesson) {
	if o := &p.places[place]; o.count == 0 {
		o.day = max(o.day, today)
	}
	if o := &p.clients[client]; o.count == 0 {
		o.day = max(o.day, today)
	}
	j := p.guestAt(place, client)
	switch {
	case j >= 0:
		l.guest = p.guests[j]
	case len(p.guests) < maxGuests:
		j = len(p.guests)
		p.guests, l.guestAdded = append(grown(p.guests, maxGuests), guest{place: uint8(place), client: uint8(client), since: today}), true
	default:
		j = oldest(p.guests, func(i int) int { return int(p.guests[i].day) })
		l.guest, p.guests[j] = p.guests[j], guest{place: uint8(place), client: uint8(client), since: today}
	}
	l.guestAt = uint8(j)
	g := &p.guests[j]
	for i := range p.guests { // who shows the token of before has been here since then
		if token := p.clients[client].token; token != 0 && p.clients[p.guests[i].client].token == token {
			g.since = min(g.since, p.guests[i].since)
		}
	}
	g.count, g.day, g.news = min(g.count, 254)+1, max(g.day, today), g.news|uint8(l.news)
}

func (p *Profile) guestAt(place, client int) int {
	return slices.IndexFunc(p.guests, func(g guest) bool { return int(g.place) == place && int(g.client) == client })
}

// Welcome makes all guests the account's own, because the holder said that it was
// him all along.
func (p *Profile) Welcome() {
	for _, g := range p.guests {
		o, c, n := &p.places[g.place], &p.clients[g.client], uint16(g.count)
		o.count, o.day = min(o.count, 1<<16-1-n)+n, max(o.day, g.day)
		c.count, c.day = min(c.count, 1<<16-1-n)+n, max(c.day, g.day)
		p.chances = min(p.chances, 1<<16-1-n) + n
		for i := range levels {
			p.news[i] += uint16(g.news >> i & 1)
		}
	}
	p.guests = nil
}

// dismiss takes back what receive did, when others have taught since. Of a guest
// who was pushed out, or taken for the holder, nothing is known apart any more.
func (p *Profile) dismiss(place, client int) {
	j := p.guestAt(place, client)
	if j < 0 {
		return
	}
	if g := &p.guests[j]; g.count > 1 {
		g.count--
		return
	}
	p.guests = slices.Delete(p.guests, j, j+1)
}
