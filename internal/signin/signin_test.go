package signin_test

import (
	"errors"
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
			if c, err := h.life.Peek(h.Context(), old); err != nil || !c.New || c.Address != hana {
				h.Fatalf("peeking: %+v, %v", c, err)
			}
		}
		h.clock.Advance(24 * time.Hour)
		if _, _, err := h.life.Confirm(h.Context(), old, client("")); !errors.Is(err, seal.ErrExpired) {
			h.Errorf("after a day: %v", err)
		}
		h.ok(h.life.Register(h.Context(), in, client("")))
		token := h.token(hana, "/confirm/")
		_, _, err := h.life.Confirm(h.Context(), token, client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), token, client("")); !errors.Is(err, seal.ErrUsed) {
			h.Errorf("the second time: %v", err)
		}
		if _, err := h.life.Peek(h.Context(), "x"); !errors.Is(err, seal.ErrNoLink) {
			h.Errorf("a token nobody made: %v", err)
		}
	})
}

// T5: an intruder who registers the address that he made the holder give up would stand in the way of the undo.
func TestT5AReleasedAddressIsNotFree(t *testing.T) {
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
	_, waits, err := h.life.Confirm(h.Context(), h.token(to, "/confirm/"), client(""))
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
		_, _, err := h.life.Confirm(h.Context(), tokens[0], client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), tokens[1], client("")); fault.KindOf(err) != fault.Conflict {
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

func TestChangeEmailCountsOnlyWhenConfirmed(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		if err := h.life.ChangeEmail(h.Context(), who, "hana@new.example", secret("wrong")); fault.Public(err).Field != "password" {
			h.Errorf("a wrong password: %v", err)
		}
		if err := h.life.ChangeEmail(h.Context(), who, strings.ToUpper(hana), secret(first)); !errors.Is(err, signin.ErrSame) {
			h.Errorf("the same address: %v", err)
		}
		h.ok(h.life.ChangeEmail(h.Context(), who, "hana@new.example", secret(first)))
		if h.facts(who)["email"].Text() != hana {
			h.Error("it counts before it is confirmed")
		}
		if w, _ := h.life.Waiting(h.Context(), who); len(w) != 1 || !w[0].Unconfirmed {
			h.Errorf("waiting: %+v", w)
		}
		if text := h.letter("hana@new.example").Text; strings.Contains(text, hana) {
			h.Error("the letter to the new address names the old one")
		}
		_, _, err := h.life.Confirm(h.Context(), h.token("hana@new.example", "/confirm/"), client("other"))
		h.ok(err)
		all := h.history(who.Account)
		last := all[len(all)-1]
		if h.facts(who)["email"].Text() != "hana@new.example" || last.Session != who.Session || last.Verb != history.Contact {
			h.Errorf("after confirming: %+v", last)
		}
		h.enter("hana@new.example", first, "d1")
	})
}

func TestAnAddressOfAnotherAccountIsNotToldAndNotTaken(t *testing.T) {
	each(t, func(h *house) {
		h.register("ken@example.jp", fresh, "Ken")
		who := h.hana()
		h.ok(h.life.ChangeEmail(h.Context(), who, "ken@example.jp", secret(first)))
		if l := h.letter("ken@example.jp"); l.Link("/confirm/") != "" {
			h.Error("the holder of the address got a link into somebody else's account")
		}
	})
}

func TestOfTwoWhoConfirmOneAddressTheSecondHearsSo(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.register("ken@example.jp", fresh, "Ken")
		ken := h.enter("ken@example.jp", fresh, "d2")
		h.ok(h.life.ChangeEmail(h.Context(), who, "new@new.example", secret(first)))
		a := h.token("new@new.example", "/confirm/")
		h.ok(h.life.ChangeEmail(h.Context(), ken, "new@new.example", secret(fresh)))
		b := h.token("new@new.example", "/confirm/")
		_, _, err := h.life.Confirm(h.Context(), a, client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), b, client("")); !errors.Is(err, signin.ErrTaken) {
			h.Errorf("the second: %v", err)
		}
		if h.facts(ken)["email"].Text() != "ken@example.jp" {
			h.Error("the second account lost its address")
		}
	})
}

