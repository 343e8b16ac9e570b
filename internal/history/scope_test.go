package history_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

// fences are the three ways to end all authority in accounts. Each is run in a
// transaction of the kind that its callers use.
var fences = map[string]func(t *testing.T, d *db.DB, run func(tx *db.Tx) error) error{
	"an account": func(t *testing.T, d *db.DB, then func(tx *db.Tx) error) error {
		return d.Write(t.Context(), func(tx *db.Tx) error {
			for _, id := range []string{"acc_0", "acc_1", "acc_2"} {
				if _, err := account.Turn(tx, id, account.Frozen, time.Time{}, account.Open); err != nil {
					return err
				}
			}
			return then(tx)
		})
	},
	"a cohort": func(t *testing.T, d *db.DB, then func(tx *db.Tx) error) error {
		return d.Alone(t.Context(), func(tx *db.Tx) error {
			if _, err := account.Fence(tx, "cohort"); err != nil {
				return err
			}
			return then(tx)
		})
	},
	"the installation": func(t *testing.T, d *db.DB, then func(tx *db.Tx) error) error {
		return d.Alone(t.Context(), func(tx *db.Tx) error {
			if _, err := account.Fence(tx, account.Installation); err != nil {
				return err
			}
			return then(tx)
		})
	},
}

// Writers and a fence at once: in the transaction of the fence, after it, the
// histories are as long as they will ever be.
func TestNoWriterBeatsAFence(t *testing.T) {
	t.Parallel()
	for name, fence := range fences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				for range 5 {
					raceFence(t, d, fence)
				}
			})
		})
	}
}

