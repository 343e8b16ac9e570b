package session_test

import (
	"errors"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/session"
)

// limited opens a limited session; err says why that is refused.
func (b bundle) limited(t *testing.T, c access.Client) (token string, err error) {
	t.Helper()
	return token, b.d.Write(t.Context(), func(tx *db.Tx) error {
		a, err := account.Get(tx, "acc")
		if err != nil {
			return err
		}
		_, token, _, err = b.s.Open(tx, session.Opening{Account: a, Verb: history.Recover, Client: c, Limited: true, Case: "case_1"})
		return err
	})
}

func TestALimitedSessionLivesWhileItsAccountIsHeldStill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		if _, err := b.limited(t, pc); !errors.Is(err, account.ErrFrozen) {
			t.Errorf("in an open account: %v", err)
		}
		b.turn(t, account.Frozen, account.Open)
		frozen, err := b.limited(t, pc)
		if err != nil || !b.alive(t, frozen) {
			t.Fatalf("in a frozen account: %v", err)
		}
		b.turn(t, account.Frozen, account.Frozen)
		if b.alive(t, frozen) {
			t.Error("it outlives another freeze")
		}
		b.turn(t, account.Restoring, account.Frozen)
		restoring, err := b.limited(t, pc)
		if err != nil || !b.alive(t, restoring) {
			t.Fatalf("in an account that is being restored: %v", err)
		}
		b.turn(t, account.Guarded, account.Restoring)
		if b.alive(t, restoring) {
			t.Error("it outlives the hand-back")
		}
	})
}

func TestALimitedSessionDoesNotChangeHands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.turn(t, account.Frozen, account.Open)
		token, err := b.limited(t, pc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.s.CheckFrom(t.Context(), token, pc); err != nil {
			t.Fatalf("from its own browser: %v", err)
		}
		thief := access.Client{IP: "203.0.113.9", UserAgent: safari, Device: "other"}
		if _, err := b.s.CheckFrom(t.Context(), token, thief); !errors.Is(err, session.ErrOver) {
			t.Errorf("from another browser: %v", err)
		}
		if b.alive(t, token) {
			t.Error("its cookie was taken, and it lives")
		}
	})
}
