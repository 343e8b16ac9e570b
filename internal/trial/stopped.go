package trial

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"takeback/internal/risk"
)

// EvalEvents goes through a file of events and judges what would have been done
// about what follows a sign-in.
func EvalEvents(from io.Reader, p Course, j Judging) (*Aftermath, error) {
	j.WarmUp, j.Split, j.Rounds = cmp.Or(j.WarmUp, 0.2), cmp.Or(j.Split, 0.6), cmp.Or(j.Rounds, 200)
	if !(j.WarmUp >= 0 && j.WarmUp < j.Split && j.Split < 1) {
		return nil, errors.New("split: it must lie between the warm-up and the end")
	}
	if p.Budget == (risk.Budget{}) {
		p.Budget = usualBudget
	}
	for name, share := range map[string]float64{"challenge": p.Budget.Challenge, "hold": p.Budget.Hold} {
		if !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("%s: %v is no share between 0 and 1", name, share)
		}
	}
	c, err := p.run(from)
	if err != nil {
		return nil, err
	}
	return newBench(c, j).judge(), nil
}

// usualBudget is that of a server whose operator names none.
var usualBudget = risk.Budget{Challenge: 0.02, Hold: 0.02}

func newBench(c *coursing, j Judging) *bench {
	span := float64(c.last - c.first)
	return &bench{coursing: c, Judging: j, warm: c.first + int64(span*j.WarmUp), parted: c.first + int64(span*j.Split), until: math.MaxInt64, weight: map[uint32][]uint8{}}
}

// bench is a course while it is judged.
type bench struct {
	*coursing
	Judging
	warm, parted int64
	until        int64 // after which nothing is judged
	limits       risk.Limits
	holders      []*act // of the later part, by account
	intruders    []*act
	besides      int // acts of holders while an intruder was in their account
	weight       map[uint32][]uint8
	signIns      risk.Meter
	changes      risk.Meter
}

// passed are the shares of intruders that get by a code sent by SMS, as Doerfler
// measured: of bulk phishing, and of those who studied the holder.
var passed = map[string]float64{"naive": 0.04, "vpn": 0.04, "resproxy": 0.04}

const passedTargeted = 0.24

func (b *bench) judge() *Aftermath {
	b.part()
	b.limits = b.within(b.Budget)
	a := &Aftermath{Heard: b.Heard, Budget: Spent{Challenge: b.Budget.Challenge, Hold: b.Budget.Hold, StepUp: b.limits.StepUp, HoldFrom: b.limits.Hold},
		From: time.UnixMicro(b.parted).UTC(), Seed: b.Seed, Rounds: b.Rounds, Besides: b.besides}
	for _, k := range append([]string{"takeover"}, kindsOf(b.intruders)...) {
		a.Takeovers = append(a.Takeovers, b.takeovers(k))
		a.Curves = append(a.Curves, b.trade(k))
	}
	for _, k := range append([]string{"holder"}, kindsOf(b.holders)...) {
		a.Holders = append(a.Holders, b.legitimate(k, func(s *step) risk.Action { return s.under(&b.limits) }))
	}
	moved := b.moved()
	a.Moving = b.legitimate("holder", func(s *step) risk.Action { return moved[s] })
	a.Aims = b.aimed()
	a.About = []string{
		"Synthetic: no public data set has what follows a sign-in. Looking around for three minutes, one in five for more than twenty, and a return within 13 hours are published; the rest is assumed.",
		"Held, ended or frozen at or before the first event that takes value. A challenge is counted apart, as a code by SMS: it stops 96 % of bulk and 76 % of targeted attacks.",
		"Limits are set on earlier events of holders alone, as at a base rate of seven takeovers in a million; every intruder passes his challenge and teaches until he is disowned.",
	}
	return a
}

// within gives the limits that a budget sets on the earlier part.
func (b *bench) within(of risk.Budget) risk.Limits {
	l, shipped := b.Tables.Limits, risk.ShippedLimits() // shipped until a budget has been learnt
	l.StepUp, l.Tell, l.Hold = shipped.StepUp, shipped.Tell, shipped.Hold
	return l.Within(of, &b.signIns, &b.changes)
}

