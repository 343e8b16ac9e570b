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

// Successes tells how many sign-ins the profile has learnt.
func (p *Profile) Successes() int { return int(p.n) }
