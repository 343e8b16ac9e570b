package risk

// sight is what a profile says about the values of an event.
type sight struct {
	n      float64         // sign-ins that are remembered, each by its age
	count  [levels]float64 // of those, how many showed the value
	known  [levels]bool    // the event shows a value, and the profile has some to compare with
	last   [levels]bool    // the value was shown on the last day on which a place or a client was used
	token  float64         // sign-ins with the token that was shown
	tokens bool            // the profile has tokens
	hour   int             // sign-ins in this part of the day
	hours  int
	// Sign-ins that could have been new somewhere, and where they were: those that
	// speak here, and those of guests who come as this event does.
	chances, hidden  float64
	news, hiddenNews [levels]float64
}

// look compares an event with a profile as the fitted score does: what was not
// used for long counts for less, and a guest does not speak for his like.
func (p *Profile) look(at int64, v *values) sight { return p.lookAt(at, v, true, false) }

// lookAll compares it with all that was ever learnt, as Freeman's model does.
func (p *Profile) lookAll(at int64, v *values) sight { return p.lookAt(at, v, false, true) }

func (p *Profile) lookAt(at int64, v *values, aging, everybody bool) (s sight) {
	x, y := placeOf(v), clientOf(v, v.shown)
	age := age{today: int(day(at)), seen: int(day(p.lastAt)), none: !aging}
	var places [maxPlaces]use
	var clients [maxClients]use
	s.chances = float64(p.chances)
	for i := range levels {
		s.news[i] = float64(p.news[i])
	}
	// Guests go first: each fetches a place and a client from afar, while the processor
	// goes on to the next one.
	for i := range p.guests {
		g := &p.guests[i]
		if !everybody && p.alike(g, &x, &y) && !p.ripe(g, at) {
			s.hide(g)
			continue
		}
		s.tell(g)
		s.tokens = s.tokens || p.clients[g.client].token != 0
		u := age.of(uint16(g.count), g.day)
		places[g.place].add(u)
		clients[g.client].add(u)
	}
	for i := range p.places {
		places[i].add(age.of(p.places[i].count, p.places[i].day))
	}
	for i := range p.clients {
		o := &p.clients[i]
		s.tokens = s.tokens || o.count > 0 && o.token != 0
		clients[i].add(age.of(o.count, o.day))
	}
	s.seePlaces(p.places, &places, &x)
	s.seeClients(p.clients, &clients, &y)
	for _, h := range p.hours {
		s.hours += int(h)
	}
	s.hour = int(p.hours[hourBin(at)])
	return s
}

// use is how often a place or a client was used, in parts of whole, and the day
// after the last time; both are 0 if it does not count any more.
type use struct{ n, until int }

func (u *use) add(o use) { u.n, u.until = u.n+o.n, max(u.until, o.until) }

// age is how old everything is today.
type age struct {
	today, seen int  // days since 1970; seen: of the last sign-in
	none        bool // nothing ages
}

func (a *age) of(count, last uint16) use {
	part := whole
	if !a.none {
		part = faded(a.today-int(last), a.seen-int(last))
	}
	if count == 0 || part == 0 {
		return use{}
	}
	return use{int(count) * part, int(last) + 1}
}

// whole is what one sign-in of today counts for: so much that what is left of it at
// any age is a whole number, and sums of whole numbers do not depend on their order.
const whole = 2 * halfDays << (forgetDays / halfDays)

// faded is what a sign-in counts for, of whole, after so many days without use, and
// after so many until the holder was seen last: half after each half-year, and a
// straight line between.
func faded(days, seen int) int {
	if seen > forgetDays {
		return 0
	}
	days = min(max(days, 0), forgetDays)
	return (2*halfDays - days%halfDays) << (forgetDays/halfDays - days/halfDays)
}

// shown is what was shown at one level: how often it was what the event shows, until
// when, and whether there was anything at all. It is passed by value and adds up
// without a jump, because in a full profile no processor guesses what is alike.
type shown struct{ n, until, any int }

func (s shown) by(u use, value, asked int) shown {
	var n, until int
	if value == asked {
		n, until = u.n, u.until
	}
	return shown{s.n + n, max(s.until, until), s.any | value}
}

func (s *sight) seePlaces(list []place, uses *[maxPlaces]use, x *place) {
	var address, block, network, country shown
	var all use
	for i := range list {
		u, o := uses[i], &list[i]
		if u.n == 0 {
			continue
		}
		all.add(u)
		address = address.by(u, int(o.address), int(x.address))
		block = block.by(u, int(o.address>>16), int(x.address>>16))
		network = network.by(u, int(o.network), int(x.network))
		country = country.by(u, int(o.country), int(x.country))
	}
	s.n = float64(all.n) / whole
	s.set(atAddress, address, x.address != 0, all)
	s.set(atBlock, block, x.address != 0, all)
	s.set(atNetwork, network, x.network != 0, all)
	s.set(atCountry, country, x.country != 0, all)
}

func (s *sight) seeClients(list []client, uses *[maxClients]use, y *client) {
	var agent, browser, os, device, token shown
	var all use
	for i := range list {
		u, o := uses[i], &list[i]
		if u.n == 0 {
			continue
		}
		all.add(u)
		agent = agent.by(u, int(o.agent), int(y.agent))
		browser = browser.by(u, int(o.browser), int(y.browser))
		os = os.by(u, int(o.os), int(y.os))
		device = device.by(u, int(o.device), int(y.device))
		token = token.by(u, int(o.token), int(y.token))
	}
	if y.token != 0 {
		s.token = float64(token.n) / whole
	}
	s.set(atAgent, agent, y.agent != 0, all)
	s.set(atBrowser, browser, y.browser != 0, all)
	s.set(atOS, os, y.os != 0, all)
	s.set(atType, device, y.device != 0, all)
}

// set puts down what was shown at a level. A profile that remembers nothing has
// nothing to compare with, and then everything counts as known to be new.
func (s *sight) set(at level, x shown, given bool, all use) {
	s.count[at] = float64(x.n) / whole
	s.known[at] = given && (x.any != 0 || s.n == 0)
	s.last[at] = x.until == all.until && all.until > 0
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