func TestChangePassword(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		other := h.enter(hana, first, "d2")
		h.ok(h.life.ChangeEmail(h.Context(), other, "thief@new.example", secret(first)))
		link := h.token("thief@new.example", "/confirm/")
		for new, want := range map[string]*fault.Error{first: signin.ErrPasswordUsed, "password1": signin.ErrPasswordCommon, "hana-9-violin-bay": signin.ErrPasswordPersonal} {
			if err := h.life.ChangePassword(h.Context(), who, secret(first), secret(new)); !errors.Is(err, want) || fault.Public(err).Field != "new" {
				h.Errorf("%s: %v", new, err)
			}
		}
		if err := h.life.ChangePassword(h.Context(), who, secret("wrong"), secret(fresh)); fault.Public(err).Field != "old" {
			h.Errorf("a wrong password: %v", err)
		}
		h.ok(h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)))
		living, err := h.life.Living(h.Context(), who)
		h.ok(err)
		if len(living) != 1 || living[0].ID != who.Session {
			h.Errorf("%d sessions live", len(living))
		}
		if _, _, err := h.life.Confirm(h.Context(), link, client("")); err == nil {
			h.Error("what another session had asked for could still be confirmed")
		}
		h.enter(hana, fresh, "d1")
		if _, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1")); !errors.Is(err, signin.ErrWrong) {
			h.Errorf("the old password: %v", err)
		}
		if err := h.life.ChangePassword(h.Context(), who, secret(fresh), secret(first)); !errors.Is(err, signin.ErrPasswordUsed) {
			h.Errorf("back to the first one: %v", err)
		}
	})
}

