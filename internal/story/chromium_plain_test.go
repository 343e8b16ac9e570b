package story

import (
	"net/http"
	"strings"
	"testing"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/mail/inbox"
	"takeback/internal/story/browser"
)

// TestStoryWithoutScript plays what a person in trouble needs in a browser that
// runs no scripts: asking for help, a new password, stopping the account.
func TestStoryWithoutScript(t *testing.T) {
	t.Parallel()
	s := &story{stage: newStage(t, dbtest.Place(t, db.SQLite), false)}
	s.present()
	h := s.enters(browser.Phone, "ja", "203.0.113.24", iPhone)
	h.WithoutScript()

	h.opens("/register", "")
	h.presses("form.form button", "#name", holderName, "#email", holderEmail, "#password", holderSecret)
	h.opens(s.linked(holderEmail, "/confirm/"), "")
	h.presses("form.form button")

	// She cannot sign in, and asks for help without being signed in.
	h.opens("/help", "")
	h.presses("a[href='/contact']")
	h.presses("form.form button", "#story", "ログインできなくなりました。", "#login", holderEmail, "#phone", holderPhone)
	h.at("/contact/case_")
	h.reads("#standing", "お電話")
	h.presses("form[data-quiet] button", "#text", "夜でも大丈夫です。")
	h.reads("#talk", "夜でも大丈夫です。")

	// She sets a new password, and somebody else might have done so.
	h.opens("/reset", "")
	h.presses("form.form button", "#email", holderEmail, "#answer", h.digits())
	h.opens(s.linked(holderEmail, "/reset/"), "")
	h.presses("form.form button", "#password", freshSecret)
	s.signsIn(h, holderEmail, freshSecret)
	session := h.cookie("__Host-session")

	// The letter about it stops the account.
	h.opens(s.letter(holderEmail, "about the password", func(l inbox.Letter) bool {
		return strings.Contains(l.Subject, "パスワードが変更") && l.Link("/not-me/") != ""
	}).Link("/not-me/"), "")
	s.asks(http.MethodGet, "/v1/session", session, nil, nil) // showing the page has stopped nothing
	h.presses(".stop-box button")
	h.at("/contact/case_")
	h.reads(".flash", "アカウントを停止しました")
	h.reads("#standing", "ご本人の確認")
	h.presses("form[data-quiet] button", "#text", "身に覚えがありません。")
	h.reads("#talk", "身に覚えがありません。")
	h.presses("form[action$='/call'] button", "#phone", holderPhone)
	h.reads("#standing", "お電話")
	h.opens("/", "")
	h.at("/sign-in")
}
