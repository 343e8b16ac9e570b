package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/session"
)

// A thief who goes on opening sessions while his device is counted, confirmed and looked at
// leaves none that may act, in whatever account: also in one that was let go, and in one that
// was made after the fence.
func TestWhoComesLateIsHeldToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newTown(t, d.Engine())
		ids := w.moveIn(6)
		w.visit(ids[0], thief)
		var all sync.WaitGroup
		var mu sync.Mutex
		tokens := map[string]string{} // by what was given
		begun := make(chan struct{}, 2+len(ids))
		for _, id := range append(ids, "acc_new_1", "acc_new_2") {
			all.Go(func() {
				for n := range 12 {
					if token := w.burgle(id, n); token != "" {
						mu.Lock()
						tokens[token] = id
						mu.Unlock()
					}
					if n == 2 {
						begun <- struct{}{}
					}
				}
			})
		}
		<-begun
		c := w.hold(campaign.Key{Kind: campaign.Device, Value: thief.Device})
		for range 3 {
			if err := w.Runner.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		all.Wait()
		w.work()
		for _, id := range append(ids, "acc_new_3") { // those that were let go, and one more
			if token := w.burgle(id, 99); token != "" {
				tokens[token] = id
			}
		}
		w.work()
		reached := map[string]bool{}
		for token, id := range tokens {
			reached[id] = true
			if _, err := w.Sessions.Check(t.Context(), token); !errors.Is(err, session.ErrOver) {
				t.Errorf("%s: a session of the thief may act: %v", id, err)
			}
		}
		v := w.see(c.ID, boss)
		if v.Seen() != len(reached) || v.Accounts != len(reached) || len(reached) < len(ids)+1 {
			t.Errorf("%d accounts were reached, the campaign has %d and looked at %d: %v", len(reached), v.Accounts, v.Seen(), v.States)
		}
		if err := w.Campaigns.Open(t.Context(), boss, c.ID); err != nil {
			t.Fatal(err)
		}
		for id := range reached {
			w.isOpen(id)
		}
	})
}

// burgle opens a session from the thief's device, if the account is open; it makes accounts that are not there.
func (w *town) burgle(id string, n int) (token string) {
	err := w.DB.Write(w.t.Context(), func(tx *db.Tx) (err error) {
		a, err := account.Get(tx, id)
		if errors.Is(err, account.ErrNone) {
			if err = account.Create(tx, id, "ja"); err == nil {
				a, err = account.Get(tx, id)
			}
		}
		if err != nil {
			return err
		}
		from := thief
		from.Request = fmt.Sprintf("req_%d", n)
		_, token, _, err = w.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: from})
		return err
	})
	if errors.Is(err, account.ErrFrozen) {
		return ""
	}
	if err != nil {
		w.t.Error(err)
	}
	return token
}

