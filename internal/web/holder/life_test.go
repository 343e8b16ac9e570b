package holder_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/signin"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
)

func TestEveryRouteNamesItsPermission(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	want := map[string]access.Permission{
		"/register": access.Public, "/confirm/{token}": access.Public, "/sign-in": access.Public, "/reset": access.Public, "/reset/{token}": access.Public,
		"/{$}": access.OwnAccount, "/security": access.OwnAccount, "/history": access.OwnAccount, "/account/email": access.OwnAccount, "/account/password": access.OwnAccount,
		"/account/phone": access.OwnAccount, "/account/name": access.OwnAccount, "/account/addresses": access.OwnAccount, "/account/cards": access.OwnAccount, "/account/orders": access.OwnAccount,
	}
	for _, r := range h.site.Routes() {
		if r.Permission == "" {
			t.Errorf("%s %s names no permission", r.Method, r.Path)
		}
		if p, ok := want[r.Path]; ok && r.Permission != p {
			t.Errorf("%s %s needs %s, not %s", r.Method, r.Path, r.Permission, p)
		}
		if r.Permission != access.Public && r.Method == "GET" && !strings.Contains(r.Path, "{id}") {
			if p := h.surfer().get(strings.ReplaceAll(r.Path, "{$}", "")); p.code != 303 || !strings.HasPrefix(p.to, "/sign-in?") {
				t.Errorf("a stranger at %s: %d %s", r.Path, p.code, p.to)
			}
		}
		delete(want, r.Path)
	}
	if len(want) > 0 {
		t.Errorf("no such pages: %v", want)
	}
}

func TestALifeInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.surfer()
	if p := b.post("/register", "email", hana, "password", first, "name", "佐藤 花子"); p.to != "/registered" {
		t.Fatalf("registering: %d %v", p.code, p.errors())
	}
	confirm := "/confirm/" + h.token(hana, "/confirm/")
	if p := b.get(confirm); p.code != 200 || p.Find("form[method=post] button").Length() != 1 || strings.Contains(p.text, hana) {
		t.Errorf("the page of the link: %d", p.code)
	}
	other := h.surfer()
	if p := other.get(confirm); p.Find("input[name=password]").Length() != 1 {
		t.Error("another browser is not asked for the password")
	}
	if p := other.post(confirm, "password", fresh); p.code != 422 || p.Find("input[name=password]").Length() != 1 {
		t.Errorf("another browser with another password: %d %v", p.code, p.errors())
	}
	if p := b.get(confirm); p.Find("input[name=password]").Length() != 0 {
		t.Error("the browser that registered is asked for the password")
	}
	if p := b.post(confirm); p.to != "/sign-in?done=registered" {
		t.Fatalf("confirming: %d %s", p.code, p.to)
	}
	b.signIn(hana, first)
	if p := b.get("/"); p.Find("h1").Text() != "Hello, 佐藤 花子" && !strings.Contains(p.Find("h1").Text(), "佐藤 花子") {
		t.Errorf("the home page says %q", p.Find("h1").Text())
	}
	do := func(want, path string, fields ...string) {
		t.Helper()
		p := b.post(path, fields...)
		if p.code != 303 || p.to != want {
			t.Fatalf("%s: %d %s %v", path, p.code, p.to, p.errors())
		}
		if p := b.get(p.to); p.code != 200 || p.Find(".flash").Length() == 0 && strings.Contains(want, "done=") {
			t.Errorf("%s leads to %d and says nothing", path, p.code)
		}
	}
	do("/?done=name", "/account/name", "name", "佐藤 はな")
	do("/?lang=en&done=language", "/account/language", "language", "en")
	do("/security?done=phone", "/account/phone", "phone", "090-1234-5678", "password", first)
	do("/account/addresses?done=address.added", "/account/addresses", "to", "佐藤 はな", "post", "150-0001", "line", "渋谷区神宮前1-2-3")
	do("/account/addresses?done=address.added", "/account/addresses", "to", "佐藤 はな", "line", "大阪市北区4-5")
	id, _ := b.get("/account/addresses").Find("form[action$='/default']").Attr("action")
	id = strings.TrimSuffix(strings.TrimPrefix(id, "/account/addresses/"), "/default")
	do("/account/addresses?done=default", "/account/addresses/"+id+"/default")
	do("/account/addresses?done=address.changed", "/account/addresses/"+id, "to", "佐藤 はな", "line", "大阪市北区4-6")
	do("/account/addresses?done=address.removed", "/account/addresses/"+id+"/remove")
	do("/account/cards?done=card.added", "/account/cards", "token", "tok_9f2c7a11", "brand", "visa", "last4", "4242", "expiry", "12/39")
	if p := b.get("/account/cards"); strings.Contains(p.text, "tok_9f2c7a11") || !strings.Contains(p.text, "•••• 4242") {
		t.Error("the page of cards shows the token, or not the digits")
	}
	do("/security?done=email.asked", "/account/email", "email", "hana@new.example", "password", first)
	do("/security?done=email.changed", "/confirm/"+h.token("hana@new.example", "/confirm/"))
	do("/security?done=password", "/account/password", "old", first, "new", fresh)
	history := b.get("/history").text
	for _, part := range []string{"E-mail address changed", "h***@n***.example", "Password changed", "Phone number added", "Signed in", "Chrome", "佐藤 花子"} {
		if !strings.Contains(history, part) {
			t.Errorf("the history does not say %q", part)
		}
	}
	for _, part := range []string{"hana@new.example", "09012345678", "tok_", fresh} {
		if strings.Contains(history, part) {
			t.Errorf("the history says %q", part)
		}
	}
	do("/sign-in?done=signed-out", "/sign-out")
	if p := b.get("/security"); p.code != 303 {
		t.Errorf("after signing out: %d", p.code)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	p := h.surfer().post("/sign-in", "email", hana, "password", first)
	names := map[string]bool{}
	for _, c := range p.head.Values("Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		names[name] = true
		for _, part := range []string{"; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
			if !strings.Contains(c, part) || strings.Contains(c, "Domain") {
				t.Errorf("the cookie %s lacks %s", name, part)
			}
		}
	}
	if !names["__Host-session"] || !names["__Host-device"] {
		t.Errorf("the cookies are %v", names)
	}
}

