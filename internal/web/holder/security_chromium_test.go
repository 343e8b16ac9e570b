package holder_test

import (
	"strings"
	"testing"

	"takeback/internal/story/browser"
)

// The pages of the holder's own safety fit a phone and a desk, can be read by a
// screen reader, and say nothing to the console.
func TestTheSecurityPagesInChromium(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	who := h.hana()
	h.fill(who)
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		h.enters(tab)
		for _, path := range safety {
			tab.Navigate(h.server.URL + path)
			tab.Look(strings.NewReplacer("/", "-", "?", "-").Replace(strings.Trim(path, "/")))
		}
	})
}

// safety are the pages of the holder's own safety.
var safety = []string{"/security", "/history", "/history?kind=value", "/history/5/not-me", "/security/data", "/security/close"}
