package freeze_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

const id = "acc_1"

var agent = access.Actor{Role: access.Agent, ID: "staff_1"}

type house struct {
	*testing.T
	db       *db.DB
	clock    *dbtest.Clock
	book     *history.Book
	sessions *session.Sessions
	keeper   *seal.Keeper
	freezer  *freeze.Freezer
	steps    []casefile.Step // as app would hear of them
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		keeper, err := seal.NewKeeper(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		kinds, err := account.NewKinds()
		if err != nil {
			t.Fatal(err)
		}
		book := &history.Book{Kinds: kinds}
		h := &house{T: t, db: d, clock: clock, book: book, keeper: keeper, sessions: session.New(d, book, keeper)}
		h.freezer = &freeze.Freezer{Book: book, Files: &casefile.Files{OnStep: func(_ *db.Tx, c casefile.Case, _ access.Actor) error {
			h.steps = append(h.steps, c.Step)
			return nil
		}}}
		h.write(func(tx *db.Tx) error { return account.Create(tx, id, "ja") })
		fn(h)
	})
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) account() (a account.Account) {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) { a, err = account.Get(tx, id); return err })
	return a
}

func (h *house) signIn() (session.Session, string) {
	h.Helper()
	var s session.Session
	var token string
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		s, token, _, err = h.sessions.Open(tx, session.Opening{Account: a, Verb: history.Open})
		return err
	})
	return s, token
}

func (h *house) append(by access.Actor, verb history.Verb, path, value string) error {
	return h.db.Write(h.Context(), func(tx *db.Tx) error {
		_, err := h.book.Append(tx, history.Entry{Account: id, By: by, Verb: verb, Path: path, Value: json.RawMessage(value)})
		return err
	})
}

func (h *house) stop(c casefile.Case, by access.Actor) (stopped casefile.Case) {
	h.Helper()
	c.Account = id
	h.write(func(tx *db.Tx) (err error) { h.steps = nil; stopped, err = h.freezer.Stop(tx, c, by); return err })
	return stopped
}

func (h *house) held() (paths []string) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		all, err := freeze.Held(tx, id)
		for _, o := range all {
			paths = append(paths, o.Path)
		}
		return err
	})
	return paths
}

func TestStop(t *testing.T) {
	each(t, func(h *house) {
		s, token := h.signIn()
		by := s.Actor(access.Client{})
		if err := h.append(by, history.Order, "order/old", `{"effect":"undo"}`); err != nil {
			h.Fatal(err)
		}
		h.clock.Advance(25 * time.Hour)
		if err := h.append(by, history.Order, "order/new", `{"effect":"undo"}`); err != nil {
			h.Fatal(err)
		}
		var reset, notMe string
		h.write(func(tx *db.Tx) (err error) {
			if reset, err = h.keeper.Issue(tx, seal.Reset, id, 1, time.Hour, nil); err != nil {
				return err
			}
			notMe, err = h.keeper.Issue(tx, seal.NotMe, id, 1, time.Hour, nil)
			return err
		})
		before := h.account()
		stranger := access.Actor{Client: access.Client{IP: "192.0.2.1"}}
		c := h.stop(casefile.Case{Source: "not-me", Notice: "TB-1", ReportedSeq: 2, Story: "not mine"}, stranger)

		a := h.account()
		if a.State != account.Frozen || a.Epoch <= before.Epoch || c.Step != casefile.Frozen || c.Account != id {
			h.Errorf("account %s in epoch %d after %d, case %+v", a.State, a.Epoch, before.Epoch, c)
		}
		if diff := cmp.Diff([]casefile.Step{casefile.Reported, casefile.Frozen}, h.steps); diff != "" {
			h.Error(diff)
		}
		if _, err := h.sessions.Check(h.Context(), token); !errors.Is(err, session.ErrOver) {
			h.Errorf("the session still acts: %v", err)
		}
		if err := h.append(by, history.Set, "name", `"x"`); !errors.Is(err, account.ErrFrozen) {
			h.Errorf("a write of the former epoch: %v", err)
		}
		if diff := cmp.Diff([]string{"order/new"}, h.held()); diff != "" {
			h.Errorf("held: %s", diff)
		}
		h.write(func(tx *db.Tx) error {
			l, err := h.keeper.Peek(tx, seal.Reset, reset)
			if err != nil || l.Check(tx.Now, 0) == nil {
				h.Errorf("a reset link given before still counts: %v", err)
			}
			l, err = h.keeper.Peek(tx, seal.NotMe, notMe)
			if err != nil || l.Check(tx.Now, 0) != nil {
				h.Errorf("a report no longer reaches anybody: %v", err)
			}
			kept, err := casefile.Get(tx, c.ID)
			if kept.Notice != "TB-1" || kept.ReportedSeq != 2 {
				h.Errorf("the case does not say what was reported: %+v", kept)
			}
			sessions, err2 := session.Of(tx, id)
			if len(sessions) != 1 || sessions[0].EndedWhy != "frozen" {
				h.Errorf("the session record is not there for the case: %+v", sessions)
			}
			all, err3 := history.Of(tx, id)
			var verbs []history.Verb
			for _, e := range all[3:] {
				verbs = append(verbs, e.Verb)
				if e.Case != c.ID || e.Epoch != a.Epoch || e.Role != access.System || e.Client.IP != "192.0.2.1" {
					h.Errorf("entry %+v does not say for which case, epoch and from where", e)
				}
			}
			if diff := cmp.Diff([]history.Verb{history.Freeze, history.Hold}, verbs); diff != "" {
				h.Error(diff)
			}
			return errors.Join(err, err2, err3)
		})
	})
}

