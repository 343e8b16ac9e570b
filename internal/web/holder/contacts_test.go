package holder_test

import (
	"strings"
	"testing"
)

func TestContactsInPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.person(hana, first, "佐藤 花子")
	b := h.surfer()
	b.signIn(hana, first)
	p := b.get("/security/contacts?lang=en")
	if p.code != 200 || !strings.Contains(p.text, "You have only one way back") || strings.Contains(p.text, hana) || p.Find("a[href^='/security/contacts/remove']").Length() != 0 {
		t.Errorf("the page of one contact: %d %s", p.code, p.text)
	}
	if p := b.post("/security/contacts", "email", "hana@work.example", "password", fresh); p.code != 422 || len(p.errors()) == 0 {
		t.Errorf("a wrong password: %d %v", p.code, p.errors())
	}
	if p := b.post("/security/contacts", "email", "hana@work.example", "password", first); p.to != "/security/contacts?done=email.asked" {
		t.Fatalf("adding: %d %s %v", p.code, p.to, p.errors())
	}
	if p := b.post("/confirm/" + h.token("hana@work.example", "/confirm/")); p.code != 303 {
		t.Fatalf("confirming: %d %v", p.code, p.errors())
	}
	b.post("/account/phone", "phone", "090-1234-5678", "password", first)
	p = b.get("/security/contacts?lang=en")
	remove, there := p.Find("a[href^='/security/contacts/remove']").First().Attr("href")
	if !there || p.Find("li .masked").Length() != 3 || strings.Contains(p.text, "only one way back") || !strings.Contains(p.text, "Not confirmed") {
		t.Errorf("the page of three contacts: %s", p.text)
	}
	if p := b.post("/security/contacts/code", "slot", "phone"); p.code != 409 {
		t.Errorf("a code where no texts are sent: %d", p.code)
	}
	if p := b.post("/security/contacts/confirm", "slot", "phone", "code", "123456"); p.code != 422 {
		t.Errorf("a code that nobody sent: %d", p.code)
	}
	slot := remove[strings.Index(remove, "slot=")+5:]
	slot = strings.ReplaceAll(slot, "%2f", "/")
	slot = strings.ReplaceAll(slot, "%2F", "/")
	if p := b.get(remove); p.code != 200 || p.Find("input[name=slot]").Length() != 1 {
		t.Errorf("the page that removes: %d", p.code)
	}
	if p := b.post("/security/contacts/remove", "slot", "email", "password", first); p.code != 409 {
		t.Errorf("removing the sign-in name: %d", p.code)
	}
	if p := b.post("/security/contacts/remove", "slot", slot, "password", first); p.to != "/security/contacts?done=contact.removed" {
		t.Errorf("removing %s: %d %s", slot, p.code, p.to)
	}
}
