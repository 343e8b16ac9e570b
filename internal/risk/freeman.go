package risk

import "math"

// Freeman's model as published large-scale results were computed with it: two
// features, each a hierarchy whose levels are mixed linearly.
var (
	freemanAddress = [3]float64{0.6, 0.3, 0.1}
	freemanAgent   = [4]float64{0.5386653840551359, 0.2680451498625666, 0.18818295100109536, 0.0051065150812021525}
)

// Freeman is the natural logarithm of the score of Freeman et al., without
// attack data:
//
//	S = Π p(x) / p(x | user) · (1/|U|) / (n/N)
//
// It is the reference that the fitted score is held against. The account must
// have an earlier sign-in. It forgets nothing that the profile still has.
func Freeman(e *Event, p *Profile, c *Counters) float64 {
	v := valuesOf(c.seed, e)
	return freeman(&v, p, c, e.At)
}

func freeman(v *values, p *Profile, c *Counters, at int64) float64 {
	place, agent, user := freemanParts(v, p, c, at)
	return place + agent + user
}

// freemanParts are the logarithms of its three factors: of the address, of the
// agent, and of how often this user signs in.
func freemanParts(v *values, p *Profile, c *Counters, at int64) (onPlace, onAgent, onUser float64) {
	s := p.lookAll(at, v)
	N, n := float64(c.SignIns), s.n
	if N == 0 || n == 0 {
		return 0, 0, 0
	}
	place := freemanFeature{
		weights:  freemanAddress[:],
		finest:   c.addresses.find(v.address),
		distinct: len(c.census[atNetwork].Counts) + len(c.census[atCountry].Counts),
		global:   []uint32{0, c.census[atNetwork].Counts[v.network].SignIns, c.census[atCountry].Counts[v.country].SignIns},
		own:      []float64{s.count[atAddress], s.count[atNetwork], s.count[atCountry]},
	}
	agent := freemanFeature{
		weights:  freemanAgent[:],
		finest:   c.agents.find(v.agent),
		distinct: len(c.census[atBrowser].Counts) + len(c.census[atOS].Counts) + len(c.census[atType].Counts),
		global:   []uint32{0, c.census[atBrowser].Counts[v.browser].SignIns, c.census[atOS].Counts[v.os].SignIns, c.census[atType].Counts[v.device].SignIns},
		own:      []float64{s.count[atAgent], s.count[atBrowser], s.count[atOS], s.count[atType]},
	}
	attacked := 1 / float64(max(c.Accounts, 1))
	return math.Log(place.ratio(N, n)), math.Log(agent.ratio(N, n)), math.Log(attacked / (n / N))
}

// freemanFeature is one hierarchy, finest level first.
type freemanFeature struct {
	weights  []float64
	finest   *entry // nil if nobody has shown the finest value
	distinct int    // values of all coarser levels
	global   []uint32
	own      []float64
}

// ratio is p(x) / p(x | user).
func (f *freemanFeature) ratio(N, n float64) float64 {
	everybody := f.weights[0] * finest(f.finest, f.distinct, N)
	var own float64
	for i, w := range f.weights {
		if i > 0 {
			everybody += w * float64(f.global[i]) / N
		}
		own += w * f.own[i] / n
	}
	if own == 0 {
		own = everybody / 4 // not in Freeman: what is wholly new must come out high
	}
	return everybody / own
}

// finest is the smoothed likelihood of the finest value, times the one within
// that value: M counts the coarser values there are, M' those nested under it.
func finest(e *entry, distinct int, N float64) float64 {
	c, M, nested := float64(e.count()), float64(1+distinct), float64(1+e.kin())
	if c == 0 {
		return 1 / (N + M) * 1 / nested
	}
	return c / N * (1 - M/(N+M)) * (1 - nested/(c+nested))
}
