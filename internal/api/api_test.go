package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/api"
	"takeback/internal/db"
	"takeback/internal/history"
)

func TestFacts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		facts := "/v1/accounts/" + id + "/facts"
		put := func(path, value string) {
			t.Helper()
			var f api.Fact
			h.call("PUT", facts+"/"+path, `{"value": `+value+`}`).is(http.StatusOK, &f)
			if got := h.fact(id, path); cmp.Diff(f, got) != "" || string(got.Value) != value || got.Path != strings.ReplaceAll(path, "%2F", "/") {
				t.Errorf("put %s at %s, then there is %+v", value, path, got)
			}
		}
		put("name", `"佐藤 はな"`)
		put("note/blue", `"likes\ttea"`)
		put("note%2Fgreen", `"by one word"`)
		put("membership", `"gold"`)
		put("gift/1", `{"note":"for you"}`)
		put("gift/1", `{"note":"for her"}`)
		put("prefs", `{"mail":"yes","size":"L"}`)
		put("language", `"en"`)

		h.call("PUT", facts+"/nothing", `{"value": "x"}`).refused(422, "path.unknown", "path.path")
		h.call("PUT", facts+"/gift/1", `{"value": {"paper": "red"}}`).refused(422, "path.parts", "body.value.paper")
		h.call("PUT", facts+"/prefs", `{"value": {"mail": "`+whole+`"}}`).refused(422, "card.number", "body.value.mail")
		h.call("PUT", facts+"/prefs", `{"value": {"4111111111111111": "x"}}`).refused(422, "card.number", "body.value")
		h.call("PUT", facts+"/note/4111-1111-1111-1111", `{"value": "x"}`).refused(422, "card.number", "path.path")
		h.call("PUT", facts+"/email", `{"value": "mallory@example.com"}`).refused(403, "path.own-verb", "path.path")
		h.call("PUT", facts+"/password", `{"value": "mallory1!x"}`).refused(403, "path.own-verb", "path.path")
		h.call("DELETE", facts+"/password", ``).refused(403, "path.own-verb", "path.path")
		h.call("PUT", facts+"/points", `{"value": "100"}`).refused(403, "path.own-verb", "path.path")
		h.call("PUT", facts+"/language", `{"value": "fr"}`).refused(422, "language.unknown", "body.value")
		h.call("PUT", facts+"/card/main", `{"value": {"token": "tok_main_1", "brand": "visa", "last4": "`+whole+`"}}`).refused(422, "card.number", "body.value.last4")

		h.call("DELETE", facts+"/gift/1", "").is(http.StatusNoContent, nil)
		h.call("DELETE", facts+"/gift/1", "").refused(404, "path.absent", "path.path")
		h.call("GET", facts+"/gift/1", "").refused(404, "path.none", "path.path")
		h.call("DELETE", facts+"/membership", "").is(http.StatusNoContent, nil)

		var all struct{ Facts []api.Fact }
		h.call("GET", facts, "").is(http.StatusOK, &all)
		var paths []string
		for _, f := range all.Facts {
			paths = append(paths, f.Path)
			if f.Path == "password" && (f.Value != nil || !f.Secret) {
				t.Errorf("the password shows %s", f.Value)
			}
		}
		if want := []string{"email", "language", "name", "note/blue", "note/green", "password", "prefs"}; cmp.Diff(want, paths) != "" {
			t.Errorf("facts at %q, want %q", paths, want)
		}
	})
}

func TestAValueThatSaysANameTwiceIsKeptOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		h.call("PUT", "/v1/accounts/"+id+"/facts/prefs", `{"value": {"mail": "`+whole+`", "mail": "no"}}`).is(http.StatusOK, nil)
		for _, c := range h.changes(id) {
			if strings.Contains(string(c.After), "4111") {
				t.Errorf("the history keeps %s", c.After)
			}
		}
	})
}

