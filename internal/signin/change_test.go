package signin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/signin"
)

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
		_, _, err := h.life.Confirm(h.Context(), h.token("hana@new.example", "/confirm/"), signin.Given{}, client("other"))
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
		_, _, err := h.life.Confirm(h.Context(), a, signin.Given{}, client(""))
		h.ok(err)
		if _, _, err := h.life.Confirm(h.Context(), b, signin.Given{}, client("")); !errors.Is(err, signin.ErrTaken) {
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
		if _, _, err := h.life.Confirm(h.Context(), link, signin.Given{}, client("")); err == nil {
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
		_, waits, err := h.life.Confirm(h.Context(), h.token("hana@new.example", "/confirm/"), signin.Given{}, client(""))
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
