package holder_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	for _, size := range []browser.Size{browser.Phone, browser.Desk} {
		for _, lang := range []string{"ja", "en"} {
			width := map[browser.Size]int{browser.Phone: 390, browser.Desk: 1280}[size]
			t.Run(fmt.Sprintf("%s at %d", lang, width), func(t *testing.T) {
				tab := browser.Open(t, size, lang)
				tab.Navigate(h.server.URL + "/sign-in?lang=" + lang)
				tab.Fill("#email", hana)
				tab.Fill("#password", first)
				tab.Follow("form.form button")
				for _, path := range safety {
					tab.Navigate(h.server.URL + path)
					if w := browser.Eval[int](tab, `document.documentElement.scrollWidth`); w > width {
						t.Errorf("%s is %d wide", path, w)
					}
					if (size == browser.Phone) == (lang == "ja") {
						tab.Axe()
					}
					if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
						name := strings.NewReplacer("/", "-", "?", "-").Replace(strings.Trim(path, "/"))
						tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, lang, width)))
					}
				}
			})
		}
	}
}

// safety are the pages of the holder's own safety.
var safety = []string{"/security", "/history", "/history?kind=value", "/history/5/not-me", "/security/data", "/security/close"}
