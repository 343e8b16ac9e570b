package restore

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

func TestAPlanIsApprovedBySomebodyElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		kim := access.Actor{Role: access.Supervisor, ID: "kim", Name: "Kim"}
		c := h.taken()
		h.write(func(tx *db.Tx) error { // an act of the agent kim, who is in the closure
			if _, err := account.Turn(tx, c.Account, account.Open, c.OpenedAt, account.Frozen); err != nil {
				return err
			}
			if err := h.does(tx, c.Account, "kim", history.Entry{Verb: history.Set, Path: "language", Value: json.RawMessage(`"en"`)}); err != nil {
				return err
			}
			_, err := account.Turn(tx, c.Account, account.Frozen, c.OpenedAt, account.Open)
			return err
		})
		p, err := h.MakePlan(t.Context(), access.Actor{Role: access.Supervisor, ID: "mori"}, c.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, refused := range []struct {
			who  access.Actor
			hash string
			why  error
		}{
			{access.Actor{Role: access.Supervisor, ID: "mori"}, p.Hash, ErrOwnPlan},
			{kim, p.Hash, ErrBarred},
			{access.Actor{Role: access.Agent, ID: "new"}, p.Hash, ErrForbidden},
			{access.Actor{}, p.Hash, ErrForbidden},
			{sato, "another plan", ErrOther},
			{sato, "", ErrOther},
		} {
			if err := h.Approve(t.Context(), refused.who, c.ID, refused.hash); !errors.Is(err, refused.why) {
				t.Errorf("approved by %q for %q: %v, want %v", refused.who.ID, refused.hash, err, refused.why)
			}
			if err := h.Start(t.Context(), ito, c.ID); !errors.Is(err, casefile.ErrStep) {
				t.Errorf("begun without an approval: %v", err)
			}
		}
		if err := h.Approve(t.Context(), sato, c.ID, p.Hash); err != nil {
			t.Fatal(err)
		}
		if err := h.Start(t.Context(), ito, c.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatChangesAfterTheApprovalVoidsIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h *house, tx *db.Tx, c casefile.Case) error{
		"another mark": func(h *house, _ *db.Tx, _ casefile.Case) error { h.marks++; return nil },
		"another entry": func(h *house, tx *db.Tx, c casefile.Case) error {
			_, err := h.book.Append(tx, history.Entry{Account: c.Account, By: access.Do("shop"), Verb: history.Move, Path: "points", Amount: 1})
			return err
		},
		"another freeze": func(_ *house, tx *db.Tx, c casefile.Case) error {
			_, err := account.Turn(tx, c.Account, account.Frozen, c.OpenedAt, account.Frozen)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
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
				h.write(func(tx *db.Tx) error { return change(h, tx, c) })
				if err := h.Start(t.Context(), ito, c.ID); !errors.Is(err, ErrMovedOn) {
					t.Errorf("a plan that has not seen everything was begun: %v", err)
				}
				fresh := h.plan(c)
				if fresh.ID == p.ID || h.step(c) != casefile.Planned || fresh.MadeBy != p.MadeBy {
					t.Errorf("no new plan took its place: case %s, plan by %s", h.step(c), fresh.MadeBy)
				}
				if err := h.Start(t.Context(), ito, c.ID); !errors.Is(err, casefile.ErrStep) {
					t.Errorf("the new plan was begun on the former approval: %v", err)
				}
				if err := h.Approve(t.Context(), ito, c.ID, fresh.Hash); !errors.Is(err, ErrOwnPlan) {
					t.Errorf("whoever asked for it approved: %v", err)
				}
				if err := h.Approve(t.Context(), sato, c.ID, p.Hash); fresh.Hash != p.Hash && !errors.Is(err, ErrOther) {
					t.Errorf("the former plan was approved: %v", err)
				}
			})
		})
	}
}

// Each has seen that there is no plan; one makes it, the other is told.
func TestTwoInvestigatorsAtOnceMakeOnePlan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		c := h.taken()
		var wait sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wait.Go(func() { _, errs[i] = h.MakePlan(t.Context(), []access.Actor{ito, abe}[i%2], c.ID, "") })
		}
		wait.Wait()
		made := 0
		for _, err := range errs {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, ErrOther):
				t.Errorf("the other one hears %v", err)
			}
		}
		if made != 1 || h.plan(c).ID == "" {
			t.Errorf("%d plans were made", made)
		}
	})
}

// Who let a clear stand against the rules is one pair of eyes, also when
// somebody else has made the plan anew since.
func TestAContradictionTakesTwoPeople(t *testing.T) {
	t.Parallel()
	clear := Question{Why: Contradiction, Path: "ses_x"}
	other := Question{Why: SuspectChange, Path: "name", Seq: 7}
	for name, c := range map[string]struct {
		asked  []Question
		answer Answered
		want   error
	}{
		"his word is not the second":                {[]Question{clear}, Answered{Question: clear, Answer: Keep, Actor: sato.ID}, ErrOwnWord},
		"another's word is":                         {[]Question{clear}, Answered{Question: clear, Answer: Keep, Actor: ito.ID}, nil},
		"what he left to the letter stands, too":    {[]Question{clear}, Answered{Question: clear, Answer: Leave, Actor: sato.ID}, ErrOwnWord},
		"an answer that contradicts nothing":        {[]Question{other}, Answered{Question: other, Answer: Keep, Actor: sato.ID}, nil},
		"a contradiction that is not there anymore": {nil, Answered{Question: clear, Answer: Keep, Actor: sato.ID}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := Stored{MadeBy: ito.ID}
			p.Questions = c.asked
			if err := mayApprove(sato, p, []Answered{c.answer}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
