package risk

import "math"

// notes collects reasons without asking for memory.
type notes struct {
	list [16]Reason
	n    int
}

func (s *notes) add(r Reason) {
	if r.Signal == "" || s.n == len(s.list) {
		return
	}
	s.list[s.n] = r
	s.n++
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
	list := j.notes.list[:j.notes.n]
	for i := 1; i < len(list); i++ {
		for k := i; k > 0 && weightOf(&list[k]) > weightOf(&list[k-1]); k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
	out := make([]Reason, min(len(list), mostReasons))
	copy(out, list)
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

// rare is the share of accounts below which a network is called rare.
const rare = 0.001

// placeReason names the coarsest level at which the place is new.
func (j *judge) placeReason() Reason {
	p, v := &j.e.Place, &j.r.values
	part := func(at level, value uint64) float64 {
		return float64(j.c.census[at].Counts[value].SignIns) / float64(max(j.c.SignIns, 1))
	}
	switch f := &j.r.fresh; {
	case f[atCountry]:
		return Reason{Signal: NewCountry, Name: p.Country, Share: part(atCountry, v.country)}
	case f[atNetwork] && j.r.share[atNetwork] < rare:
		return Reason{Signal: RareNetwork, Number: int64(p.Network), Share: part(atNetwork, v.network)}
	case f[atNetwork]:
		return Reason{Signal: NewNetwork, Number: int64(p.Network), Share: part(atNetwork, v.network)}
	case f[atBlock]:
		return Reason{Signal: NewSubnet}
	case f[atAddress]:
		return Reason{Signal: NewAddress}
	}
	return Reason{Signal: KnownPlace}
}

// clientReason names the coarsest level at which the client is new.
func (j *judge) clientReason() Reason {
	k, v := &j.e.Client, &j.r.values
	part := func(at level, value uint64) float64 {
		return float64(j.c.census[at].Counts[value].SignIns) / float64(max(j.c.SignIns, 1))
	}
	switch f := &j.r.fresh; {
	case f[atType]:
		return Reason{Signal: NewDeviceType, Name: k.Type}
	case f[atOS]:
		return Reason{Signal: NewOS, Name: k.OS, Share: part(atOS, v.os)}
	case f[atBrowser]:
		return Reason{Signal: NewBrowser, Name: k.Browser, Share: part(atBrowser, v.browser)}
	case f[atAgent]:
		return Reason{Signal: NewBrowser, Name: k.Browser, Share: part(atBrowser, v.browser)}
	}
	return Reason{Signal: KnownClient}
}

// freemanReasons are the two factors of Freeman's model.
func (j *judge) freemanReasons() {
	place, agent, _ := freemanParts(&j.r.values, j.p, j.c, j.e.At)
	j.part(place, j.placeReason())
	j.part(agent, j.clientReason())
}
