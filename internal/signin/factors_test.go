package signin_test

import (
	"bytes"
	"errors"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/signin"

	"github.com/pquerna/otp/totp"
)

// enrol sets up an authenticator and gives its seed.
func (h *house) enrol(who access.Actor) string {
	h.Helper()
	h.ok(h.life.BeginTwoStep(h.Context(), who, secret(first)))
	e, err := h.life.Enrolment(h.Context(), who)
	h.ok(err)
	if _, err := png.Decode(bytes.NewReader(e.QR)); err != nil {
		h.Error(err)
	}
	h.ok(h.life.ConfirmTwoStep(h.Context(), who, h.code(e.Seed.Reveal())))
	return e.Seed.Reveal()
}

// code is what the app shows now.
func (h *house) code(seed string) string {
	h.Helper()
	c, err := totp.GenerateCode(seed, h.clock.Now())
	h.ok(err)
	return c
}

func TestTwoStepSignIn(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		seed := h.enrol(who)
		begin := func() string {
			e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d2"))
			if err != nil || e.Second == "" || e.Token != "" {
				h.Fatalf("the password alone: %+v, %v", e, err)
			}
			return e.Second
		}
		step := begin()
		if _, err := h.life.SecondStep(h.Context(), step, h.code(seed), client("d2")); !errors.Is(err, signin.ErrCode) {
			h.Errorf("the code that was used to enrol, again: %v", err)
		}
		h.clock.Advance(30 * time.Second)
		code := h.code(seed)
		if _, err := h.life.SecondStep(h.Context(), step, code, client("d3")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("from another browser: %v", err)
		}
		e, err := h.life.SecondStep(h.Context(), step, code[:3]+" "+code[3:], client("d2"))
		h.ok(err)
		if f := h.last(who.Account).Factors; e.Token == "" || len(f) != 2 || f[1].Path != "totp" {
			h.Errorf("the session was opened with %v", f)
		}
		if _, err := h.life.SecondStep(h.Context(), step, code, client("d2")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("the first step, again: %v", err)
		}
		if _, err := h.life.SecondStep(h.Context(), begin(), code, client("d2")); !errors.Is(err, signin.ErrCode) {
			h.Errorf("the code, again: %v", err)
		}
		step = begin()
		for range 5 {
			if _, err := h.life.SecondStep(h.Context(), step, "000000", client("d2")); !errors.Is(err, signin.ErrCode) {
				h.Errorf("a wrong code: %v", err)
			}
		}
		h.clock.Advance(30 * time.Second)
		if _, err := h.life.SecondStep(h.Context(), step, h.code(seed), client("d2")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("a sixth try: %v", err)
		}
		step = begin()
		h.clock.Advance(10 * time.Minute)
		if _, err := h.life.SecondStep(h.Context(), step, h.code(seed), client("d2")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("after ten minutes: %v", err)
		}
		step = begin()
		h.turn(who, account.Frozen)
		h.turn(who, account.Guarded)
		h.clock.Advance(5 * time.Minute)
		if _, err := h.life.SecondStep(h.Context(), step, h.code(seed), client("d2")); !errors.Is(err, signin.ErrHeld) {
			h.Errorf("what was begun before a freeze ends after it: %v", err)
		}
	})
}

func (h *house) last(id string) history.Change {
	h.Helper()
	all := h.history(id)
	return all[len(all)-1]
}

func TestSavedCodes(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.enrol(who)
		codes, err := h.life.MakeCodes(h.Context(), who, secret(first))
		h.ok(err)
		if len(codes) != 10 || len(codes[0].Reveal()) != 29 {
			h.Fatalf("%d codes like %d characters", len(codes), len(codes[0].Reveal()))
		}
		use := func(code string) error {
			e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d2"))
			h.ok(err)
			_, err = h.life.SecondStep(h.Context(), e.Second, code, client("d2"))
			return err
		}
		h.ok(use(strings.ToUpper(strings.ReplaceAll(codes[3].Reveal(), "-", " "))))
		if err := use(codes[3].Reveal()); !errors.Is(err, signin.ErrCode) {
			h.Errorf("the same code again: %v", err)
		}
		f, err := h.life.Factors(h.Context(), who)
		h.ok(err)
		if f.Codes != 9 || f.TwoStep.IsZero() {
			h.Errorf("%+v", f)
		}
		_, err = h.life.MakeCodes(h.Context(), who, secret(first))
		h.ok(err)
		if err := use(codes[4].Reveal()); !errors.Is(err, signin.ErrCode) {
			h.Errorf("a code of the former set: %v", err)
		}
	})
}

