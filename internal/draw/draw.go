package draw

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Mix spreads a number over 64 bits, every number to another one (SplitMix64).
func Mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// Beta draws a rate between 0 and 1.
func Beta(r *rand.Rand, a, b float64) float64 {
	x, y := gamma(r, a), gamma(r, b)
	return x / (x + y)
}

// gamma draws by the method of Marsaglia and Tsang.
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(1-r.Float64(), 1/a)
	}
	c := a - 1.0/3
	for {
		x := r.NormFloat64()
		v := 1 + x/math.Sqrt(9*c)
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-r.Float64()) < x*x/2+c-c*v+c*math.Log(v) {
			return c * v
		}
	}
}

// Shares are weights that add up, for drawing.
type Shares []float64

// Zipf gives the shares of n things of which the k-th is 1/k^s as popular as the first.
func Zipf(n int, s float64) Shares {
	w := make([]float64, n)
	for k := range w {
		w[k] = math.Pow(float64(k+1), -s)
	}
	return Weights(w...)
}

// Weights gives the shares of things with these weights.
func Weights(w ...float64) Shares {
	all, sum := make(Shares, len(w)), 0.0
	for i, x := range w {
		sum += x
		all[i] = sum
	}
	return all
}

// Of tells the share of one.
func (s Shares) Of(i int) float64 {
	if i == 0 {
		return s[0] / s[len(s)-1]
	}
	return (s[i] - s[i-1]) / s[len(s)-1]
}

// At gives the one that a part of the whole falls to, from 0 up to 1: a throw of
// the dice, or a number that is always the same for the same.
func (s Shares) At(part float64) int {
	x := part * s[len(s)-1]
	return min(sort.Search(len(s), func(i int) bool { return s[i] > x }), len(s)-1)
}