func TestAGuardedAccountWaitsTellsAndCanCancel(t *testing.T) {
	each(t, func(h *house) {
		who := h.guarded()
		h.ok(h.life.ChangeEmail(h.Context(), who, "hana@new.example", secret(first)))
		_, waits, err := h.life.Confirm(h.Context(), h.token("hana@new.example", "/confirm/"), client(""))
		if err != nil || !waits {
			h.Fatalf("waits %v, %v", waits, err)
		}
		waits, err = h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(first))
		if err != nil || !waits {
			h.Fatalf("waits %v, %v", waits, err)
		}
		if want := []string{"requested email hana@new.example", "requested phone 09012345678"}; !slices.Equal(h.crier.told, want) {
			h.Errorf("told %v", h.crier.told)
		}
		w, err := h.life.Waiting(h.Context(), who)
		h.ok(err)
		if len(w) != 2 || w[0].Due.Sub(h.clock.Now()) != 72*time.Hour {
			h.Fatalf("waiting: %+v", w)
		}
		h.ok(h.life.Cancel(h.Context(), who, w[1].ID))
		if err := h.life.Cancel(h.Context(), who, w[1].ID); !errors.Is(err, signin.ErrNothing) {
			h.Errorf("cancelling twice: %v", err)
		}
		h.clock.Advance(71 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		if h.facts(who)["email"].Text() != hana {
			h.Error("it did not wait for 72 hours")
		}
		h.clock.Advance(time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		facts := h.facts(who)
		if facts["email"].Text() != "hana@new.example" || facts["phone"].Value != nil {
			h.Errorf("after 72 hours: %s %s", facts["email"].Value, facts["phone"].Value)
		}
	})
}

func TestWhatWaitsEndsWithItsEpochItsSessionAndItsLink(t *testing.T) {
	each(t, func(h *house) {
		who := h.guarded()
		check := func(name string, do func()) {
			waits, err := h.life.ChangePhone(h.Context(), who, "090-1234-5678", secret(first))
			if err != nil || !waits {
				h.Fatalf("%s: waits %v, %v", name, waits, err)
			}
			do()
			h.clock.Advance(73 * time.Hour)
			h.ok(h.runner.Drain(h.Context()))
			who = h.enter(hana, first, "d1")
			if h.facts(who)["phone"].Value != nil {
				h.Errorf("%s: the change was made all the same", name)
			}
		}
		check("the account is frozen and handed back", func() { h.turn(who, account.Frozen); h.turn(who, account.Guarded) })
		check("another session ends the one that asked", func() {
			h.ok(h.life.EndSession(h.Context(), h.enter(hana, first, "d2"), who.Session))
		})
		check("another session ends all others", func() { h.ok(h.life.EndOthers(h.Context(), h.enter(hana, first, "d2"))) })
		waits, err := h.life.Put(h.Context(), access.Actor{Role: access.Service, ID: "key_shop"}, who.Account, "forward/f1", []byte(`{"to":"x@example.jp"}`))
		if err != nil || !waits {
			h.Fatalf("a forwarder that the service sets: waits %v, %v", waits, err)
		}
		h.turn(who, account.Frozen)
		h.turn(who, account.Guarded)
		h.clock.Advance(73 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		who = h.enter(hana, first, "d1")
		if h.facts(who)["forward/f1"].Value != nil {
			h.Error("what the service asked for before the freeze was made after it")
		}
		h.ok(h.life.ChangeEmail(h.Context(), who, "hana@new.example", secret(first)))
		h.clock.Advance(73 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		if h.facts(who)["email"].Text() != hana {
			h.Error("an address that nobody confirmed counts")
		}
	})
}

func TestAddressesAndCards(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		a, err := h.life.AddAddress(h.Context(), who, signin.Address{To: family, Post: "150-0001", Line: "渋谷区神宮前1-2-3"})
		h.ok(err)
		b, err := h.life.AddAddress(h.Context(), who, signin.Address{To: family, Line: "大阪市北区4-5"})
		h.ok(err)
		if d := h.facts(who)["default/address"].Text(); d != a {
			h.Errorf("the default is %s", d)
		}
		h.ok(h.life.PreferAddress(h.Context(), who, b))
		h.ok(h.life.ChangeAddress(h.Context(), who, b, signin.Address{To: family, Line: "大阪市北区4-6"}))
		h.ok(h.life.RemoveAddress(h.Context(), who, b))
		facts := h.facts(who)
		if facts["address/"+b].Value != nil || facts["default/address"].Value != nil {
			h.Error("the removed address is still there, or the default")
		}
		for name, err := range map[string]error{
			"removing": h.life.RemoveAddress(h.Context(), who, b), "changing": h.life.ChangeAddress(h.Context(), who, "no", signin.Address{To: "x", Line: "y"}),
			"preferring": h.life.PreferAddress(h.Context(), who, "../email"),
		} {
			if !errors.Is(err, signin.ErrNoAddress) {
				h.Errorf("%s one that is not there: %v", name, err)
			}
		}
		card := signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/29"}
		k, err := h.life.AddCard(h.Context(), who, card, seal.Secret{})
		h.ok(err) // the password was given when signing in
		h.clock.Advance(11 * time.Minute)
		if err := h.life.RemoveCard(h.Context(), who, k, seal.Secret{}); !errors.Is(err, signin.ErrAskAgain) {
			h.Errorf("eleven minutes later: %v", err)
		}
		h.ok(h.life.RemoveCard(h.Context(), who, k, secret(first)))
		if err := h.life.RemoveCard(h.Context(), who, k, seal.Secret{}); !errors.Is(err, signin.ErrNoCard) {
			h.Errorf("the second time: %v", err)
		}
	})
}

func TestACardNumberIsRefusedEverywhereAndStoredNowhere(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		const n = "4242 4242 4242 4242"
		good := signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/29"}
		card := func(change func(*signin.Card)) error {
			c := good
			change(&c)
			_, err := h.life.AddCard(h.Context(), who, c, secret(first))
			return err
		}
		put := func(path, value string) error {
			_, err := h.life.Put(h.Context(), who, who.Account, path, []byte(value))
			return err
		}
		address := func(a signin.Address) error { _, err := h.life.AddAddress(h.Context(), who, a); return err }
		_, phone := h.life.ChangePhone(h.Context(), who, "+4242424242424242", secret(first))
		for name, err := range map[string]error{
			"name":          h.life.ChangeName(h.Context(), who, n),
			"to":            address(signin.Address{To: n, Line: "x"}),
			"line":          address(signin.Address{To: "x", Line: "Tokyo " + n}),
			"post":          address(signin.Address{To: "x", Line: "y", Post: "４２４２４２４２４２４２４２４２"}),
			"token":         card(func(c *signin.Card) { c.Token = "4242424242424242" }),
			"last4":         card(func(c *signin.Card) { c.Last4 = n }),
			"expiry":        card(func(c *signin.Card) { c.Expiry = n }),
			"email":         h.life.ChangeEmail(h.Context(), who, "4242424242424242@new.example", secret(first)),
			"note":          put("note/n1", `"`+n+`"`),
			"prefs":         put("prefs", `{"theme":"`+n+`"}`),
			"part name":     put("prefs", `{"`+n+`":"x"}`),
			"own kind":      put("gift/g1", `{"text":"line\n`+n+`"}`),
			"order":         h.life.PlaceOrder(h.Context(), who, who.Account, "order/o1", signin.Order{Effect: "undo", Items: "Tea, paid with " + n}),
			"a new account": h.life.Register(h.Context(), signin.Registration{Email: "x@example.jp", Password: secret(fresh), Name: n, Language: "en"}, client("")),
		} {
			if !errors.Is(err, signin.ErrCardNumber) {
				h.Errorf("%s: %v", name, err)
			}
		}
		if fault.Public(phone).Kind != fault.Invalid {
			h.Errorf("phone: %v", phone)
		}
		for _, c := range h.history(who.Account) {
			if strings.Contains(string(c.After), "4242 4242") || strings.Contains(string(c.After), "42424242") {
				h.Errorf("the history keeps %s", c.After)
			}
		}
	})
}

