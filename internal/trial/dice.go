package trial

import (
	"math"
	"math/rand/v2"

	"takeback/internal/draw"
)

// dice draws what the published marginals say, from one seed.
type dice struct{ *rand.Rand }

// throw gives the dice of one account, or of whatever else has a number: what
// is drawn for one never depends on how much was drawn for another.
func throw(seed, stream, number uint64) dice {
	return dice{rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+stream, draw.Mix(number)))}
}

// with is true in a share of all cases.
func (d dice) with(share float64) bool { return d.Float64() < share }

// logNormal has the logarithm's mean mu and deviation sigma.
func (d dice) logNormal(mu, sigma float64) float64 { return math.Exp(mu + sigma*d.NormFloat64()) }

// pick draws one by its share.
func (d dice) pick(s draw.Shares) int { return s.At(d.Float64()) }
