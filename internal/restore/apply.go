package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
)

// jobApply carries a plan out.
const jobApply = "restore.apply"

// Handle gives the runner the handler of this room.
func (r *Restorer) Handle(runner *jobs.Runner) {
	runner.Handle(jobApply, jobs.With(func(ctx context.Context, _ jobs.Work, plan string) error {
		err := r.Carry(ctx, plan)
		if errors.Is(err, ErrTurn) || errors.Is(err, connector.ErrFence) {
			return nil // another worker or another plan has the turn: nothing is left to do here
		}
		return err
	}))
	runner.Handle(jobLoss, jobs.With(func(ctx context.Context, _ jobs.Work, job watch) error { return r.callBack(ctx, job) }))
}

// ErrTurn says that a worker has lost its lease, or that the plan has ended.
var ErrTurn = fault.New(fault.Conflict, "restore.turn", "Another worker is carrying out this plan, or another plan took its place.")

// errAlive says that something of the time before still carries authority.
var errAlive = errors.New("restore: not everything from before the freeze is dead")

// Carry carries out what is left of a plan. Whatever stopped an earlier worker,
// and wherever, it goes on from there: the journal says what was meant, and the
// systems say what was done. Forward only: to go back would be to give the
// account back to the intruder.
func (r *Restorer) Carry(ctx context.Context, plan string) (err error) {
	defer fault.Wrap(&err, "restore.Carry(%s)", plan)
	w := worker{Restorer: r}
	w.enter = func(tx *db.Tx, row Row) error { return writeRow(tx, w.plan, row) }
	err = r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		lease, err := takeLease(tx, plan)
		if err != nil {
			return err
		}
		w.plan, err = planAt(tx, plan)
		w.plan.Lease = lease
		return err
	})
	if err != nil {
		return err
	}
	w.fence = connector.Fence{Epoch: w.plan.RunEpoch, Lease: w.plan.Lease}
	if err := w.kill(ctx); err != nil {
		return err
	}
	for phase := StopLoss; phase <= Keys; phase++ {
		if err := w.carryPhase(ctx, phase); err != nil {
			return err
		}
		if phase == WaysIn && !w.closed() {
			return w.stop(ctx) // the barrier: while a way in is open, nothing is given back
		}
	}
	return w.finish(ctx)
}

// worker is one run of Carry.
type worker struct {
	*Restorer
	plan  Stored
	fence connector.Fence
	enter func(tx *db.Tx, row Row) error // in the journal
}

