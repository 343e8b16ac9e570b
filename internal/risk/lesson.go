package risk

import "slices"

// Lesson is what one success taught a profile and the counters. Keep it with the
// event: with it a success that is disowned later can be un-learnt.
type Lesson struct {
	values        values
	at            int64
	stamp, before uint32 // of the profile, after and before
	guested       bool   // nothing vouched for it
	turned        bool   // and there was no room, so it left nothing
	first         bool   // it was the first success of the account
	chanced       bool
	news          uint16 // one bit per level: new, even to guests
	own           uint16 // the same: the account's own for the first time
	// What stood where it was put, and whether it was put at the end.
	place                               place
	client                              client
	guest                               guest
	placeAt, clientAt, guestAt          uint8
	placeAdded, clientAdded, guestAdded bool
	lastAt                              int64
	hour                                uint8 // count of the hour before
	fix                                 fix
}

// Learn takes a success into the profile: as the holder's if something vouches for
// it, else as a guest's. Whoever calls it answers for it that nobody disowned it;
// anything but a success teaches nothing.
func (p *Profile) Learn(e *Event, c *Counters) (Lesson, bool) {
	if e.Kind != SignedIn || e.Account == "" || e.At < 0 || e.At > maxTime || e.Marks&NameUnknown != 0 {
		return Lesson{}, false
	}
	v := valuesOf(c.seed, e)
	l := Lesson{values: v, at: e.At, before: p.stamp, guested: !p.vouched(e, &v, c), first: p.n == 0, lastAt: p.lastAt, fix: p.fix}
	if p.n > 0 {
		l.chanced = l.guested || p.chances < 1<<16-1
		l.news, l.own = p.novel(e.At, &v)
		if !l.guested {
			l.news = l.own
		}
	}
	x, y := placeOf(&v), clientOf(&v, l.token())
	l.turned = l.guested && !p.room(&x, &y, day(e.At))
	switch {
	case l.turned:
	case l.guested:
		p.receive(p.seatPlace(x, maxPlaces, &l), p.seatClient(y, maxClients, &l), day(e.At), &l)
	default:
		p.adopt(p.seatPlace(x, ownPlaces, &l), p.seatClient(y, ownClients, &l), e, &l)
	}
	p.n++
	p.stamp = uint32(mix(uint64(p.stamp)<<32|uint64(p.n), uint64(e.At)))
	l.stamp = p.stamp
	return l, true
}

// Like tells whether an event comes as the success did: from the same network with
// the same agent, as guests are told to be alike.
func (l *Lesson) Like(e *Event, c *Counters) bool {
	v := valuesOf(c.seed, e)
	return l.values.network == v.network && l.values.agent == v.agent
}

// token is what the client will show next time.
func (l *Lesson) token() uint64 {
	if l.values.given != 0 {
		return l.values.given
	}
	return l.values.shown
}

// novel tells at which levels values are new to everybody who came, and at which
// to what is the account's own. Whether there is anything to compare with is asked
// of the own alone: else a stranger's visit would make the holder's next one news.
func (p *Profile) novel(at int64, v *values) (news, own uint16) {
	seen := p.lookAt(at, v, true, true)
	mine := seen
	if len(p.guests) > 0 {
		alone := *p
		alone.guests = nil
		mine = alone.look(at, v)
	}
	for i := range levels {
		if mine.known[i] && seen.count[i] == 0 {
			news |= 1 << i
		}
		if mine.known[i] && mine.count[i] == 0 {
			own |= 1 << i
		}
	}
	return news, own
}

// adopt learns a success as the holder's.
func (p *Profile) adopt(place, client int, e *Event, l *Lesson) {
	today := day(e.At)
	o, k := &p.places[place], &p.clients[client]
	o.count, o.day = min(o.count, 1<<16-2)+1, max(o.day, today)
	k.count, k.day = min(k.count, 1<<16-2)+1, max(k.day, today)
	if l.chanced {
		p.chances++
		for i := range levels {
			p.news[i] += l.news >> i & 1
		}
	}
	h := &p.hours[hourBin(e.At)]
	l.hour = *h
	*h = uint8(min(int(*h)+1, 255))
	if e.At >= p.lastAt {
		p.lastAt, p.fix = e.At, fixOf(e, &l.values)
	}
}

// seatPlace finds a place in the profile or makes room for it: it is put at the end
// while there are fewer of the account's own than most, and else the oldest that
// no guest uses gives way.
func (p *Profile) seatPlace(x place, most int, l *Lesson) int {
	i := slices.IndexFunc(p.places, x.same)
	switch {
	case i >= 0:
		l.place = p.places[i]
	case len(p.places) < maxPlaces && owned(len(p.places), func(i int) uint16 { return p.places[i].count }) < most:
		i = len(p.places)
		p.places, l.placeAdded = append(grown(p.places, maxPlaces), x), true
	default:
		i = oldest(p.places, func(i int) int { return worth(p.places[i].count, p.places[i].day, p.hosts(i)) })
		l.place, p.places[i] = p.places[i], x
	}
	l.placeAt = uint8(i)
	return i
}

