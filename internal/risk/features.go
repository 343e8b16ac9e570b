package risk

import "math"

// The features of a sign-in. Each speaks for one level of one hierarchy, or for
// two together; a logistic regression over them is additive log-odds, so that a
// decision can be taken apart into reasons.
const (
	one = iota
	// The place: what is new, how rare it is, and how often this holder is elsewhere.
	newAddress
	newBlock
	newNetwork
	newCountry
	newAddressHabit // × log of the holder's own rate of new addresses
	newNetworkHabit
	newCountryHabit
	oldAddressHabit // × log of how often the holder is where they were
	oldNetworkHabit
	oldAddressShare // × log of the part of earlier sign-ins from there
	oldNetworkShare
	oldNetworkFame // × log of how many accounts are seen there: the neighbour's intruder
	newNetworkFame // × log: a rare network speaks against
	newCountryFame
	newNetworkRank // × log of the network's part of its country
	oldNetworkRank // the same of a known one: of two known networks the popular one is the likelier guess
	lastNetwork    // a known network, and the one that was used last
	newAddressDepth
	newNetworkDepth // × log of the number of sign-ins
	newCountryDepth
	// The client.
	newAgent
	newBrowser
	newOS
	newType
	newAgentHabit
	newBrowserHabit
	newOSHabit
	newTypeHabit
	oldAgentHabit
	oldBrowserHabit
	oldAgentShare
	oldBrowserShare
	oldOSShare
	oldOSFame
	oldBrowserFame
	oldTypeFame
	newBrowserFame
	newOSFame
	newTypeFame
	lastBrowser // known, and used last: chance hits any of the known ones
	lastOS
	lastType
	newBrowserDepth
	newOSDepth
	// Both together.
	newAddressBrowser
	newNetworkAgent
	newNetworkBrowser
	newNetworkOS
	newNetworkType
	newCountryOS
	oldAddressBrowser // a known address with a new browser: an update at home
	// The rest.
	depth
	absent // nothing is remembered that is not too old
	hourShare
	tokenMissing
	tokenMissingAddress
	tokenMissingOS
	tokenMissingBrowser
	tokenKnown
	Features // how many there are
)

// Vector is what a sign-in looks like to the regression.
type Vector [Features]float64

// part groups features for what may be unknown, and for the reasons.
type part uint8

const (
	ofDepth part = iota
	ofPlace
	ofNetwork // needs the network's number
	ofCountry
	ofClient
	ofBrowser
	ofOS
	ofType
	ofBoth
	ofHour
	ofToken
)

// feature says what a feature is about, what must be known for it, and its name
// in the file of weights.
type feature struct {
	name string
	part part
	need [2]level // levels that must be known; the first alone if both are the same
}

