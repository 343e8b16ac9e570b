package demo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/web/webtest"
)

// It comes first and alone: templates cannot be checked once a page was shown.
func TestPagesAreWhole(t *testing.T) {
	webtest.Templates(t, pages)
	webtest.Words(t, pages)
}

func TestTheSamePeopleEveryTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if d := cmp.Diff(People(1, now), People(1, now)); d != "" {
		t.Error(d)
	}
	if cmp.Equal(People(1, now)[3], People(2, now)[3]) {
		t.Error("another seed makes other people")
	}
}

func TestPeopleAreInventedAndLiveInOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	all := People(seedOfAll, now)
	emails, japanese, deeds := map[string]bool{}, 0, map[history.Verb]int{}
	for _, p := range all {
		if emails[p.Email] {
			t.Errorf("%s has two accounts", p.Email)
		}
		emails[p.Email] = true
		if p.Language == "ja" {
			japanese++
		}
		for i, d := range p.Life {
			deeds[d.Verb]++
			if i > 0 && d.At.Before(p.Life[i-1].At) || d.At.After(now) {
				t.Fatalf("%s: deed %d is at %s", p.ID, i, d.At)
			}
		}
	}
	if len(all) != holders || japanese != inJapanese {
		t.Errorf("%d people, %d of them Japanese", len(all), japanese)
	}
	for _, v := range []history.Verb{history.Open, history.Order, history.Contact, history.SignOut, history.StepUp, history.Move, history.Add} {
		if deeds[v] < 50 {
			t.Errorf("only %d times %s in all lives", deeds[v], v)
		}
	}
}

func TestTheShopIsLivedInAndItsHistoryHolds(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			h, err := Open(t.Context(), Options{DB: dbtest.Place(t, e)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
			began := time.Now()
			if err := h.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("settled in %s", time.Since(began))
			checkHistory(t, h.App.DB)
		})
	}
}

func checkHistory(t *testing.T, d *db.DB) {
	t.Helper()
	accounts, changes := 0, 0
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		return history.VerifyAll(tx, func(_ account.Account, n int, err error) {
			accounts, changes = accounts+1, changes+n
			if err != nil {
				t.Error(err)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if accounts < holders || changes < 20*holders {
		t.Errorf("%d accounts with %d changes is not lived in", accounts, changes)
	}
}
