package app_test

import (
	"encoding/json"
	"errors"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/mail"
	"takeback/internal/restore"
)

var helper = access.Actor{Role: access.Agent, ID: "staff_kato", Name: "Kato", Session: "desk_2"}

// stopped is the case of an account that was stopped with an order in it.
func (w *town) stopped(id string) (c casefile.Case) {
	w.t.Helper()
	w.visit(id, access.Client{Device: "dev_" + id}, history.Entry{Verb: history.Order, Path: "order/o1", Value: json.RawMessage(`{"effect":"undo","amount":700,"currency":"JPY"}`)})
	w.write(func(tx *db.Tx) (err error) {
		c, err = w.Freezer.Stop(tx, casefile.Case{Account: id, Source: "desk", Language: "ja"}, helper)
		return err
	})
	return c
}

func (w *town) proved(c casefile.Case) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		_, err := w.Files.Advance(tx, c.ID, casefile.Verified, access.Actor{})
		return err
	})
}

// letGo tells whether an account is its holder's again, with its order on its
// way and a letter that says so.
func (w *town) letGo(c casefile.Case) (yes bool) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, c.Account)
		held, err2 := freeze.Held(tx, c.Account)
		sent, err3 := mail.Sent(tx, c.Account, 50)
		now, err4 := casefile.Get(tx, c.ID)
		told := 0
		for _, l := range sent {
			if l.Kind == mail.KindFalseAlarm {
				told++
			}
		}
		yes = a.State == account.Open
		if yes != (len(held) == 0) || yes != (told == 1) || yes != (now.Step == casefile.FalseAlarm) {
			w.t.Errorf("the account is %s, the case %s, held are %v, %d letters say that it was let go", a.State, now.Step, held, told)
		}
		return errors.Join(err, err2, err3, err4)
	})
	return yes
}

func TestOneVerbDeclaresAFalseAlarmWhereverTheCaseStands(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, e)
			ids := w.moveIn(5)
			declare := func(by access.Actor, c casefile.Case, seen int64) error {
				_, err := w.Restorer.DeclareFalse(t.Context(), by, c.ID, seen, "it was her son")
				return err
			}
			mark := func(c casefile.Case) {
				t.Helper()
				m := investigate.Mark{Verdict: investigate.Intruder, Change: 2}
				if err := w.Investigator.Mark(t.Context(), finder, c.ID, m, 0); err != nil {
					t.Fatal(err)
				}
			}

			c := w.stopped(ids[0])
			w.proved(c)
			if err := declare(helper, c, 0); err != nil || !w.letGo(c) {
				t.Errorf("of a proved holder: %v", err)
			}

			c = w.stopped(ids[1])
			if err := declare(helper, c, 0); err != nil || w.letGo(c) {
				t.Errorf("before anybody is proved: %v", err)
			}
			if w.proved(c); !w.letGo(c) {
				t.Error("it does not go when its holder is proved")
			}

			c = w.stopped(ids[2])
			mark(c)
			if err := declare(helper, c, 1); !errors.Is(err, investigate.ErrForbidden) {
				t.Errorf("an agent took back what an investigator has said: %v", err)
			}
			if _, err := w.Restorer.MakePlan(t.Context(), finder, c.ID, ""); err != nil {
				t.Fatal(err)
			}
			if err := declare(finder, c, 1); err != nil || w.letGo(c) {
				t.Errorf("with a plan: %v", err)
			}
			if w.proved(c); !w.letGo(c) {
				t.Error("it does not go when its holder is proved after there was a plan")
			}

			c = w.stopped(ids[3])
			if err := declare(finder, c, 0); err != nil {
				t.Fatal(err)
			}
			mark(c)
			if w.proved(c); w.letGo(c) {
				t.Error("it goes though somebody was called an intruder since")
			}

			w.write(func(tx *db.Tx) (err error) {
				c, _, err = w.Files.Open(tx, casefile.Case{Account: ids[4], Source: "help", Language: "ja"}, access.Actor{})
				return err
			})
			if err := declare(finder, c, 0); !errors.Is(err, restore.ErrNotHeld) {
				t.Errorf("of an account that is not stopped: %v", err)
			}
		})
	}
}
