package risk

import (
	"math"
	"slices"
)

// notes collects reasons without asking for memory.
type notes struct {
	list   [16]Reason
	weight [16]float64 // how weighty each is
	n      int
}

func (s *notes) add(r Reason) {
	if r.Signal == "" || s.n == len(s.list) {
		return
	}
	s.list[s.n], s.weight[s.n] = r, weightOf(&r)
	s.n++
}

// sorted gives them with the weightiest first.
func (s *notes) sorted() []Reason {
	list, weight := s.list[:s.n], s.weight[:s.n]
	for i := 1; i < len(list); i++ {
		for k := i; k > 0 && weight[k] > weight[k-1]; k-- {
			list[k], list[k-1] = list[k-1], list[k]
			weight[k], weight[k-1] = weight[k-1], weight[k]
		}
	}
	return list
}

// mostReasons is how many a decision gives: a person reads no more.
const mostReasons = 6

// reasons takes the score apart and gives the weightiest of its parts and of what
// the layer found.
func (j *judge) reasons() []Reason {
	if j.scored {
		if j.t.Freeman {
			j.freemanReasons()
		} else {
			j.scoreReasons()
		}
	} else if j.e.Kind == SignedIn && j.p.n == 0 {
		j.notes.add(Reason{Signal: ColdProfile, Odds: 1, Share: -1})
	}
	if j.notes.n == 0 {
		return nil
	}
	out := slices.Clone(j.notes.sorted()[:min(j.notes.n, mostReasons)])
	for i := range out {
		switch out[i].Signal {
		case NewNetwork, RareNetwork, NewCountry, NewBrowser, NewOS:
		default:
			out[i].Share = -1
		}
	}
	return out
}

// weightOf orders reasons. A rule that asks for something and is no likelihood
// stands among the strong ones; the holder's word goes before everything.
func weightOf(r *Reason) float64 {
	switch {
	case r.Signal == NotMe || r.Signal == WasMe:
		return 100
	case r.Odds == 1:
		return 1.5
	}
	return math.Abs(math.Log(r.Odds))
}

// least is how much a part of the score must speak to be a reason.
const least = 0.4

// scoreReasons groups the features by what they are about. Each group speaks by
// how far it is from the average of the pairs.
func (j *judge) scoreReasons() {
	var sums [ofToken + 1]float64
	w := j.t.Weights
	for i := range features {
		if i != one {
			sums[features[i].part] += w.W[i] * (j.x[i] - w.Mean[i])
		}
	}
	j.part(sums[ofPlace]+sums[ofNetwork]+sums[ofCountry], j.placeReason())
	j.part(sums[ofClient]+sums[ofBrowser]+sums[ofOS]+sums[ofType], j.clientReason())
	j.part(sums[ofBoth], Reason{Signal: Context})
	j.part(sums[ofHour], Reason{Signal: UnusualHour, Number: int64(hourBin(j.e.At)) * 24 / hourBins})
	j.part(sums[ofDepth], Reason{Signal: RestlessHolder, Number: int64(j.p.n)})
	if j.r.sight.token > 0 {
		j.part(sums[ofToken], Reason{Signal: KnownDevice})
	} else if j.r.tokens {
		j.part(sums[ofToken], Reason{Signal: NewDevice})
	}
}

func (j *judge) part(logOdds float64, r Reason) {
	if r.Signal == "" || math.Abs(logOdds) < least || math.IsNaN(logOdds) {
		return
	}
	r.Odds = math.Exp(min(max(logOdds, -30), 30))
	j.notes.add(r)
}

// ofSignIns is the part of all sign-ins here that showed the value.
func (j *judge) ofSignIns(at level) float64 {
	return float64(j.r.tally[at].SignIns) / float64(max(j.c.SignIns, 1))
}

// rare is the share of accounts below which a network is called rare.
const rare = 0.001

// placeReason names the coarsest level at which the place is new.
func (j *judge) placeReason() Reason {
	p := &j.e.Place
	switch f := &j.r.fresh; {
	case f[atCountry]:
		return Reason{Signal: NewCountry, Name: p.Country, Share: j.ofSignIns(atCountry)}
	case f[atNetwork] && j.c.share(j.r.tally[atNetwork]) < rare:
		return Reason{Signal: RareNetwork, Number: int64(p.Network), Share: j.ofSignIns(atNetwork)}
	case f[atNetwork]:
		return Reason{Signal: NewNetwork, Number: int64(p.Network), Share: j.ofSignIns(atNetwork)}
	case f[atBlock]:
		return Reason{Signal: NewSubnet}
	case f[atAddress]:
		return Reason{Signal: NewAddress}
	}
	return Reason{Signal: KnownPlace}
}

// clientReason names the coarsest level at which the client is new.
func (j *judge) clientReason() Reason {
	k := &j.e.Client
	switch f := &j.r.fresh; {
	case f[atType]:
		return Reason{Signal: NewDeviceType, Name: k.Type}
	case f[atOS]:
		return Reason{Signal: NewOS, Name: k.OS, Share: j.ofSignIns(atOS)}
	case f[atBrowser]:
		return Reason{Signal: NewBrowser, Name: k.Browser, Share: j.ofSignIns(atBrowser)}
	case f[atAgent]:
		return Reason{Signal: NewBrowser, Name: k.Browser, Share: j.ofSignIns(atBrowser)}
	}
	return Reason{Signal: KnownClient}
}

// freemanReasons are the two factors of Freeman's model.
func (j *judge) freemanReasons() {
	place, agent, _ := freemanParts(&j.r.values, j.p, j.c, j.e.At)
	j.part(place, j.placeReason())
	j.part(agent, j.clientReason())
}
