package judge_test

import (
	"fmt"
	"sync"
	"testing"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/judge"
	"takeback/internal/risk"
)

func TestTheSameEventTwiceInOneCall(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 30)
		c := open(t, d, clock, judge.Settings{})
		var batch []judge.Reported
		for i := range 30 {
			e := signIn(name(29-i), "10.0.0.1", firefox, "s")
			e.ID, e.At = "e"+name(i), clock.Now().UnixMicro()
			batch = append(batch, e)
		}
		stranger := signIn("who@example.com", "10.0.0.2", firefox, "")
		stranger.ID, stranger.At, stranger.Kind, stranger.Marks = "x", clock.Now().UnixMicro(), risk.SignInFailed, risk.NameUnknown
		batch = append(batch, stranger, batch[3], stranger)
		answers, err := c.Take(t.Context(), shop, batch)
		if err != nil {
			t.Fatal(err)
		}
		if answers[31].ID != answers[3].ID || answers[32].ID != answers[30].ID || answers[30].ID == "" {
			t.Errorf("the second time they were judged anew: %v %v, %v %v", answers[3], answers[31], answers[30], answers[32])
		}
		var kept int
		err = d.Read(t.Context(), func(tx *db.Tx) error { return tx.Row(`SELECT COUNT(*) FROM risk_event`).Scan(&kept) })
		if err != nil || kept != 31 {
			t.Errorf("%d events were kept of 31 (%v)", kept, err)
		}
		again, err := c.Take(t.Context(), shop, batch)
		if err != nil {
			t.Fatal(err)
		}
		for i := range again {
			if again[i].ID != answers[i].ID || again[i].Decision.Action != answers[i].Decision.Action {
				t.Errorf("event %d was answered %+v, before %+v", i, again[i], answers[i])
			}
		}
	})
}

func TestTwoSignInsInOneCallTeachOneAfterTheOther(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 1)
		c := open(t, d, clock, judge.Settings{})
		one, two := signIn(name(0), "10.0.0.1", firefox, "a"), signIn(name(0), "201.7.7.7", safari, "b")
		one.ID, two.ID, one.At, two.At = "1", "2", clock.Now().UnixMicro(), clock.Now().UnixMicro()
		answers, err := c.Take(t.Context(), shop, []judge.Reported{one, two})
		if err != nil || answers[0].Decision.Scored || !answers[1].Decision.Scored {
			t.Errorf("the first sign-in has no score and the second has one: %+v (%v)", answers, err)
		}
	})
}

func TestKnownAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		accounts(t, d, 24)
		ask := []string{"acc_none"}
		for i := range 24 {
			ask = append(ask, name(i))
		}
		var known []string
		err := d.Read(t.Context(), func(tx *db.Tx) (err error) { known, err = account.Known(tx, ask); return err })
		if err != nil || len(known) != 24 || known[0] != name(0) || known[23] != name(23) {
			t.Errorf("of 24 accounts and a stranger %v are known (%v)", known, err)
		}
	})
}

// TestCallsAtTheSameTime: each learns from what the others wrote, also of accounts
// that nobody has signed in to.
func TestCallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		const calls, holders = 8, 70
		accounts(t, d, holders)
		c := open(t, d, clock, judge.Settings{})
		for _, when := range []string{"first", "again"} {
			var all sync.WaitGroup
			for call := range calls {
				batch := make([]judge.Reported, holders)
				for i := range batch {
					batch[i] = signIn(name((i*(call+1)+call)%holders), "10.0.0.1", firefox, "s")
					batch[i].ID, batch[i].At = fmt.Sprint(when, call, "-", i), clock.Now().UnixMicro()
				}
				all.Go(func() {
					if _, err := c.Take(t.Context(), shop, batch); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		learnt := 0
		for i := range holders {
			var p risk.Profile
			if body := c.profile(name(i)); len(body) > 0 {
				if err := p.UnmarshalBinary(body); err != nil {
					t.Fatal(err)
				}
			}
			learnt += p.Successes()
		}
		if want := 2 * calls * holders; learnt != want {
			t.Errorf("%d sign-ins were learnt of %d", learnt, want)
		}
	})
}

// TestWhatTwoTellAtTheSameTime: nothing is locked of a name that is nobody's, and
// still an event is decided once, whoever comes with it first.
func TestWhatTwoTellAtTheSameTime(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		c := open(t, d, clock, judge.Settings{})
		batch := make([]judge.Reported, judge.MostAtOnce)
		for i := range batch {
			batch[i] = signIn("who@example.com", "10.0.0.2", firefox, "")
			batch[i].ID, batch[i].At, batch[i].Kind, batch[i].Marks = fmt.Sprint(i), clock.Now().UnixMicro(), risk.SignInFailed, risk.NameUnknown
		}
		var all sync.WaitGroup
		answers := make([][]judge.Answer, 8)
		for call := range answers {
			all.Go(func() {
				var err error
				if answers[call], err = c.Take(t.Context(), shop, batch); err != nil {
					t.Error(err)
					answers[call] = make([]judge.Answer, len(batch))
				}
			})
		}
		all.Wait()
		for i := range batch {
			for call := range answers {
				if got, want := answers[call][i].ID, answers[0][i].ID; got != want || got == "" {
					t.Fatalf("call %d was told the decision %q about event %d, the first one %q", call, got, i, want)
				}
			}
		}
	})
}
