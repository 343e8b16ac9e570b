package signin_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
)

func TestRegisterConfirmAndSignIn(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		facts := h.facts(who)
		if facts["name"].Text() != family || facts["email"].Text() != hana {
			h.Errorf("the account says %v", facts)
		}
		verbs := ""
		for _, c := range h.history(who.Account) {
			verbs += string(c.Verb) + " " + c.Path + "; "
			if strings.Contains(string(c.After), first) {
				h.Error("the password stands in the history")
			}
		}
		if want := "contact email; credential password; set name; set language; open ; "; verbs != want {
			h.Errorf("got %q, want %q", verbs, want)
		}
		all := h.history(who.Account)
		if f := all[len(all)-1].Factors; len(f) != 1 || f[0].Proof != "password" || f[0].Version != all[1].Version {
			h.Errorf("the sign-in presented %v", f)
		}
	})
}

func TestARegistrationLinkWorksOnceAndForADay(t *testing.T) {
	each(t, func(h *house) {
		in := signin.Registration{Email: hana, Password: secret(first), Name: family, Language: "ja"}
		h.ok(h.life.Register(h.Context(), in, client("")))
		old := h.token(hana, "/confirm/")
		for range 3 { // mail scanners open links
			if c, err := h.life.Peek(h.Context(), old, ""); err != nil || !c.New || c.Address != hana {
				h.Fatalf("peeking: %+v, %v", c, err)
			}
		}
		h.clock.Advance(24 * time.Hour)
		if _, _, err := h.life.Confirm(h.Context(), old, signin.Given{Password: secret(first)}, client("")); !errors.Is(err, seal.ErrExpired) {
			h.Errorf("after a day: %v", err)
		}
		h.ok(h.life.Register(h.Context(), in, client("")))
		token := h.token(hana, "/confirm/")
		_, _, err := h.life.Confirm(h.Context(), token, signin.Given{Password: secret(first)}, client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), token, signin.Given{Password: secret(first)}, client("")); !errors.Is(err, seal.ErrUsed) {
			h.Errorf("the second time: %v", err)
		}
		if _, err := h.life.Peek(h.Context(), "x", ""); !errors.Is(err, seal.ErrNoLink) {
			h.Errorf("a token nobody made: %v", err)
		}
	})
}

// A stranger who registers somebody's address with a password of his own must
// not have an account there once its owner presses the button of the letter.
func TestNobodyConfirmsAPasswordThatAStrangerChose(t *testing.T) {
	each(t, func(h *house) {
		h.ok(h.life.Register(h.Context(), signin.Registration{Email: hana, Password: secret(fresh), Name: "x", Language: "ja", Browser: "the stranger's"}, client("")))
		link := h.token(hana, "/confirm/")
		for name, given := range map[string]signin.Given{
			"nothing": {}, "another browser": {Browser: "hana's"}, "a password of her own": {Browser: "hana's", Password: secret(first)},
		} {
			if c, err := h.life.Peek(h.Context(), link, given.Browser); err != nil || !c.Ask {
				h.Errorf("%s: the password is not asked for: %+v, %v", name, c, err)
			}
			if _, _, err := h.life.Confirm(h.Context(), link, given, client("")); !errors.Is(err, signin.ErrNotYours) {
				h.Errorf("%s: %v", name, err)
			}
		}
		h.ok(h.life.Register(h.Context(), signin.Registration{Email: hana, Password: secret(first), Name: family, Language: "ja", Browser: "hana's"}, client("")))
		_, _, err := h.life.Confirm(h.Context(), h.token(hana, "/confirm/"), signin.Given{Browser: "hana's"}, client(""))
		h.ok(err)
		if _, err := h.life.SignIn(h.Context(), hana, secret(fresh), client("")); !errors.Is(err, signin.ErrWrong) {
			h.Errorf("the stranger's password: %v", err)
		}
		h.enter(hana, first, "d1")
	})
}

