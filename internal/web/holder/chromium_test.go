package holder_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/seal"
	"takeback/internal/story/browser"
)

// Every page fits its window, says nothing to the console, and can be read by
// a screen reader; TAKEBACK_SHOTS names a folder for pictures to look at.
func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	who := h.hana()
	h.fill(who)
	h.ok(h.life.ChangeEmail(t.Context(), who, "hana@new.example", seal.NewSecret(first)))
	confirm := "/confirm/" + h.token("hana@new.example", "/confirm/")
	for _, size := range []browser.Size{browser.Phone, browser.Desk} {
		for _, lang := range []string{"ja", "en"} {
			width := map[browser.Size]int{browser.Phone: 390, browser.Desk: 1280}[size]
			t.Run(fmt.Sprintf("%s at %d", lang, width), func(t *testing.T) {
				tab := browser.Open(t, size, lang)
				look := func(name, path string) {
					if path != "" {
						tab.Navigate(h.server.URL + path)
					}
					if w := browser.Eval[int](tab, `document.documentElement.scrollWidth`); w > width {
						t.Errorf("%s is %d wide", name, w)
					}
					if (size == browser.Phone) == (lang == "ja") { // it takes most of the time: each size and each language once
						tab.Axe()
					}
					if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
						tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, lang, width)))
					}
				}
				for _, path := range []string{"/register", "/registered", "/sign-in", "/reset", "/reset-sent", confirm} {
					look(strings.NewReplacer("/", "", confirm, "confirm").Replace(path), path+"?lang="+lang)
				}
				tab.Allow("status of 422")
				tab.Navigate(h.server.URL + "/register?lang=" + lang)
				tab.Fill("#name", "Ken")
				tab.Fill("#email", "ken@example.jp")
				tab.Fill("#password", "パスワード123")
				tab.Follow("form.form button")
				look("register-wrong", "")
				tab.Navigate(h.server.URL + "/sign-in?lang=" + lang)
				tab.Fill("#email", hana)
				tab.Fill("#password", first)
				tab.Follow("form.form button")
				for _, path := range own {
					if name := strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"); path == "/" || strings.Contains(path, "/account") || strings.Contains(path, "/security") || path == "/history" {
						look("own-"+name, path)
					}
				}
				for name, path := range map[string]string{"two-step-app": "/security/two-step", "codes-new": "/security/codes"} {
					tab.Navigate(h.server.URL + path)
					tab.Fill("#password", first)
					tab.Follow("form.form button")
					look(name, "")
				}
			})
		}
	}
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
	tab.Navigate(h.server.URL + "/sign-in?lang=ja")
	tab.Fill("#email", hana)
	tab.Fill("#password", first)
	tab.Follow("form.form button")
	tab.Navigate(h.server.URL + "/account/phone")
	tab.Fill("#phone", "090-1234-5678")
	tab.Fill("#password", first)
	tab.Follow("form.form button")
	if !strings.Contains(tab.URL(), "done=phone.waits") || !tab.Has("form[action$='/cancel']") {
		t.Errorf("at %s nothing waits", tab.URL())
	}
	if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
		tab.Screenshot(filepath.Join(folder, "guarded-security.png"))
	}
	tab.Follow("form[action$='/cancel'] button")
	if tab.Has("form[action$='/cancel']") {
		t.Error("it still waits")
	}
}