func TestLedgers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		facts := "/v1/accounts/" + id + "/facts"
		var f api.Fact
		h.call("POST", facts+"/points/moves", `{"amount": 500}`).is(http.StatusCreated, &f)
		h.call("POST", facts+"/points/moves", `{"amount": -120}`).is(http.StatusCreated, &f)
		if string(f.Value) != "380" {
			t.Errorf("the balance is %s", f.Value)
		}
		for i, status := range []int{http.StatusCreated, http.StatusOK, http.StatusOK} {
			h.call("POST", facts+"/points/moves", `{"amount": 20}`, "Idempotency-Key", "refund-A7").is(status, &f)
			if string(f.Value) != "400" {
				t.Errorf("after %d times the balance is %s", i+1, f.Value)
			}
		}
		h.call("POST", facts+"/points/moves", `{"amount": 21}`, "Idempotency-Key", "refund-A7").refused(409, "move.other", "header.Idempotency-Key")
		h.call("POST", facts+"/miles%2Fair/moves", `{"amount": 20}`, "Idempotency-Key", "refund-A7").refused(409, "move.other", "header.Idempotency-Key")
		h.call("POST", facts+"/points/moves", `{"amount": 5}`, "Idempotency-Key", "a b").refused(422, "field.form", "header.Idempotency-Key")
		h.call("POST", facts+"/points/moves", `{"amount": -20}`).is(http.StatusCreated, &f)
		h.call("POST", facts+"/miles%2Fair/moves", `{"amount": 7}`).is(http.StatusCreated, nil)
		h.call("POST", facts+"/points/moves", `{"amount": 0}`).refused(422, "move.nothing", "body.amount")
		h.call("POST", facts+"/points/moves", `{"amount": 1e30}`).refused(422, "field.range", "body.amount")
		h.call("POST", facts+"/points/moves", `{"amount": 1.5}`).refused(422, "field.type", "body.amount")
		h.call("POST", facts+"/points/moves", `{"amount": "5"}`).refused(422, "field.type", "body.amount")
		h.call("POST", facts+"/name/moves", `{"amount": 5}`).refused(422, "path.verb", "path.path")
		if got := string(h.fact(id, "points").Value); got != "380" {
			t.Errorf("after what was refused the balance is %s", got)
		}
	})
}

// A list of cases goes on where it ended, also among cases that were opened at the same moment.
func TestCasesGoOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var want []string
		for i := range 5 {
			if i == 3 {
				h.clock.Advance(1e9)
			}
			var made struct{ ID string }
			h.call("POST", "/v1/accounts", fmt.Sprintf(`{"email": "holder%d@example.jp", "name": "Ken"}`, i)).is(http.StatusCreated, &made)
			var c api.Case
			h.call("POST", "/v1/accounts/"+made.ID+"/freeze", `{"why": "He rang us."}`).is(http.StatusOK, &c)
			want = append(want, c.ID)
		}
		var got []string
		for before, pages := "", 0; ; pages++ {
			var list struct {
				Cases []api.Case
				Next  string
			}
			h.call("GET", "/v1/cases?limit=2&before="+before, "").is(http.StatusOK, &list)
			for _, c := range list.Cases {
				got = append(got, c.ID)
			}
			if before = list.Next; before == "" {
				if pages != 2 {
					t.Errorf("%d cases were on %d pages", len(want), pages+1)
				}
				break
			}
		}
		if late := got[:min(2, len(got))]; !slices.Contains(late, want[3]) || !slices.Contains(late, want[4]) {
			t.Errorf("the newest are not first: %v", got)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("not every case once:\n%s", diff)
		}
		h.call("GET", "/v1/cases?before=case_none", "").refused(422, "page.before", "query.before")
	})
}

