package trial

import "takeback/internal/risk"

// asking is whom a service would have asked for a second proof. A file of rows
// does not say it. What it says is that a sign-in succeeded: so one that was loud
// enough to be asked has passed, and counts as proved. One that was quiet was let
// in without a word, and nothing vouches for it.
type asking struct {
	share float64
	meter risk.Meter
}

// askedOfRows is the middle of the shares that rows are judged at.
const askedOfRows = 0.05

// asked tells whether a success is among them, by how high scores were before.
func (a *asking) asked(d *risk.Decision, untilThen float64) bool {
	if !d.Scored {
		return false
	}
	limit := a.meter.Over(a.share, untilThen)
	a.meter.Add(d.Score, false)
	return d.Score >= limit
}

// How long newcomers are held back, in days. All of them for ever costs 5 of 100
// residential proxies, because holders who have moved, with a new telephone, are
// asked again each time; for 45 days 4 (docs/detection.md).
const (
	// daysNear are for a place where many of that country are. Who hires an address
	// near the holder comes from such a one, and so does the holder when he moves.
	daysNear = 3
	// daysFar are for one where hardly anybody is: few holders go there twice.
	daysFar = 15
	// fewThere is the part of a country's accounts below which a network is such a place.
	fewThere = 0.01
)

// heldBack tells for how many days a success that was loud enough to be asked is
// held back from its like: as long as nobody has come so for that many days. One
// who brought something that the account knew, a network or an agent, is not.
func heldBack(n risk.News, partOfCountry float64) int {
	switch {
	case !n.Network || !n.Agent:
		return 0
	case n.Country || partOfCountry < fewThere:
		return daysFar
	}
	return daysNear
}
