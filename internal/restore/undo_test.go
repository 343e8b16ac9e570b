package restore

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

func TestAFalseAlarmIsUndoneByAPlanLikeAnyOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		c := h.taken(forwarder,
			history.Entry{Verb: history.Credential, Path: "password", SecretID: "s", Stored: "stored"},
			history.Entry{Verb: history.Add, Path: "card/c1", Value: json.RawMessage(`{"token":"t","last4":"4242"}`)})
		before := h.facts(c.Account)
		if err := h.Carry(t.Context(), h.begun(c).ID); err != nil {
			t.Fatal(err)
		}
		if cmp.Equal(before, h.facts(c.Account)) {
			t.Fatal("the plan has done nothing")
		}
		if _, err := h.DeclareFalse(t.Context(), access.Actor{Role: access.Agent, ID: "new"}, c.ID, 1, ""); !errors.Is(err, ErrForbidden) {
			t.Errorf("declared false by an agent: %v", err)
		}
		p, err := h.DeclareFalse(t.Context(), ito, c.ID, 1, "it was her son")
		if err != nil || len(p.Rows) == 0 || h.step(c) != casefile.Planned {
			t.Fatalf("%d steps, the case is %s (%v)", len(p.Rows), h.step(c), err)
		}
		if err := h.Start(t.Context(), ito, c.ID); !errors.Is(err, casefile.ErrStep) {
			t.Errorf("begun without a second person: %v", err)
		}
		if err := h.Approve(t.Context(), ito, c.ID, p.Hash); !errors.Is(err, ErrOwnPlan) {
			t.Errorf("approved by who declared it: %v", err)
		}
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err != nil {
			t.Fatal(err)
		}
		if err := h.Start(t.Context(), ito, c.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Carry(t.Context(), p.ID); err != nil || h.step(c) != casefile.Restored {
			t.Fatalf("the case is %s (%v)", h.step(c), err)
		}
		after := h.facts(c.Account)
		if _, there := after["password"]; there {
			t.Error("a secret came back")
		}
		for _, whatStays := range []string{"password", "order/o1"} {
			delete(before, whatStays)
			delete(after, whatStays)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Error(diff)
		}
		h.write(func(tx *db.Tx) error {
			if usable, err := Usable(tx, c.Account, "card/c1"); err != nil || !usable {
				t.Errorf("the card waits for its holder though nobody else was there (%v)", err)
			}
			return nil
		})
	})
}

func TestAFalseAlarmBeforeAnyPlanHasNothingToUndo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		c := h.taken()
		p, err := h.MakePlan(t.Context(), ito, c.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err != nil {
			t.Fatal(err)
		}
		none, err := h.DeclareFalse(t.Context(), abe, c.ID, 1, "")
		if err != nil || none.ID != "" || !casefile.May(h.step(c), casefile.FalseAlarm) {
			t.Errorf("a plan %q, the case is %s (%v)", none.ID, h.step(c), err)
		}
		if err := h.Start(t.Context(), ito, c.ID); err == nil {
			t.Error("the plan was begun all the same")
		}
	})
}