func TestOrders(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		facts, orders := "/v1/accounts/"+id+"/facts", "/v1/accounts/"+id+"/orders"
		h.call("PUT", facts+"/address/home", `{"value": {"to": "佐藤 花子", "post": "100-0001", "line": "千代田1-1"}}`).is(http.StatusOK, nil)
		h.call("PUT", facts+"/card/main", `{"value": {"token": "tok_main_1", "brand": "visa", "last4": "1111", "expiry": "12/29"}}`).is(http.StatusOK, nil)

		body := `{"order": "A7", "ship_to": "address/home", "card": "card/main", "amount": 4980, "currency": "JPY", "items": "Tea pot"}`
		var first, again api.Fact
		h.call("POST", orders, body).is(http.StatusCreated, &first)
		if first.Path != "order/A7" || first.Held == nil || *first.Held {
			t.Errorf("entered %+v", first)
		}
		h.clock.Advance(1e9)
		h.call("POST", orders, body).is(http.StatusOK, &again)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("the same order twice (-first +again):\n%s", diff)
		}
		h.call("POST", orders, strings.Replace(body, "4980", "9980", 1)).refused(409, "order.present", "body.order")
		h.call("POST", orders, `{"order": "A8", "ship_to": "address/mallory"}`).refused(422, "order.ship-to", "body.ship_to")
		h.call("POST", orders, `{"order": "A8", "card": "card/none"}`).refused(422, "order.card", "body.card")
		h.call("POST", orders, `{"order": "A8", "card": "address/home"}`).refused(422, "order.card", "body.card")
		h.call("POST", orders, `{"order": "A8", "effect": "window"}`).refused(422, "order.malformed", "body.effect")
		h.call("POST", orders, `{"order": "A8", "effect": "magic"}`).refused(422, "field.choice", "body.effect")
		h.call("POST", orders, `{"order": "A8", "until": "tomorrow"}`).refused(422, "field.form", "body.until")
		h.call("POST", orders, `{"order": "A8", "amount": -1}`).refused(422, "field.range", "body.amount")
		h.call("POST", orders, `{"order": "a/b"}`).refused(422, "field.form", "body.order")
		h.call("POST", orders, `{"order": "4111111111111111"}`).refused(422, "card.number", "body.order")
		h.call("POST", orders, `{"order": "A8", "items": "card `+whole+`"}`).refused(422, "card.number", "body.items")
		h.call("POST", orders, `{}`).refused(422, "field.missing", "body.order")
		h.call("POST", orders, `{"order": "A9", "effect": "window", "until": "2026-03-05T09:00:00+09:00"}`).is(http.StatusCreated, nil)

		h.write(func(tx *db.Tx) error {
			return tx.Put(`INSERT INTO card_check (account, path, since) VALUES ($1, $2, $3)`, id, "card/main", tx.Now)
		})
		if u := h.fact(id, "card/main").Usable; u == nil || *u {
			t.Error("a card to be entered again is usable")
		}
		h.call("POST", orders, `{"order": "A10", "card": "card/main"}`).refused(409, "card.enter-again", "body.card")
		h.call("POST", orders, body).is(http.StatusOK, nil) // it was paid before

		token := h.signIn("phone")
		h.call("PUT", facts+"/card/main", `{"value": {"token": "tok_main_2", "brand": "visa", "last4": "1111", "expiry": "12/29"}}`, "Takeback-Session", token).is(http.StatusOK, nil)
		h.call("POST", orders, `{"order": "A10", "card": "card/main"}`, "Takeback-Session", token).is(http.StatusCreated, nil)
	})
}

func TestBehalf(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		var other api.Account
		h.call("POST", "/v1/accounts", `{"email": "jiro@example.jp", "name": "Jiro"}`).is(http.StatusCreated, &other)
		token := h.signIn("phone")
		name, body := "/v1/accounts/"+id+"/facts/name", `{"value": "Hana"}`
		h.call("PUT", name, body, "Takeback-Session", token).is(http.StatusOK, nil)

		all := h.changes(id)
		got := all[len(all)-1]
		if got.Role != access.Holder || got.Actor != id || got.Session == "" || got.Client.Device != "phone" || got.Client.IP != "192.0.2.7" {
			t.Errorf("on behalf of a session it is entered as %s %s in %q from %+v", got.Role, got.Actor, got.Session, got.Client)
		}
		h.call("PUT", name, `{"value": "Hanako"}`, "X-Forwarded-For", "192.0.2.66, 203.0.113.9").is(http.StatusOK, nil)
		all = h.changes(id)
		if by := all[len(all)-1]; by.Role != access.Service || by.Session != "" || by.Client.IP != "203.0.113.9" { // as our proxy says, not as the caller does
			t.Errorf("the service for itself is entered as %s in %q from %+v", by.Role, by.Session, by.Client)
		}

		const at = "header.Takeback-Session"
		h.call("PUT", name, body, "Takeback-Session", got.Session).refused(401, "session.id", at)
		h.call("PUT", name, body, "Takeback-Session", strings.Repeat("x", len(token))).refused(401, "session.over", at)
		h.call("PUT", name, body, "Takeback-Session", strings.Repeat("x", 101)).refused(422, "field.length", at)
		h.call("PUT", "/v1/accounts/"+other.ID+"/facts/name", body, "Takeback-Session", token).refused(401, "session.over", at)
		h.call("POST", "/v1/accounts/"+other.ID+"/orders", `{"order": "A1"}`, "Takeback-Session", token).refused(401, "session.over", at)

		h.clock.Advance(11 * 60e9) // the password was given too long ago for a card
		h.call("PUT", "/v1/accounts/"+id+"/facts/card/x", `{"value": {"token": "tok_main_1"}}`, "Takeback-Session", token).refused(422, "password.again", at)
		if n := len(h.changes(id)); n != len(all) {
			t.Errorf("%d changes came of what was refused", n-len(all))
		}
	})
}

