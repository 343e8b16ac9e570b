package signin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/passkey"
	"takeback/internal/passkey/keytest"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

const shop = "https://shop.example"

// enrolKey enrols a passkey with the password and gives its id.
func (h *house) enrolKey(who access.Actor, phone *keytest.Authenticator, name string) string {
	h.Helper()
	options, err := h.life.BeginKey(h.Context(), who, name, secret(first))
	h.ok(err)
	h.ok(h.life.EnrolKey(h.Context(), who, name, phone.Make(options)))
	keys, err := h.life.Keys(h.Context(), who)
	h.ok(err)
	return keys[len(keys)-1].ID
}

// proves presents a passkey in a session.
func (h *house) proves(who access.Actor, phone *keytest.Authenticator) bool {
	h.Helper()
	options, err := h.life.AskProof(h.Context(), who)
	h.ok(err)
	lifted, err := h.life.LiftKey(h.Context(), who, phone.Present(options))
	h.ok(err)
	return lifted
}

// entersBy signs in with a passkey alone.
func (h *house) entersBy(phone *keytest.Authenticator, device string) (signin.Entered, error) {
	h.Helper()
	options, err := h.life.AskKeySignIn(h.Context(), client(device))
	h.ok(err)
	return h.life.SignInKey(h.Context(), phone.Present(options), client(device))
}

func TestPasskeysAreEnrolledNamedAndRemoved(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone, ring := keytest.New(h.T, shop), keytest.New(h.T, shop)
		if _, err := h.life.BeginKey(h.Context(), who, "phone", secret("wrong")); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("without the password: %v", err)
		}
		if _, err := h.life.BeginKey(h.Context(), who, "see evil.example", secret(first)); !errors.Is(err, signin.ErrCharacters) {
			h.Errorf("named like a link: %v", err)
		}
		one := h.enrolKey(who, phone, "phone")
		if c := h.last(who.Account); c.Verb != history.Credential || c.Path != "passkey/"+one || c.SecretID == "" || c.Session != who.Session {
			h.Errorf("entered as %+v", c)
		}
		two := h.enrolKey(who, ring, "key on the ring")
		h.ok(h.life.RenameKey(h.Context(), who, one, "花子のスマホ"))
		keys, err := h.life.Keys(h.Context(), who)
		if err != nil || len(keys) != 2 || keys[0].Name != "花子のスマホ" || keys[1].Name != "key on the ring" || !keys[0].Used.IsZero() {
			h.Fatalf("%+v, %v", keys, err)
		}
		if err := h.life.RenameKey(h.Context(), who, "k-other", "x"); !errors.Is(err, signin.ErrNoKey) {
			h.Errorf("renaming none: %v", err)
		}
		if err := h.life.RemoveKey(h.Context(), who, two, secret(first)); !errors.Is(err, signin.ErrProve) {
			h.Errorf("removed with the password alone: %v", err)
		}
		h.proves(who, phone)
		h.ok(h.life.RemoveKey(h.Context(), who, two, seal.Secret{}))
		if h.facts(who)["passkey-name/"+two].Value != nil {
			h.Error("its name stays")
		}
		if _, err := h.entersBy(ring, "d9"); !errors.Is(err, passkey.ErrWrong) {
			h.Errorf("the one that was removed still opens: %v", err)
		}
		if err := h.life.RemoveKey(h.Context(), who, one, seal.Secret{}); !errors.Is(err, signin.ErrLastFactor) {
			h.Errorf("the last strong factor: %v", err)
		}
		if keys, err = h.life.Keys(h.Context(), who); err != nil || len(keys) != 1 || !keys[0].Used.Equal(h.clock.Now()) {
			h.Errorf("%+v, %v", keys, err)
		}
	})
}

func TestAPasskeyAloneSignsIn(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone := keytest.New(h.T, shop)
		id := h.enrolKey(who, phone, "phone")
		version := h.last(who.Account).Version
		e, err := h.entersBy(phone, "d2")
		h.ok(err)
		want := []history.Factor{{Path: "passkey/" + id, Version: version, Proof: "passkey"}}
		if c := h.last(who.Account); e.Token == "" || e.Session.Account != who.Account || c.Verb != history.Open || !slices.Equal(c.Factors, want) {
			h.Errorf("%+v: %+v", e, c)
		}
		stranger := keytest.New(h.T, shop)
		options, err := h.life.AskKeySignIn(h.Context(), client("d2"))
		h.ok(err)
		phone.Verified = false
		if _, err := h.life.SignInKey(h.Context(), phone.Present(options), client("d2")); !errors.Is(err, passkey.ErrWrong) {
			h.Errorf("a found telephone, without the finger: %v", err)
		}
		phone.Verified = true
		h.give(h.registered("mio@example.jp"), "passkey/m1", stranger)
		if e, err := h.entersBy(stranger, "d2"); err != nil || e.Session.Account == who.Account {
			h.Errorf("another's passkey opens %+v, %v", e.Session, err)
		}
		options, err = h.life.AskKeySignIn(h.Context(), client("d2"))
		h.ok(err)
		answer := phone.Present(options)
		if _, err := h.life.SignInKey(h.Context(), answer, client("d3")); !errors.Is(err, passkey.ErrOver) {
			h.Errorf("answered in another browser: %v", err)
		}
		_, err = h.life.SignInKey(h.Context(), answer, client("d2"))
		h.ok(err)
		if _, err := h.life.SignInKey(h.Context(), answer, client("d2")); !errors.Is(err, passkey.ErrOver) {
			h.Errorf("the answer, again: %v", err)
		}
		h.turn(who, account.Frozen)
		if _, err := h.entersBy(phone, "d2"); !errors.Is(err, signin.ErrHeld) {
			h.Errorf("while the account is held still: %v", err)
		}
		h.turn(who, account.Guarded)
		_, err = h.entersBy(phone, "d2")
		h.ok(err)
	})
}