func raceFence(t *testing.T, d *db.DB, fence func(*testing.T, *db.DB, func(*db.Tx) error) error) {
	const writers = 4
	b := bookFor(t)
	ids, epochs := settle(t, d)
	var all sync.WaitGroup
	var writing sync.WaitGroup
	writing.Add(writers * len(ids))
	for _, id := range ids {
		for range writers {
			all.Go(func() {
				by := access.Actor{Role: access.Holder, ID: id, Account: id, Session: "ses_x", Epoch: epochs[id]}
				for n := 0; ; n++ {
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						_, err := b.Append(tx, history.Entry{Account: id, By: by, Verb: history.Set, Path: "name", Value: []byte(`"x"`)})
						return err
					})
					if n == 0 {
						writing.Done()
					}
					if errors.Is(err, account.ErrFrozen) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	writing.Wait()
	heads := map[string]int64{}
	read := func(tx *db.Tx) error {
		for _, id := range ids {
			a, err := account.Get(tx, id)
			if err != nil {
				return err
			}
			if a.State != account.Frozen || a.Epoch <= epochs[id] {
				t.Errorf("%s is %s in epoch %d, after %d", id, a.State, a.Epoch, epochs[id])
			}
			if had, ok := heads[id]; ok && had != a.Head {
				t.Errorf("%s: %d changes stand behind the fence", id, a.Head-had)
			}
			heads[id] = a.Head
		}
		return nil
	}
	if err := fence(t, d, read); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := d.Read(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	reopen(t, d, ids)
}

func bookFor(t *testing.T) *history.Book {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	return &history.Book{Kinds: kinds}
}

// settle gives three accounts in a cohort, which it makes when it is first asked, and the epochs they are in.
func settle(t *testing.T, d *db.DB) (ids []string, epochs map[string]int64) {
	t.Helper()
	ids, epochs = []string{"acc_0", "acc_1", "acc_2"}, map[string]int64{}
	err := d.Alone(t.Context(), func(tx *db.Tx) error {
		if _, err := account.ScopeOf(tx, "cohort"); errors.Is(err, account.ErrNoScope) {
			for _, id := range ids {
				if err := account.Create(tx, id, "ja"); err != nil {
					return err
				}
			}
			if err := account.NewScope(tx, "cohort"); err != nil {
				return err
			}
		}
		return account.Join(tx, "cohort", ids...)
	})
	if err == nil {
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			for _, id := range ids {
				a, err := account.Get(tx, id)
				if err != nil {
					return err
				}
				epochs[id] = a.Epoch
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return ids, epochs
}

func reopen(t *testing.T, d *db.DB, ids []string) {
	t.Helper()
	err := d.Alone(t.Context(), func(tx *db.Tx) error {
		for _, id := range ids {
			a, err := account.Get(tx, id)
			if err == nil && a.Own == account.Frozen {
				_, err = account.Turn(tx, id, account.Open, time.Time{}, account.Frozen)
			}
			if err != nil {
				return err
			}
		}
		for _, scope := range []string{"cohort", account.Installation} {
			if _, err := account.Reopen(tx, scope); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Scopes composed: whoever fences what, and in whatever order, what was given
// before a fence or a reopening never has authority again.
func TestScopesCompose(t *testing.T) {
	t.Parallel()
	fence := func(scope string) func(*db.Tx) error {
		return func(tx *db.Tx) error { _, err := account.Fence(tx, scope); return err }
	}
	open := func(scope string) func(*db.Tx) error {
		return func(tx *db.Tx) error { _, err := account.Reopen(tx, scope); return err }
	}
	turn := func(to account.State) func(*db.Tx) error {
		return func(tx *db.Tx) error {
			_, err := account.Turn(tx, "acc_0", to, time.Time{}, account.Open, account.Frozen, account.Restoring)
			return err
		}
	}
	type step struct {
		do   func(*db.Tx) error
		want account.State
	}
	for name, steps := range map[string][]step{
		"a cohort's fence reaches an account that was turned often": {
			{turn(account.Frozen), account.Frozen}, {turn(account.Open), account.Open}, {fence("cohort"), account.Frozen}, {open("cohort"), account.Open}},
		"one account of a held cohort is let go alone": {
			{fence("cohort"), account.Frozen}, {turn(account.Open), account.Open}, {open("cohort"), account.Open}},
		"a later fence reaches it again": {
			{fence("cohort"), account.Frozen}, {turn(account.Open), account.Open}, {fence("cohort"), account.Frozen}},
		"of two holds the cohort's ends first": {
			{fence("cohort"), account.Frozen}, {fence(""), account.Frozen}, {open("cohort"), account.Frozen}, {open(""), account.Open}},
		"of two holds the installation's ends first": {
			{fence("cohort"), account.Frozen}, {fence(""), account.Frozen}, {open(""), account.Frozen}, {open("cohort"), account.Open}},
		"an account stopped for its own case stays stopped when its cohort is opened": {
			{fence("cohort"), account.Frozen}, {turn(account.Frozen), account.Frozen}, {open("cohort"), account.Frozen}, {turn(account.Open), account.Open}},
		"a fence stops a plan under way, and a new one may begin": {
			{turn(account.Restoring), account.Restoring}, {fence("cohort"), account.Frozen}, {turn(account.Restoring), account.Restoring}},
		"the cohort's fence has a lower number than the account's own": {
			{fence("cohort"), account.Frozen}, {turn(account.Frozen), account.Frozen}, {turn(account.Open), account.Open}, {turn(account.Frozen), account.Frozen}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := bookFor(t)
				_, epochs := settle(t, d)
				given := []int64{epochs["acc_0"]}
				for i, s := range steps {
					err := d.Alone(t.Context(), s.do)
					if err != nil {
						t.Fatal(err)
					}
					now := standing(t, d, s.want, i)
					for _, epoch := range given {
						if err := setName(t, d, b, epoch); !errors.Is(err, account.ErrFrozen) {
							t.Errorf("step %d: authority of epoch %d counts in %d: %v", i, epoch, now, err)
						}
					}
					if err := setName(t, d, b, now); (err == nil) != (s.want == account.Open) {
						t.Errorf("step %d: a write in the present epoch of a %s account: %v", i, s.want, err)
					}
					given = append(given, now)
				}
				verified(t, d)
			})
		})
	}
}

// standing checks the state of the account and that a case's entry in it changes nothing about that; it gives its epoch.
func standing(t *testing.T, d *db.DB, want account.State, step int) (epoch int64) {
	t.Helper()
	b := bookFor(t)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for range 2 {
			a, err := account.Get(tx, "acc_0")
			if err != nil {
				return err
			}
			if a.State != want {
				t.Errorf("step %d: the account is %s, not %s", step, a.State, want)
			}
			c, err := b.Append(tx, history.Entry{Account: "acc_0", By: access.Actor{Role: access.System, ID: "test"}, Verb: history.Look})
			if err != nil {
				return err
			}
			if c.Epoch != a.Epoch {
				t.Errorf("step %d: an entry of epoch %d in %d", step, c.Epoch, a.Epoch)
			}
			epoch = c.Epoch
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

func setName(t *testing.T, d *db.DB, b *history.Book, epoch int64) error {
	t.Helper()
	by := access.Actor{Role: access.Holder, ID: "acc_0", Account: "acc_0", Session: "ses_x", Epoch: epoch}
	return d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := b.Append(tx, history.Entry{Account: "acc_0", By: by, Verb: history.Set, Path: "name", Value: []byte(`"x"`)})
		return err
	})
}

func verified(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		return history.VerifyAll(tx, func(_ account.Account, _ int, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAScopeIsFencedAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		settle(t, d)
		reopen(t, d, nil)
		for name, do := range map[string]func(*db.Tx) error{
			"fenced":               func(tx *db.Tx) error { _, err := account.Fence(tx, "cohort"); return err },
			"opened":               func(tx *db.Tx) error { _, err := account.Reopen(tx, "cohort"); return err },
			"joined after a fence": func(tx *db.Tx) error { return account.Join(tx, "cohort", "acc_0") },
		} {
			if err := d.Write(t.Context(), do); err == nil {
				t.Errorf("%s while others write", name)
			}
		}
		if err := d.Alone(t.Context(), func(tx *db.Tx) error { _, err := account.Fence(tx, "nobody"); return err }); !errors.Is(err, account.ErrNoScope) {
			t.Errorf("a scope that is not there: %v", err)
		}
	})
}
