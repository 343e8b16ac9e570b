package holder_test

import (
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
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		tab.Navigate(h.url + h.invited() + "?lang=" + tab.Lang)
		tab.Look("recovery-link")
		tab.Follow("form.form button")
		tab.Look("recovery")
		browser.Eval[bool](tab, `document.querySelector("details").open = true`)
		tab.Look("recovery-why")
		tab.Follow("button[value=unsure]")
		tab.Look("recovery-unsure")
	})
}
