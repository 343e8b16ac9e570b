package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/restore"
)

// death is a clock by which the program dies: every transaction asks it for the time.
type death struct {
	clock *dbtest.Clock
	mu    sync.Mutex
	left  int // questions until it dies; 0 for never
	end   context.CancelFunc
}

// Now implements app.Config.Now.
func (d *death) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left > 0 {
		if d.left--; d.left == 0 {
			d.end()
		}
	}
	return d.clock.Now()
}

// comes lets something be done, which ends when the program dies at the nth
// question, and gives how many were left to live when all was done.
func (d *death) comes(ctx context.Context, n int, do func(context.Context) error) (left int, err error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	d.mu.Lock()
	d.left, d.end = n, end
	d.mu.Unlock()
	err = do(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	left, d.left = d.left, 0
	return left, err
}

// raid is a campaign about one device: it was in two accounts. In one the thief
// did harm, in one nothing, and what he used in the first leads to a third.
type raid struct {
	*town
	device            string
	hit, seen, beyond string
	id                string // of the campaign
	test              string // what is under test
	left              int    // how often the time is asked in that until the program dies; 0 if it has
}

// what is under test: the verbs that hold accounts and begin plans, and the jobs after each of them.
const (
	confirms = "Confirm"
	follows  = "Follow"
	approves = "Approve"
	works    = "the jobs"
)

// The program dies at every boundary between the transactions that Confirm,
// Follow and Approve are made of, and between those of the jobs that they queue, each
// in a campaign of its own. On SQLite a transaction that has begun is committed all the
// same, on PostgreSQL it is not. Whoever did it does it again, and nothing is there twice.
//
// The jobs have more than a hundred boundaries, most of them those of restore, which
// has a test of its own for them: where nobody asks for kills, some stand for all.
// A kill differs from this end only in that the lease of a job has to run out.
func TestCrashAtEveryBoundaryOfACampaign(t *testing.T) {
	t.Parallel()
	apart := 12
	if os.Getenv("TAKEBACK_TEST_KILLS") != "" {
		apart = 1
	}
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, e)
			for _, one := range []struct {
				what         string
				apart, least int
			}{{confirms, 1, 3}, {follows, 1, 4}, {approves, 1, 1}, {works, apart, 100}} {
				n := 1
				for w.raided(one.what, n) {
					n += one.apart
				}
				t.Logf("%s: up to %d boundaries, looked at by %d", one.what, n-1, one.apart)
				if n <= one.least {
					t.Errorf("in %s nobody could die in more than %d places", one.what, n-1)
				}
			}
		})
	}
}

// raided plays a campaign in which the program dies at the nth boundary of what
// is under test. It tells whether there is such a boundary.
func (w *town) raided(what string, n int) bool {
	w.t.Helper()
	r := w.newRaid(what, n)
	r.once(confirms, campaign.ErrStep, func(ctx context.Context) error { return w.Campaigns.Confirm(ctx, boss, r.id) })
	if w.alive(r.hit) || w.alive(r.seen) || !w.alive(r.beyond) {
		w.t.Error("confirmed, and others than the cohort are held")
	}
	r.works()
	r.once(follows, campaign.ErrStep, func(ctx context.Context) error {
		return w.Campaigns.Follow(ctx, boss, r.id, campaign.Device, r.device+"_second")
	})
	if w.alive(r.beyond) {
		w.t.Error("followed, and the account is not held")
	}
	r.works()
	r.approves()
	r.works()
	r.check(fmt.Sprintf("after a death at boundary %d of %s", n, what))
	return r.left == 0
}