func (p *Profile) seatClient(x client, most int, l *Lesson) int {
	i := slices.IndexFunc(p.clients, x.same)
	switch {
	case i >= 0:
		l.client = p.clients[i]
	case len(p.clients) < maxClients && owned(len(p.clients), func(i int) uint16 { return p.clients[i].count }) < most:
		i = len(p.clients)
		p.clients, l.clientAdded = append(grown(p.clients, maxClients), x), true
	default:
		i = oldest(p.clients, func(i int) int { return worth(p.clients[i].count, p.clients[i].day, p.serves(i)) })
		l.client, p.clients[i] = p.clients[i], x
	}
	l.clientAt = uint8(i)
	return i
}

// owned counts which of some are the account's own.
func owned(of int, count func(i int) uint16) (n int) {
	for i := range of {
		if count(i) > 0 {
			n++
		}
	}
	return n
}

// worth orders what may give way: what nobody uses any more first, then by the
// day of the last use, and last what a guest uses.
func worth(count, day uint16, used bool) int {
	switch {
	case used:
		return 1 << 20
	case count == 0:
		return -1
	}
	return int(day)
}

// hosts tells whether a guest comes from a place of the profile.
func (p *Profile) hosts(place int) bool {
	return slices.ContainsFunc(p.guests, func(g guest) bool { return int(g.place) == place })
}

// serves tells whether a guest comes with a client of the profile.
func (p *Profile) serves(client int) bool {
	return slices.ContainsFunc(p.guests, func(g guest) bool { return int(g.client) == client })
}

func (x place) same(o place) bool {
	return o.address == x.address && o.network == x.network && o.country == x.country
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
	if p.stamp == l.stamp {
		p.undo(&l)
		return
	}
	p.n--
	p.stamp = uint32(mix(uint64(p.stamp)<<32|uint64(p.n), uint64(l.at)))
	x, y := placeOf(&l.values), clientOf(&l.values, l.token())
	i, k := slices.IndexFunc(p.places, x.same), slices.IndexFunc(p.clients, y.same)
	switch {
	case l.turned:
	case l.guested:
		p.dismiss(i, k)
	default:
		p.disown(i, k, &l)
	}
	p.vacate(i, k)
}

// undo puts everything back to where it was.
func (p *Profile) undo(l *Lesson) {
	p.n--
	p.stamp, p.lastAt, p.fix = l.before, l.lastAt, l.fix
	if l.turned {
		return
	}
	p.places = back(p.places, l.placeAt, l.placeAdded, l.place)
	p.clients = back(p.clients, l.clientAt, l.clientAdded, l.client)
	if l.guested {
		p.guests = back(p.guests, l.guestAt, l.guestAdded, l.guest)
		return
	}
	p.hours[hourBin(l.at)] = l.hour
	p.forgo(l)
}

func back[T any](s []T, at uint8, added bool, was T) []T {
	if added {
		return s[:len(s)-1]
	}
	s[at] = was
	return s
}

// disown takes back what adopt did, when others have taught since.
func (p *Profile) disown(place, client int, l *Lesson) {
	if place >= 0 && p.places[place].count > 0 {
		p.places[place].count--
	}
	if client >= 0 && p.clients[client].count > 0 {
		p.clients[client].count--
	}
	if h := &p.hours[hourBin(l.at)]; *h > 0 && (*h < 255 || l.hour < 255) {
		*h--
	}
	if p.lastAt == l.at {
		p.lastAt, p.fix = l.lastAt, l.fix
	}
	p.forgo(l)
}

// forgo takes its novelties out of the account's rates.
func (p *Profile) forgo(l *Lesson) {
	if !l.chanced {
		return
	}
	p.chances = max(p.chances, 1) - 1
	for i := range levels {
		p.news[i] -= min(p.news[i], l.news>>i&1)
	}
}

// vacate clears a place and a client that nobody has any more.
func (p *Profile) vacate(place, client int) {
	if place >= 0 && p.places[place].count == 0 && !p.hosts(place) {
		p.places = slices.Delete(p.places, place, place+1)
		for i := range p.guests {
			if int(p.guests[i].place) > place {
				p.guests[i].place--
			}
		}
	}
	if client >= 0 && p.clients[client].count == 0 && !p.serves(client) {
		p.clients = slices.Delete(p.clients, client, client+1)
		for i := range p.guests {
			if int(p.guests[i].client) > client {
				p.guests[i].client--
			}
		}
	}
}