func TestSomebodyElseActsByAGrant(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		token := h.signIn("phone")
		facts, orders := "/v1/accounts/"+id+"/facts", "/v1/accounts/"+id+"/orders"
		const by, at = "Takeback-Grant", "header.Takeback-Grant"
		h.call("PUT", facts+"/delegate/d1", `{"value": {"account": "acc_brother"}}`, "Takeback-Session", token).is(http.StatusOK, nil)
		h.call("PUT", facts+"/note/n", `{"value": "mine"}`, by, "delegate/d1").is(http.StatusOK, nil)
		h.call("PUT", facts+"/gift/g", `{"value": {"note": "x"}}`, by, "delegate/d1").is(http.StatusOK, nil)
		h.call("DELETE", facts+"/gift/g", "", by, "delegate/d1").is(http.StatusNoContent, nil)
		h.call("POST", orders, `{"order": "A1"}`, by, "delegate/d1").is(http.StatusCreated, nil)
		h.call("POST", facts+"/points/moves", `{"amount": 5}`, by, "delegate/d1").is(http.StatusCreated, nil)
		var shown struct{ Changes []api.Change }
		h.call("GET", "/v1/accounts/"+id+"/history?limit=500", "").is(http.StatusOK, &shown)
		all := h.changes(id)
		var set int64
		for i, c := range all {
			if c.Path == "delegate/d1" {
				set = c.Seq
				continue
			}
			want := history.Read{}
			if set != 0 {
				want = history.Read{Path: "delegate/d1", Seq: set}
			}
			if c.Grant != want || shown.Changes[i].Grant != want.Path {
				t.Errorf("%s %s was done by %+v, shown as %q", c.Verb, c.Path, c.Grant, shown.Changes[i].Grant)
			}
		}
		h.call("PUT", facts+"/note/n", `{"value": "x"}`, by, "delegate/d2").refused(422, "grant.unknown", at)
		h.call("PUT", facts+"/note/n", `{"value": "x"}`, by, "note/n").refused(422, "grant.unknown", at)
		h.call("DELETE", facts+"/note/n", "", by, "delegate/d2").refused(422, "grant.unknown", at)
		h.call("POST", orders, `{"order": "A2"}`, by, "delegate/d2").refused(422, "grant.unknown", at)
		h.call("POST", facts+"/points/moves", `{"amount": 5}`, by, "delegate/d2").refused(422, "grant.unknown", at)
		h.call("PUT", facts+"/note/n", `{"value": "x"}`, by, "delegate/d1", "Takeback-Session", token).refused(422, "grant.session", at)
		if n := len(h.changes(id)); n != len(all) {
			t.Errorf("%d changes came of what was refused", n-len(all))
		}

		h.guard(id)
		h.call("PUT", facts+"/payee/p", `{"value": {"to": "x"}}`, by, "delegate/d2").refused(422, "grant.unknown", at)
		h.call("DELETE", facts+"/delegate/d1", "").is(http.StatusAccepted, nil)
		h.clock.Advance(time.Minute)
		h.call("PUT", facts+"/payee/p", `{"value": {"to": "x"}}`, by, "delegate/d1").is(http.StatusAccepted, nil)
		h.clock.Advance(73 * time.Hour)
		h.ok(h.Runner.Drain(h.Context()))
		h.call("GET", facts+"/delegate/d1", "").is(http.StatusNotFound, nil)
		h.call("GET", facts+"/payee/p", "").is(http.StatusNotFound, nil) // whoever asked may not act for her any more
	})
}

func TestAGuardedAccountHoldsBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		payee := "/v1/accounts/" + id + "/facts/payee/a"
		h.call("PUT", payee, `{"value": {"to": "first"}}`).is(http.StatusOK, nil)
		h.guard(id)
		var f api.Fact
		h.call("PUT", payee, `{"value": {"to": "second"}}`).is(http.StatusAccepted, &f)
		if !f.Waiting || string(f.Value) != `{"to":"first"}` {
			t.Errorf("held back it is %+v", f)
		}
		var none api.Fact
		h.call("PUT", payee+"b", `{"value": {"to": "x"}}`).is(http.StatusAccepted, &none)
		if !none.Waiting || none.Value != nil || none.Path != "payee/ab" {
			t.Errorf("what is not there yet is %+v", none)
		}
		if a := h.call("DELETE", payee, "").is(http.StatusAccepted, nil); len(a.body) > 0 {
			t.Errorf("a removal held back is answered with %s", a.body)
		}
		if got := string(h.fact(id, "payee/a").Value); got != `{"to":"first"}` {
			t.Errorf("meanwhile there is %s", got)
		}
	})
}

func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		h.signIn("phone")
		for _, v := range []string{"a", "b", "c", "d"} {
			h.call("PUT", "/v1/accounts/"+id+"/facts/note/x", `{"value": "`+v+`"}`).is(http.StatusOK, nil)
		}
		kept := h.changes(id)
		type page struct {
			Changes []api.Change
			Next    int64
		}
		var got []api.Change
		from, pages := "1", 0
		for {
			var p page
			a := h.call("GET", "/v1/accounts/"+id+"/history?limit=3&from="+from, "").is(http.StatusOK, &p)
			for _, c := range kept {
				for _, secret := range []string{c.Nonce, c.Commit, c.SecretID, c.Version} {
					if secret != "" && strings.Contains(string(a.body), secret) {
						t.Fatalf("the history shows %q of %s %s", secret, c.Verb, c.Path)
					}
				}
			}
			for _, word := range []string{"argon2", "nonce", "stored", "secret_id", "version"} {
				if strings.Contains(string(a.body), word) {
					t.Errorf("the history speaks of %s: %s", word, a.body)
				}
			}
			got = append(got, p.Changes...)
			if pages++; p.Next == 0 {
				break
			}
			next, _ := json.Marshal(p.Next)
			from = string(next)
		}
		if want := (len(kept) + 2) / 3; pages != want {
			t.Errorf("%d changes came on %d pages, want %d", len(kept), pages, want)
		}
		if len(got) != len(kept) {
			t.Fatalf("%d changes of %d", len(got), len(kept))
		}
		for i, c := range got {
			if c.Seq != kept[i].Seq || c.Verb != string(kept[i].Verb) || c.Hash != kept[i].Hash {
				t.Errorf("change %d is %+v, kept is %s %s", i, c, kept[i].Verb, kept[i].Path)
			}
		}
		last := got[len(got)-1]
		if string(last.Before) != `"c"` || string(last.After) != `"d"` || last.Role != "service" {
			t.Errorf("the last change is %+v", last)
		}
		opened := slices.IndexFunc(got, func(c api.Change) bool { return c.Verb == "open" })
		if opened < 0 || cmp.Diff([]api.Factor{{Path: "password", Proof: "password"}}, got[opened].Factors) != "" {
			t.Errorf("the sign-in is not shown with its factor: %+v", got)
		}
		var beyond page
		h.call("GET", "/v1/accounts/"+id+"/history?from=1000", "").is(http.StatusOK, &beyond)
		if len(beyond.Changes) != 0 || beyond.Next != 0 {
			t.Errorf("behind the end there is %+v", beyond)
		}
		h.call("GET", "/v1/accounts/"+id+"/history?from=0", "").refused(422, "field.range", "query.from")
	})
}