func (w *town) newRaid(what string, n int) *raid {
	w.t.Helper()
	name := fmt.Sprintf("%s_%d", what, n)
	r := &raid{town: w, device: "dev_" + name, hit: "acc_" + name + "_hit", seen: "acc_" + name + "_seen", beyond: "acc_" + name + "_beyond", test: what, left: n}
	for _, id := range []string{r.hit, r.seen, r.beyond} {
		w.write(func(tx *db.Tx) error { return account.Create(tx, id, "ja") })
		w.visit(id, access.Client{Device: "dev_" + id, IP: "192.0.2.1"},
			history.Entry{Verb: history.Contact, Path: "email", Value: account.TextValue(id + "@mail.example"), Confirmed: true},
			history.Entry{Verb: history.Set, Path: "name", Value: account.TextValue("田中花子")})
	}
	first, second := access.Client{Device: r.device, IP: "203.0.113.66"}, access.Client{Device: r.device + "_second", IP: "198.51.100.7"}
	w.takeOver(r.hit, first, second)
	w.visit(r.seen, first)
	w.visit(r.beyond, second, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
	key := campaign.Key{Kind: campaign.Device, Value: r.device, From: w.clock.Now().Add(-time.Hour), Until: w.clock.Now().Add(time.Hour)}
	c, err := w.Campaigns.Draft(w.t.Context(), finder, key, "One device in many accounts.")
	if err != nil {
		w.t.Fatal(err)
	}
	r.id = c.ID
	return r
}

// once does something, and again if the program dies in it. done is what whoever
// does it again hears if it was done before the death.
func (r *raid) once(what string, done error, do func(context.Context) error) {
	r.t.Helper()
	left, err := 1, error(nil)
	if what == r.test && r.left > 0 {
		left, err = r.death.comes(r.t.Context(), r.left, do)
		r.left = left
	} else {
		err = do(r.t.Context())
	}
	if left == 0 {
		if what == confirms && r.alive(r.hit) != r.alive(r.seen) {
			r.t.Error("a part of the cohort is held")
		}
		if err = do(r.t.Context()); errors.Is(err, done) {
			err = nil
		}
	}
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
}

// approves is the second person, who has looked at the sample of every shape.
func (r *raid) approves() {
	r.t.Helper()
	for _, g := range r.see(r.id, boss).Shapes {
		for _, s := range g.Sample {
			if _, err := r.Desk.Enter(r.t.Context(), boss, s.Case, "A look at the sample."); err != nil {
				r.t.Fatal(err)
			}
		}
		r.once(approves, campaign.ErrAnswers, func(ctx context.Context) error {
			_, err := r.Campaigns.Approve(ctx, boss, r.id, g.ID)
			return err
		})
	}
}

// works carries out jobs until nothing is left to do.
func (r *raid) works() {
	r.t.Helper()
	for range 12 {
		r.once(works, nil, r.Runner.Drain)
		r.clock.Advance(5 * time.Second)
	}
}

// check wants everything to have happened once.
func (r *raid) check(when string) {
	r.t.Helper()
	v := r.see(r.id, boss)
	if want := map[campaign.State]int{campaign.Restored: 2, campaign.Clean: 1}; v.Accounts != 3 || !maps.Equal(v.States, want) {
		r.t.Errorf("%s: %d accounts, %v, shapes %+v", when, v.Accounts, v.States, v.Shapes)
	}
	r.isOpen(r.seen)
	if n := r.timesLetGo(r.seen); n != 1 {
		r.t.Errorf("%s the account of the holder alone was let go %d times", when, n)
	}
	for _, id := range []string{r.hit, r.beyond} {
		r.isNamed(id, `"田中花子"`)
		r.write(func(tx *db.Tx) error {
			steps, err := db.All(tx, db.Scan1[string], `SELECT s.id FROM restore_step s JOIN restore_plan p ON p.id = s.plan WHERE p.account = $1`, id)
			if err != nil {
				return err
			}
			all, err := history.Of(tx, id)
			want, acts := map[string]int{}, map[string]int{}
			for _, s := range steps {
				want[s]++
			}
			for _, c := range all {
				if c.Actor == restore.ActorID {
					acts[c.Request]++
				}
			}
			if len(want) == 0 || !maps.Equal(want, acts) {
				r.t.Errorf("%s: the steps of %s are %v, done were %v", when, id, want, acts)
			}
			return err
		})
	}
	r.write(func(tx *db.Tx) error {
		var waves, approvals, shapes, cases int
		err := tx.Row(`SELECT (SELECT COUNT(*) FROM campaign_wave WHERE campaign = $1), (SELECT COUNT(*) FROM campaign_approval WHERE campaign = $1),
			(SELECT COUNT(*) FROM campaign_shape WHERE campaign = $1), (SELECT COUNT(*) FROM case_file WHERE account IN ($2, $3, $4))`, r.id, r.hit, r.seen, r.beyond).
			Scan(&waves, &approvals, &shapes, &cases)
		if waves != 2 || approvals != shapes || cases != 2 {
			r.t.Errorf("%s: %d waves, %d approvals of %d shapes, %d cases", when, waves, approvals, shapes, cases)
		}
		return err
	})
}