// An intruder who registers the address that he made the holder give up would stand in the way of the undo.
func TestAReleasedAddressIsNotFree(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.changeEmail(who, "hana@new.example")
		ask := func() string {
			h.ok(h.life.Register(h.Context(), signin.Registration{Email: "HANA@example.jp", Password: secret(fresh), Name: "x", Language: "en"}, client("")))
			return h.letter(hana).Subject
		}
		taken := ask()
		if h.letter(hana).Link("/confirm/") != "" {
			h.Fatal("the released address could be registered at once")
		}
		h.clock.Advance(31 * 24 * time.Hour)
		if ask() == taken || h.letter(hana).Link("/confirm/") == "" {
			h.Error("after a month the address is still not free")
		}
	})
}

// changeEmail changes the address and confirms it.
func (h *house) changeEmail(who access.Actor, to string) {
	h.Helper()
	h.ok(h.life.ChangeEmail(h.Context(), who, to, secret(first)))
	_, waits, err := h.life.Confirm(h.Context(), h.token(to, "/confirm/"), signin.Given{}, client(""))
	if err != nil || waits {
		h.Fatalf("confirming: waits %v, %v", waits, err)
	}
}

func TestTwoRegistrationsOfOneAddressMakeOneAccount(t *testing.T) {
	each(t, func(h *house) {
		var tokens []string
		for range 2 {
			h.ok(h.life.Register(h.Context(), signin.Registration{Email: hana, Password: secret(first), Name: family, Language: "ja"}, client("")))
			tokens = append(tokens, h.token(hana, "/confirm/"))
		}
		_, _, err := h.life.Confirm(h.Context(), tokens[0], signin.Given{Password: secret(first)}, client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), tokens[1], signin.Given{Password: secret(first)}, client("")); fault.KindOf(err) != fault.Conflict {
			h.Errorf("the second one: %v", err)
		}
	})
}

func TestAWrongPasswordAndAnUnknownAddressAreOne(t *testing.T) {
	each(t, func(h *house) {
		h.register(hana, first, family)
		for _, c := range [][2]string{{hana, "wrong"}, {"nobody@example.jp", first}, {"no address", first}, {"", ""}, {hana + "\x00", first}} {
			_, err := h.life.SignIn(h.Context(), c[0], secret(c[1]), client("d9"))
			if f := fault.Public(err); f.Code != signin.ErrWrong.Code || f.Field != "" {
				h.Errorf("%q: %v", c, err)
			}
		}
		if _, err := h.life.SignIn(h.Context(), "ＨＡＮＡ@example.jp", secret(first), client("d1")); err != nil {
			h.Errorf("the address in wide letters: %v", err)
		}
	})
}

func TestGuessingIsSlowedDownAndAHolderElsewhereIsNot(t *testing.T) {
	each(t, func(h *house) {
		h.register(hana, first, family)
		for range 10 {
			_, _ = h.life.SignIn(h.Context(), hana, secret("wrong"), client("d9"))
		}
		_, err := h.life.SignIn(h.Context(), hana, secret(first), client("d9"))
		if f := fault.Public(err); f.Kind != fault.TooMany || f.RetryAfter <= 0 {
			h.Errorf("the eleventh try: %v", err)
		}
		home := client("d1")
		home.IP = "198.51.100.4"
		if _, err := h.life.SignIn(h.Context(), hana, secret(first), home); err != nil {
			h.Errorf("the holder from elsewhere: %v", err)
		}
		h.clock.Advance(15 * time.Minute)
		h.enter(hana, first, "d9")
	})
}

