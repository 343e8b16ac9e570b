package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Width gives how wide a window of this size is, in pixels of CSS.
func (s Size) Width() int {
	if s == Phone {
		return 390
	}
	return 1280
}

// Windows runs do in a window of each size for readers of each language, one after the other.
func Windows(t *testing.T, do func(t *testing.T, tab *Tab)) {
	t.Helper()
	for _, size := range []Size{Phone, Desk} {
		for _, lang := range []string{"ja", "en"} {
			t.Run(fmt.Sprintf("%s at %d", lang, size.Width()), func(t *testing.T) { do(t, Open(t, size, lang)) })
		}
	}
}

// Look fails the test if the page does not fit its window, or if Axe finds that
// people cannot use it: as most of the time goes there, of the four Windows only
// in the Japanese phone and the English desk.
func (tab *Tab) Look(name string) {
	tab.t.Helper()
	tab.Fits(name)
	if (tab.size == Phone) == (tab.Lang == "ja") {
		tab.Axe()
	}
}

// Fits fails the test if the page is wider than its window. A picture with the
// page's name is kept where the developer asked for it.
func (tab *Tab) Fits(name string) {
	tab.t.Helper()
	width := tab.size.Width()
	if wide := Eval[int](tab, `document.documentElement.scrollWidth`); wide > width {
		tab.t.Errorf("browser: %s is %d wide in a window of %d; out there: %s", name, wide, width, Eval[string](tab, fmt.Sprintf(`[...document.querySelectorAll('main *')].
			filter(e => e.getBoundingClientRect().right > %d && !e.closest('.scroll')).map(e => e.tagName + '.' + e.className).slice(0, 8).join(', ')`, width)))
	}
	if folder := os.Getenv(pictures); folder != "" {
		tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, tab.Lang, width)))
	}
}