func TestEnrollingAndEnding(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		other := h.enter(hana, first, "d2")
		if err := h.life.BeginTwoStep(h.Context(), who, secret("wrong")); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("without the password: %v", err)
		}
		h.ok(h.life.BeginTwoStep(h.Context(), who, secret(first)))
		if _, err := h.life.Enrolment(h.Context(), other); !errors.Is(err, signin.ErrNoEnrolment) {
			h.Errorf("another session sees the seed: %v", err)
		}
		if err := h.life.ConfirmTwoStep(h.Context(), who, "12345"); !errors.Is(err, signin.ErrCode) {
			h.Errorf("a wrong code: %v", err)
		}
		h.clock.Advance(31 * time.Minute)
		if err := h.life.ConfirmTwoStep(h.Context(), who, "123456"); !errors.Is(err, signin.ErrNoEnrolment) {
			h.Errorf("half an hour later: %v", err)
		}
		seed := h.enrol(who)
		if err := h.life.BeginTwoStep(h.Context(), who, secret(first)); !errors.Is(err, signin.ErrProve) {
			h.Errorf("a second app in its place, with the password alone: %v", err)
		}
		h.clock.Advance(time.Minute)
		if err := h.life.EndTwoStep(h.Context(), who, secret(first), "000000"); !errors.Is(err, signin.ErrCode) {
			h.Errorf("ending it with the password alone: %v", err)
		}
		if err := h.life.EndTwoStep(h.Context(), who, secret(first), h.code(seed)); !errors.Is(err, signin.ErrLastFactor) {
			h.Errorf("ending the last strong factor: %v", err)
		}
		_, err := h.life.Lift(h.Context(), who, h.code(seed)) // the refusal did not use it up
		h.ok(err)
		if second := h.enrol(who); second == seed {
			h.Error("the second app has the seed of the first")
		}
		for _, c := range h.history(who.Account) {
			if strings.Contains(string(c.After)+c.SecretID, seed) {
				h.Error("the seed stands in the history")
			}
		}
	})
}

// An intruder with a stolen session of a guarded account could enrol an app of
// his own and present it at once.
func TestOnlyAFactorThatWasThereBeforeLiftsTheWait(t *testing.T) {
	each(t, func(h *house) {
		who := h.guarded()
		seed := h.enrol(who)
		h.clock.Advance(time.Minute)
		if lifted, err := h.life.Lift(h.Context(), who, h.code(seed)); err != nil || lifted {
			h.Fatalf("a factor enrolled a minute ago: lifted %v, %v", lifted, err)
		}
		waits, err := h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(first))
		if err != nil || !waits {
			h.Fatalf("waits %v, %v", waits, err)
		}
		h.clock.Advance(71 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		waits, err = h.life.ChangePhone(h.Context(), who, "090-1234-9999", secret(first))
		if err != nil || !waits {
			h.Fatalf("a new wish takes the place of the first and waits anew: %v, %v", waits, err)
		}
		h.clock.Advance(2 * time.Hour)
		lifted, err := h.life.Lift(h.Context(), who, h.code(seed))
		if err != nil || !lifted || h.facts(who)["phone"].Text() != "09012349999" {
			h.Errorf("after 73 hours: lifted %v, %v, %s", lifted, err, h.facts(who)["phone"].Value)
		}
		h.ok(h.life.ChangeEmail(h.Context(), who, "hana@new.example", secret(first)))
		_, waits, err = h.life.Confirm(h.Context(), h.token("hana@new.example", "/confirm/"), signin.Given{}, client(""))
		if err != nil || waits || h.facts(who)["email"].Text() != "hana@new.example" {
			h.Errorf("the next wish in that session: waits %v, %v", waits, err)
		}
	})
}

func TestWhatWasProvedInASessionIsNotTheNextClients(t *testing.T) {
	each(t, func(h *house) {
		who := h.guarded()
		seed := h.enrol(who)
		h.clock.Advance(73 * time.Hour)
		e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1"))
		h.ok(err)
		e, err = h.life.SecondStep(h.Context(), e.Second, h.code(seed), client("d1"))
		h.ok(err)
		h.clock.Advance(time.Minute)
		stolen, err := h.life.Sessions.CheckFrom(h.Context(), e.Token, client("thief"))
		h.ok(err)
		thief := stolen.Actor(client("thief"))
		if proved, err := h.life.Proved(h.Context(), thief); err != nil || proved {
			h.Errorf("a stolen session has the password of a minute ago (%v)", err)
		}
		waits, err := h.life.Put(h.Context(), thief, thief.Account, "forward/f1", []byte(`{"to":"x@example.jp"}`))
		if fault.Public(err).Code != "prove.strong" {
			h.Errorf("a forwarder in a stolen session: waits %v, %v", waits, err)
		}
		if _, err = h.life.ChangePhone(h.Context(), thief, "090-1234-5678", secret(first)); !errors.Is(err, signin.ErrProve) {
			h.Errorf("the code that the holder gave is a proof of who stole the session, and knows the password: %v", err)
		}
	})
}