func TestOnlyWhoKnowsThePasswordHearsThatAnAccountIsHeld(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		for _, state := range []account.State{account.Frozen, account.Restoring} {
			h.turn(who, state)
			if _, err := h.life.SignIn(h.Context(), hana, secret("wrong"), client("d1")); !errors.Is(err, signin.ErrWrong) {
				h.Errorf("%s, wrong password: %v", state, err)
			}
			if _, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1")); !errors.Is(err, signin.ErrHeld) {
				h.Errorf("%s, right password: %v", state, err)
			}
		}
		if err := h.life.ChangeName(h.Context(), who, "x"); !errors.Is(err, account.ErrFrozen) {
			h.Errorf("a session of the former epoch writes: %v", err)
		}
	})
}

func TestAViewIsEnteredOnceInTenMinutes(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		views := func() (n int) {
			for _, c := range h.history(who.Account) {
				if c.Verb == history.View {
					n++
				}
			}
			return n
		}
		for range 3 {
			if v, err := h.life.Show(h.Context(), who, "email"); err != nil || v != hana {
				h.Fatalf("%q, %v", v, err)
			}
			h.clock.Advance(time.Minute)
		}
		if views() != 1 {
			h.Errorf("%d entries", views())
		}
		h.clock.Advance(11 * time.Minute)
		_, err := h.life.Show(h.Context(), who, "email")
		h.ok(err)
		if views() != 2 {
			h.Errorf("%d entries after eleven minutes", views())
		}
		for path, want := range map[string]fault.Kind{"password": fault.Invalid, "card/x": fault.Invalid, "phone": fault.NotFound} {
			if _, err := h.life.Show(h.Context(), who, path); fault.KindOf(err) != want {
				h.Errorf("%s: %v", path, err)
			}
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		other := h.enter(hana, first, "d2")
		h.register("ken@example.jp", fresh, "Ken")
		ken := h.enter("ken@example.jp", fresh, "d3")
		if err := h.life.EndSession(h.Context(), ken, who.Session); !errors.Is(err, signin.ErrNoSession) {
			h.Errorf("somebody else's session: %v", err)
		}
		h.ok(h.life.EndOthers(h.Context(), who))
		h.ok(h.db.Read(h.Context(), func(tx *db.Tx) error {
			all, err := session.Living(tx, who.Account)
			if len(all) != 1 || all[0].ID == other.Session {
				h.Errorf("%d sessions live", len(all))
			}
			return err
		}))
		h.ok(h.life.SignOut(h.Context(), who))
		if err := h.life.SignOut(h.Context(), who); !errors.Is(err, signin.ErrNoSession) {
			h.Errorf("signing out twice: %v", err)
		}
	})
}

func TestEndingAnotherSessionWantsAFreshProof(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.enter(hana, first, "d2")
		h.clock.Advance(11 * time.Minute)
		other := h.enter(hana, first, "d3")
		for name, end := range map[string]func() error{
			"one":  func() error { return h.life.EndSession(h.Context(), who, other.Session) },
			"all ": func() error { return h.life.EndOthers(h.Context(), who) },
		} {
			if err := end(); !errors.Is(err, signin.ErrProve) {
				h.Errorf("a session of eleven minutes ends %s: %v", name, err)
			}
		}
		h.ok(h.life.ProvePassword(h.Context(), who, secret(first)))
		h.ok(h.life.EndSession(h.Context(), who, other.Session))
		h.clock.Advance(11 * time.Minute)
		h.ok(h.life.SignOut(h.Context(), who)) // one's own needs none
	})
}

func TestSecondStepForEverybody(t *testing.T) {
	each(t, func(h *house) {
		h.hana()
		h.clock.Advance(8 * 24 * time.Hour) // an address is good for a code once it was there a week
		h.life.AlwaysSecond = true
		e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1"))
		if err != nil || e.Token != "" || !e.Mailed {
			h.Fatalf("a known device without a second factor: %+v, %v", e, err)
		}
		code := regexp.MustCompile(`\b\d{6}\b`).FindString(h.letter(hana).Text)
		e, err = h.life.SecondStep(h.Context(), e.Second, code, client("d1"))
		if err != nil || e.Token == "" {
			h.Errorf("with the code of the letter: %+v, %v", e, err)
		}
	})
}
