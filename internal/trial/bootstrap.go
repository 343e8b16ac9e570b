package trial

import (
	"math"
	"slices"

	"takeback/internal/draw"
)

// cells are counts of challenged sign-ins, once as they are and once per round
// of the bootstrap. What one account does hangs together, so rounds draw accounts
// and not sign-ins: each takes an account as often as a Poisson of mean one says.
type cells struct {
	rounds, kinds int
	all, hit      []float64 // [limit][kind][depth][round]; all has one limit
}

func (c *cells) at(limit, kind, depth int) int {
	return ((limit*c.kinds+kind)*len(depthNames) + depth) * (c.rounds + 1)
}

// bootstrap counts the later part.
func (c *court) bootstrap(s int, limits []float32) *cells {
	out := &cells{rounds: c.Rounds, kinds: len(c.kinds)}
	out.all = make([]float64, out.at(1, 0, 0))
	out.hit = make([]float64, out.at(len(limits), 0, 0))
	weight := make([]float64, c.Rounds+1)
	weight[0] = 1 // as it is
	account := int64(-1)
	for i := range c.records {
		r := &c.records[i]
		if !c.later(r) {
			continue
		}
		if int64(r.account) != account {
			account = int64(r.account)
			d := throw(c.Seed, 4, uint64(account))
			for b := range c.Rounds {
				weight[b+1] = float64(d.pick(poissonOne))
			}
		}
		for _, kind := range c.countedAs(r.kind) {
			for _, depth := range [...]int{0, depthOf(r.depth)} {
				add(out.all[out.at(0, kind, depth):], weight)
				for l, limit := range limits {
					if r.score[s] > limit {
						add(out.hit[out.at(l, kind, depth):], weight)
					}
				}
			}
		}
	}
	return out
}

// countedAs gives the kinds a record is counted among: its own, and that of all
// holders or all takeovers.
func (c *court) countedAs(kind uint8) []int {
	switch {
	case kind <= takeover:
		return []int{int(kind)}
	case c.holder[kind]:
		return []int{holders, int(kind)}
	}
	return []int{takeover, int(kind)}
}

func add(to, weight []float64) {
	to = to[:len(weight)]
	for i, w := range weight {
		to[i] += w
	}
}

// poissonOne are the chances of 0, 1, 2 … of a Poisson of mean one.
var poissonOne = func() draw.Shares {
	w, p := make([]float64, 12), math.Exp(-1)
	for k := range w {
		w[k] = p
		p /= float64(k + 1)
	}
	return draw.Weights(w...)
}()

func (c *cells) share(limit, kind, depth int) Share {
	all, hit := c.all[c.at(0, kind, depth):][:c.rounds+1], c.hit[c.at(limit, kind, depth):][:c.rounds+1]
	if all[0] == 0 {
		return Share{}
	}
	var drawn []float64
	for b := 1; b <= c.rounds; b++ {
		if all[b] > 0 {
			drawn = append(drawn, hit[b]/all[b])
		}
	}
	return Share{N: int(all[0]), Value: hit[0] / all[0]}.between(drawn)
}

// between sets the interval that 95 of 100 of the drawn values lie in.
func (s Share) between(drawn []float64) Share {
	s.Low, s.High = s.Value, s.Value
	if slices.Sort(drawn); len(drawn) > 0 {
		s.Low, s.High = drawn[len(drawn)*25/1000], drawn[len(drawn)-1-len(drawn)*25/1000]
	}
	return s
}

// medianShare is the median of k/n over accounts of which count[k] were asked k
// times. An account weighs the same whenever it is drawn, so a round draws the
// counts themselves.
func (c *court) medianShare(count []int, stream uint64) Share {
	n := 0
	for _, x := range count {
		n += x
	}
	if n == 0 {
		return Share{}
	}
	weight := make([]float64, len(count))
	for k, x := range count {
		weight[k] = float64(x)
	}
	s := Share{N: n, Value: medianOf(weight)}
	d, drawn := throw(c.Seed, 5, stream), make([]float64, c.Rounds)
	for b := range drawn {
		for k, x := range count {
			weight[k] = d.poisson(float64(x))
		}
		drawn[b] = medianOf(weight)
	}
	return s.between(drawn)
}

// medianOf gives k/n for the middle account.
func medianOf(weight []float64) float64 {
	all, sum := 0.0, 0.0
	for _, w := range weight {
		all += w
	}
	for k, w := range weight {
		if sum += w; sum >= all/2 {
			return float64(k) / float64(len(weight)-1)
		}
	}
	return 0
}

// poisson draws a count; a large one is as good as normal.
func (d dice) poisson(mean float64) float64 {
	if mean > 100 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*d.NormFloat64()))
	}
	limit, p, k := math.Exp(-mean), d.Float64(), 0.0
	for p > limit {
		p *= d.Float64()
		k++
	}
	return k
}