// registered makes another account and gives its id.
func (h *house) registered(email string) string {
	h.Helper()
	h.register(email, "harbor-41-violet-tram", "Mio")
	return h.enter(email, "harbor-41-violet-tram", "m1").Account
}

func TestAPasskeyIsTheSecondStep(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone := keytest.New(h.T, shop)
		h.enrolKey(who, phone, "phone")
		codes, err := h.life.MakeCodes(h.Context(), who, secret(first))
		h.ok(err)
		begin := func() string {
			e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d2"))
			if err != nil || e.Second == "" || e.Token != "" {
				h.Fatalf("the password alone: %+v, %v", e, err)
			}
			return e.Second
		}
		step := begin()
		o, err := h.life.Offers(h.Context(), step, client("d2"))
		if err != nil || o != (signin.Offers{Codes: true, Key: true}) {
			h.Errorf("offered: %+v, %v", o, err)
		}
		if _, err := h.life.Offers(h.Context(), step, client("d3")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("another browser hears what the account has: %v", err)
		}
		ask := func(step string) string {
			options, err := h.life.AskSecond(h.Context(), step, client("d2"))
			h.ok(err)
			return phone.Present(options)
		}
		answer := ask(step)
		if _, err := h.life.SecondKey(h.Context(), begin(), answer, client("d2")); !errors.Is(err, passkey.ErrOver) {
			h.Errorf("the answer of another sign-in: %v", err)
		}
		e, err := h.life.SecondKey(h.Context(), step, answer, client("d2"))
		h.ok(err)
		if f := h.last(who.Account).Factors; e.Token == "" || len(f) != 2 || f[0].Proof != "password" || f[1].Proof != "passkey" {
			h.Errorf("opened with %v", f)
		}
		if _, err := h.life.SecondKey(h.Context(), step, answer, client("d2")); !errors.Is(err, signin.ErrSecondOver) {
			h.Errorf("the first step, again: %v", err)
		}
		_, err = h.life.SecondStep(h.Context(), begin(), codes[0].Reveal(), client("d2")) // the telephone is lost
		h.ok(err)
		step = begin()
		answer = ask(step)
		h.turn(who, account.Frozen)
		h.turn(who, account.Guarded)
		if _, err := h.life.SecondKey(h.Context(), step, answer, client("d2")); !errors.Is(err, signin.ErrHeld) {
			h.Errorf("what was begun before a freeze ends after it: %v", err)
		}
	})
}

func TestWhoHasAnEstablishedFactorPresentsIt(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone := keytest.New(h.T, shop)
		h.enrolKey(who, phone, "phone")
		h.clock.Advance(time.Hour)
		if _, err := h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(first)); err != nil {
			h.Errorf("a passkey of an hour ago may be the intruder's, and keeps the holder from his own: %v", err)
		}
		h.clock.Advance(72 * time.Hour)
		e, err := h.entersBy(phone, "d2")
		h.ok(err)
		in := e.Session.Actor(client("d2"))
		h.ok(h.life.ChangeEmail(h.Context(), in, "hana@new.example", seal.Secret{})) // signing in with it was the proof
		h.clock.Advance(10*time.Minute + time.Second)
		acts := []struct {
			name string
			do   func() error
		}{
			{"email", func() error { return h.life.ChangeEmail(h.Context(), in, "hana@other.example", secret(first)) }},
			{"phone", func() error { _, err := h.life.ChangePhone(h.Context(), in, "", secret(first)); return err }},
			{"passkey", func() error { _, err := h.life.BeginKey(h.Context(), in, "x", secret(first)); return err }},
			{"app", func() error { return h.life.BeginTwoStep(h.Context(), in, secret(first)) }},
			{"codes", func() error { _, err := h.life.MakeCodes(h.Context(), in, secret(first)); return err }},
			{"delegate", func() error {
				_, err := h.life.Put(h.Context(), in, in.Account, "delegate/d1", []byte(`{"name":"x"}`))
				return err
			}},
			{"export", func() error { return h.life.Fresh(h.Context(), in, signin.ActExport, secret(first)) }},
			{"password", func() error { return h.life.ChangePassword(h.Context(), in, secret(first), secret(fresh)) }},
		}
		for _, act := range acts {
			if err := act.do(); !errors.Is(err, signin.ErrProve) {
				h.Errorf("%s with the password alone: %v", act.name, err)
			}
		}
		if _, err := h.life.AddCard(h.Context(), in, signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/39"}, secret(first)); err != nil {
			h.Errorf("a card, with the password: %v", err)
		}
		h.proves(in, phone)
		if c := h.last(in.Account); c.Verb != history.StepUp || len(c.Factors) != 1 || c.Factors[0].Proof != "passkey" {
			h.Errorf("entered as %+v", c)
		}
		for _, act := range acts {
			if err := act.do(); err != nil {
				h.Errorf("%s after the passkey: %v", act.name, err)
			}
		}
	})
}

