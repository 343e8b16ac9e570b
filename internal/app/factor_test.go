package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/mail/inbox"
	"takeback/internal/passkey"
	"takeback/internal/passkey/keytest"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

// enrols makes a passkey as the page does, by whoever is signed in; the judge has a say in it.
func (h *home) enrols(by access.Actor, name string) *keytest.Authenticator {
	h.t.Helper()
	phone := keytest.New(h.t, h.Config.Site)
	options, err := h.Life.BeginKey(h.t.Context(), by, name, seal.NewSecret(secret))
	h.ok(err)
	h.ok(h.Life.EnrolKey(h.t.Context(), by, name, phone.Make(options)))
	return phone
}

// entersBy tries to sign in with a passkey and nothing else.
func (h *home) entersBy(phone *keytest.Authenticator, device string) error {
	h.t.Helper()
	options, err := h.Life.AskKeySignIn(h.t.Context(), browser(device))
	h.ok(err)
	_, err = h.Life.SignInKey(h.t.Context(), phone.Present(options), browser(device))
	return err
}

// keys lists the slots of passkeys that open the account.
func (h *home) keys() []string {
	h.t.Helper()
	return slices.DeleteFunc(h.slots(), func(s string) bool { return !strings.HasPrefix(s, "passkey/") })
}

// An intruder phished the password and a code from the holder's paper; her passkey cannot be phished. He adds
// one of his own, which would outlive every new password. It falls with his session, and hers stays.
func TestStoryOfAnIntruderWhoAddsAFactor(t *testing.T) {
	eachHome(t, func(h *home) {
		ctx := h.t.Context()
		who := h.signIn(hana, secret, "hana's")
		_, err := h.Life.ChangePhone(ctx, who, "+81355550101", seal.NewSecret(secret))
		h.ok(err)
		code, hers := h.saves(who), h.enrols(who, "hers")
		own := h.keys()
		h.clock.Advance(40 * 24 * time.Hour)

		thief := h.signInSaved(code, "eve's")
		his := h.enrols(thief, "spare")
		added := slices.DeleteFunc(h.keys(), func(s string) bool { return slices.Contains(own, s) })
		if err := h.entersBy(his, "eve's other"); err != nil || len(own) != 1 || len(added) != 1 {
			h.t.Fatalf("beside %v he has %v, and it opens the account: %v", own, added, err)
		}
		told := h.letter(hana, func(l inbox.Letter) bool { return strings.Contains(l.Text, "spare") }).Link("/not-me/")
		r, err := h.Intake.NotMe(ctx, told[strings.LastIndexByte(told, '/')+1:], browser("hana's"))
		h.ok(err)
		if err := h.entersBy(his, "eve's"); h.state() != account.Frozen || !errors.Is(err, signin.ErrHeld) {
			h.t.Errorf("the account is %s, and he hears %v", h.state(), err)
		}

		grant, err := h.Desk.Enter(ctx, agent, r.Case, "")
		h.ok(err)
		h.verifies(r, grant, hana)
		done := h.returns(r.Case, thief.Session)
		revoked := slices.ContainsFunc(done.Rows, func(row restore.Row) bool {
			return row.Op == restore.Revoke && row.Path == added[0] && row.State == restore.Verified
		})
		if slots := h.slots(); !revoked || !slices.Equal(slots, own) {
			h.t.Errorf("of all secrets %v are left, want %v, after %+v", slots, own, done.Rows)
		}

		for _, device := range []string{"eve's", "eve's other", "a third of eve's"} {
			if err := h.entersBy(his, device); !errors.Is(err, passkey.ErrWrong) {
				h.t.Errorf("on %s his passkey hears %v", device, err)
			}
		}
		h.ok(h.Life.AskReset(ctx, hana, browser("hana's")))
		h.ok(h.Life.Reset(ctx, h.token(hana, "/reset/"), seal.NewSecret(fresh), browser("hana's")))
		in, err := h.Life.SignIn(ctx, hana, seal.NewSecret(fresh), browser("hana's"))
		h.ok(err)
		options, err := h.Life.AskSecond(ctx, in.Second, browser("hana's"))
		h.ok(err)
		in, err = h.Life.SecondKey(ctx, in.Second, hers.Present(options), browser("hana's"))
		h.ok(err)
		if keys, err := h.Life.Keys(ctx, in.Session.Actor(browser("hana's"))); err != nil || len(keys) != 1 || keys[0].Name != "hers" {
			h.t.Errorf("she has %+v: %v", keys, err)
		}
	})
}
