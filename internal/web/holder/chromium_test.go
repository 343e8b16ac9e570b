package holder_test

import (
	"strings"
	"testing"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/seal"
	"takeback/internal/story/browser"
)

// Every page fits its window, says nothing to the console, and can be read by
// a screen reader.
func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	who := h.hana()
	h.fill(who)
	h.ok(h.life.ChangeEmail(t.Context(), who, "hana@new.example", seal.NewSecret(first)))
	confirm := "/confirm/" + h.token("hana@new.example", "/confirm/")
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		look := func(name, path string) {
			tab.Navigate(h.server.URL + path)
			tab.Look(name)
		}
		for _, path := range []string{"/register", "/registered", "/sign-in", "/reset", "/reset-sent", confirm} {
			look(strings.Split(path, "/")[1], path+"?lang="+tab.Lang)
		}
		tab.Allow("status of 422")
		tab.Navigate(h.server.URL + "/register?lang=" + tab.Lang)
		tab.Fill("#name", "Ken")
		tab.Fill("#email", "ken@example.jp")
		tab.Fill("#password", "パスワード123")
		tab.Follow("form.form button")
		tab.Look("register-wrong")
		h.enters(tab)
		for _, path := range own {
			if name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"); path == "/" || strings.Contains(path, "/account") || strings.Contains(path, "/security") || path == "/history" {
				look("own-"+name, path)
			}
		}
		for name, path := range map[string]string{"two-step-app": "/security/two-step", "codes-new": "/security/codes"} {
			tab.Navigate(h.server.URL + path)
			tab.Fill("#password", first)
			tab.Follow("form.form button")
			tab.Look(name)
		}
	})
}

// A guarded account says what waits, and until when.
func TestGuardedPagesInChromium(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	who := h.hana()
	h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := account.Turn(tx, who.Account, account.Guarded, tx.Now.AddDate(0, 0, 30), account.Open)
		return err
	}))
	tab := browser.Open(t, browser.Phone, "ja")
	h.enters(tab)
	tab.Navigate(h.server.URL + "/account/phone")
	tab.Fill("#phone", "090-1234-5678")
	tab.Fill("#password", first)
	tab.Follow("form.form button")
	if !strings.Contains(tab.URL(), "done=phone.waits") || !tab.Has("form[action$='/cancel']") {
		t.Errorf("at %s nothing waits", tab.URL())
	}
	tab.Look("guarded-security")
	tab.Follow("form[action$='/cancel'] button")
	if tab.Has("form[action$='/cancel']") {
		t.Error("it still waits")
	}
}

// enters signs Hana in, in a window of the reader's language.
func (h *house) enters(tab *browser.Tab) {
	h.Helper()
	tab.Navigate(h.server.URL + "/sign-in?lang=" + tab.Lang)
	tab.Fill("#email", hana)
	tab.Fill("#password", first)
	tab.Follow("form.form button")
}
