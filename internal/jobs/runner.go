package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"takeback/internal/db"
	"takeback/internal/seal"
)

// Runner carries jobs out. Handlers are given before Run.
type Runner struct {
	DB      *db.DB
	Log     *slog.Logger
	Workers int // 4 if zero

	handlers map[string]Handler
	lease    string
}

// Handle says who does the jobs of a kind.
func (r *Runner) Handle(kind string, h Handler) {
	if r.handlers == nil {
		r.handlers = map[string]Handler{}
		r.lease = seal.ID("run")
	}
	r.handlers[kind] = h
}

// Run carries jobs out until ctx ends, and returns when the last one under way is done.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.takeOver(ctx); err != nil {
		return err
	}
	wake := make(chan struct{}, 1)
	stop := r.DB.Listen(topic, func(string) { poke(wake) })
	defer stop()
	workers := r.Workers
	if workers == 0 {
		workers = 4
	}
	free := make(chan struct{}, workers)
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		w, err := r.claim(ctx)
		if err != nil {
			<-free
			if !errors.Is(err, db.ErrNone) && ctx.Err() == nil {
				r.Log.Error("claiming a job failed", "error", err)
			}
			r.sleep(ctx, wake)
			continue
		}
		running.Go(func() {
			r.do(ctx, w)
			<-free
			poke(wake)
		})
	}
	return nil
}

// Drain carries out everything that is due, one job after the other, and
// returns when nothing is left. Tests and one-shot commands use it.
func (r *Runner) Drain(ctx context.Context) error {
	for {
		w, err := r.claim(ctx)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		r.do(ctx, w)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sleep waits for a new job, and at most a second: jobs of other processes and
// those whose time comes are found by looking.
func (r *Runner) sleep(ctx context.Context, wake chan struct{}) {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}

// takeOver frees what a process that was killed had under way. SQLite has one
// server at a time; on PostgreSQL others may live, and leases run out by themselves.
func (r *Runner) takeOver(ctx context.Context) error {
	if r.DB.Engine() != db.SQLite {
		return nil
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Put(`UPDATE job SET lease = '' WHERE lease <> ''`)
	})
}

// claim takes the next job that is due and whose key has no earlier one.
func (r *Runner) claim(ctx context.Context) (w Work, err error) {
	w.done, w.lease = new(atomic.Bool), r.lease+"/"+seal.ID("l")
	// Looking costs a reader; only a job that is there costs the writer.
	err = r.DB.Read(ctx, func(tx *db.Tx) error { return tx.Row(due, tx.Now).Scan(&w.ID) })
	if err != nil {
		return w, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		return tx.Row(`UPDATE job SET lease = $2, lease_until = $3, attempt = attempt + 1 WHERE id = (`+due+`) AND (lease = '' OR lease_until < $1)
			RETURNING id, kind, key, args, attempt`, tx.Now, w.lease, tx.Now.Add(leaseFor)).
			Scan(&w.ID, &w.Kind, &w.Key, db.JSON(&w.Args), &w.Attempt)
	})
	return w, err
}

const due = `SELECT j.id FROM job j WHERE j.dead_at IS NULL AND j.run_at <= $1 AND (j.lease = '' OR j.lease_until < $1)
	AND (j.key = '' OR NOT EXISTS (SELECT 1 FROM job e WHERE e.key = j.key AND e.no < j.no AND e.dead_at IS NULL))
	ORDER BY j.run_at, j.no LIMIT 1`

// do runs the handler and settles what became of it.
func (r *Runner) do(ctx context.Context, w Work) {
	err := r.handle(ctx, w)
	if w.done.Load() {
		return
	}
	// The outcome is kept also when we are asked to stop just now.
	settle, stop := context.WithTimeout(context.WithoutCancel(ctx), runFor)
	defer stop()
	err = r.DB.Write(settle, func(tx *db.Tx) error {
		switch {
		case err == nil:
			return w.Finish(tx)
		case ctx.Err() != nil: // it was us who stopped it
			return tx.Put(`UPDATE job SET lease = '', attempt = attempt - 1 WHERE id = $1 AND lease = $2`, w.ID, w.lease)
		}
		var old bool
		if e := tx.Row(`SELECT queued_at < $2 FROM job WHERE id = $1`, w.ID, tx.Now.Add(-giveUp)).Scan(&old); e != nil {
			return e
		}
		p := permanent{}
		if errors.As(err, &p) || old {
			r.Log.Error("job given up", "kind", w.Kind, "job", w.ID, "attempt", w.Attempt, "error", err)
			return tx.Put(`UPDATE job SET dead_at = $1, lease = '', last_error = $2 WHERE id = $3 AND lease = $4`, tx.Now, err.Error(), w.ID, w.lease)
		}
		r.Log.Warn("job failed, will try again", "kind", w.Kind, "job", w.ID, "attempt", w.Attempt, "error", err)
		return tx.Put(`UPDATE job SET run_at = $1, lease = '', last_error = $2 WHERE id = $3 AND lease = $4`,
			tx.Now.Add(wait(w.Attempt, rand.Float64())), err.Error(), w.ID, w.lease)
	})
	if err != nil {
		r.Log.Error("the outcome of a job could not be kept; it will run again", "kind", w.Kind, "job", w.ID, "error", err)
	}
}

// handle calls the handler with a deadline; a panic is an error like any other.
func (r *Runner) handle(ctx context.Context, w Work) (err error) {
	h, ok := r.handlers[w.Kind]
	if !ok {
		return Permanent(fmt.Errorf("no handler for jobs of kind %q", w.Kind))
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, stop := context.WithTimeout(ctx, runFor)
	defer stop()
	return h(ctx, w)
}