// What only the thief used in the accounts of a campaign leads to more of them, and those to more;
// nobody is held by it before a second person says so.
func TestALeadIsFollowedRoundByRound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newTown(t, d.Engine())
		ids := w.moveIn(6)
		second, third := access.Client{Device: "dev_second", IP: "198.51.100.7"}, access.Client{Device: "dev_third", IP: "198.51.100.9"}
		fourth := access.Client{Device: "dev_fourth", IP: "198.51.100.11"}
		w.takeOver(ids[0], thief, second)
		w.visit(ids[1], thief)
		w.takeOver(ids[2], second, third)
		w.takeOver(ids[3], third, fourth)
		w.visit(ids[4], fourth)
		c := w.hold(campaign.Key{Kind: campaign.Device, Value: thief.Device})
		w.work()
		lead := func(device string, round int) campaign.Lead {
			return campaign.Lead{Kind: campaign.Device, Value: device, Round: round, Seen: 1, More: 1, State: campaign.Proposed}
		}
		w.proposes(c.ID, lead("dev_second", 1))
		for _, id := range ids[2:] {
			if !w.alive(id) {
				t.Errorf("%s is held by a lead that nobody has followed", id)
			}
		}
		w.follow(c.ID, campaign.Device, "dev_second")
		if w.alive(ids[2]) || !w.alive(ids[3]) {
			t.Error("the second round holds others than the one of its device")
		}
		w.work()
		w.proposes(c.ID, lead("dev_third", 2))
		w.follow(c.ID, campaign.Device, "dev_third")
		w.work()
		w.proposes(c.ID, lead("dev_fourth", 3))
		if err := w.Campaigns.Leave(t.Context(), finder, c.ID, campaign.Device, "dev_fourth"); err != nil {
			t.Fatal(err)
		}
		w.proposes(c.ID)
		if err := w.Campaigns.Follow(t.Context(), boss, c.ID, campaign.Device, "dev_fourth"); !errors.Is(err, campaign.ErrStep) {
			t.Errorf("followed what was left: %v", err)
		}
		if v := w.see(c.ID, boss); v.Step != campaign.Carrying || v.Accounts != 4 || v.Seen() != 4 || !w.alive(ids[4]) || !w.alive(ids[5]) {
			t.Errorf("%s, %d of %d accounts, %v", v.Step, v.Seen(), v.Accounts, v.States)
		}
	})
}

// takeOver lets a thief change the name and the password, and come back with it from elsewhere.
func (w *town) takeOver(id string, from, later access.Client) {
	w.t.Helper()
	w.visit(id, from, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)},
		history.Entry{Verb: history.Credential, Path: "password", Version: "v_" + id, SecretID: "s_" + id, Stored: "hash"})
	w.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		_, _, _, err = w.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: later,
			Factors: []history.Factor{{Path: "password", Version: "v_" + id, Proof: "password"}}})
		return err
	})
}

func (w *town) proposes(id string, want ...campaign.Lead) {
	w.t.Helper()
	got := w.see(id, finder).Leads
	if len(got) != len(want) || len(want) == 1 && got[0] != want[0] {
		w.t.Fatalf("proposed %+v, want %+v", got, want)
	}
}

// follow follows a lead, after those who may not have tried.
func (w *town) follow(id string, kind campaign.Kind, value string) {
	w.t.Helper()
	for _, by := range []access.Actor{finder, {Role: access.Supervisor, ID: finder.ID}, {Role: access.Agent, ID: "a"}} {
		if err := w.Campaigns.Follow(w.t.Context(), by, id, kind, value); err == nil {
			w.t.Errorf("followed by %+v", by)
		}
	}
	if err := w.Campaigns.Follow(w.t.Context(), boss, id, kind, value); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Campaigns.Follow(w.t.Context(), boss, id, kind, value); !errors.Is(err, campaign.ErrStep) {
		w.t.Errorf("followed twice: %v", err)
	}
}

// The program ends between the hold of a latecomer and the end of the job that
// held him, and he is let go before the job would run again: he is not held a second
// time. It is whoever commits who dies here; on PostgreSQL the news comes to another goroutine, too.
func TestALatecomerIsHeldOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t, db.SQLite)
	ids := w.moveIn(2)
	w.visit(ids[0], thief)
	w.hold(campaign.Key{Kind: campaign.Device, Value: thief.Device})
	w.work()
	w.visit(ids[1], thief)
	died := false
	defer w.DB.Listen(campaign.Topic, func(string) {
		if !died {
			died = true
			panic("the program ends right after a commit")
		}
	})()
	w.work()
	w.work()
	w.isOpen(ids[1])
	if n := w.timesLetGo(ids[1]); !died || n != 1 {
		t.Errorf("let go %d times", n)
	}
}

// timesLetGo counts how often an account was let go.
func (w *town) timesLetGo(id string) (n int) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		all, err := history.Of(tx, id)
		n = 0
		for _, c := range all {
			if c.Verb == history.Unfreeze {
				n++
			}
		}
		return err
	})
	return n
}
