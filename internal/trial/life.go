package trial

import (
	"cmp"
	"math"
	"slices"

	"takeback/internal/draw"
)

// kind is what lies behind an attempt: nothing worth a word, a hard case of the
// holder, or an intruder.
type kind uint8

const (
	ordinary kind = iota
	// What holders do that looks like a takeover.
	travel
	newPhone
	movedHouse
	vpnOn
	forgotten
	household
	ownEmail
	gift
	// Who takes accounts over.
	naive
	vpn
	resproxy
	targeted
	cloned
	stolen
	allKinds // how many there are
)

var kindNames = [allKinds]string{
	"ordinary", "travel", "new-phone", "moved-house", "vpn-on", "forgotten-password", "family", "own-email", "gift",
	"naive", "vpn", "resproxy", "targeted", "cloned", "stolen-session",
}

func (k kind) String() string { return kindNames[k] }

// intruder tells a taker of accounts from a holder.
func (k kind) intruder() bool { return k >= naive }

// Of a thousand later sign-ins, so many are hard cases of each kind. Nothing is
// published about them; they are rare enough to leave the marginals alone.
var hardCases = []struct {
	kind  kind
	share float64
}{
	{travel, 0.002}, {newPhone, 0.002}, {movedHouse, 0.002}, {vpnOn, 0.002}, {household, 0.002},
	{forgotten, 0.010}, {ownEmail, 0.002}, {gift, 0.004},
}

// attempt is one try to sign in, small because millions are sorted by time.
type attempt struct {
	at     int64 // milliseconds from the begin
	user   uint32
	place  place
	client client
	depth  uint16 // successes of the account before
	kind   kind
	failed bool
	nobody bool // the name does not exist
	cookie bool // the client showed a device token that was known
}

// life is an account while its sign-ins are drawn.
type life struct {
	dice
	user    uint32
	country int
	places  []place  // known ones, each once
	clients []client // known ones, each once
	last    place
	recent  client
	away    int // sign-ins that a trip still lasts

	newPlace, newClient float64 // how often something new is drawn
	emit                func(attempt)
}

// live draws all sign-ins of an account: how many, when, from where, with what.
func live(d dice, user uint32, span int64, attacks float64, emit func(attempt)) {
	l := &life{dice: d, user: user, emit: emit}
	n := int(min(600, max(1, math.Round(d.logNormal(0.69, 1.16)))))
	times := make([]int64, n)
	for i := range times {
		times[i] = d.Int64N(span)
	}
	slices.Sort(times)
	if !d.with(0.9) {
		l.country = d.pick(byCountry)
	}
	l.newPlace, l.newClient = draw.Beta(d.Rand, 0.8, 1.0), draw.Beta(d.Rand, 0.9, 1.5)
	l.know(d.placeIn(l.country), d.client())
	l.signIn(attempt{at: times[0], place: l.last, client: l.recent})
	for i := 1; i < n; i++ {
		l.attack(times[i-1], times[i], i, attacks)
		l.signIn(l.next(times[i], i))
	}
}

func (l *life) know(p place, c client) {
	if !slices.Contains(l.places, p) {
		l.places = append(l.places, p)
	}
	if !slices.Contains(l.clients, c) {
		l.clients = append(l.clients, c)
	}
	l.last, l.recent = p, c
}

// next draws a later sign-in.
func (l *life) next(at int64, depth int) attempt {
	a := attempt{at: at, depth: uint16(min(depth, math.MaxUint16))}
	known := l.clients
	a.place, a.client = l.nextPlace(), l.nextClient()
	if a.kind = l.hardCase(); a.kind != ordinary {
		l.harden(&a)
	} else if l.away > 0 {
		l.away--
		a.kind, a.place = travel, l.last
	}
	a.cookie = l.cookie(a.client, known)
	l.know(a.place, a.client)
	return a
}

func (l *life) nextPlace() place {
	p := l.last
	if !l.with(0.6) {
		p = l.places[l.IntN(len(l.places))]
	}
	switch {
	case !l.with(l.newPlace):
		return p
	case !l.with(0.30):
		return l.addressIn(int(p.country), int(p.network))
	case l.with(0.085):
		return l.placeIn(l.pick(byCountry))
	}
	return l.placeIn(l.country)
}

func (l *life) nextClient() client {
	c := l.recent
	if !l.with(0.6) {
		c = l.clients[l.IntN(len(l.clients))]
	}
	switch {
	case !l.with(l.newClient):
		return c
	case !l.with(0.62):
		return l.clientWith(int(c.device), int(c.system))
	case l.with(0.45):
		return l.client()
	}
	return l.clientOn(int(c.device))
}

func (l *life) hardCase() kind {
	x := l.Float64()
	for _, h := range hardCases {
		if x -= h.share; x < 0 {
			return h.kind
		}
	}
	return ordinary
}

// harden makes a hard case of a sign-in.
func (l *life) harden(a *attempt) {
	switch a.kind {
	case travel:
		a.place = l.placeIn(l.IntN(len(countryNames)))
		l.away = 1
	case newPhone:
		a.client = l.clientOn(0)
		l.clients = slices.DeleteFunc(l.clients, func(c client) bool { return c.device == 0 })
	case movedHouse:
		a.place = l.placeIn(l.country)
		l.places = nil
	case vpnOn:
		a.place = l.addressIn(l.country, leastPopular+l.IntN(networksEach-leastPopular))
	case household:
		a.place, a.client = l.last, l.client()
	}
}

// cookie draws whether a device token is recognised: nine times in ten on a
// known client, seven after an update of its browser, never on anything else.
func (l *life) cookie(c client, known []client) bool {
	if slices.Contains(known, c) {
		return l.with(0.9)
	}
	return slices.ContainsFunc(known, func(k client) bool { return k.device == c.device && k.system == c.system }) && l.with(0.7)
}

// signIn emits the failures before a success of the holder, and the success.
// The holder mistypes: 0.277 failures in the day before, on average.
func (l *life) signIn(a attempt) {
	a.user = l.user
	n := 0
	if a.kind == forgotten {
		n = 3 + l.IntN(3)
	} else {
		for n < 20 && l.with(mistype) {
			n++
		}
	}
	for i := n; i > 0; i-- {
		f := a
		f.failed, f.at = true, a.at-int64(i)*(5_000+l.Int64N(30_000))
		l.emit(f)
	}
	l.emit(a)
}

const mistype = 0.192

// usual is the network an account is used from most, as who studied the holder knows it.
func (l *life) usual() place {
	return slices.MaxFunc(l.places, func(a, b place) int { return cmp.Compare(l.placesIn(a), l.placesIn(b)) })
}

func (l *life) placesIn(p place) (n int) {
	for _, q := range l.places {
		if q.inNetwork(p) {
			n++
		}
	}
	return n
}
