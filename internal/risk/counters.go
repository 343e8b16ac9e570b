package risk

// Counters are what everybody together is like, and what has happened lately at
// the door. Their size is bounded and does not depend on what strangers send.
// They are not safe for use by several goroutines at once: whoever keeps them has
// one writer, or a lock.
type Counters struct {
	seed      uint64
	SignIns   uint64 // successes learnt
	Accounts  uint64 // with at least one
	addresses popular
	agents    popular
	census    [levels]census // of networks, countries, browsers, systems and types
	chances   uint64         // as in Profile, of everybody
	news      [levels]uint64
	doors     doors // what failed lately, and where
}

// Sizes bound the counters; zero fields take the defaults.
type Sizes struct {
	Addresses int // of which the most frequent are counted
	Agents    int
	Values    int // of networks, browsers and systems, each
	Sources   int // of failures that are watched at once, each of accounts, addresses, networks and devices
}

// The default sizes take some 65 MB: room for an installation of 100 million sign-ins.
const (
	defaultAddresses = 1 << 19
	defaultAgents    = 1 << 16
	defaultValues    = 1 << 17
	defaultSources   = 1 << 14
)

// NewCounters makes empty counters. The seed must be the same after a restart and
// known to nobody outside.
func NewCounters(seed uint64, s Sizes) *Counters {
	or := func(n, otherwise int) int {
		if n <= 0 {
			return otherwise
		}
		return n
	}
	c := &Counters{
		seed:      seed,
		addresses: newPopular(or(s.Addresses, defaultAddresses)),
		agents:    newPopular(or(s.Agents, defaultAgents)),
		doors:     newDoors(or(s.Sources, defaultSources)),
	}
	for _, l := range []level{atNetwork, atCountry, atBrowser, atOS, atType} {
		c.census[l] = newCensus(or(s.Values, defaultValues))
	}
	return c
}

// Observe counts an event at the doors that it came through, and what it shares
// with other accounts under suspicion. It is for every event, once, after its decision.
func (c *Counters) Observe(e *Event, d *Decision) {
	if e.At < 0 || e.At > maxTime {
		return // what Bounded refuses must not move the clock of the rings
	}
	v := valuesOf(c.seed, e)
	c.doors.observe(e, &v)
	c.doors.observeShared(e, &v, c.seed, d.Carried)
}

// Learn counts what a success has taught its profile.
func (c *Counters) Learn(l Lesson) {
	c.Hear(l)
	for i, value := range l.counted() {
		if l.fresh(level(i)) {
			c.census[i].own(value)
		}
	}
	if l.chanced && !l.turned {
		c.chances++
		for i := range levels {
			c.news[i] += uint64(l.news >> i & 1)
		}
	}
}

// Hear is the part of Learn that holds whoever it was: that somebody signed in, and
// with what. It makes nothing popular and no novelty usual.
func (c *Counters) Hear(l Lesson) {
	v := &l.values
	c.SignIns++
	if l.first {
		c.Accounts++
	}
	c.addresses.add(v.address, v.network, v.country)
	c.agents.add(v.agent, v.browser, v.os, v.device)
	for i, value := range l.counted() {
		c.census[i].add(value)
	}
}

// Unlearn takes it back.
func (c *Counters) Unlearn(l Lesson) {
	v := &l.values
	c.SignIns -= min(c.SignIns, 1)
	if l.first {
		c.Accounts -= min(c.Accounts, 1)
	}
	c.addresses.drop(v.address)
	c.agents.drop(v.agent)
	for i, value := range l.counted() {
		c.census[i].drop(value, l.fresh(level(i)))
	}
	if l.chanced && !l.turned {
		c.chances -= min(c.chances, 1)
		for i := range levels {
			c.news[i] -= min(c.news[i], uint64(l.news>>i&1))
		}
	}
}

// Counted tells how many of the sign-ins that were learnt are counted to have shown
// the address, the user agent and the network of an event: of the first two never
// too many, and too few of what is rare.
func (c *Counters) Counted(e *Event) (address, agent, network int) {
	v := valuesOf(c.seed, e)
	return c.addresses.find(v.address).count(), c.agents.find(v.agent).count(), int(c.census[atNetwork].Counts[v.network].SignIns)
}

// counted are the values that a census counts, by level.
func (l *Lesson) counted() [levels]uint64 {
	return [levels]uint64{
		atNetwork: l.values.network, atCountry: l.values.country,
		atBrowser: l.values.browser, atOS: l.values.os, atType: l.values.device,
	}
}

// fresh tells whether the account has a value of its own for the first time. A
// guest makes nothing popular.
func (l *Lesson) fresh(at level) bool { return !l.guested && (l.first || l.own>>at&1 == 1) }

// share is the part of all accounts that showed a value. One imagined account in
// two shows what nobody has shown, so that it is rare and not impossible.
func (c *Counters) share(t tally) float64 {
	return (float64(t.Accounts) + 0.5) / (float64(c.Accounts) + 1)
}

// PartOfCountry is which part of the accounts that were seen in the country of an
// event was seen in its network.
func (c *Counters) PartOfCountry(e *Event) float64 {
	network, country := hashNumber(c.seed, e.Place.Network), hash(c.seed, e.Place.Country)
	return min(c.share(c.census[atNetwork].Counts[network])/c.share(c.census[atCountry].Counts[country]), 1)
}

// rate is how often everybody's sign-in is new at a level, but for what a sight hides.
func (c *Counters) rate(at level, s *sight) float64 {
	news, chances := max(float64(c.news[at])-s.hiddenNews[at], 0), max(float64(c.chances)-s.hidden, 0)
	return (news + usualRate[at]*20) / (chances + 20)
}

// usualRate stands in while nobody has been seen yet: published shares of what
// was new among sign-ins that were not the first.
var usualRate = [levels]float64{.40, .30, .09, .02, .35, .33, .19, .07}