func TestFreeze(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		tokens := []string{h.signIn("phone"), h.signIn("desk")}
		freeze, facts := "/v1/accounts/"+id+"/freeze", "/v1/accounts/"+id+"/facts"
		h.call("POST", "/v1/accounts/"+id+"/orders", `{"order": "A1"}`, "Takeback-Session", tokens[1]).is(http.StatusCreated, nil)
		for _, token := range tokens {
			h.call("GET", "/v1/session", "", "Takeback-Session", token).is(http.StatusOK, nil) // remembered
		}
		for body, code := range map[string]string{
			`{"why": ""}`: "field.form", `{"why": " \n "}`: "field.form", `{"why": "a\u0000b"}`: "field.form", `{}`: "field.missing",
			`{"why": "` + strings.Repeat("x", 2001) + `"}`: "field.length",
		} {
			h.call("POST", freeze, body).refused(422, code, "body.why")
		}
		h.call("GET", "/v1/session", "", "Takeback-Session", tokens[0]).is(http.StatusOK, nil)

		var c, again, shown api.Case
		h.call("POST", freeze, `{"why": "She rang us:\nan order she did not make."}`).is(http.StatusOK, &c)
		if c.Account != id || c.Step != "frozen" || c.Source != "api" {
			t.Errorf("the case is %+v", c)
		}
		for _, token := range tokens {
			h.call("GET", "/v1/session", "", "Takeback-Session", token).refused(401, "session.over", "")
		}
		var a api.Account
		h.call("GET", "/v1/accounts/"+id, "").is(http.StatusOK, &a)
		if a.State != "frozen" || a.MayAct {
			t.Errorf("the account is %+v", a)
		}
		if held := h.fact(id, "order/A1").Held; held == nil || !*held {
			t.Error("the order of this hour is not held")
		}

		before := len(h.changes(id))
		h.call("POST", freeze, `{"why": "once more"}`).is(http.StatusOK, &again)
		h.call("GET", "/v1/cases/"+c.ID, "").is(http.StatusOK, &shown)
		if again.ID != c.ID || cmp.Diff(c, shown) != "" {
			t.Errorf("a second freeze gives %+v, and shows %+v", again, shown)
		}
		h.call("PUT", facts+"/name", `{"value": "Mallory"}`, "Takeback-Session", tokens[1]).refused(401, "session.over", "header.Takeback-Session")
		h.call("PUT", facts+"/name", `{"value": "Mallory"}`).refused(409, "account.frozen", "")
		h.call("PUT", facts+"/payee/a", `{"value": {"to": "Mallory"}}`).refused(409, "account.frozen", "")
		h.call("DELETE", facts+"/name", "").refused(409, "account.frozen", "")
		h.call("POST", facts+"/points/moves", `{"amount": 5}`).refused(409, "account.frozen", "")
		h.call("POST", "/v1/accounts/"+id+"/orders", `{"order": "A2"}`).refused(409, "account.frozen", "")
		if after := len(h.changes(id)); after != before {
			t.Errorf("%d changes came after the freeze", after-before)
		}

		var list struct{ Cases []api.Case }
		for _, query := range []string{"", "?account=" + id, "?limit=1"} {
			h.call("GET", "/v1/cases"+query, "").is(http.StatusOK, &list)
			if len(list.Cases) != 1 || list.Cases[0].ID != c.ID {
				t.Errorf("cases%s: %+v", query, list.Cases)
			}
		}
		h.call("GET", "/v1/cases?account=acc_none", "").is(http.StatusOK, &list)
		if len(list.Cases) != 0 {
			t.Errorf("nobody's cases: %+v", list.Cases)
		}
	})
}

func TestSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, token := h.hana(), ""
		token = h.signIn("phone")
		ask := func(headers ...string) answer { // with no key
			return h.call("GET", "/v1/session", "", append([]string{"Authorization", ""}, headers...)...)
		}
		for say, headers := range map[string][]string{
			"the header": {"Takeback-Session", token},
			"the cookie": {"Cookie", "a=b; __Host-session=" + token},
			"the bearer": {"Authorization", "Bearer " + token},
		} {
			var s api.SessionInfo
			a := ask(headers...).is(http.StatusOK, &s)
			if s.Account != id || a.header.Get("Takeback-Account") != id || a.header.Get("Takeback-Session-Id") != s.Session || s.Segment != 1 {
				t.Errorf("by %s: %+v %v", say, s, a.header)
			}
			if strings.Contains(string(a.body), token) || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("by %s: %s %v", say, a.body, a.header)
			}
		}
		ask().refused(401, "session.over", "")
		ask("Takeback-Session", "x").refused(401, "session.over", "")
		ask("Takeback-Session", strings.Repeat("\xff", len(token))).refused(401, "session.over", "")
		ask("Authorization", "Bearer "+h.key).refused(401, "session.over", "")

		h.clock.Advance(31 * 24 * 3600e9)
		ask("Takeback-Session", token).refused(401, "session.over", "")

		token = h.signIn("phone")
		who, err := h.Sessions.Check(t.Context(), token)
		h.ok(err)
		h.ok(h.Life.SignOut(t.Context(), who.Actor(access.Client{})))
		ask("Takeback-Session", token).refused(401, "session.over", "")
	})
}

func TestALimitedSessionActsNowhere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, token := h.hana(), ""
		h.write(func(tx *db.Tx) error {
			if _, err := account.Turn(tx, id, account.Restoring, tx.Now, account.Open); err != nil {
				return err
			}
			var err error
			token, err = h.limited(tx, id)
			return err
		})
		if s, err := h.Sessions.Check(t.Context(), token); err != nil || !s.Limited {
			t.Fatalf("the session is no limited one: %+v %v", s, err)
		}
		h.call("GET", "/v1/session", "", "Takeback-Session", token).refused(401, "session.over", "")
		h.call("PUT", "/v1/accounts/"+id+"/facts/name", `{"value": "x"}`, "Takeback-Session", token).refused(401, "session.over", "header.Takeback-Session")
	})
}

func TestTheHolderHasAFactErased(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		token := h.signIn("phone")
		facts := "/v1/accounts/" + id + "/facts"
		h.call("PUT", facts+"/note/n", `{"value": "x"}`).is(http.StatusOK, nil)
		h.call("PUT", facts+"/prefs", `{"value": {"a": "b"}}`).is(http.StatusOK, nil)
		h.call("DELETE", facts+"/note/n", "", "Takeback-Session", token).is(http.StatusNoContent, nil)
		h.call("DELETE", facts+"/note/n", "").refused(404, "path.absent", "path.path")
		h.call("DELETE", facts+"/note/n?erase=true", "", "Takeback-Session", token).is(http.StatusNoContent, nil)
		h.call("DELETE", facts+"/prefs?erase=true", "").is(http.StatusNoContent, nil)
		var shown struct{ Changes []api.Change }
		h.call("GET", "/v1/accounts/"+id+"/history?limit=500", "").is(http.StatusOK, &shown)
		var got []bool
		for _, c := range shown.Changes {
			if c.Verb == "remove" {
				got = append(got, c.Erased)
			}
		}
		if want := []bool{false, true, true}; !slices.Equal(got, want) {
			t.Errorf("the removals were erasings: %v, want %v", got, want)
		}
		h.call("DELETE", facts+"/note/never?erase=true", "").refused(404, "path.absent", "path.path")
		h.call("DELETE", facts+"/email?erase=true", "").refused(403, "path.own-verb", "path.path")
		h.call("DELETE", facts+"/note/n?erase=maybe", "").refused(422, "field.malformed", "query.erase")

		h.call("PUT", facts+"/payee/p", `{"value": {"to": "x"}}`).is(http.StatusOK, nil)
		h.guard(id)
		h.call("DELETE", facts+"/payee/p?erase=true", "").is(http.StatusAccepted, nil)
		h.clock.Advance(73 * time.Hour)
		h.ok(h.Runner.Drain(h.Context()))
		if all := h.changes(id); !slices.ContainsFunc(all, func(c history.Change) bool { return c.Path == "payee/p" && c.Erased }) {
			t.Error("an erasing that waited is a mere removal")
		}
	})
}
