package console_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/desk"
)

// TestPagesFitTheirWindow opens every page on a phone and on a desk, in both languages.
func TestPagesFitTheirWindow(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	boss, aki := h.staff("Mori", access.Supervisor), h.staff("Aki", access.Agent)
	h.done(aki.post("/desk/duty", "duty", "on"), "duty.on")
	h.call(2 * time.Minute)
	h.clock.Advance(75 * time.Second)
	h.write(func(tx *db.Tx) error {
		if _, err := casefile.ReportPhishing(tx, casefile.Phishing{Text: "こちらのメールは本物でしょうか。", Letter: []byte("From: care@kumo-store.example\nSubject: Your account\n\n" + strings.Repeat("click ", 60))}); err != nil {
			return err
		}
		for i, story := range []string{"My password does not work any more and there is an order I did not make.", ""} {
			c, _, err := h.files.Open(tx, casefile.Case{Source: "contact", Language: "en", Story: story}, access.Actor{})
			if err != nil {
				return err
			}
			if i == 0 {
				if _, err = h.files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "contact", Language: "en"}, access.Actor{}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	h.done(aki.act("answer", "question", "old-address", "answer-old-address", "目黒区"), "answer.right")
	h.done(aki.act("code", "version", "mail-1"), "code.sent")
	h.done(aki.act("contest", "claim", "ご主人を名乗る方からお電話があり、すぐに返してほしいとのことでした。"), "contested")
	h.done(aki.post(aki.page()+"/reply", "text", "ご連絡ありがとうございます。アカウントの停止について、お電話でご説明いたします。"), "replied")

	must(t, os.WriteFile(h.known, []byte("198.51.100.7\nno address\n"), 0o600))
	h.refresh()
	h.refresh()
	h.surge()
	token, err := h.desk.Vouch(t.Context(), desk.Newcomer{Name: "Ren", Email: "ren@desk.example", Role: access.Agent})
	must(t, err)
	h.want((&clerk{house: h}).post("/desk/welcome/"+token, "name", "Ren", "password", password), http.StatusSeeOther)
	boss.looks(map[string]string{"desk-sign-in": "/desk/sign-in", "desk-welcome": "/desk/welcome/" + token, "desk-queue": "/desk", "desk-case": boss.page(),
		"desk-wall": "/desk/wall", "desk-audit": "/desk/audit", "desk-staff": "/desk/staff", "desk-phishing": "/desk/phishing", "desk-post": "/desk/post", "desk-risk": "/desk/risk"})
}
