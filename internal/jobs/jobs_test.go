package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/jobs"
)

func runner(t *testing.T, d *db.DB) *jobs.Runner {
	return &jobs.Runner{DB: d, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func enqueue(t *testing.T, d *db.DB, js ...jobs.Job) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, j := range js {
			if err := jobs.Enqueue(tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		r := runner(t, d)
		var mu sync.Mutex
		var ran []string
		fail := map[string]int{}
		r.Handle("say", jobs.With(func(_ context.Context, _ jobs.Work, word string) error {
			mu.Lock()
			defer mu.Unlock()
			if fail[word] > 0 {
				fail[word]--
				return errors.New("not yet")
			}
			ran = append(ran, word)
			return nil
		}))
		r.Handle("refused", func(context.Context, jobs.Work) error { return jobs.Permanent(errors.New("for good")) })
		r.Handle("panics", func(context.Context, jobs.Work) error { panic("a handler's mistake") })
		drain := func() (got []string) {
			t.Helper()
			if err := r.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got, ran = ran, nil
			return got
		}
		say := func(word, key string) jobs.Job { return jobs.Job{Kind: "say", Key: key, Args: word} }

		t.Run("run in the order they were queued", func(t *testing.T) {
			enqueue(t, d, say("a", "k"), say("b", "k"), say("c", "k"))
			if diff := cmp.Diff([]string{"a", "b", "c"}, drain()); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("are not there if their cause was not committed", func(t *testing.T) {
			_ = d.Write(t.Context(), func(tx *db.Tx) error { return errors.Join(jobs.Enqueue(tx, say("x", "")), errors.New("no")) })
			if got := drain(); got != nil {
				t.Errorf("ran %q", got)
			}
		})
		t.Run("of one key wait for a failing one, others do not", func(t *testing.T) {
			fail["first"] = 2
			enqueue(t, d, say("first", "k"), say("second", "k"), say("other", "o"))
			if diff := cmp.Diff([]string{"other"}, drain()); diff != "" {
				t.Error(diff)
			}
			clock.Advance(10 * time.Second)
			drain()
			clock.Advance(10 * time.Second)
			if diff := cmp.Diff([]string{"first", "second"}, drain()); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("wait for their time", func(t *testing.T) {
			j := say("later", "")
			j.At = clock.Now().Add(time.Minute)
			enqueue(t, d, j)
			early := drain()
			clock.Advance(time.Minute)
			if late := drain(); len(early) != 0 || len(late) != 1 {
				t.Errorf("ran %q early and %q late", early, late)
			}
		})
		t.Run("become dead letters when trying again cannot help, and can be revived", func(t *testing.T) {
			enqueue(t, d, jobs.Job{Kind: "refused", Args: 1})
			drain()
			dead := read(t, d, jobs.Dead)
			if len(dead) != 1 || dead[0].LastError != "for good" {
				t.Fatalf("dead letters: %+v", dead)
			}
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return jobs.Revive(tx, dead[0].ID) }); err != nil {
				t.Fatal(err)
			}
			if left := read(t, d, jobs.Dead); len(left) != 0 {
				t.Errorf("still dead: %+v", left)
			}
			drain()
		})
		t.Run("become dead letters when their arguments are of another type", func(t *testing.T) {
			before := len(read(t, d, jobs.Dead))
			enqueue(t, d, jobs.Job{Kind: "say", Args: []int{1}})
			if ran := drain(); ran != nil {
				t.Errorf("ran %q", ran)
			}
			if n := len(read(t, d, jobs.Dead)); n != before+1 {
				t.Errorf("%d dead letters, want %d", n, before+1)
			}
		})
		t.Run("become dead letters after three days of failing, panics included", func(t *testing.T) {
			before := len(read(t, d, jobs.Dead))
			enqueue(t, d, jobs.Job{Kind: "panics", Args: 1})
			drain()
			if n := len(read(t, d, jobs.Dead)); n != before {
				t.Fatal("given up at once")
			}
			clock.Advance(73 * time.Hour)
			drain()
			if n := len(read(t, d, jobs.Dead)); n != before+1 {
				t.Error("not given up")
			}
		})
		t.Run("that finish in their own transaction are done exactly if it commits", func(t *testing.T) {
			tries := 0
			r.Handle("once", func(ctx context.Context, w jobs.Work) error {
				tries++
				return d.Write(ctx, func(tx *db.Tx) error {
					if err := tx.Put(`UPDATE epoch_sequence SET value = value + 1 WHERE id = 1`); err != nil {
						return err
					}
					if err := w.Finish(tx); err != nil {
						return err
					}
					if tries == 1 {
						return errors.New("crashed before the commit")
					}
					return nil
				})
			})
			before := read(t, d, epoch)
			enqueue(t, d, jobs.Job{Kind: "once", Args: 1})
			drain()
			clock.Advance(time.Minute)
			drain()
			clock.Advance(time.Minute)
			drain()
			if got := read(t, d, epoch) - before; got != 1 || tries != 2 {
				t.Errorf("the effect happened %d times in %d tries", got, tries)
			}
		})
	})
}

func epoch(tx *db.Tx) (n int, err error) {
	return n, tx.Row(`SELECT value FROM epoch_sequence WHERE id = 1`).Scan(&n)
}

func read[T any](t *testing.T, d *db.DB, fn func(*db.Tx) (T, error)) (got T) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		got, err = fn(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Several runners on one queue: nothing is lost, nothing runs twice, and what
// comes while they run is done without being asked for.
func TestRunnersTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 60
		var mu sync.Mutex
		seen := map[int]int{}
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 2 {
			r := runner(t, d)
			r.Handle("count", jobs.With(func(_ context.Context, _ jobs.Work, i int) error {
				mu.Lock()
				defer mu.Unlock()
				if seen[i]++; len(seen) == n {
					close(done)
				}
				return nil
			}))
			all.Go(func() {
				if err := r.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range n {
			enqueue(t, d, jobs.Job{Kind: "count", Args: i})
		}
		<-done
		stop()
		all.Wait()
		for i, times := range seen {
			if times != 1 {
				t.Errorf("job %d ran %d times", i, times)
			}
		}
	})
}
