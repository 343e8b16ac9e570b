package holder_test

import (
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
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		h.enters(tab)
		for _, path := range []string{"/account/password", "/security"} {
			if at := browser.Eval[string](tab, `location.pathname`); at != path {
				t.Fatalf("it leads to %s, not %s", at, path)
			}
			if n := browser.Eval[int](tab, `document.querySelectorAll("#listed").length`); n != 1 {
				t.Errorf("%s says it %d times", path, n)
			}
			tab.Look("listed-" + filepath.Base(path))
			tab.Navigate(h.server.URL + "/security")
		}
	})
}
