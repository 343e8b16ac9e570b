package holder_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/passkey/keytest"
)

// options asks a page's script address what to ask the authenticator.
func (b *surfer) options(path string, fields ...string) json.RawMessage {
	b.h.Helper()
	p := b.post(path, fields...)
	if p.code != 200 || p.head.Get("Content-Type") != "application/json" {
		b.h.Fatalf("%s: %d to %s, %v", path, p.code, p.to, p.errors())
	}
	return json.RawMessage(p.text)
}

// enrols adds a passkey by the pages and gives its id.
func (b *surfer) enrols(phone *keytest.Authenticator, name string) string {
	b.h.Helper()
	options := b.options("/security/passkeys/ask", "name", name, "password", first)
	if p := b.post("/security/passkeys/new", "name", name, "answer", phone.Make(options)); p.to != "/security/passkeys?done=passkey" {
		b.h.Fatalf("enrolling: %d to %s %v", p.code, p.to, p.errors())
	}
	link := b.get("/security/passkeys").Find("a[href$='/remove']").Last().AttrOr("href", "")
	return strings.TrimSuffix(strings.TrimPrefix(link, "/security/passkeys/"), "/remove")
}

// ages makes everything that an account has to prove with so much older.
func (h *house) ages(d time.Duration) {
	h.Helper()
	h.ok(h.db.Write(h.Context(), func(tx *db.Tx) error {
		return tx.Put(`UPDATE secret SET from_at = from_at - $1`, d.Microseconds())
	}))
}

func TestPasskeysInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	phone := keytest.New(t, h.named)
	if p := b.post("/security/passkeys/ask", "name", "phone", "password", "wrong-9-password"); p.code != 422 || p.errors()["password"] == "" || p.Find("#name").AttrOr("value", "") != "phone" {
		t.Errorf("a wrong password: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/passkeys/new", "name", "phone", "password", first); p.code != 422 || p.errors()[""] == "" {
		t.Errorf("a browser without script: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/passkeys/new", "name", "phone", "answer", `{"id":"x"}`); p.code != 422 || p.errors()[""] == "" {
		t.Errorf("nonsense: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/passkeys/ask", "name", "see evil.example", "password", first); p.code != 422 || p.errors()["name"] == "" {
		t.Errorf("named like a link: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/passkeys/new", "name", "other", "answer", phone.Make(b.options("/security/passkeys/ask", "name", "phone", "password", first))); p.to == "" {
		t.Errorf("enrolling: %d %v", p.code, p.errors())
	}
	phone.Origin = "https://evil.example"
	if p := b.post("/security/passkeys/new", "name", "x", "answer", phone.Make(b.options("/security/passkeys/ask", "name", "x", "password", first))); p.code != 422 {
		t.Errorf("made on another site: %d to %s", p.code, p.to)
	}
}

func TestSignInWithAPasskeyInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	phone, ring := keytest.New(t, h.named), keytest.New(t, h.named)
	one, two := b.enrols(phone, "my phone"), b.enrols(ring, "key on the ring")
	if p := b.get("/security/passkeys"); !strings.Contains(p.text, "my phone") || !strings.Contains(p.text, "key on the ring") {
		t.Error("the list does not name them")
	}
	if p := b.post("/security/passkeys/"+one, "name", "old phone"); p.to != "/security/passkeys?done=passkey.renamed" {
		t.Errorf("renaming: %d %v", p.code, p.errors())
	}
	if p := b.get("/security/passkeys/k_nobodys"); p.code != 404 {
		t.Errorf("one that is not there: %d", p.code)
	}
	alone := h.surfer()
	options := alone.options("/sign-in/passkey/ask")
	if strings.Contains(string(options), "allowCredentials") {
		t.Error("a stranger hears which passkeys there are")
	}
	if p := h.surfer().post("/sign-in/passkey", "answer", phone.Present(options)); p.code != 409 {
		t.Errorf("answered in another browser: %d", p.code)
	}
	if p := alone.post("/sign-in/passkey", "answer", phone.Present(alone.options("/sign-in/passkey/ask")), "return", "/account/orders"); p.to != "/account/orders" || alone.cookie("__Host-session") == "" {
		t.Errorf("with a passkey alone: %d to %s %v", p.code, p.to, p.errors())
	}
	other := h.surfer()
	if p := other.post("/sign-in", "email", hana, "password", first); !strings.HasPrefix(p.to, "/sign-in/second") {
		t.Fatalf("the password alone: %d to %s", p.code, p.to)
	}
	if p := other.get("/sign-in/second"); p.Find("form[data-ask='/sign-in/second/ask']").Length() != 1 || p.Find("#code").Length() != 0 {
		t.Error("the second step offers what the account does not have")
	}
	if p := other.post("/sign-in/second/passkey", "answer", ring.Present(other.options("/sign-in/second/ask"))); p.to != "/" {
		t.Errorf("as the second step: %d to %s %v", p.code, p.to, p.errors())
	}
	if p := other.post("/security/passkeys/" + two + "/remove"); p.to != "/security/passkeys?done=passkey.removed" {
		t.Errorf("removing: %d to %s %v", p.code, p.to, p.errors())
	}
	if p := alone.post("/security/passkeys/" + one + "/remove"); p.code != 409 || p.errors()[""] == "" {
		t.Errorf("removing the last one: %d to %s", p.code, p.to)
	}
	gone := h.surfer()
	if p := gone.post("/sign-in/passkey", "answer", ring.Present(gone.options("/sign-in/passkey/ask"))); p.code != 422 || p.errors()[""] == "" {
		t.Errorf("with the one that was removed: %d %v", p.code, p.errors())
	}
}

func TestAStrongProofIsAskedForAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	phone := keytest.New(t, h.named)
	h.surfer().signIn(hana, first).enrols(phone, "phone")
	b := h.surfer()
	h.ages(100 * time.Hour)
	b.post("/sign-in/passkey", "answer", phone.Present(b.options("/sign-in/passkey/ask")))
	if p := b.get("/account/email"); p.code != 200 || p.Find("#password").Length() != 0 {
		t.Errorf("after a passkey the form asks for the password: %d", p.code)
	}
	h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error { // eleven minutes go by
		return tx.Put(`UPDATE strong_proof SET at = at - $1`, (11 * time.Minute).Microseconds())
	}))
	if p := b.get("/account/phone"); !strings.HasPrefix(p.to, "/security/prove?return=%2Faccount%2Fphone&why=prove.strong") {
		t.Errorf("showing the form: %d to %s", p.code, p.to)
	}
	p := b.post("/account/email", "email", "hana@new.example", "password", first)
	prove, err := url.Parse(p.to)
	if err != nil || prove.Path != "/security/prove" || strings.Contains(p.to, "new.example") {
		t.Fatalf("sending it: %d to %s", p.code, p.to)
	}
	back := prove.Query().Get("return")
	if page := b.get(p.to); page.Find("form[data-ask='/security/prove/ask'] input[name=return]").AttrOr("value", "") != back || page.Find("#code").Length() != 0 || page.Find("#password").Length() != 0 {
		t.Errorf("the page offers what would not do, or forgets the way back")
	}
	p = b.post("/security/prove/passkey", "answer", phone.Present(b.options("/security/prove/ask")), "return", back)
	if p.to != back {
		t.Fatalf("proving: %d to %s %v", p.code, p.to, p.errors())
	}
	if page := b.get(p.to); page.code != 200 || page.Find("#email").AttrOr("value", "") != "hana@new.example" || strings.Contains(page.text, first) {
		t.Errorf("%d: the form has %q in it", page.code, page.Find("#email").AttrOr("value", ""))
	}
	if page := b.get("/account/phone?kept=" + url.QueryEscape(strings.SplitN(back, "kept=", 2)[1])); page.code != 200 {
		t.Errorf("what was typed on another page: %d", page.code)
	}
	if p := b.post("/account/email", "email", "hana@new.example"); p.to != "/security?done=email.asked" {
		t.Errorf("sending it again: %d to %s %v", p.code, p.to, p.errors())
	}
}

