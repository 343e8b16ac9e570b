package signin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/passkey/keytest"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

// Password and app are lost, a passkey is left: that is why the way back in asks for none.
func TestWhoHasAPasskeyLeftNeedsNoWayBack(t *testing.T) {
	each(t, func(h *house) {
		who, phone := h.hana(), keytest.New(h.T, shop)
		h.enrolKey(who, phone, "phone")
		h.enrol(who)
		h.clock.Advance(40 * 24 * time.Hour)
		e, err := h.entersBy(phone, "d9")
		h.ok(err)
		in, none := e.Session.Actor(client("d9")), seal.Secret{}
		if err := h.life.ChangePassword(h.Context(), in, secret("wrong-9-password"), secret(fresh)); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("with a wrong old password: %v", err)
		}
		h.ok(h.life.ChangePassword(h.Context(), in, none, secret(fresh)))
		h.ok(h.life.EndTwoStep(h.Context(), in, none, ""))
		h.ok(h.life.BeginTwoStep(h.Context(), in, none))
		enrolment, err := h.life.Enrolment(h.Context(), in)
		h.ok(err)
		h.ok(h.life.ConfirmTwoStep(h.Context(), in, h.code(enrolment.Seed.Reveal())))
		var slots []string
		h.write(func(tx *db.Tx) error {
			all, err := account.Secrets(tx, in.Account)
			for _, s := range all {
				if s.Until.IsZero() {
					slots = append(slots, s.Slot)
				}
			}
			return err
		})
		if !slices.Contains(slots, "totp") || !slices.Contains(slots, "password") {
			h.Errorf("it has %q", slots)
		}
	})
}
