package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"takeback/internal/db"
	"takeback/internal/seal"
)

// Job is work to be done.
type Job struct {
	Kind string    // which handler
	Key  string    // jobs of one key run in order; empty for no order
	Args any       // becomes JSON
	At   time.Time // not before; zero for at once
}

// Work is a job in the hands of its handler.
type Work struct {
	ID      string
	Kind    string
	Key     string
	Args    json.RawMessage
	Attempt int // from 1
	lease   string
	done    *atomic.Bool
}

// Finish ends the job in the transaction of its effect: both happen or neither.
// It fails if somebody else has the job by now.
func (w Work) Finish(tx *db.Tx) error {
	n, err := tx.Exec(`DELETE FROM job WHERE id = $1 AND lease = $2`, w.ID, w.lease)
	if err == nil && n == 0 {
		err = errLost
	}
	tx.OnCommit(func() { w.done.Store(true) })
	return err
}

var errLost = errors.New("jobs: the lease on this job was lost")

// Handler does the work of one kind. An error means: again, later.
type Handler func(ctx context.Context, w Work) error

// With makes a handler of one that is given the arguments of its kind, all of one
// type. What cannot be read now will not be readable later.
func With[T any](do func(ctx context.Context, w Work, args T) error) Handler {
	return func(ctx context.Context, w Work) error {
		var args T
		if err := json.Unmarshal(w.Args, &args); err != nil {
			return Permanent(err)
		}
		return do(ctx, w, args)
	}
}

// Permanent marks an error that trying again cannot mend: the job becomes a dead letter.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// lastNo keeps jobs that are queued in the same microsecond in order.
var lastNo atomic.Int64

func nextNo(now time.Time) int64 {
	for {
		last := lastNo.Load()
		no := max(last+1, now.UnixMicro())
		if lastNo.CompareAndSwap(last, no) {
			return no
		}
	}
}

// topic is announced in this process when a job was queued.
const topic = "jobs"

// Enqueue queues a job in the caller's transaction.
func Enqueue(tx *db.Tx, j Job) error {
	args, err := json.Marshal(j.Args)
	if err != nil {
		return err
	}
	if j.At.IsZero() {
		j.At = tx.Now
	}
	tx.AnnounceHere(topic, j.Kind)
	return tx.Put(`INSERT INTO job (id, no, kind, key, args, queued_at, run_at, attempt, lease, last_error) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', '')`,
		seal.ID("job"), nextNo(tx.Now), j.Kind, j.Key, string(args), tx.Now, j.At)
}

// DeadLetter is a job that was given up.
type DeadLetter struct {
	ID, Kind, Key string
	Args          json.RawMessage
	QueuedAt      time.Time
	DeadAt        time.Time
	Attempts      int
	LastError     string
}

// Dead lists the dead letters, newest first.
func Dead(tx *db.Tx) ([]DeadLetter, error) {
	return db.All(tx, func(s db.Scanner) (d DeadLetter, err error) {
		err = s.Scan(&d.ID, &d.Kind, &d.Key, db.JSON(&d.Args), db.At(&d.QueuedAt), db.At(&d.DeadAt), &d.Attempts, &d.LastError)
		return d, err
	}, `SELECT id, kind, key, args, queued_at, dead_at, attempt, last_error FROM job WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT 200`)
}

// Revive gives a dead letter another life.
func Revive(tx *db.Tx, id string) error {
	n, err := tx.Exec(`UPDATE job SET dead_at = NULL, attempt = 0, queued_at = $2, run_at = $2, lease = '' WHERE id = $1 AND dead_at IS NOT NULL`, id, tx.Now)
	if err == nil && n == 0 {
		err = db.ErrNone
	}
	tx.AnnounceHere(topic, "")
	return err
}
