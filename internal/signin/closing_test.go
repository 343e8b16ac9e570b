package signin_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/session"
	"takeback/internal/signin"
)

func TestAnAccountIsClosedAfterFourteenDays(t *testing.T) {
	each(t, func(h *house) {
		who, ctx := h.hana(), context.Background()
		if _, err := h.life.AskClosing(ctx, who, secret("wrong")); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("with a wrong password: %v", err)
		}
		due, err := h.life.AskClosing(ctx, who, secret(first))
		if err != nil || !due.Equal(h.clock.Now().Add(14*24*time.Hour)) {
			h.Fatalf("%s, %v", due, err)
		}
		if len(h.crier.told) == 0 {
			h.Error("nobody was told")
		}
		if _, err := h.life.AskClosing(ctx, who, secret(first)); !errors.Is(err, signin.ErrClosing) {
			h.Errorf("asked twice: %v", err)
		}
		h.clock.Advance(13 * 24 * time.Hour)
		h.ok(h.runner.Drain(ctx))
		if a, _, err := h.life.Facts(ctx, who); err != nil || a.State != account.Open {
			h.Errorf("a day before: %s, %v", a.State, err)
		}
		h.clock.Advance(24 * time.Hour)
		h.ok(h.runner.Drain(ctx))
		a, _, err := h.life.Facts(ctx, who)
		if err != nil || a.State != account.Closed {
			h.Fatalf("after 14 days: %s, %v", a.State, err)
		}
		if _, err := h.life.SignIn(ctx, hana, secret(first), client("laptop")); !errors.Is(err, signin.ErrWrong) {
			h.Errorf("signing in to it: %v", err)
		}
		h.write(func(tx *db.Tx) error {
			all, err := session.Of(tx, who.Account)
			for _, s := range all {
				if s.EndedAt.IsZero() {
					h.Errorf("session %s goes on", s.ID)
				}
			}
			return err
		})
		for days, held := range map[int]bool{29: true, 31: false} {
			h.write(func(tx *db.Tx) error {
				is, err := account.HeldSince(tx, signin.AddressKey("email", hana), account.Quarantine(tx.Now.AddDate(0, 0, days)))
				if slices.Contains(is, who.Account) != held {
					h.Errorf("after %d days its name is held by %v", days, is)
				}
				return err
			})
		}
	})
}

func TestAClosingIsTakenBack(t *testing.T) {
	for name, undo := range map[string]func(h *house){
		"by the holder": func(h *house) {
			who := h.enter(hana, first, "another")
			waiting, err := h.life.Waiting(h.Context(), who)
			h.ok(err)
			h.ok(h.life.Cancel(h.Context(), who, waiting[0].ID))
		},
		"by a freeze, as the letter's link does": func(h *house) {
			h.turn(h.turn(h.enter(hana, first, "another"), account.Frozen), account.Open)
		},
		"by a watch": func(h *house) {
			who := h.enter(hana, first, "another")
			h.write(func(tx *db.Tx) error {
				_, err := account.Turn(tx, who.Account, account.Guarded, tx.Now.AddDate(0, 1, 0), account.Open)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(h *house) {
				who := h.hana()
				_, err := h.life.AskClosing(h.Context(), who, secret(first))
				h.ok(err)
				undo(h)
				h.clock.Advance(15 * 24 * time.Hour)
				h.ok(h.runner.Drain(h.Context()))
				if a, _, err := h.life.Facts(h.Context(), who); err != nil || a.State == account.Closed {
					h.Errorf("it is %s, %v", a.State, err)
				}
			})
		})
	}
}

func TestAWatchedAccountIsNotClosed(t *testing.T) {
	each(t, func(h *house) {
		if _, err := h.life.AskClosing(h.Context(), h.guarded(), secret(first)); !errors.Is(err, signin.ErrCloseLater) {
			h.Errorf("a guarded account: %v", err)
		}
	})
}