// part tells holders from intruders, earlier from later, and takes the earlier
// holders into the meters. What a holder does while an intruder is in the account
// is neither: to freeze it is right.
func (b *bench) part() {
	in := map[uint32][][2]int64{}
	for i := range b.acts {
		if a := &b.acts[i]; a.intruder() {
			in[a.account] = append(in[a.account], [2]int64{a.steps[0].at, cmp.Or(a.disowned, math.MaxInt64)})
		}
	}
	for i := range b.acts {
		a := &b.acts[i]
		at := a.steps[0].at
		switch {
		case at >= b.until:
		case a.intruder():
			if at >= b.parted {
				b.intruders = append(b.intruders, a)
			}
		case slices.ContainsFunc(in[a.account], func(t [2]int64) bool { return t[0] <= a.steps[len(a.steps)-1].at && at <= t[1] }):
			b.besides++
		case at >= b.parted:
			b.holders = append(b.holders, a)
		case at >= b.warm:
			for _, s := range a.steps {
				b.measure(&s)
			}
		}
	}
	byAccount := func(x, y *act) int { return cmp.Compare(x.account, y.account) }
	slices.SortStableFunc(b.holders, byAccount)
	slices.SortStableFunc(b.intruders, byAccount)
}

func (b *bench) measure(s *step) {
	switch {
	case s.kind == risk.SignedIn && s.scored:
		b.signIns.Add(float64(s.weight), s.action >= risk.StepUp)
	case s.changes():
		b.changes.Add(float64(s.weight), s.action >= risk.Hold)
	}
}

// kindsOf lists the kinds that are among acts, in the generator's order.
func kindsOf(acts []*act) (kinds []string) {
	for _, a := range acts {
		if a.kind != "" && !slices.Contains(kinds, a.kind) {
			kinds = append(kinds, a.kind)
		}
	}
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(kindNames[:], a), slices.Index(kindNames[:], b)), cmp.Compare(a, b))
	})
	return kinds
}

// fate is what became of a takeover.
type fate struct {
	by     risk.Action // what stopped it before value moved; Let if nothing did
	asked  bool        // a second proof was asked for before
	events int         // from its first event to what stopped it
	micros int64
}

func (a *act) fate(l *risk.Limits) (f fate) {
	for i := range a.steps {
		s := &a.steps[i]
		switch action := s.under(l); {
		case action >= risk.Hold:
			f.by, f.events, f.micros = action, i+1, s.at-a.steps[0].at
			return f
		case action == risk.StepUp:
			f.asked = true
		}
		if s.takes() {
			return f
		}
	}
	return f
}

// stopped is 1 for what was held, ended or frozen; with a challenge counted, the
// part of the others that does not get by it.
func (f fate) stopped(kind string, challenge bool) float64 {
	switch {
	case f.by >= risk.Hold:
		return 1
	case challenge && f.asked:
		if p, bulk := passed[kind]; bulk {
			return 1 - p
		}
		return 1 - passedTargeted
	}
	return 0
}

func (b *bench) takeovers(kind string) (t Takeovers) {
	t.Kind = kind
	var held, frozen, asked, either sample
	var seconds []float64
	var events []float64
	for _, a := range b.intruders {
		if kind != "takeover" && a.kind != kind {
			continue
		}
		f := a.fate(&b.limits)
		held.add(a.account, f.stopped(a.kind, false), 1)
		either.add(a.account, f.stopped(a.kind, true), 1)
		asked.add(a.account, part(f.asked), 1)
		frozen.add(a.account, part(f.by >= risk.End), 1)
		if f.by >= risk.Hold {
			seconds, events = append(seconds, float64(f.micros)/1e6), append(events, float64(f.events))
		}
	}
	t.Stopped, t.Ended, t.Asked, t.WithChallenge = b.share(held), b.share(frozen), b.share(asked), b.share(either)
	t.Seconds, t.Events = middle(seconds), middle(events)
	return t
}

