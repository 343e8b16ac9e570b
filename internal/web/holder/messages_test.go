package holder_test

import (
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/mail"
	"takeback/internal/story/browser"
)

// lettersTo sends a notice and a letter of a case, and gives their ids.
func (h *house) lettersTo(who access.Actor, language string) (open, guarded string) {
	h.Helper()
	to, err := mail.ParseAddress(hana)
	h.ok(err)
	what, answer := "e-mail address", "Thank you for writing to us.\nWe have looked at it.\n\nThe order was stopped."
	if language == "ja" {
		what, answer = "メールアドレス", "お問い合わせありがとうございます。"
	}
	h.ok(h.db.Write(h.Context(), func(tx *db.Tx) (err error) {
		open, err = h.life.Post.Queue(tx, mail.Letter{Account: who.Account, To: to, Name: "佐藤 花子", Language: language,
			Body: mail.Notice{Event: mail.Requested, What: what, To: "h***@n***.example", At: tx.Now, Due: tx.Now, IP: "192.0.2.7", Device: "Safari, iOS", NotMe: "/not-me/t0ken", NotMeUntil: tx.Now}})
		if err == nil {
			guarded, err = h.life.Post.Queue(tx, mail.Letter{Account: who.Account, Case: "case_1", To: to, Language: language, Body: mail.Answer{Case: "case_1", Text: answer, Link: "/contact/case_1/t0ken"}})
		}
		return err
	}))
	h.ok(h.runner.Drain(h.Context()))
	return open, guarded
}

func TestALetterIsReadOnItsPage(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	open, guarded := h.lettersTo(h.hana(), "en")
	b := h.surfer().signIn(hana, first)
	list := b.get("/messages")
	for _, id := range []string{open, guarded} {
		if list.Find(`main a[href="/messages/`+id+`"]`).Length() != 1 {
			t.Errorf("the list does not lead to %s", id)
		}
	}
	p := b.get("/messages/" + open)
	if p.code != 200 || !strings.Contains(p.Find("article").Text(), "h***@n***.example") || strings.Contains(p.text, "t0ken") || strings.Contains(p.text, hana) || p.Find("article a").Length() != 0 {
		t.Errorf("%d %s", p.code, p.text)
	}
	p = b.get("/messages/" + guarded)
	if p.code != 200 || p.Find("article").Length() != 0 || strings.Contains(p.text, "was stopped") || p.Find(`a[href^="/security/prove"]`).Length() != 0 {
		t.Errorf("what a case says: %d %s", p.code, p.text)
	}
	h.person("ken@example.jp", fresh, "Ken")
	ken := h.surfer().signIn("ken@example.jp", fresh)
	for _, id := range []string{open, "letter_0", "%00"} {
		if p := ken.get("/messages/" + id); p.code != 404 && p.code != 422 {
			t.Errorf("%s to somebody else: %d", id, p.code)
		}
	}
	if p := h.surfer().get("/messages/" + open); p.code != 303 {
		t.Errorf("to a stranger: %d", p.code)
	}
}

// A letter reads well on a telephone and on a desk, in both languages, also where it may not be read.
func TestLettersInChromium(t *testing.T) {
	t.Parallel()
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		h := build(t, false)
		open, guarded := h.lettersTo(h.hana(), tab.Lang)
		h.enters(tab)
		for name, path := range map[string]string{"letters": "/messages", "letter": "/messages/" + open, "letter-guarded": "/messages/" + guarded} {
			tab.Navigate(h.server.URL + path + "?lang=" + tab.Lang)
			tab.Look(name)
		}
	})
}
