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

// jobLoss calls orders back whose deadline is near.
const jobLoss = "restore.stop-loss"

// watch is what the job goes by: one that has seen other marks than there are is
// out of date, because every mark queues one of its own.
type watch struct {
	Case  string `json:"case"`
	Marks int64  `json:"marks"`
}

// StopLosses is the lane beside the plan. It begins with the freeze, and anew
// with every mark: a job holds the orders that are the intruder's, which is safe,
// and waits for the earliest deadline. Then it calls the order back unless the
// plan was quicker. Nobody approves that: an order gives nobody access and can
// be made anew. Orders of others are never touched.
func (r *Restorer) StopLosses(tx *db.Tx, c casefile.Case) (err error) {
	defer fault.Wrap(&err, "restore.StopLosses(%s)", c.ID)
	marks, err := r.Finder.Marked(tx, c.ID)
	if err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobLoss, Args: watch{c.ID, marks}})
}

// callBack carries the lane on: what is the intruder's is held, what is due is
// entered in the lane's journal, called back and read back, the earliest
// deadline first; for the others a job waits.
func (r *Restorer) callBack(ctx context.Context, job watch) (err error) {
	defer fault.Wrap(&err, "restore.callBack(%s)", job.Case)
	w := worker{Restorer: r}
	w.enter = func(tx *db.Tx, row Row) error { return w.enterLoss(tx, row) }
	var open []Loss
	var now time.Time
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		open, now = nil, tx.Now
		marks, err := r.Finder.Marked(tx, job.Case)
		if err != nil || marks != job.Marks {
			return err
		}
		if no, err := r.DeclaredFalse(tx, job.Case); err != nil || no {
			return err
		}
		open, err = w.foresee(tx, job)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for i := range open {
		errs = append(errs, w.carryLoss(ctx, &open[i], now))
	}
	return errors.Join(errs...)
}

// foresee holds what is the intruder's, queues the job for what can wait, and gives what cannot.
func (w *worker) foresee(tx *db.Tx, job watch) (open []Loss, err error) {
	c, err := casefile.Get(tx, job.Case)
	if err != nil {
		return nil, err
	}
	a, err := account.Get(tx, c.Account)
	if err != nil || a.State != account.Frozen && a.State != account.Restoring {
		return nil, err // it was let go, or has gone back
	}
	h, found, err := w.Finder.Foreseen(tx, c)
	if err != nil {
		return nil, err
	}
	p, err := present(tx, c.ID)
	if err != nil {
		return nil, err
	}
	w.plan, w.fence.Epoch = Stored{Case: c.ID, Account: a.ID}, a.Epoch
	if w.fence.Lease, err = leaseIn(tx, a.ID, a.Epoch); err != nil {
		return nil, err
	}
	waits := time.Time{}
	for _, l := range losses(c.ID, h, found, w.Book.Kinds, tx.Now) {
		if w.Release != nil {
			if err := w.Release.Hold(tx, a.ID, l.Path, c.ID, access.Do(ActorID)); err != nil {
				return nil, err
			}
		}
		switch {
		case l.due(tx.Now) && !p.isDoing(l.Path):
			err = insertLoss(tx, c.ID, l)
		case !l.due(tx.Now) && !l.Until.IsZero() && waits.IsZero():
			waits = l.Until.Add(-lead)
			err = jobs.Enqueue(tx, jobs.Job{Kind: jobLoss, Args: job, At: waits})
		}
		if err != nil {
			return nil, err
		}
	}
	open, err = lossesOf(tx, c.ID)
	return slices.DeleteFunc(open, func(l Loss) bool { return l.State.over() || p.isDoing(l.Path) }), err
}

// isDoing tells whether a plan that is being carried out has the path in hand itself.
func (p Stored) isDoing(path string) bool {
	return !p.StartedAt.IsZero() && p.DoneAt.IsZero() && slices.ContainsFunc(p.Rows, func(r Row) bool { return r.Path == path && !r.State.over() })
}

// carryLoss takes an order from wherever it is to its end. One whose deadline
// has passed meanwhile is only looked at: it may have been called back in time.
func (w *worker) carryLoss(ctx context.Context, l *Loss, now time.Time) error {
	if l.late(now) && l.State != Applied {
		seen, err := w.Port.Read(ctx, w.plan.Account, l.Path)
		if err != nil {
			return err
		}
		if !connector.Same(seen.JSON, l.Want) {
			return w.move(ctx, &l.Row, Skipped, "deadline")
		}
	}
	if err := w.carryStep(ctx, &l.Row); err != nil {
		return fmt.Errorf("%s: %w", l.Path, err)
	}
	return nil
}

// enterLoss enters the new state of an order in the lane's journal, and its end in the case.
func (w *worker) enterLoss(tx *db.Tx, row Row) error {
	if err := moveLoss(tx, row); err != nil || !row.State.over() {
		return err
	}
	what := "loss.called-back"
	if row.State != Verified {
		what = "loss.missed"
	}
	return w.Files.Note(tx, w.plan.Case, access.Do(ActorID), what, row.Path)
}
