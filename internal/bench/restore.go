package bench

import (
	"context"
	"hash/maphash"

	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// longLife is how many changes the history has of which a plan is made.
const longLife = 1000

// restoring finds out what in a history is the intruder's and makes the plan
// to undo it. Its limit reads the same changes once and decides nothing.
func restoring(ctx context.Context, h *house, o Options) (Result, error) {
	l, analyst := live(longLife), new(investigate.Analyst)
	real := side{do: func(context.Context, int, int) error {
		restore.MakePlan(l.changes, analyst.Analyse(l.changes, l.marks, l.established), h.Book.Kinds, l.end)
		return nil
	}}
	alone := side{do: func(context.Context, int, int) error {
		l.touch()
		return nil
	}}
	r, err := versus(ctx, o, 1, real, alone)
	r.LimitIs = "reading what the rules need of the same 1,000 changes, once"
	return r, err
}

// touch reads of every change what the rules cannot do without.
func (l *life) touch() (sum uint64) {
	seed := maphash.MakeSeed()
	for i := range l.changes {
		c := &l.changes[i]
		sum += maphash.String(seed, c.Session) + maphash.String(seed, c.Path) + maphash.String(seed, string(c.Verb)) + uint64(c.Seq)
		for _, f := range c.Factors {
			sum += maphash.String(seed, f.Version)
		}
		for _, r := range c.Reads {
			sum += maphash.String(seed, r.Path)
		}
	}
	return sum
}