// legitimate is what holders of a kind bore of what was done.
func (b *bench) legitimate(kind string, done func(*step) risk.Action) (h Holders) {
	h.Kind = kind
	var asked, held, ended, frozen sample
	for _, a := range b.holders {
		if kind != "holder" && a.kind != kind {
			continue
		}
		worst := risk.Let
		for i := range a.steps {
			s := &a.steps[i]
			action := done(s)
			worst = max(worst, action)
			if s.kind == risk.SignedIn && s.scored {
				asked.add(a.account, part(action >= risk.StepUp), 1)
			}
			if s.changes() {
				held.add(a.account, part(action >= risk.Hold), 1)
			}
		}
		ended.add(a.account, part(worst == risk.End), 1)
		frozen.add(a.account, part(worst == risk.Freeze), 1)
	}
	h.Asked, h.Held, h.Ended, h.Frozen = b.share(asked), b.share(held), b.share(ended), b.share(frozen)
	return h
}

// trade moves the limit of holding: which share of holders' changes waits, and
// which share of takeovers is stopped, without and with the challenge counted.
func (b *bench) trade(kind string) (pair [2]Curve) {
	var weights []float32
	sure := 0
	for _, a := range b.holders {
		for _, s := range a.steps {
			switch {
			case !s.changes():
			case s.action >= risk.Hold:
				sure++
			default:
				weights = append(weights, s.weight)
			}
		}
	}
	slices.Sort(weights)
	all := float64(max(len(weights)+sure, 1))
	for i := range pair {
		pair[i].Kind = kind
	}
	for _, share := range tradePoints {
		l := b.limits
		l.Hold = float64(math.Nextafter32(quantile(weights, share), float32(math.Inf(1))))
		var sum [2]float64
		n := 0.0
		for _, a := range b.intruders {
			if kind != "takeover" && a.kind != kind {
				continue
			}
			f := a.fate(&l)
			sum[0], sum[1], n = sum[0]+f.stopped(a.kind, false), sum[1]+f.stopped(a.kind, true), n+1
		}
		held := (over(weights, quantile(weights, share))*float64(len(weights)) + float64(sure)) / all
		for i := range pair {
			pair[i].X, pair[i].Y = append(pair[i].X, held), append(pair[i].Y, sum[i]/max(n, 1))
		}
	}
	return pair
}

// tradePoints are shares of holders' changes that lie above the limit.
var tradePoints = []float64{0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1}

func part(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// sample are hits of all, summed up by account.
type sample struct {
	accounts  []uint32
	hits, all []float64
}

// add takes one in. Those of one account come one after the other.
func (s *sample) add(account uint32, hit, of float64) {
	i := len(s.accounts) - 1
	if i < 0 || s.accounts[i] != account {
		s.accounts, s.hits, s.all = append(s.accounts, account), append(s.hits, 0), append(s.all, 0)
		i++
	}
	s.hits[i] += hit
	s.all[i] += of
}

// share gives the share with its interval. Where nothing or everything is hit, no
// bootstrap knows better: the other end is then three of n, as the rule has it.
func (b *bench) share(s sample) Share {
	hit, all := make([]float64, b.Rounds+1), make([]float64, b.Rounds+1)
	for i, account := range s.accounts {
		hit[0] += s.hits[i]
		all[0] += s.all[i]
		for r, w := range b.weights(account) {
			hit[r+1] += float64(w) * s.hits[i]
			all[r+1] += float64(w) * s.all[i]
		}
	}
	if all[0] == 0 {
		return Share{}
	}
	drawn := make([]float64, 0, b.Rounds)
	for r := 1; r <= b.Rounds; r++ {
		if all[r] > 0 {
			drawn = append(drawn, hit[r]/all[r])
		}
	}
	out := Share{N: int(all[0]), Value: hit[0] / all[0]}.between(drawn)
	switch out.Value {
	case 0:
		out.High = min(3/all[0], 1)
	case 1:
		out.Low = max(1-3/all[0], 0)
	}
	return out
}

// weights tell how often each round draws an account.
func (b *bench) weights(account uint32) []uint8 {
	w := b.weight[account]
	if w == nil {
		w = make([]uint8, b.Rounds)
		d := throw(b.Seed, 4, uint64(account))
		for r := range w {
			w[r] = uint8(d.pick(poissonOne))
		}
		b.weight[account] = w
	}
	return w
}

// middle gives the median and what 95 of 100 lie below.
func middle(x []float64) (m Middle) {
	if len(x) == 0 {
		return m
	}
	slices.Sort(x)
	return Middle{Median: x[len(x)/2], P95: x[min(len(x)*95/100, len(x)-1)]}
}
