package risk

import "math"

// Tables are what a decision rests on besides the account and everybody's counters.
type Tables struct {
	Weights *Weights
	Limits  Limits
	Freeman bool // score by Freeman's model instead of the fitted one
}

// Limits say from which log-odds on something is done. Budgets move them: an
// operator says what share may be challenged, not what a score means.
type Limits struct {
	Tell   float64 // of a sign-in's score
	StepUp float64
	Hold   float64 // of a change's, carried and new evidence together
	End    float64
	Freeze float64 // only together with a sequence
	// The same for Freeman's model, whose scores stand on another scale.
	FreemanTell, FreemanStepUp float64
}

// ShippedLimits challenge some 2 of 100 sign-ins in the generated world that the
// shipped weights were fitted on.
func ShippedLimits() Limits {
	return Limits{Tell: 1.4, StepUp: 2.8, Hold: 4.5, End: 7, Freeze: 8.5, FreemanTell: 0.25, FreemanStepUp: 1.2}
}

// ShippedTables are what the program brings along.
func ShippedTables() (*Tables, error) {
	w, err := ShippedWeights()
	if err != nil {
		return nil, err
	}
	return &Tables{Weights: w, Limits: ShippedLimits()}, nil
}

// Decide says what to do about an event. It reads and changes nothing: the same
// event, profile, counters and tables give the same decision. P may be nil for
// an account that nobody has signed in to.
func Decide(e *Event, p *Profile, c *Counters, t *Tables) Decision {
	if p == nil {
		p = &Profile{}
	}
	if e.At < 0 || e.At > maxTime {
		x := *e
		x.At = min(max(x.At, 0), maxTime)
		e = &x
	}
	j := judge{e: e, p: p, c: c, t: t}
	return j.weighAll()
}

// weighAll looks at the event from every side.
func (j *judge) weighAll() Decision {
	j.r = read(j.e, j.p, j.c)
	j.score()
	j.stand()
	j.volume()
	j.newContact()
	j.infrastructure()
	j.travel()
	j.setting()
	j.handsChanged()
	j.sequence()
	j.holder()
	return j.decide()
}

// judge weighs one event.
type judge struct {
	e *Event
	p *Profile
	c *Counters
	t *Tables
	r reading

	scored   bool
	context  float64 // fitted log-odds of the context, whatever the kind of event
	shown    float64 // the score to show: the fitted one or Freeman's
	standing float64 // log-odds of the session that the event happened in, as it was opened
	around   float64 // what the layer adds to the session; said again it does not add up
	act      float64 // what the change itself adds, and is carried on
	moment   float64 // what adds to this decision alone
	moved    bool    // the session changed hands
	chain    bool    // a sequence: a channel was moved, then value
	floor    Action  // what the layer asks for; it only rises
	notes    notes
	x        Vector
}

// score reads the context. It is of sign-ins, tried or done; other events need it
// where their session is not known.
func (j *judge) score() {
	if j.p.n == 0 {
		return
	}
	j.x = j.r.vector(j.c, &j.t.Weights.Mean)
	j.context = finite(j.t.Weights.Score(&j.x))
	if j.e.Kind != SignedIn && j.e.Kind != SignInFailed {
		return
	}
	j.scored, j.shown = true, j.context
	if j.t.Freeman {
		j.shown = finite(freeman(&j.r.values, j.p, j.c, j.e.At))
	}
}

// finite keeps what absurd weights or coordinates make of a score from going on.
func finite(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, -50), 50)
}

// raise asks for at least an action, and says why.
func (j *judge) raise(a Action, r Reason) {
	j.floor = max(j.floor, a)
	if r.Odds == 0 {
		r.Odds = 1
	}
	j.notes.add(r)
}

// suspect adds to what is thought of the session.
func (j *judge) suspect(logOdds float64, r Reason) {
	j.around += logOdds
	r.Odds = math.Exp(logOdds)
	j.notes.add(r)
}

// weigh adds what a change says of the account, now and from here on.
func (j *judge) weigh(logOdds float64, r Reason) {
	j.act += logOdds
	r.Odds = math.Exp(logOdds)
	j.notes.add(r)
}

// consider adds what speaks in this decision and is not carried on: a second
// order after the same move of a channel is not twice as suspicious.
func (j *judge) consider(logOdds float64, r Reason) {
	j.moment += logOdds
	r.Odds = math.Exp(logOdds)
	j.notes.add(r)
}

// session is what is thought of the session in all.
func (j *judge) session() float64 { return max(j.standing, 0) + j.around }

// newcomer tells whether the session may be somebody else's.
func (j *judge) newcomer() bool { return j.moved || j.session() >= risky }

// decide puts score, evidence and floor together. The score of a sign-in alone
// asks for a second proof at most: at the base rate of takeovers nearly all high
// scores are the holders'.
func (j *judge) decide() Decision {
	d := Decision{Scored: j.scored, Score: j.shown, Action: j.floor, standing: j.session()}
	l := &j.t.Limits
	carried := j.p.trail.carriedTo(j.e.At)
	if j.e.Kind != SignInFailed && j.e.Kind != PromptRefused { // whoever fails is not in the account
		carried = max(carried, d.standing)
	}
	d.Carried, d.total = min(carried+j.act, mostCarried), carried+j.act+j.moment
	if j.scored {
		d.Action = max(d.Action, j.byScore(l))
	}
	if j.e.Kind.MovesChannel() || j.e.Kind.MovesValue() || j.e.Kind == Custom {
		d.Action = max(d.Action, j.byTotal(d.total, l))
	}
	d.Reasons = j.reasons()
	return d
}

// mostCarried bounds suspicion, so that it is gone after some days of quiet.
const mostCarried = 14

func (j *judge) byScore(l *Limits) Action {
	tell, ask := l.Tell, l.StepUp
	if j.t.Freeman {
		tell, ask = l.FreemanTell, l.FreemanStepUp
	}
	switch {
	case j.shown >= ask:
		return StepUp
	case j.shown >= tell:
		return Tell
	}
	return Let
}

// byTotal is for changes. Ending the session needs one that is risky or changed
// hands; freezing needs the sequence besides.
func (j *judge) byTotal(total float64, l *Limits) Action {
	switch {
	case total >= l.Freeze && j.chain && j.newcomer():
		return Freeze
	case total >= l.End && j.newcomer():
		return End
	case total >= l.Hold:
		return Hold
	case j.e.Kind.MovesChannel():
		return Tell
	}
	return Let
}
