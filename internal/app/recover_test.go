package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"

	"github.com/pquerna/otp/totp"
)

const fresh = "maple.9.kettle.sea"

// secured turns two-step sign-in on and makes saved codes.
func (h *home) secured() (code func() string, saved []seal.Secret) {
	h.t.Helper()
	ctx, pw := h.t.Context(), seal.NewSecret(secret)
	who := h.signIn(hana, secret, "hana's")
	saved, err := h.Life.MakeCodes(ctx, who, pw)
	h.ok(err)
	h.ok(h.Life.BeginTwoStep(ctx, who, pw))
	e, err := h.Life.Enrolment(ctx, who)
	h.ok(err)
	code = func() string {
		h.clock.Advance(time.Minute)
		c, err := totp.GenerateCode(e.Seed.Reveal(), h.clock.Now())
		h.ok(err)
		return c
	}
	h.ok(h.Life.ConfirmTwoStep(ctx, who, code()))
	h.clock.Advance(40 * 24 * time.Hour)
	return code, saved
}

func (h *home) slots() (slots []string) {
	h.t.Helper()
	h.ok(h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		all, err := account.Secrets(tx, h.id)
		for _, s := range all {
			if s.Until.IsZero() {
				slots = append(slots, s.Slot)
			}
		}
		return err
	}))
	slices.Sort(slots)
	return slots
}

// asksBack asks for the way back in and gives the token of the letter.
func (h *home) asksBack(device string) string {
	h.t.Helper()
	h.ok(h.Life.AskRecovery(h.t.Context(), hana, browser(device)))
	return h.token(hana, "/recover/")
}

// asksForCode tells whether a sign-in with a password is asked for a second step.
func (h *home) asksForCode(password string) bool {
	h.t.Helper()
	in, err := h.Life.SignIn(h.t.Context(), hana, seal.NewSecret(password), browser("hana's"))
	h.ok(err)
	return in.Second != "" && in.Token == ""
}

// A reset is no way around the second step (ASVS 6.4.3).
func TestAResetLeavesTheSecondStepWhereItIs(t *testing.T) {
	eachHome(t, func(h *home) {
		h.secured()
		h.ok(h.Life.AskReset(h.t.Context(), hana, browser("hana's")))
		h.ok(h.Life.Reset(h.t.Context(), h.token(hana, "/reset/"), seal.NewSecret(fresh), browser("hana's")))
		if !h.asksForCode(fresh) {
			h.t.Error("after a reset nobody is asked for the second step")
		}
	})
}

func TestASavedCodeAndTheMailboxLeadBackAtOnce(t *testing.T) {
	eachHome(t, func(h *home) {
		_, saved := h.secured()
		ctx := h.t.Context()
		before := h.entered(saved[1])
		token := h.asksBack("new phone")
		for _, wrong := range []signin.Shown{{Code: "000000"}, {Code: "aaaa-bbbb-cccc-dddd"}, {Password: seal.NewSecret(fresh)}, {Code: saved[0].Reveal(), Password: seal.NewSecret(fresh)}} {
			if _, err := h.Life.Recover(ctx, token, wrong, browser("new phone")); !errors.Is(err, signin.ErrShown) {
				h.t.Errorf("%+v: %v", wrong, err)
			}
		}
		got, err := h.Life.Recover(ctx, token, signin.Shown{Code: saved[0].Reveal()}, browser("new phone"))
		h.ok(err)
		if got.Token == "" {
			h.t.Fatalf("it waits: %+v", got)
		}
		if _, err := h.Life.Recover(ctx, token, signin.Shown{}, browser("new phone")); !errors.Is(err, seal.ErrUsed) {
			h.t.Errorf("the link once more: %v", err)
		}
		h.ok(h.Life.FinishRecovery(ctx, got.Token, seal.NewSecret(fresh), browser("new phone")))
		if err := h.Life.FinishRecovery(ctx, got.Token, seal.NewSecret("otter.4.violin.bay"), browser("new phone")); err == nil {
			h.t.Error("the last page counts twice")
		}
		if slots := h.slots(); !slices.Equal(slots, []string{"codes", "password"}) {
			h.t.Errorf("the account has %v; what was presented stays, the lost app goes", slots)
		}
		if h.asksForCode(fresh) {
			h.t.Error("the lost app is still asked for")
		}
		if _, err := h.Sessions.Check(ctx, before); !errors.Is(err, session.ErrOver) {
			h.t.Error("a session of before still acts")
		}
		l := h.letter(hana, func(l inbox.Letter) bool {
			return strings.Contains(l.Text, "authenticator app") && l.Link("/not-me/") != ""
		})
		if !strings.Contains(l.Subject, "Removed") {
			h.t.Errorf("who is told of the app hears %q", l.Subject)
		}
	})
}

// entered signs in with a saved code and gives the session's token.
func (h *home) entered(saved seal.Secret) string {
	h.t.Helper()
	in, err := h.Life.SignIn(h.t.Context(), hana, seal.NewSecret(secret), browser("hana's"))
	h.ok(err)
	in, err = h.Life.SecondStep(h.t.Context(), in.Second, saved.Reveal(), browser("hana's"))
	h.ok(err)
	return in.Token
}

