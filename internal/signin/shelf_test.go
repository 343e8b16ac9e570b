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
	"takeback/internal/seal"
	"takeback/internal/signin"
)

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
		_, err = h.life.Move(h.Context(), service, who.Account, signin.Movement{Path: "points", Amount: 250})
		h.ok(err)
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
		if _, err := h.life.Delete(h.Context(), service, who.Account, signin.Removal{Path: "gift/g1"}); err != nil {
			h.Error(err)
		}
		if _, err := h.life.Delete(h.Context(), service, who.Account, signin.Removal{Path: "gift/g1"}); !errors.Is(err, history.ErrAbsent) {
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

func TestWhatAChangeReadIsInIt(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		service := access.Actor{Role: access.Service, ID: "shop", Client: access.Client{Request: "r"}}
		add := func(to string) string {
			id, err := h.life.AddAddress(h.Context(), who, signin.Address{To: to, Line: "y"})
			h.ok(err)
			return id
		}
		// read gives what the newest change read, each with the path of the change that it saw.
		read := func() (paths []string) {
			all := h.history(who.Account)
			for _, r := range all[len(all)-1].Reads {
				paths = append(paths, r.Path)
				if r.Seq == 0 || all[r.Seq-1].Path != r.Path {
					h.Errorf("%s was read as change %d had set it", r.Path, r.Seq)
				}
			}
			return paths
		}
		is := func(does string, want ...string) {
			h.Helper()
			if got := read(); !slices.Equal(got, want) {
				h.Errorf("%s read %q, want %q", does, got, want)
			}
		}
		home := add("home")
		is("the first address, which became the default,", "address/"+home)
		work := add("work")
		is("a second address")
		h.ok(h.life.PreferAddress(h.Context(), who, work))
		is("a default that was chosen", "address/"+work)
		_, err := h.life.Put(h.Context(), service, who.Account, "default/address", account.TextValue(home))
		h.ok(err)
		is("a default that the service set", "address/"+home)
		card, err := h.life.AddCard(h.Context(), who, signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/29"}, seal.NewSecret(first))
		h.ok(err)
		is("the first card", "card/"+card)
		order := signin.Order{ShipTo: "default/address", Card: "default/card", Effect: "undo"}
		h.ok(h.life.PlaceOrder(h.Context(), service, who.Account, "order/o1", order))
		is("an order to the default address", "default/address", "address/"+home, "default/card", "card/"+card)
		if v := string(h.facts(who)["order/o1"].Value); !strings.Contains(v, `"ship_to":"address/`+home) || !strings.Contains(v, `"card":"card/`+card) {
			h.Errorf("the order says %s", v)
		}
		h.ok(h.life.PreferAddress(h.Context(), who, work))
		before := len(h.history(who.Account))
		h.ok(h.life.PlaceOrder(h.Context(), service, who.Account, "order/o1", order)) // the same: it went where it went
		if len(h.history(who.Account)) != before {
			h.Error("an order sent twice was entered twice")
		}
		h.ok(h.life.RemoveCard(h.Context(), who, card, seal.Secret{}))
		for _, paid := range []string{"default/card", "card/" + card, "name"} {
			if err := h.life.PlaceOrder(h.Context(), service, who.Account, "order/o2", signin.Order{Card: paid, Effect: "undo"}); !errors.Is(err, signin.ErrNoPay) || fault.Public(err).Field != "card" {
				h.Errorf("an order paid with %s: %v", paid, err)
			}
		}
		_, err = h.life.Show(h.Context(), who, "email")
		h.ok(err)
		if all := h.history(who.Account); all[len(all)-1].Verb != history.View || all[len(all)-1].Version != all[0].Version {
			h.Errorf("the view of the first address: %+v", all[len(all)-1])
		}
	})
}
