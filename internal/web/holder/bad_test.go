package holder_test

import (
	"strings"
	"testing"

	"takeback/internal/access"

	"github.com/google/go-cmp/cmp"
)

// What nobody types into a form, or types by mistake, is refused with the field
// named, and changes nothing.
func TestBadInput(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.fill(who)
	b := h.surfer().signIn(hana, first)
	before, facts := h.changes(who.Account), h.facts(who)
	const card = "4242 4242 4242 4242"
	long := strings.Repeat("あ", 301)
	good := map[string][]string{
		"/register":          {"email", "ken@example.jp", "password", fresh, "name", "Ken"},
		"/account/name":      {"name", "Hana"},
		"/account/email":     {"email", "x@new.example", "password", first},
		"/account/phone":     {"phone", "090-1111-2222", "password", first},
		"/account/password":  {"old", first, "new", fresh},
		"/account/addresses": {"to", "Hana", "post", "150-0001", "line", "Shibuya 1-2-3"},
		"/account/cards":     {"token", "tok_9f2c7a12", "brand", "visa", "last4", "4242", "expiry", "12/39"},
	}
	for _, c := range []struct{ name, path, field, value string }{
		{"no address", "/register", "email", ""},
		{"no password", "/register", "password", ""},
		{"no name", "/register", "name", "  "},
		{"no such address", "/register", "email", "hana"},
		{"an address of 300 characters", "/register", "email", strings.Repeat("a", 288) + "@example.jp"},
		{"an address of look-alikes", "/register", "email", "pаypal@example.jp"}, // Cyrillic а
		{"an address with a display name", "/register", "email", "Hana <hana@example.jp>"},
		{"an address with a line break", "/register", "email", "hana@example.jp\r\nBcc: x@y.example"},
		{"a weak password", "/register", "password", "password1"},
		{"a password of 300 characters", "/register", "password", strings.Repeat("violin-7-", 34)},
		{"a password with a bell", "/register", "password", "violin-7\aotter"},
		{"a name with a NUL", "/register", "name", "Ken\x00"},
		{"a name that is no UTF-8", "/account/name", "name", "Han\xff\xfea"},
		{"a name that turns around", "/account/name", "name", "Hana\u202egnp.exe"},
		{"a long name", "/account/name", "name", long},
		{"a card number for a name", "/account/name", "name", card},
		{"the same address", "/account/email", "email", "HANA@example.jp"},
		{"a wrong password", "/account/email", "password", "wrong-9-password"},
		{"a word for a number", "/account/phone", "phone", "call me"},
		{"a card number for a phone number", "/account/phone", "phone", card},
		{"a wrong old password", "/account/password", "old", "wrong-9-password"},
		{"the old password again", "/account/password", "new", first},
		{"one's own name", "/account/password", "new", "花子-violin-77"},
		{"nobody to send to", "/account/addresses", "to", ""},
		{"a long address", "/account/addresses", "line", long},
		{"a card number in an address", "/account/addresses", "line", "Shibuya " + card},
		{"a card number for a post code", "/account/addresses", "post", "4242424242424242"},
		{"a card number for a token", "/account/cards", "token", "4242424242424242"},
		{"a card number for four digits", "/account/cards", "last4", card},
		{"three digits", "/account/cards", "last4", "424"},
		{"an unknown brand", "/account/cards", "brand", "storecard"},
		{"a card that has expired", "/account/cards", "expiry", "01/20"},
		{"no month", "/account/cards", "expiry", "soon"},
		{"a token of markup", "/account/cards", "token", "<script>alert(1)</script>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := append([]string(nil), good[c.path]...)
			for i := 0; i < len(fields); i += 2 {
				if fields[i] == c.field {
					fields[i+1] = c.value
				}
			}
			p := b.post(c.path, fields...)
			if p.code < 400 || p.code >= 500 {
				t.Fatalf("%d %s", p.code, p.to)
			}
			if p.errors()[c.field] == "" {
				t.Errorf("the field %s is not named: %v", c.field, p.errors())
			}
			if strings.Contains(p.text, fresh) || strings.Contains(p.text, first) {
				t.Error("a password came back")
			}
			unreadable := strings.ContainsAny(c.value, "\a\x00\xff\u202e") // the shell takes nothing of such a form
			for i := 0; i < len(fields) && !unreadable; i += 2 {           // what was right is still there
				if in := p.Find("input[type=text][name=" + fields[i] + "]"); fields[i] != c.field && in.Length() > 0 && in.AttrOr("value", "") != fields[i+1] {
					t.Errorf("%s was not kept: %q", fields[i], in.AttrOr("value", ""))
				}
			}
		})
	}
	if n := h.changes(who.Account) - before; n != 0 {
		t.Errorf("%d entries came of it", n)
	}
	if d := cmp.Diff(facts, h.facts(who)); d != "" {
		t.Error(d)
	}
}

func TestAddressesOfTheWorldCanRegister(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	for _, email := range []string{"花子@例え.jp", "a..b.@docomo.ne.jp", "ＨＡＮＡ＠example.jp", "jos\u00e9@example.jp", strings.Repeat("a", 64) + "@example.jp"} {
		if p := h.surfer().post("/register", "email", email, "password", fresh, "name", "Ken"); p.to != "/registered" {
			t.Errorf("%s: %d %v", email, p.code, p.errors())
		}
	}
}

func TestTokensOfNobody(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	h.ok(h.life.AskReset(t.Context(), hana, access.Client{}))
	reset := h.token(hana, "/reset/")
	for _, path := range []string{"/confirm/x", "/confirm/" + reset, "/reset/x", "/reset/" + strings.Repeat("A", 43), "/reset/" + strings.Repeat("x", 1000), "/confirm/%E3%81%82"} {
		for _, p := range []page{h.surfer().get(path), h.surfer().post(path, "password", fresh)} {
			if p.code != 404 {
				t.Errorf("%s: %d", path, p.code)
			}
		}
	}
	b := h.surfer()
	if p := b.ask("GET", "/history?before=x", nil); p.code != 303 {
		t.Errorf("a stranger: %d", p.code)
	}
	b.signIn(hana, first)
	for _, path := range []string{"/history?before=x", "/history?before=-1", "/account/addresses/none", "/account/cards/none/remove", "/security/two-step/app.png"} {
		if p := b.get(path); p.code != 404 && p.code != 409 {
			t.Errorf("%s: %d", path, p.code)
		}
	}
}

func TestOneFormSentTwiceActsOnce(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	b := h.surfer().signIn(hana, first)
	once := b.get("/account/addresses").Find("form.form input[name=once]").AttrOr("value", "")
	before := h.changes(who.Account)
	for range 2 {
		if p := b.post("/account/addresses", "to", "Hana", "line", "Shibuya 1-2-3", "once", once); p.to != "/account/addresses?done=address.added" {
			t.Errorf("%d %v", p.code, p.errors())
		}
	}
	if n := h.changes(who.Account) - before; n != 2 { // the address, and that it is the default
		t.Errorf("%d entries", n)
	}
}

func TestNobodyIsSentElsewhereAfterSigningIn(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	for to, want := range map[string]string{"/account/orders": "/account/orders", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/"} {
		if p := h.surfer().post("/sign-in", "email", hana, "password", first, "return", to); p.to != want {
			t.Errorf("%s leads to %s", to, p.to)
		}
	}
}