func TestASecondClickChangesNothing(t *testing.T) {
	each(t, func(h *house) {
		first := h.stop(casefile.Case{Source: "not-me"}, access.Actor{})
		before := h.account()
		again := h.stop(casefile.Case{Source: "not-me", Story: "again"}, access.Actor{})
		if diff := cmp.Diff(before, h.account()); diff != "" {
			h.Errorf("the account moved: %s", diff)
		}
		if again.ID != first.ID || again.Step != casefile.Frozen || h.steps != nil {
			h.Errorf("a second click gave %+v and the steps %v", again, h.steps)
		}
	})
}

// A case of a stranger gets its account from the desk, which then stops it.
func TestTheDeskStopsFromACase(t *testing.T) {
	each(t, func(h *house) {
		open := func() (c casefile.Case) {
			h.write(func(tx *db.Tx) (err error) {
				c, _, err = h.freezer.Files.Open(tx, casefile.Case{Source: "contact"}, access.Actor{})
				return err
			})
			return c
		}
		one, two := open(), open()
		if got := h.stop(one, agent); got.ID != one.ID || got.Account != id || got.Step != casefile.Frozen {
			h.Errorf("%+v", got)
		}
		if got := h.stop(two, agent); got.ID != one.ID {
			h.Errorf("a second case about the account did not lead to its open one: %+v", got)
		}
		h.write(func(tx *db.Tx) error {
			all, err := history.Latest(tx, id, 0, 1)
			if all[0].Verb != history.Freeze || all[0].Role != access.Agent || all[0].Actor != agent.ID {
				h.Errorf("the history does not name the agent: %+v", all[0])
			}
			return err
		})
	})
}

func TestLetGo(t *testing.T) {
	each(t, func(h *house) {
		s, token := h.signIn()
		if err := h.append(s.Actor(access.Client{}), history.Order, "order/o1", `{}`); err != nil {
			h.Fatal(err)
		}
		c := h.stop(casefile.Case{Source: "not-me"}, access.Actor{})
		frozen := h.account()
		letGo := func(by access.Actor) error {
			return h.db.Write(h.Context(), func(tx *db.Tx) error { _, err := h.freezer.LetGo(tx, c.ID, by); return err })
		}
		if err := letGo(agent); !errors.Is(err, freeze.ErrUnproved) {
			h.Errorf("let go without a proof: %v", err)
		}
		h.write(func(tx *db.Tx) error {
			_, err := h.freezer.Files.Advance(tx, c.ID, casefile.Verified, agent)
			return err
		})
		for _, by := range []access.Actor{{}, s.Actor(access.Client{}), {Role: access.Service, ID: "shop"}} {
			if err := letGo(by); !errors.Is(err, freeze.ErrUnproved) {
				h.Errorf("let go by %q: %v", by.Role, err)
			}
		}
		if err := letGo(agent); err != nil {
			h.Fatal(err)
		}
		a := h.account()
		if a.State != account.Open || a.Epoch <= frozen.Epoch || len(h.held()) != 0 {
			h.Errorf("account %s, epoch %d after %d, held %v", a.State, a.Epoch, frozen.Epoch, h.held())
		}
		if _, err := h.sessions.Check(h.Context(), token); !errors.Is(err, session.ErrOver) {
			h.Errorf("a session of before came back to life: %v", err)
		}
		if err := letGo(agent); err == nil {
			h.Error("let go twice")
		}
		if _, token := h.signIn(); token == "" {
			h.Error("the holder cannot sign in anew")
		}
	})
}