// Session fixation: whatever an attacker put into the browser before, the
// sign-in gives a new token, and the session that was there before is over.
func TestSigningInGivesANewSession(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	before := b.cookie("__Host-session")
	b.signIn(hana, first)
	if after := b.cookie("__Host-session"); after == before || after == "" {
		t.Error("the token stayed the same")
	}
	if _, err := h.life.Sessions.Check(t.Context(), before); err == nil {
		t.Error("the session from before is alive")
	}
}

func TestGivingThePasswordAgainGivesANewToken(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	before := b.cookie("__Host-session")
	once := b.get("/security/two-step").Find("form.form input[name=once]").AttrOr("value", "")
	for range 2 { // the second sending of the form is answered as the first one, with the same cookie
		if p := b.post("/security/two-step", "password", first, "once", once); p.to != "/security/two-step/app" {
			t.Fatalf("beginning: %d %v", p.code, p.errors())
		}
		if after := b.cookie("__Host-session"); after == before || after == "" {
			t.Error("the token stayed the same")
		}
	}
	before = b.cookie("__Host-session")
	if p := b.post("/account/name", "name", "Hana"); p.code >= 400 || b.cookie("__Host-session") != before {
		t.Errorf("%d: what needs no proof gave a new token", p.code)
	}
	if p := b.get("/security"); p.code != 200 {
		t.Errorf("%d: signed out", p.code)
	}
}

func TestTwoStepInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	b := h.surfer().signIn(hana, first)
	if p := b.post("/security/two-step", "password", "wrong-9-password"); p.code != 422 || p.errors()["password"] == "" {
		t.Errorf("a wrong password: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/two-step", "password", first); p.to != "/security/two-step/app" {
		t.Fatalf("beginning: %d", p.code)
	}
	p := b.get("/security/two-step/app")
	seed := strings.ReplaceAll(strings.TrimSpace(p.Find("code").First().Text()), " ", "")
	if q := b.get("/security/two-step/app.png"); q.head.Get("Content-Type") != "image/png" || !strings.HasPrefix(q.text, "\x89PNG") {
		t.Error("the picture is no PNG")
	}
	code := func(ahead time.Duration) string {
		c, err := totp.GenerateCode(seed, time.Now().Add(ahead))
		h.ok(err)
		return c
	}
	if p := b.post("/security/two-step/app", "code", code(0)); p.to != "/security/codes?done=two-step" {
		t.Fatalf("confirming: %d %v", p.code, p.errors())
	}
	p = b.post("/security/codes", "password", first)
	if p.code != 200 || p.Find(".letter code").Length() != 10 {
		t.Fatalf("%d, %d codes", p.code, p.Find("code").Length())
	}
	saved := p.Find(".letter code").First().Text()
	other := h.surfer()
	if p := other.post("/sign-in", "email", hana, "password", first, "return", "/account/orders"); p.to != "/sign-in/second?return=%2Faccount%2Forders" || other.cookie("__Host-session") != "" {
		t.Fatalf("the first step: %s", p.to)
	}
	if p := other.post("/sign-in/second", "code", "000000"); p.code != 422 || p.errors()["code"] == "" {
		t.Errorf("a wrong code: %d", p.code)
	}
	if p := other.post("/sign-in/second", "code", saved, "return", "/account/orders"); p.to != "/account/orders" {
		t.Errorf("a saved code: %d %s %v", p.code, p.to, p.errors())
	}
	if p := h.surfer().post("/sign-in/second", "code", saved); p.to != "/sign-in?why=signin.second-over" {
		t.Errorf("the second step without the first: %d %s", p.code, p.to)
	}
	if p := b.post("/security/two-step/end", "password", first, "code", code(30*time.Second)); p.code != 409 || p.errors()[""] == "" {
		t.Errorf("ending the last strong factor: %d %v", p.code, p.errors())
	}
	if f, err := h.life.Factors(t.Context(), who); err != nil || f.TwoStep.IsZero() || f.Codes != 9 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestResetInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	here := h.surfer().signIn(hana, first)
	b := h.surfer()
	ask := func(email, answer string) page {
		puzzle := b.get("/reset").Find("input[name=puzzle]").AttrOr("value", "")
		if answer == "" {
			answer = h.digits(puzzle)
		}
		return b.post("/reset", "email", email, "puzzle", puzzle, "answer", answer)
	}
	if p := ask(hana, "abc"); p.code != 422 || p.errors()["answer"] == "" || p.Find("#email").AttrOr("value", "") != hana {
		t.Errorf("a wrong answer: %d %v", p.code, p.errors())
	}
	if p := ask(hana, ""); p.to != "/reset-sent" {
		t.Fatalf("asking: %d %v", p.code, p.errors())
	}
	path := "/reset/" + h.token(hana, "/reset/")
	if p := b.get(path); p.code != 200 || p.Find("input[name=password]").Length() != 1 {
		t.Errorf("the page of the link: %d", p.code)
	}
	if p := b.post(path, "password", "short1"); p.code != 422 || p.errors()["password"] == "" {
		t.Errorf("a short password: %d", p.code)
	}
	if p := b.post(path, "password", fresh); p.to != "/sign-in?done=reset" || b.cookie("__Host-session") != "" {
		t.Fatalf("setting it: %d %v", p.code, p.errors())
	}
	if p := b.post(path, "password", "cobalt.9.kettle.row"); p.code != 409 && p.code != 404 {
		t.Errorf("the link again: %d", p.code)
	}
	if p := here.get("/security"); p.code != 303 {
		t.Errorf("the session from before: %d", p.code)
	}
	b.signIn(hana, fresh)
}

func TestSessionsInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	a, b := h.surfer().signIn(hana, first), h.surfer().signIn(hana, first)
	p := a.get("/security")
	if n := p.Find("form[action^='/security/sessions/']").Length(); n != 2 {
		t.Fatalf("%d other sessions are listed", n)
	}
	if q := a.post(p.Find("form[action^='/security/sessions/']").First().AttrOr("action", "")); q.to != "/security?done=session" {
		t.Errorf("ending one: %d", q.code)
	}
	if q := a.post("/security/sessions/ses_nobody/end"); q.code != 404 {
		t.Errorf("one that is not there: %d", q.code)
	}
	if q := a.post("/security/others/end"); q.to != "/security?done=others" {
		t.Errorf("ending the others: %d", q.code)
	}
	if q := b.get("/"); q.code != 303 {
		t.Errorf("the other browser: %d", q.code)
	}
	if q := a.get("/"); q.code != 200 {
		t.Errorf("this one: %d", q.code)
	}
}

// Nobody learns from a page whether an address has an account.
func TestKnownAndUnknownNamesLookAlike(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	shape := func(p page) map[string]string {
		out := p.errors()
		out["code"], out["to"], out["title"] = fmt.Sprint(p.code), p.to, p.Find("title").Text()
		out["cookies"] = fmt.Sprint(len(p.head.Values("Set-Cookie")))
		var classes []string
		p.Find("main *").Each(func(_ int, s *goquery.Selection) { classes = append(classes, s.AttrOr("class", "")) })
		out["shape"] = strings.Join(classes, " ")
		return out
	}
	for name, ask := range map[string]func(email string) page{
		"signing in": func(email string) page {
			return h.surfer().post("/sign-in", "email", email, "password", "wrong-9-password")
		},
		"registering": func(email string) page {
			return h.surfer().post("/register", "email", email, "password", fresh, "name", "Ken")
		},
		"resetting": func(email string) page {
			b := h.surfer()
			puzzle := b.get("/reset").Find("input[name=puzzle]").AttrOr("value", "")
			return b.post("/reset", "email", email, "puzzle", puzzle, "answer", h.digits(puzzle))
		},
	} {
		known, unknown := shape(ask(hana)), shape(ask("nobody@example.jp"))
		if d := cmp.Diff(known, unknown); d != "" {
			t.Errorf("%s differs:\n%s", name, d)
		}
	}
}

