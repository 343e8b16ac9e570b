package risk

import (
	"math"
	"strings"
)

// clockAstray is how many hours a clock may be from where the address is. Countries
// keep clocks of other places for ease: western China and western Spain are some
// three hours off the sun in summer.
const clockAstray = 4.0

// polar is the latitude beyond which any clock will do.
const polar = 75

// setting compares what a client that the account does not know says of itself: the
// language with the account's own (L09), the clock with the place of its address
// (L10). Neither is compared with earlier sign-ins: whoever is in the account for
// some days could teach it both, and a holder who travels takes the clock along. A
// client that is known may be set as it likes.
func (j *judge) setting() {
	s, p := &j.e.Setting, &j.e.Place
	if j.e.Kind != SignedIn || j.p.n == 0 || !j.r.fresh[atBrowser] && !(j.r.tokens && j.r.sight.token == 0) {
		return
	}
	if a, b := primary(s.Language), primary(s.Usual); a != "" && b != "" && !strings.EqualFold(a, b) {
		j.suspect(.5, Reason{Signal: OtherLanguage, Name: s.Language})
		j.raise(Tell, Reason{})
	}
	if !s.Clocked || !p.Located || p.Flags&(Mobile|Relay) != 0 {
		return
	}
	if hours := astray(s.Clock, p); hours >= clockAstray {
		j.suspect(1, Reason{Signal: OtherClock, Number: int64(hours)})
		j.raise(StepUp, Reason{})
	}
}

// primary is the language of a tag: "ja" of "ja-JP".
func primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		return tag[:i]
	}
	return tag
}

// astray is how many hours a clock is from the sun at a place, less what the place
// may be wrong by.
func astray(minutes int16, p *Place) float64 {
	if math.Abs(float64(p.Lat)) > polar {
		return 0
	}
	off := math.Mod(float64(minutes)/60-float64(p.Lon)/15, 24)
	off = min(math.Abs(off), 24-math.Abs(off))
	const kmPerHour = 40_075 / 24.0 // that the sun travels along the equator
	wrong := float64(p.ErrorKM) / (kmPerHour * math.Cos(float64(p.Lat)*math.Pi/180))
	return off - wrong
}
