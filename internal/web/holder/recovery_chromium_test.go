package holder_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"takeback/internal/db"
	"takeback/internal/story/browser"
)

// The page of the questions is read by people who are afraid, mostly on a
// telephone: it fits, can be read by a screen reader, and is answered by a press of a button.
func TestTheQuestionsInChromium(t *testing.T) {
	t.Parallel()
	h := newHeld(t, db.SQLite)
	h.proves()
	for _, size := range []browser.Size{browser.Phone, browser.Desk} {
		for _, lang := range []string{"ja", "en"} {
			width := map[browser.Size]int{browser.Phone: 390, browser.Desk: 1280}[size]
			tab := browser.Open(t, size, lang)
			look := func(name string) {
				if w := browser.Eval[int](tab, `document.documentElement.scrollWidth`); w > width {
					t.Errorf("%s in %s is %d wide", name, lang, w)
				}
				if (size == browser.Phone) == (lang == "ja") {
					tab.Axe()
				}
				if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
					tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, lang, width)))
				}
			}
			tab.Navigate(h.url + h.invited() + "?lang=" + lang)
			look("recovery-link")
			tab.Follow("form.form button")
			look("recovery")
			browser.Eval[bool](tab, `document.querySelector("details").open = true`)
			look("recovery-why")
			tab.Follow("button[value=unsure]")
			look("recovery-unsure")
		}
	}
}