var features = [Features]feature{
	one:                 {"one", ofDepth, [2]level{levels, levels}},
	newAddress:          {"new-address", ofPlace, [2]level{atAddress, atAddress}},
	newBlock:            {"new-block", ofPlace, [2]level{atBlock, atBlock}},
	newNetwork:          {"new-network", ofNetwork, [2]level{atNetwork, atNetwork}},
	newCountry:          {"new-country", ofCountry, [2]level{atCountry, atCountry}},
	newAddressHabit:     {"new-address-habit", ofPlace, [2]level{atAddress, atAddress}},
	newNetworkHabit:     {"new-network-habit", ofNetwork, [2]level{atNetwork, atNetwork}},
	newCountryHabit:     {"new-country-habit", ofCountry, [2]level{atCountry, atCountry}},
	oldAddressHabit:     {"old-address-habit", ofPlace, [2]level{atAddress, atAddress}},
	oldNetworkHabit:     {"old-network-habit", ofNetwork, [2]level{atNetwork, atNetwork}},
	oldAddressShare:     {"old-address-share", ofPlace, [2]level{atAddress, atAddress}},
	oldNetworkShare:     {"old-network-share", ofNetwork, [2]level{atNetwork, atNetwork}},
	oldNetworkFame:      {"old-network-fame", ofNetwork, [2]level{atNetwork, atNetwork}},
	newNetworkFame:      {"new-network-fame", ofNetwork, [2]level{atNetwork, atNetwork}},
	newCountryFame:      {"new-country-fame", ofCountry, [2]level{atCountry, atCountry}},
	newNetworkRank:      {"new-network-rank", ofNetwork, [2]level{atNetwork, atCountry}},
	oldNetworkRank:      {"old-network-rank", ofNetwork, [2]level{atNetwork, atCountry}},
	lastNetwork:         {"last-network", ofNetwork, [2]level{atNetwork, atNetwork}},
	newAddressDepth:     {"new-address-depth", ofPlace, [2]level{atAddress, atAddress}},
	newNetworkDepth:     {"new-network-depth", ofNetwork, [2]level{atNetwork, atNetwork}},
	newCountryDepth:     {"new-country-depth", ofCountry, [2]level{atCountry, atCountry}},
	newAgent:            {"new-agent", ofClient, [2]level{atAgent, atAgent}},
	newBrowser:          {"new-browser", ofBrowser, [2]level{atBrowser, atBrowser}},
	newOS:               {"new-os", ofOS, [2]level{atOS, atOS}},
	newType:             {"new-type", ofType, [2]level{atType, atType}},
	newAgentHabit:       {"new-agent-habit", ofClient, [2]level{atAgent, atAgent}},
	newBrowserHabit:     {"new-browser-habit", ofBrowser, [2]level{atBrowser, atBrowser}},
	newOSHabit:          {"new-os-habit", ofOS, [2]level{atOS, atOS}},
	newTypeHabit:        {"new-type-habit", ofType, [2]level{atType, atType}},
	oldAgentHabit:       {"old-agent-habit", ofClient, [2]level{atAgent, atAgent}},
	oldBrowserHabit:     {"old-browser-habit", ofBrowser, [2]level{atBrowser, atBrowser}},
	oldAgentShare:       {"old-agent-share", ofClient, [2]level{atAgent, atAgent}},
	oldBrowserShare:     {"old-browser-share", ofBrowser, [2]level{atBrowser, atBrowser}},
	oldOSShare:          {"old-os-share", ofOS, [2]level{atOS, atOS}},
	oldOSFame:           {"old-os-fame", ofOS, [2]level{atOS, atOS}},
	oldBrowserFame:      {"old-browser-fame", ofBrowser, [2]level{atBrowser, atBrowser}},
	newBrowserFame:      {"new-browser-fame", ofBrowser, [2]level{atBrowser, atBrowser}},
	newOSFame:           {"new-os-fame", ofOS, [2]level{atOS, atOS}},
	oldTypeFame:         {"old-type-fame", ofType, [2]level{atType, atType}},
	newTypeFame:         {"new-type-fame", ofType, [2]level{atType, atType}},
	lastBrowser:         {"last-browser", ofBrowser, [2]level{atBrowser, atBrowser}},
	lastOS:              {"last-os", ofOS, [2]level{atOS, atOS}},
	lastType:            {"last-type", ofType, [2]level{atType, atType}},
	newBrowserDepth:     {"new-browser-depth", ofBrowser, [2]level{atBrowser, atBrowser}},
	newOSDepth:          {"new-os-depth", ofOS, [2]level{atOS, atOS}},
	newAddressBrowser:   {"new-address-browser", ofBoth, [2]level{atAddress, atBrowser}},
	newNetworkAgent:     {"new-network-agent", ofBoth, [2]level{atNetwork, atAgent}},
	newNetworkBrowser:   {"new-network-browser", ofBoth, [2]level{atNetwork, atBrowser}},
	newNetworkOS:        {"new-network-os", ofBoth, [2]level{atNetwork, atOS}},
	newNetworkType:      {"new-network-type", ofBoth, [2]level{atNetwork, atType}},
	newCountryOS:        {"new-country-os", ofBoth, [2]level{atCountry, atOS}},
	oldAddressBrowser:   {"old-address-browser", ofBoth, [2]level{atAddress, atBrowser}},
	depth:               {"depth", ofDepth, [2]level{levels, levels}},
	absent:              {"absent", ofDepth, [2]level{levels, levels}},
	hourShare:           {"hour-share", ofHour, [2]level{levels, levels}},
	tokenMissing:        {"token-missing", ofToken, [2]level{levels, levels}},
	tokenMissingAddress: {"token-missing-address", ofToken, [2]level{atAddress, atAddress}},
	tokenMissingOS:      {"token-missing-os", ofToken, [2]level{atOS, atOS}},
	tokenMissingBrowser: {"token-missing-browser", ofToken, [2]level{atBrowser, atBrowser}},
	tokenKnown:          {"token-known", ofToken, [2]level{levels, levels}},
}