// Whoever has nothing but a password is asked for what he has always been asked for.
func TestAPasswordIsEnoughForWhoHasNothingElse(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	if p := b.get("/security/prove"); p.Find("#password").Length() != 1 || p.Find("#code").Length() != 0 {
		t.Error("the page offers what the account does not have")
	}
	if p := b.post("/security/prove/password", "password", "wrong-9-password"); p.code != 422 || p.errors()["password"] == "" {
		t.Errorf("a wrong one: %d", p.code)
	}
	if p := b.post("/security/prove/password", "password", first, "return", "/account/cards"); p.to != "/account/cards" {
		t.Errorf("%d to %s", p.code, p.to)
	}
	if p := b.post("/account/email", "email", "hana@new.example", "password", first); p.to != "/security?done=email.asked" {
		t.Errorf("%d to %s %v", p.code, p.to, p.errors())
	}
}

// A copy and the end of the account go by the same table as everything else: after a passkey nobody types a password.
func TestAPasskeyIsEnoughForACopyAndForClosing(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	phone := keytest.New(t, h.named)
	h.surfer().signIn(hana, first).enrols(phone, "phone")
	h.ages(100 * time.Hour)
	b := h.surfer()
	b.post("/sign-in/passkey", "answer", phone.Present(b.options("/sign-in/passkey/ask")))
	for _, path := range []string{"/security/data", "/security/close"} {
		if p := b.get(path); p.code != 200 || p.Find("#password").Length() != 0 || p.Find("form[method=post].card").Length() != 1 {
			t.Errorf("%s asks for the password: %d", path, p.code)
		}
		if p := b.post(path); p.code != 303 || !strings.HasPrefix(p.to, path+"?done=") {
			t.Errorf("%s: %d to %s %v", path, p.code, p.to, p.errors())
		}
	}
	if p := b.get("/security/data"); p.Find("#password").Length() != 0 {
		t.Error("fetching the copy asks for the password")
	}
	if p := b.post("/security/data/copy"); p.code != 200 {
		t.Errorf("fetching the copy: %d to %s", p.code, p.to)
	}
	h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error { // eleven minutes go by
		return tx.Put(`UPDATE strong_proof SET at = at - $1`, (11 * time.Minute).Microseconds())
	}))
	for _, path := range []string{"/security/data", "/security/close", "/security/data/copy"} {
		if p := b.post(path, "password", first); !strings.HasPrefix(p.to, "/security/prove?") {
			t.Errorf("%s with the password alone: %d to %s", path, p.code, p.to)
		}
	}
}
