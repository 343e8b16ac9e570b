package restore

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

// A worker dies in each of the transactions that an apply is made of, one
// account for each. On SQLite a transaction that has begun is committed all the
// same, on PostgreSQL it is not. Whoever comes next ends what was begun.
func TestADeadWorkerLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			clock := &mortal{}
			h := newHouse(t, dbtest.New(t, engine, db.Options{Now: clock.Now}))
			whole := h.taken()
			p := h.begun(whole)
			before := clock.seen
			if err := h.Carry(t.Context(), p.ID); err != nil {
				t.Fatal(err)
			}
			boundaries := clock.seen - before
			want := h.facts(whole.Account)
			if steps := len(p.Rows); steps != 5 || boundaries < 5+5*steps {
				t.Fatalf("%d steps in %d transactions", steps, boundaries)
			}
			for n := 1; n <= boundaries; n++ {
				h.diesAt(clock, n, want)
			}
		})
	}
}

// diesAt lets a worker die in his nth transaction, and another one go on.
func (h *house) diesAt(clock *mortal, n int, want map[string]string) {
	h.Helper()
	c := h.taken()
	p := h.begun(c)
	ctx, end := context.WithCancel(h.Context())
	clock.left, clock.end = n, end
	err := h.Carry(ctx, p.ID)
	clock.left = 0
	if err == nil && ctx.Err() == nil {
		h.Errorf("in transaction %d nobody died", n)
	}
	end()
	if err := h.Carry(h.Context(), p.ID); err != nil && !errors.Is(err, ErrTurn) {
		h.Errorf("after a death in transaction %d: %v", n, err)
	}
	if step := h.step(c); step != casefile.Restored {
		h.Errorf("after a death in transaction %d the case is %s", n, step)
	}
	if diff := cmp.Diff(want, h.facts(c.Account)); diff != "" {
		h.Errorf("after a death in transaction %d: %s", n, diff)
	}
	acts := h.acts(c.Account)
	for _, row := range p.Rows {
		if acts[row.ID] != 1 {
			h.Errorf("after a death in transaction %d %s %s was done %d times", n, row.Op, row.Path, acts[row.ID])
		}
	}
}

// Two workers who both think that it is their turn: the later one has it.
func TestAWorkerWhoLostHisTurnChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		c := h.taken()
		p := h.begun(c)
		first := worker{Restorer: h.Restorer}
		first.enter = func(tx *db.Tx, row Row) error { return writeRow(tx, first.plan, row) }
		h.write(func(tx *db.Tx) (err error) {
			first.plan, err = planAt(tx, p.ID)
			first.plan.Lease = 0
			return err
		})
		if err := h.Carry(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		before := h.facts(c.Account)
		first.fence.Epoch = h.plan(c).RunEpoch
		for i := range first.plan.Rows {
			if err := first.carryStep(t.Context(), &first.plan.Rows[i]); !errors.Is(err, ErrTurn) {
				t.Errorf("a step of a worker who lost his turn: %v", err)
			}
		}
		if err := first.finish(t.Context()); !errors.Is(err, ErrTurn) {
			t.Errorf("the end by a worker who lost his turn: %v", err)
		}
		if diff := cmp.Diff(before, h.facts(c.Account)); diff != "" {
			t.Error(diff)
		}
		if n := fmt.Sprint(h.acts(c.Account)); len(h.acts(c.Account)) != len(p.Rows) {
			t.Errorf("entries by step: %s", n)
		}
	})
}