// reading is everything the scorers and the reasons look at for one event.
type reading struct {
	values values
	sight  sight
	fresh  [levels]bool    // the value is known and new to the account
	tally  [levels]tally   // how many here show the value
	fame   [levels]float64 // the logarithm of the part of all accounts that do
	tokens bool            // the service asks for a token and the account has had one
}

// read looks an event up in profile and counters.
func read(e *Event, p *Profile, c *Counters) (r reading) {
	r.values = valuesOf(c.seed, e)
	r.sight = p.look(e.At, &r.values)
	for i := range levels {
		r.fresh[i] = r.sight.known[i] && r.sight.count[i] == 0
	}
	v := &r.values
	for l, value := range [levels]uint64{atNetwork: v.network, atCountry: v.country, atBrowser: v.browser, atOS: v.os, atType: v.device} {
		if c.census[l].Counts != nil {
			r.tally[l] = c.census[l].Counts[value]
			r.fame[l] = math.Log(c.share(r.tally[l]))
		}
	}
	r.tokens = e.Device.Asked && r.sight.tokens
	return r
}

// habit is the holder's own rate of novelty at a level, leaning on everybody's
// as long as there are few sign-ins to tell it from.
func (s *sight) habit(at level, c *Counters) float64 {
	const lean = 3
	return (s.news[at] + lean*c.rate(at, s)) / (s.chances + lean)
}

// wanders is how often, as a logarithm, the holder is somewhere new at a level; stays
// is how often he is where he was.
func (r *reading) wanders(at level, c *Counters) float64 { return math.Log(r.sight.habit(at, c)) }

func (r *reading) stays(at level, c *Counters) float64 {
	return math.Log1p(-min(r.sight.habit(at, c), .995))
}

// portion is the part of the account's sign-ins that showed the value, as a logarithm.
func (r *reading) portion(at level) float64 {
	return math.Log((r.sight.count[at] + .5) / (r.sight.n + 1))
}

// vector puts a reading into features. What is not known takes the average over
// the pairs that the weights were fitted on, so that it speaks for nobody; without
// averages it is NaN, and the fit will put them in. A service that asks for no
// device token has zeros there: the fit has seen pairs of that kind.
func (r *reading) vector(c *Counters, mean *Vector) (x Vector) {
	deep := math.Log(r.sight.n + 1)
	x[one], x[depth] = 1, deep
	if r.sight.n == 0 {
		x[absent] = 1
	}
	if r.fresh[atAddress] {
		x[newAddress], x[newAddressHabit], x[newAddressDepth] = 1, r.wanders(atAddress, c), deep
	} else {
		x[oldAddressHabit], x[oldAddressShare] = r.stays(atAddress, c), r.portion(atAddress)
	}
	if r.fresh[atBlock] {
		x[newBlock] = 1
	}
	if r.fresh[atNetwork] {
		x[newNetwork], x[newNetworkHabit], x[newNetworkDepth] = 1, r.wanders(atNetwork, c), deep
		x[newNetworkFame] = r.fame[atNetwork]
		x[newNetworkRank] = min(r.fame[atNetwork]-r.fame[atCountry], 0)
	} else {
		x[oldNetworkHabit], x[oldNetworkShare], x[oldNetworkFame] = r.stays(atNetwork, c), r.portion(atNetwork), r.fame[atNetwork]
		x[oldNetworkRank], x[lastNetwork] = min(r.fame[atNetwork]-r.fame[atCountry], 0), r.lately(atNetwork)
	}
	if r.fresh[atCountry] {
		x[newCountry], x[newCountryHabit], x[newCountryDepth], x[newCountryFame] = 1, r.wanders(atCountry, c), deep, r.fame[atCountry]
	}
	r.client(c, &x)
	r.both(&x)
	x[hourShare] = math.Log((float64(r.sight.hour) + 1) / (float64(r.sight.hours) + hourBins) * hourBins)
	r.token(&x)
	r.average(&x, mean)
	return x
}

