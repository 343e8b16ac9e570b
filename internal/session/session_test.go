package session_test

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
	"takeback/internal/seal"
	"takeback/internal/session"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"

var pc = access.Client{IP: "192.0.2.1", UserAgent: firefox, Device: "pc"}

type bundle struct {
	d *db.DB
	s *session.Sessions
}

func setup(t *testing.T, d *db.DB) bundle {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return account.Create(tx, "acc", "ja") }); err != nil {
		t.Fatal(err)
	}
	return bundle{d, session.New(d, &history.Book{Kinds: kinds}, keeper(t))}
}

func keeper(t testing.TB) *seal.Keeper {
	t.Helper()
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (b bundle) open(t *testing.T, c access.Client) (s session.Session, token string, known bool) {
	t.Helper()
	err := b.d.Write(t.Context(), func(tx *db.Tx) error {
		a, err := account.Get(tx, "acc")
		if err != nil {
			return err
		}
		s, token, known, err = b.s.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: c})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, token, known
}

func (b bundle) turn(t *testing.T, to account.State, from ...account.State) {
	t.Helper()
	err := b.d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := account.Turn(tx, "acc", to, time.Time{}, from...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b bundle) alive(t *testing.T, token string) bool {
	t.Helper()
	_, err := b.s.Check(t.Context(), token)
	if err != nil && !errors.Is(err, session.ErrOver) {
		t.Fatal(err)
	}
	return err == nil
}

func TestCheck(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d)
		s, token, known := b.open(t, pc)
		if known {
			t.Error("a device never seen was known")
		}
		if _, _, known := b.open(t, pc); !known {
			t.Error("the same device was not known")
		}
		if !b.alive(t, token) || !b.alive(t, token) {
			t.Error("a session just opened may not act")
		}
		if b.alive(t, seal.NewToken()) || b.alive(t, "") || b.alive(t, token+"x") {
			t.Error("a guessed token may act")
		}
		_, other, _ := b.open(t, pc)
		if !b.alive(t, other) {
			t.Fatal("the other session may not act")
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { return b.s.End(tx, s.Actor(pc), "acc", s.ID, "signed out") })
		if err != nil {
			t.Fatal(err)
		}
		if b.alive(t, token) || !b.alive(t, other) {
			t.Error("ending one session ended none, or both")
		}
		b.turn(t, account.Frozen, account.Open)
		if b.alive(t, other) {
			t.Error("a session survived the freeze")
		}
		b.turn(t, account.Open, account.Frozen)
		if b.alive(t, other) {
			t.Error("letting the account go brought an old session back")
		}
		_, fresh, _ := b.open(t, pc)
		if !b.alive(t, fresh) {
			t.Error("a session of the new epoch may not act")
		}
		clock.Advance(31 * 24 * time.Hour)
		if b.alive(t, fresh) {
			t.Error("a session outlived its time")
		}
	})
}

func TestAStolenCookieBeginsANewSegment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		_, token, _ := b.open(t, pc)
		for _, step := range []struct {
			name   string
			client access.Client
			want   int
		}{
			{"the same client", pc, 1},
			{"the same client from another address", access.Client{IP: "198.51.100.7", UserAgent: firefox, Device: "pc"}, 1},
			{"another device", access.Client{IP: "203.0.113.9", UserAgent: safari, Device: "phone"}, 2},
			{"the first one again", pc, 3},
		} {
			s, err := b.s.CheckFrom(t.Context(), token, step.client)
			if err != nil || s.Segment != step.want {
				t.Errorf("%s: segment %d, not %d (%v)", step.name, s.Segment, step.want, err)
			}
			if again, err := b.s.Check(t.Context(), token); err != nil || again.Proved(d.Now()) != (step.want == 1) {
				t.Errorf("%s: the password counts as given: %v (%v)", step.name, again.Proved(d.Now()), err)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			gs, err := session.Segments(tx, "acc")
			if len(gs) != 3 {
				t.Errorf("%d segments were kept", len(gs))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// The cache must never answer with what was true before a freeze that has been
// answered: whoever checks after it hears no, however many check meanwhile.
func TestNoCheckAfterAFreezeSaysYes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for range 20 {
			_, token, _ := b.open(t, pc)
			stop := make(chan struct{})
			var checking sync.WaitGroup
			for range 4 {
				checking.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							_, _ = b.s.Check(t.Context(), token)
						}
					}
				})
			}
			b.turn(t, account.Frozen, account.Open)
			if b.alive(t, token) {
				t.Error("a check after the freeze said yes")
			}
			close(stop)
			checking.Wait()
			if b.alive(t, token) {
				t.Error("a late reader put the old answer back into the cache")
			}
			b.turn(t, account.Open, account.Frozen)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := dbtest.New(b, db.SQLite, db.Options{})
	kinds, _ := account.NewKinds()
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	s := session.New(d, &history.Book{Kinds: kinds}, k)
	var token string
	err = d.Write(b.Context(), func(tx *db.Tx) error {
		if err := account.Create(tx, "acc", "ja"); err != nil {
			return err
		}
		a, err := account.Get(tx, "acc")
		if err != nil {
			return err
		}
		_, token, _, err = s.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: pc})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Check(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// A fence of many is one row, and the memory of sessions hears of it before the
// fence is answered.
func TestAScopesFenceIsHeardAtOnce(t *testing.T) {
	t.Parallel()
	for name, scope := range map[string]string{"cohort": "c", "installation": account.Installation} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := setup(t, d)
				_, token, _ := b.open(t, pc)
				move := func(do func(*db.Tx, string) (int64, error)) {
					t.Helper()
					if err := d.Alone(t.Context(), func(tx *db.Tx) error { _, err := do(tx, scope); return err }); err != nil {
						t.Fatal(err)
					}
				}
				if scope != account.Installation {
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						return errors.Join(account.NewScope(tx, scope), account.Join(tx, scope, "acc"))
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if !b.alive(t, token) || !b.alive(t, token) {
					t.Fatal("a session may not act before the fence")
				}
				move(account.Fence)
				if b.alive(t, token) {
					t.Error("a session survived the fence")
				}
				move(account.Reopen)
				if b.alive(t, token) {
					t.Error("reopening brought an old session back")
				}
				_, fresh, _ := b.open(t, pc)
				if !b.alive(t, fresh) {
					t.Error("a session given after the reopening may not act")
				}
			})
		})
	}
}

