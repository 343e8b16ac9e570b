package holder_test

import (
	"strings"
	"testing"
)

// The page says when the account ends, and takes it back.
func TestClosingIsAskedForAndTakenBack(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.hana()
	b := h.surfer().signIn(hana, first)
	if p := b.post("/security/close", "password", "wrong"); p.code != 422 || p.errors()["password"] == "" {
		t.Errorf("a wrong password: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/close", "password", first); p.code != 303 || !strings.HasPrefix(p.to, "/security/close") {
		t.Fatalf("%d to %s", p.code, p.to)
	}
	form := b.get("/security/close").Find("form[action$='/cancel']")
	if form.Length() != 1 || b.get("/security").Find("form[action$='/cancel']").Length() != 1 {
		t.Fatal("the wish stands on no page")
	}
	if p := b.post("/security/close", "password", first); p.code != 409 && p.code != 422 {
		t.Errorf("asked twice: %d", p.code)
	}
	b.post(form.AttrOr("action", ""))
	if b.get("/security/close").Find("form[action$='/cancel']").Length() != 0 {
		t.Error("it waits still")
	}
}
