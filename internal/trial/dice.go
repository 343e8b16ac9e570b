package trial

import (
	"math"
	"math/rand/v2"
	"sort"
)

// dice draws what the published marginals say, from one seed.
type dice struct{ *rand.Rand }

// throw gives the dice of one account, or of whatever else has a number: what
// is drawn for one never depends on how much was drawn for another.
func throw(seed, stream, number uint64) dice {
	return dice{rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+stream, mix(number)))}
}

// mix spreads a number over 64 bits, every number to another one (SplitMix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// with is true in a share of all cases.
func (d dice) with(share float64) bool { return d.Float64() < share }

// logNormal has the logarithm's mean mu and deviation sigma.
func (d dice) logNormal(mu, sigma float64) float64 { return math.Exp(mu + sigma*d.NormFloat64()) }

// beta draws a rate between 0 and 1.
func (d dice) beta(a, b float64) float64 {
	x, y := d.gamma(a), d.gamma(b)
	return x / (x + y)
}

// gamma draws by the method of Marsaglia and Tsang.
func (d dice) gamma(a float64) float64 {
	if a < 1 {
		return d.gamma(a+1) * math.Pow(1-d.Float64(), 1/a)
	}
	c := a - 1.0/3
	for {
		x := d.NormFloat64()
		v := 1 + x/math.Sqrt(9*c)
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-d.Float64()) < x*x/2+c-c*v+c*math.Log(v) {
			return c * v
		}
	}
}

// shares are weights that add up, for drawing.
type shares []float64

// zipf gives the shares of n things of which the k-th is 1/k^s as popular as the first.
func zipf(n int, s float64) shares {
	w := make([]float64, n)
	for k := range w {
		w[k] = math.Pow(float64(k+1), -s)
	}
	return weights(w...)
}

func weights(w ...float64) shares {
	all, sum := make(shares, len(w)), 0.0
	for i, x := range w {
		sum += x
		all[i] = sum
	}
	return all
}

// of tells the share of one.
func (s shares) of(i int) float64 {
	if i == 0 {
		return s[0] / s[len(s)-1]
	}
	return (s[i] - s[i-1]) / s[len(s)-1]
}

// pick draws one by its share.
func (d dice) pick(s shares) int {
	x := d.Float64() * s[len(s)-1]
	return min(sort.Search(len(s), func(i int) bool { return s[i] > x }), len(s)-1)
}
