package knowledge

import "math"

// Answer is whether something is so. The zero Answer is that nobody knows.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // no file was given that could say it
	No
	Yes
)

// or joins what two lists say: one Yes suffices, and a No needs a list that could have said Yes.
func (a Answer) or(b Answer) Answer { return max(a, b) }

// Place is what is known of an address. Of the zero Place nothing is known.
type Place struct {
	Country string // two letters of ISO 3166; empty if unknown
	City    string // as the file writes it; empty if unknown
	At      Spot
	Network Network

	Signs [Signs]Answer
}

// Is tells whether it is known that an address is of a kind.
func (p Place) Is(s Sign) bool { return p.Signs[s] == Yes }

// Sign is a kind of address that there are lists of.
type Sign uint8

// The signs.
const (
	Tor           Sign = iota // an exit of Tor
	VPN                       // a commercial VPN
	Hosting                   // a data centre: servers live there, people do not
	Relay                     // a relay that hides many people's addresses, such as Apple's
	Residential               // a proxy in somebody's home
	BadNetwork                // a network of ill repute
	BadReputation             // an address of ill repute
	Denied                    // on the operator's own list
	Mobile                    // a carrier, whose addresses say little about where a telephone is
	Signs                     // how many there are
)

// signs are the keys of the lists in the configuration.
var signs = [Signs]string{"tor", "vpn", "hosting", "relay", "residential", "bad_networks", "bad_reputation", "denied", "mobile"}

// String gives the key of the list.
func (s Sign) String() string { return signs[s] }

// Network is an autonomous system. The zero Network is an unknown one.
type Network struct {
	Number uint32
	Name   string
}

// Spot is a place on the map. The zero Spot is an unknown one.
type Spot struct {
	Lat, Lon float64 // degrees
	Error    float64 // how far off it may be, km; above zero wherever the place is known
}

// Known tells whether there is a place.
func (s Spot) Known() bool { return s.Error > 0 }

// Elsewhere tells whether whoever uses the address is probably not where the
// address is.
func (p Place) Elsewhere() bool {
	return p.Is(Tor) || p.Is(VPN) || p.Is(Hosting) || p.Is(Relay) || p.Is(Residential) || p.Is(Mobile)
}

// Apart is how many kilometres lie between two addresses for certain: the great
// circle without what both files may be wrong by. It is not known of an address
// that somebody uses from elsewhere. Travel is never a reason by itself: trains
// have relays, too, and two files place one address in Tokyo and in Osaka.
func Apart(a, b Place) (km float64, known bool) {
	if a.Elsewhere() || b.Elsewhere() {
		return 0, false
	}
	return Distance(a.At, b.At)
}

// earth is the mean radius of the Earth, km.
const earth = 6371.0088

// Distance is how many kilometres lie between two places for certain.
func Distance(a, b Spot) (km float64, known bool) {
	if !a.Known() || !b.Known() {
		return 0, false
	}
	const degree = math.Pi / 180
	lat1, lat2 := a.Lat*degree, b.Lat*degree
	sinLat, sinLon := math.Sin((lat2-lat1)/2), math.Sin((b.Lon-a.Lon)*degree/2)
	h := sinLat*sinLat + math.Cos(lat1)*math.Cos(lat2)*sinLon*sinLon // haversine: exact for near places, too
	return max(0, 2*earth*math.Asin(min(1, math.Sqrt(h)))-a.Error-b.Error), true
}

// errors9of10 are what nine of ten places in a country are wrong by at most, km,
// where the file itself does not say. Two free tables (GeoLite2 and DB-IP, 2026)
// were asked about 400,000 random IPv4 addresses; these are the distances
// between their answers, interpolated to nine of ten and rounded up.
var errors9of10 = map[string]float64{
	"JP": 450, "GB": 300, "DE": 300, "FR": 550, "BR": 900, "IN": 1400, "CN": 1450, "US": 4900,
}

// errorElsewhere is taken for countries that were not measured.
const errorElsewhere = 1000

func errorIn(country string) float64 {
	if km, measured := errors9of10[country]; measured {
		return km
	}
	return errorElsewhere
}

// spot makes a Spot of what a file says. Zero for both coordinates is how files
// write that they know no place; nobody lives at that point of the sea.
func spot(lat, lon, radius float64, country string) (s Spot, ok bool) {
	if !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180 && radius >= 0 && radius <= math.Pi*earth) { // also not a number
		return Spot{}, false
	}
	if lat == 0 && lon == 0 {
		return Spot{}, true
	}
	if radius == 0 {
		radius = errorIn(country)
	}
	return Spot{lat, lon, radius}, true
}

// countryCode reads a country; ok is false for what is none. Files write "-",
// "ZZ" and nothing where they know none.
func countryCode(s string) (code string, ok bool) {
	switch s {
	case "", "-", "--", "ZZ":
		return "", true
	}
	if len(s) != 2 {
		return "", false
	}
	a, b := s[0]&^0x20, s[1]&^0x20
	if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' {
		return "", false
	}
	if s[0] == a && s[1] == b {
		return s, true
	}
	return string([]byte{a, b}), true
}