func TestOnlyThePasswordOpensTheWayToHelp(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	b := h.surfer().signIn(hana, first)
	h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := account.Turn(tx, who.Account, account.Frozen, time.Time{}, account.Open)
		return err
	}))
	if p := h.surfer().post("/sign-in", "email", hana, "password", first); p.to != "/help?why=signin.held" {
		t.Errorf("the right password: %d %s", p.code, p.to)
	}
	if p := h.surfer().post("/sign-in", "email", hana, "password", "wrong-9-password"); p.code != 401 {
		t.Errorf("a wrong one: %d", p.code)
	}
	if p := b.post("/account/name", "name", "x"); p.code != 303 || !strings.HasPrefix(p.to, "/sign-in?") {
		t.Errorf("the session from before: %d %s", p.code, p.to)
	}
}

func TestGETChangesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	who := h.hana()
	h.fill(who)
	b := h.surfer().signIn(hana, first)
	h.ok(h.life.AskReset(t.Context(), hana, access.Client{}))
	reset := h.token(hana, "/reset/")
	h.ok(h.life.ChangeEmail(t.Context(), who, "hana@new.example", seal.NewSecret(first)))
	confirm := h.token("hana@new.example", "/confirm/")
	before, facts := h.changes(who.Account), h.facts(who)
	for range 2 {
		for _, path := range append(own, "/reset/"+reset, "/confirm/"+confirm, "/history?before=3", "/account/email?show=1") {
			if p := b.get(path); p.code != 200 && p.code != 303 {
				t.Errorf("%s: %d", path, p.code)
			}
		}
	}
	if n := h.changes(who.Account) - before; n != 1 { // the one sensitive view, once
		t.Errorf("%d entries came from GET", n)
	}
	if d := cmp.Diff(facts, h.facts(who)); d != "" {
		t.Error(d)
	}
	h.ok(h.life.PeekReset(t.Context(), reset))
}

// own are the pages of this half of the face that need no id.
var own = []string{"/", "/register", "/registered", "/sign-in", "/reset", "/reset-sent", "/security", "/security/prove", "/security/two-step", "/security/two-step/end",
	"/security/codes", "/history", "/account/name", "/account/language", "/account/email", "/account/phone", "/account/password", "/account/addresses", "/account/cards", "/account/orders"}

func (h *house) facts(who access.Actor) map[string]string {
	h.Helper()
	_, facts, err := h.life.Facts(h.Context(), who)
	h.ok(err)
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(facts)) {
		out[k] = string(facts[k].Value)
	}
	return out
}

// fill gives an account the things of some months.
func (h *house) fill(who access.Actor) {
	h.Helper()
	shop := access.Actor{Role: access.Service, ID: "shop"}
	id, err := h.life.AddAddress(h.Context(), who, signin.Address{To: "佐藤 花子", Post: "150-0001", Line: "東京都渋谷区神宮前1-2-3 メゾン青葉 405"})
	h.ok(err)
	_, err = h.life.AddAddress(h.Context(), who, signin.Address{To: "佐藤 実家", Post: "530-0001", Line: "大阪府大阪市北区梅田4-5-6"})
	h.ok(err)
	_, err = h.life.AddCard(h.Context(), who, signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/39"}, seal.NewSecret(first))
	h.ok(err)
	_, err = h.life.AddCard(h.Context(), who, signin.Card{Token: "tok_1b2c3d44", Brand: "jcb", Last4: "0005", Expiry: "04/38"}, seal.NewSecret(first))
	h.ok(err)
	_, err = h.life.ChangePhone(h.Context(), who, "090-1234-5678", seal.NewSecret(first))
	h.ok(err)
	_, err = h.life.Move(h.Context(), shop, who.Account, signin.Movement{Path: "points", Amount: 1250})
	h.ok(err)
	for i, items := range []string{"煎茶 100g、急須", "Linen towels (3)", "手ぬぐい 雲"} {
		h.ok(h.life.PlaceOrder(h.Context(), shop, who.Account, fmt.Sprintf("order/k-2026-%04d", 117+i), signin.Order{ShipTo: "address/" + id, Effect: "undo", Amount: fmt.Sprint(4200 + 1350*i), Currency: "JPY", Items: items,
			Placed: time.Now().Add(-time.Duration(3-i) * 200 * time.Hour)}))
	}
	h.ok(h.db.Write(h.Context(), func(tx *db.Tx) error { // a look by the desk
		_, err := h.life.Book.Append(tx, history.Entry{Account: who.Account, By: access.Actor{Role: access.Agent, ID: "staff_1", Name: "Tanaka", Case: "case_1"}, Verb: history.Look})
		return err
	}))
}
