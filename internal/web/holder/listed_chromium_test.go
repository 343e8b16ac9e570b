package holder_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"takeback/internal/breach"
	"takeback/internal/story/browser"
)

// Whoever signs in with a password that is on the lists of intruders is led to
// choosing another one, and sees why there and on the page of their safety.
func TestAListedPasswordLeadsToChoosingAnother(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	h.hana()
	words, filter := filepath.Join(t.TempDir(), "words"), filepath.Join(t.TempDir(), "filter")
	h.ok(os.WriteFile(words, []byte(first+"\n"), 0o600))
	h.ok(breach.Build(t.Context(), breach.Building{From: []string{words}, Out: filter}))
	opened, err := breach.Open(filter)
	h.ok(err)
	t.Cleanup(func() { h.ok(opened.Close()) })
	h.life.Breach = breach.Lists{Filter: opened}
	for _, size := range []browser.Size{browser.Phone, browser.Desk} {
		for _, lang := range []string{"ja", "en"} {
			width := map[browser.Size]int{browser.Phone: 390, browser.Desk: 1280}[size]
			t.Run(fmt.Sprintf("%s at %d", lang, width), func(t *testing.T) {
				tab := browser.Open(t, size, lang)
				tab.Navigate(h.server.URL + "/sign-in?lang=" + lang)
				tab.Fill("#email", hana)
				tab.Fill("#password", first)
				tab.Follow("form.form button")
				for _, path := range []string{"/account/password", "/security"} {
					if at := browser.Eval[string](tab, `location.pathname`); at != path {
						t.Fatalf("it leads to %s, not %s", at, path)
					}
					if w := browser.Eval[int](tab, `document.documentElement.scrollWidth`); w > width {
						t.Errorf("%s is %d wide", path, w)
					}
					if n := browser.Eval[int](tab, `document.querySelectorAll("#listed").length`); n != 1 {
						t.Errorf("%s says it %d times", path, n)
					}
					if (size == browser.Phone) == (lang == "ja") {
						tab.Axe()
					}
					if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
						tab.Screenshot(filepath.Join(folder, fmt.Sprintf("listed-%s-%s-%d.png", filepath.Base(path), lang, width)))
					}
					tab.Navigate(h.server.URL + "/security")
				}
			})
		}
	}
}