// kill ends all authority from before, and proves it by trying. It is done
// again by every worker: it costs little, and its proof must not be old.
func (w *worker) kill(ctx context.Context) error {
	if err := w.Port.Kill(ctx, w.plan.Account, w.fence); err != nil {
		return err
	}
	if b, ok := w.Port.(connector.Bounder); ok && b.Bound() > 0 {
		wait := time.NewTimer(b.Bound())
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p, ok := w.Port.(connector.Prober); ok {
		alive, err := p.Probe(ctx, w.plan.Account, w.fence)
		if err != nil {
			return err
		}
		if alive > 0 {
			return fmt.Errorf("%w: %d ways in", errAlive, alive)
		}
	}
	return w.write(ctx, func(tx *db.Tx) error { return underLease(tx, w.plan, "killed_at") })
}

// write runs a transaction after which the pages look again.
func (w *worker) write(ctx context.Context, f func(*db.Tx) error) error {
	return w.DB.Write(ctx, func(tx *db.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return tx.Announce(casefile.Topic, w.plan.Case)
	})
}

// carryPhase does the steps of one phase. A step that fails keeps none of its
// neighbours back, but the next phase.
func (w *worker) carryPhase(ctx context.Context, phase Phase) error {
	var errs []error
	for i := range w.plan.Rows {
		row := &w.plan.Rows[i]
		if row.Phase != phase || row.State.over() {
			continue
		}
		if err := w.carryStep(ctx, row); err != nil {
			if errors.Is(err, ErrTurn) || errors.Is(err, connector.ErrFence) || ctx.Err() != nil {
				return err
			}
			errs = append(errs, fmt.Errorf("%s %s: %w", row.Op, row.Path, err))
		}
	}
	return errors.Join(errs...)
}

// carryStep takes a step from wherever it is to its end.
func (w *worker) carryStep(ctx context.Context, row *Row) error {
	if row.State == Pending {
		if w.lacks(row.Step) {
			return w.move(ctx, row, Skipped, "needs")
		}
		if err := w.move(ctx, row, Intent, ""); err != nil {
			return err
		}
		if err := w.call(ctx, row); err != nil {
			return err
		}
	}
	if row.State == Intent {
		if err := w.recover(ctx, row); err != nil {
			return err
		}
	}
	if row.State == Applied {
		return w.readBack(ctx, row)
	}
	return nil
}

// lacks tells whether a step needs another one that did not come about.
func (w *worker) lacks(s Step) bool {
	return slices.ContainsFunc(w.plan.Rows, func(o Row) bool { return s.needs(o.Step) && o.State != Verified })
}

// recover finds out what became of a call that was meant but not heard of. The
// target knows: what is wanted is there, or what was there before, or neither.
func (w *worker) recover(ctx context.Context, row *Row) error {
	now, err := w.Port.Read(ctx, w.plan.Account, row.Path)
	switch {
	case err != nil && w.forgets():
		return w.move(ctx, row, Manual, err.Error())
	case err != nil:
		return err
	case connector.Same(now.JSON, row.Want):
		return w.move(ctx, row, Applied, "")
	case !connector.Same(now.JSON, row.Pre):
		row.Seen = now.JSON
		return w.move(ctx, row, Conflicts, "drift")
	}
	return w.call(ctx, row)
}

func (w *worker) forgets() bool {
	f, ok := w.Port.(connector.Forgetful)
	return ok && f.Forgets()
}

// call makes the call of a step that the journal knows to be meant.
func (w *worker) call(ctx context.Context, row *Row) error {
	done, err := w.Port.CompareAndSet(ctx, connector.Call{
		Account: w.plan.Account, Path: row.Path, Pre: row.Pre, Want: row.Want, Version: row.Version,
		Key: row.ID, Fence: w.fence, By: access.Do(ActorID), Case: w.plan.Case,
	})
	switch {
	case err != nil:
		return err
	case done == connector.Conflict:
		return w.move(ctx, row, Conflicts, "drift")
	}
	return w.move(ctx, row, Applied, "")
}

// readBack proves a step by what the system says now.
func (w *worker) readBack(ctx context.Context, row *Row) error {
	now, err := w.Port.Read(ctx, w.plan.Account, row.Path)
	if err != nil {
		return err
	}
	row.Seen = now.JSON
	if !connector.Same(now.JSON, row.Want) {
		return w.move(ctx, row, Conflicts, "read-back")
	}
	return w.move(ctx, row, Verified, "")
}

// move enters the new state of a step in the journal.
func (w *worker) move(ctx context.Context, row *Row, to State, note string) error {
	next := *row
	next.State, next.Note = to, note
	if err := w.write(ctx, func(tx *db.Tx) error { return w.enter(tx, next) }); err != nil {
		return err
	}
	*row = next
	return nil
}

// closed tells whether every way in that the plan closes was proved closed.
func (w *worker) closed() bool {
	return !slices.ContainsFunc(w.plan.Rows, func(r Row) bool { return r.Phase == WaysIn && r.State != Verified })
}

// stop leaves the plan where it is: something was not as it was thought to be,
// and people must look and make a new one.
func (w *worker) stop(ctx context.Context) error {
	return w.write(ctx, func(tx *db.Tx) error {
		if err := underLease(tx, w.plan, "done_at"); err != nil {
			return err
		}
		return w.Files.Note(tx, w.plan.Case, access.Do(ActorID), "restore.stopped", "")
	})
}

// finish ends a plan: with every step verified the case is restored, the cards
// wait for their holder, and what was held and is not the intruder's goes its way.
func (w *worker) finish(ctx context.Context) error {
	if slices.ContainsFunc(w.plan.Rows, func(r Row) bool { return r.State != Verified }) {
		return w.stop(ctx)
	}
	return w.write(ctx, func(tx *db.Tx) error {
		if err := underLease(tx, w.plan, "done_at"); err != nil {
			return err
		}
		facts, err := account.Facts(tx, w.plan.Account)
		if err != nil {
			return err
		}
		if err := w.settleCards(tx, facts); err != nil {
			return err
		}
		if err := w.release(tx, facts); err != nil {
			return err
		}
		_, err = w.Files.Advance(tx, w.plan.Case, casefile.Restored, access.Do(ActorID))
		return err
	})
}

// release ends the holding of orders: the holder's go their way, the intruder's
// are undone by now. What waits for the holder's word stays held.
func (w *worker) release(tx *db.Tx, facts []account.Fact) error {
	if w.Release == nil {
		return nil
	}
	answers, err := answersOf(tx, w.plan.Case)
	if err != nil {
		return err
	}
	for _, f := range facts {
		kind, ok := w.Book.Kinds.Of(f.Path)
		if !ok || kind.Algebra != account.Effect || left(w.plan.Questions, answers, f.Path) {
			continue
		}
		if err := w.Release.Release(tx, w.plan.Account, f.Path, w.plan.Case, access.Do(ActorID)); err != nil {
			return err
		}
	}
	return nil
}

// left tells whether a question about a path was left to the holder.
func left(questions []Question, answers []Answered, path string) bool {
	return slices.ContainsFunc(questions, func(q Question) bool { return q.Path == path && answerTo(q, answers) == Leave })
}
