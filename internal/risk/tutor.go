package risk

// Tutor collects the pairs that weights are fitted on, from sign-ins of holders
// in the order of time.
type Tutor struct {
	crowd *Impostors
	pairs []Pair
	most  int
	seen  int
	dice  dice
}

// NewTutor makes a tutor who keeps an even sample of at most so many sign-ins;
// zero keeps a hundred thousand.
func NewTutor(seed uint64, most int) *Tutor {
	if most <= 0 {
		most = 100_000
	}
	return &Tutor{crowd: NewImpostors(seed), most: most * 4, dice: dice(seed + 1)}
}

// See takes in a success, before profile and counters learn it: the holder's own
// sign-in, and an impostor's try at the same moment. Both are looked at with the
// device token and without, for services that ask for none.
func (t *Tutor) See(e *Event, p *Profile, c *Counters) {
	defer t.crowd.Add(e)
	if e.Kind != SignedIn || p.Successes() == 0 {
		return
	}
	fake, ok := t.crowd.Draw(e)
	if !ok {
		return
	}
	var lesson [4]Pair
	for i, who := range []*Event{e, &fake} {
		for j, asked := range []bool{e.Device.Asked, false} {
			x := *who
			x.Device.Asked = asked
			r := read(&x, p, c)
			lesson[2*i+j] = Pair{X: r.vector(c, nil), Impostor: i == 1}
		}
	}
	t.seen++
	if len(t.pairs) < t.most {
		t.pairs = append(t.pairs, lesson[:]...)
		return
	}
	if i := t.dice.upTo(t.seen) * 4; i < t.most {
		copy(t.pairs[i:], lesson[:])
	}
}

// Fit gives the weights for all that was seen.
func (t *Tutor) Fit(o FitOptions) (*Weights, error) { return Fit(t.pairs, o) }