// A stranger's freeze is rate-limited; the desk is told instead.
func TestTooManyFalseAlarms(t *testing.T) {
	each(t, func(h *house) {
		for range 4 {
			c := h.stop(casefile.Case{Source: "not-me"}, access.Actor{})
			h.write(func(tx *db.Tx) error {
				if _, err := h.freezer.Files.Advance(tx, c.ID, casefile.Verified, agent); err != nil {
					return err
				}
				_, err := h.freezer.LetGo(tx, c.ID, agent)
				return err
			})
		}
		c := h.stop(casefile.Case{Source: "not-me"}, access.Actor{})
		if h.account().State != account.Open || c.Step != casefile.Reported {
			h.Errorf("the fifth stranger stopped the account: %s, case %+v", h.account().State, c)
		}
		h.write(func(tx *db.Tx) error {
			entries, err := casefile.Entries(tx, c.ID)
			if entries[len(entries)-1].What != freeze.Withheld {
				h.Errorf("the desk is not told: %+v", entries)
			}
			return err
		})
		if got := h.stop(casefile.Case{ID: c.ID}, agent); got.ID != c.ID || h.account().State != account.Frozen {
			h.Errorf("an agent cannot stop it either: %+v", got)
		}
	})
}

// An account that is held together with others is stopped for its own case, too: the others' hold may end first.
func TestAHeldAccountIsStoppedOnItsOwn(t *testing.T) {
	each(t, func(h *house) {
		scope := func(do func(*db.Tx, string) (int64, error)) {
			if err := h.db.Alone(h.Context(), func(tx *db.Tx) error { _, err := do(tx, account.Installation); return err }); err != nil {
				h.Fatal(err)
			}
		}
		scope(account.Fence)
		c := h.stop(casefile.Case{Source: "not-me"}, access.Actor{})
		scope(account.Reopen)
		if a := h.account(); a.State != account.Frozen || c.Step != casefile.Frozen {
			h.Errorf("the account is %s and its case %s", a.State, c.Step)
		}
	})
}

// A guarded account that is stopped by mistake goes back under guard, not out of it.
func TestAGuardedAccountStaysGuarded(t *testing.T) {
	each(t, func(h *house) {
		until := h.clock.Now().Add(20 * 24 * time.Hour)
		h.write(func(tx *db.Tx) error {
			_, err := account.Turn(tx, id, account.Guarded, until, account.Open)
			return err
		})
		c := h.stop(casefile.Case{Source: "desk"}, agent)
		h.write(func(tx *db.Tx) error {
			if _, err := h.freezer.Files.Advance(tx, c.ID, casefile.Verified, agent); err != nil {
				return err
			}
			_, err := h.freezer.LetGo(tx, c.ID, agent)
			return err
		})
		if a := h.account(); a.State != account.Guarded || !a.GuardedUntil.Equal(until) {
			h.Errorf("%s until %s, want guarded until %s", a.State, a.GuardedUntil, until)
		}
	})
}

// Writers and freezes at once: the freeze is a point in the history, and no
// write of the epoch before stands behind it.
func TestNoWriterBeatsTheFreeze(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		kinds, err := account.NewKinds()
		if err != nil {
			t.Fatal(err)
		}
		book := &history.Book{Kinds: kinds}
		freezer := &freeze.Freezer{Book: book, Files: &casefile.Files{}}
		const accounts, writers = 20, 4
		for n := range accounts {
			acc := fmt.Sprintf("acc_%d", n)
			var epoch int64
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if err := account.Create(tx, acc, "en"); err != nil {
					return err
				}
				a, err := account.Get(tx, acc)
				epoch = a.Epoch
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			writing := make(chan struct{}, writers)
			for range writers {
				all.Go(func() {
					by := access.Actor{Role: access.Holder, ID: acc, Account: acc, Session: "ses_x", Epoch: epoch}
					for i := 0; ; i++ {
						err := d.Write(t.Context(), func(tx *db.Tx) error {
							_, err := book.Append(tx, history.Entry{Account: acc, By: by, Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
							return err
						})
						if i == 2 || err != nil && i < 2 {
							writing <- struct{}{}
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
			<-writing // at least one of them is under way
			for range 2 {
				all.Go(func() {
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						_, err := freezer.Stop(tx, casefile.Case{Account: acc, Source: "desk"}, agent)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			check(t, d, acc)
		}
	})
}

func check(t *testing.T, d *db.DB, acc string) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		changes, err := history.Of(tx, acc)
		frozen := 0
		for _, c := range changes {
			switch {
			case c.Verb == history.Freeze:
				frozen++
			case frozen > 0:
				t.Errorf("%s: change %d of epoch %d stands behind the freeze", acc, c.Seq, c.Epoch)
			}
		}
		if frozen != 1 {
			t.Errorf("%s was frozen %d times", acc, frozen)
		}
		if len(changes) < 3 {
			t.Errorf("%s: nobody wrote before the freeze, so nothing was raced", acc)
		}
		a, err2 := account.Get(tx, acc)
		_, err3 := history.Verify(a, changes)
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Error(err)
	}
}
