package holder_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/story/browser"
	"takeback/internal/wave"

	"github.com/PuerkitoBio/goquery"
)

// prove asks for a challenge and works it out, as proof.js does.
func (b *surfer) prove(what string) string {
	b.h.Helper()
	var challenge struct {
		Parameters struct {
			Cost, KeyLength        int
			KeyPrefix, Nonce, Salt string
		}
	}
	text := b.get("/challenge?for=" + what).text
	b.h.ok(json.Unmarshal([]byte(text), &challenge))
	p := challenge.Parameters
	nonce, err := hex.DecodeString(p.Nonce)
	b.h.ok(err)
	salt, err := hex.DecodeString(p.Salt)
	b.h.ok(err)
	for n := uint32(0); ; n++ {
		key, err := pbkdf2.Key(sha256.New, string(binary.BigEndian.AppendUint32(nonce, n)), salt, p.Cost, p.KeyLength)
		b.h.ok(err)
		if derived := hex.EncodeToString(key); strings.HasPrefix(derived, p.KeyPrefix) {
			return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"challenge":%s,"solution":{"counter":%d,"derivedKey":%q}}`, strings.TrimSpace(text), n, derived))
		}
	}
}

// withoutScript gives the puzzle that stands in a page for browsers without script.
func (b *surfer) withoutScript(p page) (puzzle string) {
	b.h.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(p.Find("noscript").Text()))
	b.h.ok(err)
	return doc.Find("input[name=puzzle]").AttrOr("value", "")
}

// surge lets many names fail, from everywhere.
func (h *house) surge(names int) {
	h.Helper()
	for i := range names {
		h.waves.Failed(fmt.Sprintf("n%d@example.jp", i), access.Client{IP: fmt.Sprintf("10.%d.%d.1", i/200, i%200), UserAgent: fmt.Sprint(i)})
	}
	h.ok(h.waves.Look(h.Context()))
}

// The first of a day register as ever. Who comes when many have come from there pays with a sum, or reads a picture.
func TestMassRequestsCostSomething(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.surfer()
	if p := b.get("/register"); p.Find("[data-proof]").AttrOr("data-proof", "") != "/challenge?for=register" || p.Find("noscript").Length() != 0 {
		t.Errorf("at first: %s", p.text)
	}
	here := access.Client{IP: "127.0.0.1"}
	for range 20 {
		if h.life.Mass("register", here) {
			t.Fatal("twenty are no mass")
		}
	}
	register := func(name string, more ...string) page {
		return b.post("/register", append([]string{"email", name + "@example.jp", "password", fresh, "name", name}, more...)...)
	}
	bare := register("bare")
	if bare.code != 422 || b.withoutScript(bare) == "" || bare.errors()[""] == "" {
		t.Errorf("without an answer: %d %v", bare.code, bare.errors())
	}
	sum := b.prove("register")
	if p := register("sum", "altcha", sum); p.to != "/registered" {
		t.Errorf("with the sum: %d %v", p.code, p.errors())
	}
	if p := register("again", "altcha", sum); p.code != 422 {
		t.Errorf("with the same sum again: %d", p.code)
	}
	if p := register("other", "altcha", b.prove("contact")); p.code != 422 {
		t.Errorf("with the sum of another form: %d", p.code)
	}
	puzzle := b.withoutScript(b.get("/register"))
	if p := register("picture", "puzzle", puzzle, "answer", h.digits(puzzle)); p.to != "/registered" {
		t.Errorf("with the picture: %d %v", p.code, p.errors())
	}
	for _, bad := range []string{"x", "e30=", strings.Repeat("A", 5000), base64.StdEncoding.EncodeToString([]byte(`{"challenge":{"parameters":{"cost":1000000000}}}`))} {
		if p := register("bad", "altcha", bad); p.code != 422 {
			t.Errorf("with %.20q: %d", bad, p.code)
		}
	}
	if p := b.get("/challenge?for=everything"); p.code != 404 {
		t.Errorf("a challenge for what there is not: %d", p.code)
	}
}

// In a wave whoever signs in pays, and the device that was here before does not.
func TestAWaveAsksWhoeverSignsIn(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	known := h.surfer().signIn(hana, first)
	known.post("/sign-out")
	stranger := func() *surfer { return h.surfer() }
	if p := stranger().get("/sign-in"); p.Find("[data-proof]").Length() != 0 {
		t.Error("a proof is asked for in calm weather")
	}
	h.surge(80)
	if got := h.waves.Stands(access.Client{}); got != wave.Rising {
		t.Fatal(got)
	}
	try := func(b *surfer, more ...string) page {
		return b.post("/sign-in", append([]string{"email", hana, "password", first}, more...)...)
	}
	if p := try(stranger()); p.code != 422 || strings.Contains(p.text, first) {
		t.Errorf("a stranger without a proof: %d %v", p.code, p.errors())
	}
	b := stranger()
	if p := try(b, "altcha", b.prove("sign-in")); p.code != 303 {
		t.Errorf("a stranger with a proof: %d %v", p.code, p.errors())
	}
	b = stranger()
	puzzle := b.withoutScript(b.get("/sign-in"))
	if p := try(b, "puzzle", puzzle, "answer", h.digits(puzzle)); p.code != 303 {
		t.Errorf("a stranger without script: %d %v", p.code, p.errors())
	}
	if p := try(known); p.code != 303 {
		t.Errorf("the holder on a known device: %d %v", p.code, p.errors())
	}
	known.post("/sign-out")
	if p := known.post("/sign-in", "email", "ken@example.jp", "password", first); p.code != 422 {
		t.Errorf("the same device with another name: %d", p.code)
	}
	h.surge(900)
	b = stranger()
	if p := try(b, "altcha", b.prove("sign-in")); p.code != 422 {
		t.Errorf("a proof in a high wave: %d", p.code)
	}
	puzzle = b.get("/sign-in").Find("input[name=puzzle]").AttrOr("value", "")
	if p := try(b, "puzzle", puzzle, "answer", h.digits(puzzle)); p.code != 303 {
		t.Errorf("the picture in a high wave: %d %v", p.code, p.errors())
	}
}

// The browser works the sum out by itself; the person sees nothing of it.
func TestTheProofIsInvisibleInChromium(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	h.hana()
	h.surge(80)
	for _, lang := range []string{"en", "ja"} {
		tab := browser.Open(t, browser.Phone, lang)
		tab.Navigate(h.server.URL + "/sign-in?lang=" + lang)
		if tab.Has("fieldset.puzzle") {
			t.Error("a puzzle is shown")
		}
		tab.Fill("#email", hana)
		tab.Fill("#password", first)
		tab.Follow("form.form button")
		if got := tab.URL(); got != h.server.URL+"/" {
			t.Errorf("signed in, and now at %s", got)
		}
	}
}