func TestPutAndOrder(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		service := access.Actor{Role: access.Service, ID: "shop"}
		put := func(by access.Actor, path, value string) error {
			_, err := h.life.Put(h.Context(), by, who.Account, path, []byte(value))
			return err
		}
		h.ok(put(service, "gift/g1", `{"text": "おめでとう"}`))
		h.ok(put(service, "gift/g1", `{"text": "ありがとう"}`))
		h.ok(put(who, "language", `"en"`))
		a, _, err := h.life.Facts(h.Context(), who)
		h.ok(err)
		if a.Language != "en" || h.facts(who)["gift/g1"].Parts()["text"] != "ありがとう" {
			h.Error("what was put is not there")
		}
		h.ok(h.life.Move(h.Context(), service, who.Account, "points", 250))
		for name, c := range map[string]struct {
			err  error
			kind fault.Kind
		}{
			"a contact":           {put(service, "email", `"x@example.jp"`), fault.Forbidden},
			"a secret":            {put(service, "password", `"x"`), fault.Forbidden},
			"a ledger":            {put(service, "points", `9`), fault.Forbidden},
			"no such kind":        {put(service, "shoe-size", `"9"`), fault.Invalid},
			"no JSON":             {put(service, "gift/g1", `{`), fault.Invalid},
			"a number for a text": {put(service, "name", `7`), fault.Invalid},
			"null":                {put(service, "gift/g1", `null`), fault.Invalid},
			"a strange language":  {put(service, "language", `"tlh"`), fault.Invalid},
			"a control character": {put(service, "name", `"a\u0007b"`), fault.Invalid},
			"turned writing":      {put(service, "name", `"a\u202eb"`), fault.Invalid},
			"too much":            {put(service, "note/n", `"`+strings.Repeat("x", 2001)+`"`), fault.Invalid},
			"an unknown part":     {put(service, "address/a1", `{"planet":"Mars"}`), fault.Invalid},
			"forwarding, without the password lately": {func() error { h.clock.Advance(time.Hour); return put(who, "forward/f1", `{"to":"x@y.example"}`) }(), fault.Invalid},
		} {
			if fault.KindOf(c.err) != c.kind {
				h.Errorf("%s: %v", name, c.err)
			}
		}
		if _, err := h.life.Delete(h.Context(), service, who.Account, "gift/g1"); err != nil {
			h.Error(err)
		}
		if _, err := h.life.Delete(h.Context(), service, who.Account, "gift/g1"); !errors.Is(err, history.ErrAbsent) {
			h.Errorf("deleting twice: %v", err)
		}
		id, err := h.life.AddAddress(h.Context(), who, signin.Address{To: "x", Line: "y"})
		h.ok(err)
		o := signin.Order{ShipTo: "address/" + id, Effect: "window", Amount: "4200", Currency: "JPY", Items: "お茶", Until: h.clock.Now().Add(time.Hour)}
		h.ok(h.life.PlaceOrder(h.Context(), service, who.Account, "order/o7", o))
		h.ok(h.life.PlaceOrder(h.Context(), service, who.Account, "order/o7", o)) // sent twice
		all := h.history(who.Account)
		last := all[len(all)-1]
		if last.Verb != history.Order || len(last.Reads) != 1 || last.Reads[0].Path != o.ShipTo || last.Reads[0].Seq == 0 {
			h.Errorf("the order is %+v", last)
		}
		o.Amount = "1"
		if err := h.life.PlaceOrder(h.Context(), service, who.Account, "order/o7", o); !errors.Is(err, signin.ErrOrderHere) {
			h.Errorf("another order of the same number: %v", err)
		}
		for name, bad := range map[string]signin.Order{"no effect": {}, "a window without an end": {Effect: "window"}, "an address that is not there": {Effect: "undo", ShipTo: "address/zz"}, "a secret as address": {Effect: "undo", ShipTo: "password"}} {
			if err := h.life.PlaceOrder(h.Context(), service, who.Account, "order/o8", bad); fault.KindOf(err) != fault.Invalid {
				h.Errorf("%s: %v", name, err)
			}
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