func (r *reading) client(c *Counters, x *Vector) {
	deep := x[depth]
	if r.fresh[atAgent] {
		x[newAgent], x[newAgentHabit] = 1, r.wanders(atAgent, c)
	} else {
		x[oldAgentHabit], x[oldAgentShare] = r.stays(atAgent, c), r.portion(atAgent)
	}
	if r.fresh[atBrowser] {
		x[newBrowser], x[newBrowserHabit], x[newBrowserDepth], x[newBrowserFame] = 1, r.wanders(atBrowser, c), deep, r.fame[atBrowser]
	} else {
		x[oldBrowserHabit], x[oldBrowserShare], x[oldBrowserFame] = r.stays(atBrowser, c), r.portion(atBrowser), r.fame[atBrowser]
		x[lastBrowser] = r.lately(atBrowser)
	}
	if r.fresh[atOS] {
		x[newOS], x[newOSHabit], x[newOSDepth], x[newOSFame] = 1, r.wanders(atOS, c), deep, r.fame[atOS]
	} else {
		x[oldOSShare], x[oldOSFame], x[lastOS] = r.portion(atOS), r.fame[atOS], r.lately(atOS)
	}
	if r.fresh[atType] {
		x[newType], x[newTypeHabit], x[newTypeFame] = 1, r.wanders(atType, c), r.fame[atType]
	} else {
		x[oldTypeFame], x[lastType] = r.fame[atType], r.lately(atType)
	}
}

// lately is 1 if the value was shown on the last day that anybody was seen on.
func (r *reading) lately(at level) float64 {
	if r.sight.last[at] {
		return 1
	}
	return 0
}

func (r *reading) both(x *Vector) {
	x[newAddressBrowser] = (x[newAddress] - x[newNetwork]) * x[newBrowser]
	x[newNetworkAgent] = x[newNetwork] * x[newAgent]
	x[newNetworkBrowser] = x[newNetwork] * x[newBrowser]
	x[newNetworkOS] = x[newNetwork] * x[newOS]
	x[newNetworkType] = x[newNetwork] * x[newType]
	x[newCountryOS] = x[newCountry] * x[newOS]
	x[oldAddressBrowser] = (1 - x[newAddress]) * x[newBrowser]
}

func (r *reading) token(x *Vector) {
	switch {
	case !r.tokens:
	case r.sight.token > 0:
		x[tokenKnown] = 1
	default:
		x[tokenMissing] = 1
		x[tokenMissingAddress], x[tokenMissingOS], x[tokenMissingBrowser] = x[newAddress], x[newOS], x[newBrowser]
	}
}

// average replaces what rests on something unknown.
func (r *reading) average(x *Vector, mean *Vector) {
	if r.sight.known == [levels]bool{true, true, true, true, true, true, true, true} {
		return
	}
	for i := range features {
		need := features[i].need
		if need[0] == levels || r.sight.known[need[0]] && r.sight.known[need[1]] {
			continue
		}
		x[i] = math.NaN()
		if mean != nil {
			x[i] = mean[i]
		}
	}
}