func TestASessionThatRestsEnds(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d)
		_, used, _ := b.open(t, pc)
		_, left, _ := b.open(t, pc)
		for range 2 { // asked for by the protected service alone
			clock.Advance(9 * 24 * time.Hour)
			if !b.alive(t, used) {
				t.Fatal("a session that is in use ended for rest")
			}
		}
		if b.alive(t, left) {
			t.Error("a session that nobody used for 18 days still acts")
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			if living, err := session.Living(tx, "acc"); err != nil || len(living) != 1 {
				t.Errorf("%d sessions are listed as living: %v", len(living), err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(13 * 24 * time.Hour)
		if b.alive(t, used) {
			t.Error("a session outlived its 30 days")
		}
	})
}

func TestATimeOfUseIsKeptOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d)
		_, token, _ := b.open(t, pc)
		clock.Advance(time.Hour)
		for range 2 {
			found, err := b.s.CheckFrom(t.Context(), token, pc)
			if err != nil || !found.SeenAt.Equal(d.Now()) {
				t.Errorf("last used %v, not %v: %v", found.SeenAt, d.Now(), err)
			}
		}
		found, err := b.s.Check(t.Context(), token)
		if err != nil || !found.SeenAt.Equal(d.Now()) {
			t.Errorf("memory has %v, not %v: %v", found.SeenAt, d.Now(), err)
		}
	})
}

func TestAProofGivesASessionANewToken(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := setup(t, d)
		s, token, _ := b.open(t, pc)
		if fresh, _, err := b.s.Renew(t.Context(), token); err != nil || fresh != "" {
			t.Errorf("without a proof: %q, %v", fresh, err)
		}
		clock.Advance(time.Hour)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return b.s.Prove(tx, s.Actor(pc), []history.Factor{{Path: "password", Version: "v", Proof: "password"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		var given [8]string
		var all sync.WaitGroup
		for i := range given { // a form that is sent twice, and what a page asks for besides
			all.Go(func() { given[i], _, _ = b.s.Renew(t.Context(), token) })
		}
		all.Wait()
		fresh := given[0]
		for _, other := range given {
			if other == "" || other == token || other != fresh {
				t.Fatalf("several tokens were given to requests that were sent together: %q", given)
			}
		}
		if !b.alive(t, fresh) || !b.alive(t, token) {
			t.Error("one of the two tokens does not count at once")
		}
		if again, _, err := b.s.Renew(t.Context(), fresh); err != nil || again != "" {
			t.Errorf("one proof gave two tokens: %q, %v", again, err)
		}
		clock.Advance(time.Minute)
		if b.alive(t, token) {
			t.Error("the token from before the proof counts on")
		}
		found, err := b.s.Check(t.Context(), fresh)
		if err != nil || found.ID != s.ID || !found.ExpiresAt.Equal(s.ExpiresAt) {
			t.Errorf("the new token is of another session, or lasts otherwise: %+v, %v", found, err)
		}
		if _, _, err := b.s.Renew(t.Context(), token); !errors.Is(err, session.ErrOver) {
			t.Errorf("the former token is renewed: %v", err)
		}
	})
}