func TestWithLessThanTwoProofsItWaits(t *testing.T) {
	for name, c := range map[string]struct {
		shown signin.Shown
		wait  time.Duration
	}{
		"the mailbox alone":   {signin.Shown{}, 7 * 24 * time.Hour},
		"and with a password": {signin.Shown{Password: seal.NewSecret(secret)}, 72 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			eachHome(t, func(h *home) {
				h.secured()
				ctx := h.t.Context()
				got, err := h.Life.Recover(ctx, h.asksBack("hana's"), c.shown, browser("hana's"))
				h.ok(err)
				if got.Token != "" || !got.Due.Equal(h.clock.Now().Add(c.wait)) {
					h.t.Fatalf("it is answered %+v", got)
				}
				l := h.letter(hana, func(l inbox.Letter) bool { return l.Link("/recover/stop/") != "" })
				if l.Link("/not-me/") == "" {
					h.t.Error("the letter has no link that stops the account")
				}
				h.clock.Advance(c.wait - time.Second)
				h.ok(h.Runner.Drain(ctx))
				ready := func(l inbox.Letter) bool { return l.Link("/recover/set/") != "" }
				if slices.ContainsFunc(h.inbox.To(hana), ready) {
					h.t.Fatal("it goes on a second too early")
				}
				h.clock.Advance(time.Second)
				h.ok(h.Life.FinishRecovery(ctx, h.token(hana, "/recover/set/"), seal.NewSecret(fresh), browser("hana's")))
				if slots := h.slots(); !slices.Equal(slots, []string{"password"}) {
					h.t.Errorf("the account has %v", slots)
				}
				if f := h.newest(history.Recover).Factors; f[0].Path != "email" || f[0].Proof != "link" {
					h.t.Errorf("the history says %+v", f)
				}
			})
		})
	}
}

// An intruder who reads the current mailbox begins; the old contact stops it from its letter and nobody gets in.
func TestAnOldContactStopsARecovery(t *testing.T) {
	eachHome(t, func(h *home) {
		h.secured()
		ctx := h.t.Context()
		for n := range 2 {
			got, err := h.Life.Recover(ctx, h.asksBack("eve's"), signin.Shown{Password: seal.NewSecret(secret)}, browser("eve's"))
			h.ok(err)
			if got.Token != "" {
				h.t.Fatal("it does not wait")
			}
			token := h.token(hana, "/recover/stop/")
			for range 2 { // mail scanners open links
				if _, err := h.Life.PeekStop(ctx, token); err != nil {
					h.t.Fatal(err)
				}
			}
			h.ok(h.Life.StopRecovery(ctx, token, browser("hana's")))
			if err := h.Life.StopRecovery(ctx, token, browser("hana's")); err == nil {
				h.t.Error("it is stopped twice")
			}
			h.clock.Advance(8 * 24 * time.Hour)
			h.ok(h.Runner.Drain(ctx))
			if slices.ContainsFunc(h.inbox.To(hana), func(l inbox.Letter) bool { return l.Link("/recover/set/") != "" }) {
				h.t.Fatalf("round %d: it goes on although it was stopped", n)
			}
		}
		if _, err := h.Life.Recover(ctx, h.asksBack("eve's"), signin.Shown{}, browser("eve's")); !errors.Is(err, signin.ErrDesk) {
			h.t.Errorf("the third in a month: %v", err)
		}
		if h.state() != account.Open || !h.asksForCode(secret) {
			h.t.Error("stopping touched the account")
		}
	})
}

func TestAFreezeEndsARecoveryThatWaits(t *testing.T) {
	eachHome(t, func(h *home) {
		h.secured()
		ctx := h.t.Context()
		_, err := h.Life.Recover(ctx, h.asksBack("eve's"), signin.Shown{}, browser("eve's"))
		h.ok(err)
		stop := h.token(hana, "/recover/stop/")
		h.complains()
		if err := h.Life.StopRecovery(ctx, stop, browser("hana's")); err == nil {
			h.t.Error("a link of the former epoch does something")
		}
		h.clock.Advance(8 * 24 * time.Hour)
		h.ok(h.Runner.Drain(ctx))
		if slices.ContainsFunc(h.inbox.To(hana), func(l inbox.Letter) bool { return l.Link("/recover/set/") != "" }) {
			h.t.Error("it goes on in a stopped account")
		}
	})
}

// Whoever asks learns nothing: neither by the answer nor by a letter to an address that is nobody's.
func TestAskingForTheWayBackTellsNothing(t *testing.T) {
	eachHome(t, func(h *home) {
		h.ok(h.Life.AskRecovery(h.t.Context(), "nobody@mail.example", browser("eve's")))
		h.ok(h.Life.AskRecovery(h.t.Context(), hana, browser("eve's")))
		h.ok(h.Runner.Drain(h.t.Context()))
		if len(h.inbox.To("nobody@mail.example")) != 0 {
			h.t.Error("a stranger gets a letter")
		}
		if l := h.letter(hana, func(inbox.Letter) bool { return true }); l.Link("/reset/") == "" || l.Link("/recover/") != "" {
			h.t.Error("who has no second factor gets no ordinary link")
		}
	})
}
