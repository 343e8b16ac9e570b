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