// Whoever steals the session goes on from another client: what the holder proved is not his.
func TestAPasskeyAnswersInItsSessionAlone(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone := keytest.New(h.T, shop)
		other := h.enter(hana, first, "d2")
		h.enrolKey(who, phone, "phone")
		options, err := h.life.AskProof(h.Context(), who)
		h.ok(err)
		answer := phone.Present(options)
		if _, err := h.life.LiftKey(h.Context(), other, answer); !errors.Is(err, passkey.ErrOver) {
			h.Errorf("in another session of the account: %v", err)
		}
		made, err := h.life.BeginKey(h.Context(), who, "second", secret(first))
		h.ok(err)
		ring := keytest.New(h.T, shop)
		if err := h.life.EnrolKey(h.Context(), other, "second", ring.Make(made)); !errors.Is(err, passkey.ErrOver) {
			h.Errorf("enrolled in another session: %v", err)
		}
		h.ok(h.life.EndSession(h.Context(), other, who.Session))
		if _, err := h.life.LiftKey(h.Context(), who, answer); err == nil {
			h.Error("presented in a session that is over")
		}
		if err := h.life.EnrolKey(h.Context(), who, "second", ring.Make(made)); err == nil {
			h.Error("enrolled in a session that is over")
		}
	})
}

func TestACopiedPasskeyIsRefusedAndTold(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		phone := keytest.New(h.T, shop)
		h.enrolKey(who, phone, "phone")
		_, err := h.entersBy(phone, "d2")
		h.ok(err)
		phone.Rewind(1)
		if _, err := h.entersBy(phone, "thief"); !errors.Is(err, passkey.ErrCloned) {
			h.Errorf("alone: %v", err)
		}
		e, err := h.life.SignIn(h.Context(), hana, secret(first), client("thief"))
		h.ok(err)
		options, err := h.life.AskSecond(h.Context(), e.Second, client("thief"))
		h.ok(err)
		phone.Rewind(0)
		if _, err := h.life.SecondKey(h.Context(), e.Second, phone.Present(options), client("thief")); !errors.Is(err, passkey.ErrCloned) {
			h.Errorf("as the second step: %v", err)
		}
		if want := []string{"copied on thief", "copied on thief"}; !slices.Equal(h.crier.told, want) {
			h.Errorf("told: %v", h.crier.told)
		}
	})
}

func TestAnAppIsReplacedByWhoPresentsAStrongFactor(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		seed := h.enrol(who)
		h.clock.Advance(80 * time.Hour)
		_, err := h.life.Lift(h.Context(), who, h.code(seed))
		h.ok(err)
		h.clock.Advance(time.Minute)
		h.ok(h.life.BeginTwoStep(h.Context(), who, secret(first)))
		e, err := h.life.Enrolment(h.Context(), who)
		h.ok(err)
		h.clock.Advance(11 * time.Minute)
		fresh := e.Seed.Reveal()
		if err := h.life.ConfirmTwoStep(h.Context(), who, h.code(fresh)); !errors.Is(err, signin.ErrProve) {
			h.Errorf("eleven minutes after the proof: %v", err)
		}
		_, err = h.life.Lift(h.Context(), who, h.code(seed))
		h.ok(err)
		h.ok(h.life.ConfirmTwoStep(h.Context(), who, h.code(fresh)))
		h.clock.Advance(time.Minute)
		if _, err := h.life.Lift(h.Context(), who, h.code(seed)); !errors.Is(err, signin.ErrCode) {
			h.Errorf("a code of the former app: %v", err)
		}
		if _, err := h.life.Lift(h.Context(), who, h.code(fresh)); err != nil {
			h.Error(err)
		}
		// The new one was enrolled under the old one: it counts at once.
		_, err = h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(first))
		h.ok(err)
	})
}