func TestReset(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(60 * 24 * time.Hour)
		who = h.enter(hana, first, "d1")
		before := len(h.inbox.Letters())
		h.ok(h.life.AskReset(h.Context(), "nobody@example.jp", client("")))
		h.ok(h.runner.Drain(h.Context()))
		if len(h.inbox.Letters()) != before {
			h.Error("an unknown name got a letter")
		}
		h.ok(h.life.AskReset(h.Context(), hana, client("")))
		old := h.token(hana, "/reset/")
		h.ok(h.life.AskReset(h.Context(), hana, client("")))
		token := h.token(hana, "/reset/")
		if err := h.life.PeekReset(h.Context(), old); err != nil {
			h.Errorf("asking again, as a stranger can, ended the earlier link: %v", err)
		}
		if err := h.life.Reset(h.Context(), token, secret(first), client("")); fault.Public(err).Field != "password" {
			h.Errorf("a password used before: %v", err)
		}
		h.ok(h.life.Reset(h.Context(), token, secret(fresh), client("")))
		if err := h.life.Reset(h.Context(), token, secret("cobalt.9.kettle.row"), client("")); !errors.Is(err, seal.ErrUsed) {
			h.Errorf("the second time: %v", err)
		}
		if err := h.life.Reset(h.Context(), old, secret("cobalt.9.kettle.row"), client("")); !errors.Is(err, seal.ErrOldEpoch) {
			h.Errorf("the other link, after one was used: %v", err)
		}
		if l := h.letter(hana); l.Link("/not-me/") == "" {
			h.Errorf("the letter about it: %s", l.Subject)
		}
		living, err := h.life.Living(h.Context(), who)
		if err != nil || len(living) != 0 {
			h.Errorf("%d sessions live, %v", len(living), err)
		}
		all := h.history(who.Account)
		var opened, set history.Change
		for _, c := range all {
			switch {
			case c.Verb == history.Recover:
				opened = c
			case c.Verb == history.Credential:
				set = c
			}
		}
		if set.Session != opened.Session || len(opened.Factors) != 1 || opened.Factors[0].Path != "email" || opened.Factors[0].Version != all[0].Version {
			h.Errorf("the reset cannot be followed to the mailbox: %+v", opened)
		}
		h.enter(hana, fresh, "d1")
	})
}

// The intruder has replaced the address: the way back goes to the one that was
// there before, and not to his.
func TestResetGoesToTheContactThatWasGoodBefore(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(60 * 24 * time.Hour)
		who = h.enter(hana, first, "d1")
		h.changeEmail(who, "thief@new.example")
		before := len(h.inbox.To("thief@new.example"))
		for _, name := range []string{hana, "thief@new.example"} {
			h.ok(h.life.AskReset(h.Context(), name, client("")))
			if h.token(hana, "/reset/") == "" || len(h.inbox.To("thief@new.example")) != before {
				h.Errorf("asked for %s, the link went to the new address", name)
			}
		}
	})
}

// A reset link from before a change of address or password must not undo it.
func TestAResetLinkEndsWithWhatItWasMadeFor(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		ask := func() string {
			h.clock.Advance(2 * time.Hour)
			h.ok(h.life.AskReset(h.Context(), hana, client("")))
			return h.token(hana, "/reset/")
		}
		token := ask()
		h.clock.Advance(time.Hour)
		if err := h.life.PeekReset(h.Context(), token); !errors.Is(err, seal.ErrExpired) {
			h.Errorf("after an hour: %v", err)
		}
		token = ask()
		h.ok(h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)))
		if err := h.life.Reset(h.Context(), token, secret("cobalt.9.kettle.row"), client("")); err == nil {
			h.Error("a link from before a new password works")
		}
		token = ask()
		_, err := h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(fresh))
		h.ok(err)
		if err := h.life.PeekReset(h.Context(), token); err == nil {
			h.Error("a link from before a new contact works")
		}
		token = ask()
		h.turn(who, account.Frozen)
		if err := h.life.Reset(h.Context(), token, secret("cobalt.9.kettle.row"), client("")); err == nil {
			h.Error("a link from before a freeze works")
		}
		before := len(h.inbox.Letters())
		h.clock.Advance(2 * time.Hour)
		h.ok(h.life.AskReset(h.Context(), hana, client("")))
		h.ok(h.runner.Drain(h.Context()))
		for _, l := range h.inbox.Letters()[before:] {
			if l.Link("/reset/") != "" {
				h.Error("an account that is held still got a link")
			}
		}
	})
}

func TestWhatWasAnsweredCountsOnce(t *testing.T) {
	each(t, func(h *house) {
		s := signin.Spent{DB: h.db, Seal: h.life.Seal}
		spend := func(id string) bool {
			first, err := s.Spend(h.Context(), id, h.clock.Now().Add(10*time.Minute))
			h.ok(err)
			return first
		}
		if got := []bool{spend("p1"), spend("p1"), spend("p2")}; !slices.Equal(got, []bool{true, false, true}) {
			h.Errorf("p1, p1, p2 counted %v", got)
		}
		h.clock.Advance(11 * time.Minute)
		spend("p3")
		var kept int
		h.ok(h.db.Read(h.Context(), func(tx *db.Tx) error { return tx.Row(`SELECT COUNT(*) FROM spent`).Scan(&kept) }))
		if kept != 1 {
			h.Errorf("%d are kept that would be too old anyway", kept-1)
		}
	})
}
