package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long one step may take before the test gives up. It is long
// because two cores may be busy with other packages; a step that works is done
// in milliseconds.
const patience = 30 * time.Second

// Size is the kind of window.
type Size int

// The sizes that pages are made for.
const (
	Phone Size = iota // 390 × 844, touch
	Desk              // 1280 × 900
)

// Tab is a window with cookies of its own. Its methods end the test when they
// cannot do what they are told. A Tab belongs to one goroutine.
type Tab struct {
	Lang string // of its reader: "ja", "en"

	size    Size
	t       testing.TB
	ctx     context.Context
	console console
}

// pictures is the variable that names a folder: a picture is kept there of every
// page that a test looks at, and of every window in which one failed.
const pictures = "TAKEBACK_TEST_SCREENSHOTS"

// Open opens an empty window of the given size for a reader of lang ("ja", "en").
// It closes with the test, which fails if the console said anything.
func Open(t testing.TB, size Size, lang string) *Tab {
	t.Helper()
	parent, err := chromium.acquire()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	ctx, _ := chromedp.NewContext(parent, chromedp.WithNewBrowserContext()) // ended by chromedp.Cancel in close
	tab := &Tab{t: t, ctx: ctx, Lang: lang}
	t.Cleanup(tab.close)
	if err := chromedp.Listen(ctx, tab.console.hear); err != nil {
		t.Fatalf("browser: opening a window: %v", err)
	}
	tab.Resize(size)
	tab.Do(speak(lang))
	return tab
}

// Resize makes the window one of another size, as people do by turning to another device.
func (tab *Tab) Resize(size Size) {
	tab.t.Helper()
	tab.size = size
	view := chromedp.EmulateViewport(int64(size.Width()), 900)
	if size == Phone {
		view = chromedp.EmulateViewport(int64(size.Width()), 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	tab.Do(view)
}

// speak asks for pages in the reader's language.
func speak(lang string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		agent, err := chromedp.Evaluate[string](`navigator.userAgent`)(ctx, target)
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, target, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: agent, AcceptLanguage: lang,
		})
		return err
	})
}

// close reports what the console said and closes the window. It runs one more
// command first: events reach us before the answer to a later command does,
// so nothing that happened before the end of the test is missed.
func (tab *Tab) close() {
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](`1`)); err != nil {
		tab.t.Errorf("browser: the window did not live to the end of the test: %v", err)
	}
	for _, message := range tab.console.unexpected() {
		tab.t.Errorf("browser: console: %s", message)
	}
	if tab.t.Failed() {
		tab.keep()
	}
	if err := chromedp.Cancel(tab.ctx); err != nil {
		tab.t.Errorf("browser: closing the window: %v", err)
	}
	if err := chromium.release(); err != nil {
		tab.t.Errorf("browser: ending Chromium: %v", err)
	}
}

// keep leaves a picture of a failed test where the developer asked for it.
func (tab *Tab) keep() {
	folder := os.Getenv(pictures)
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		name := fmt.Sprintf("%s-%p.png", strings.NewReplacer("/", "-", " ", "-").Replace(tab.t.Name()), tab)
		err = os.WriteFile(filepath.Join(folder, name), png, 0o644)
	}
	if err != nil {
		tab.t.Logf("browser: no picture of the failure: %v", err)
	}
}

// Allow names a part of a console message that the page may say, such as
// "status of 403" before a step that is meant to be refused.
func (tab *Tab) Allow(part string) { tab.console.allow(part) }

// Do runs actions of chromedp that this package has no word for.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("browser: %v", err)
	}
}

// ask runs an action for its result; what says what was tried.
func ask[T any](tab *Tab, what string, action chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	if err != nil {
		tab.t.Fatalf("browser: %s: %v", what, err)
	}
	return got
}

// Eval evaluates a JavaScript expression in the page and gives its value; a promise is waited for.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	return ask(tab, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Navigate opens an address, waits until the page has loaded, and gives the HTTP status.
func (tab *Tab) Navigate(url string) int {
	tab.t.Helper()
	return tab.load("opening "+url, chromedp.Navigate(url))
}

// Follow clicks a link or a button of a form, waits until the next page has
// loaded, and gives its HTTP status.
func (tab *Tab) Follow(css string) int {
	tab.t.Helper()
	return tab.load("following "+css, click(css))
}

// click presses the element in one go: between aiming with a mouse and pressing
// it, a live region may be replaced or move, and the press goes nowhere. What a
// person could not press, because it is hidden or lies under something, is
// waited for.
func click(css string) chromedp.Action[chromedp.Void] {
	press := fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e) return 'is not in the page';
		e.scrollIntoView({block: 'center', behavior: 'instant'});
		const box = e.getClientRects()[0];
		if (!box) return 'is not shown';
		const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (!top || !e.contains(top)) return 'lies under something';
		e.click();
		return '';
	})()`, css)
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for {
			not, err := chromedp.Evaluate[string](press, asPerson)(ctx, target)
			if err != nil || not == "" {
				return err
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("it %s: %w", not, ctx.Err())
			case <-again.C:
			}
		}
	})
}

// asPerson lets a page do what it may do only when a person pressed something.
func asPerson(p *runtime.EvaluateParams) { yes := true; p.UserGesture = &yes }

func (tab *Tab) load(what string, step chromedp.Action[chromedp.Void]) int {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	var answer *network.Response
	answer, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		tab.t.Fatalf("browser: %s: %v", what, err)
	}
	if answer == nil {
		return 0 // a page that came without HTTP, such as about:blank
	}
	return int(answer.Status)
}

// Click clicks the element without waiting for anything, as a script of the page would want it.
func (tab *Tab) Click(css string) {
	tab.t.Helper()
	ask(tab, "clicking "+css, click(css))
}

// Fill types text into a field in place of what it held.
func (tab *Tab) Fill(css, text string) {
	tab.t.Helper()
	ask(tab, "waiting for "+css, chromedp.WaitVisible(chromedp.CSS(css)))
	Eval[string](tab, fmt.Sprintf(`document.querySelector(%q).value = ''`, css)) // Clear of chromedp cannot clear an empty textarea
	ask(tab, "filling "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// Choose picks the option of a select that has the value.
func (tab *Tab) Choose(css, value string) {
	tab.t.Helper()
	ask(tab, "waiting for "+css, chromedp.WaitVisible(chromedp.CSS(css)))
	picked := Eval[bool](tab, fmt.Sprintf(`(() => { const s = document.querySelector(%q); s.value = %q;
		s.dispatchEvent(new Event('change', {bubbles: true})); return s.value === %q })()`, css, value, value))
	if !picked {
		tab.t.Fatalf("browser: %s has no option %q", css, value)
	}
}

// Upload chooses a file of this machine in a file field.
func (tab *Tab) Upload(css, path string) {
	tab.t.Helper()
	ask(tab, "choosing a file in "+css, chromedp.SetUploadFiles(chromedp.CSS(css), []string{path}))
}

// Text gives the visible text of the first element that matches, waiting until there is one.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	tab.WaitFor(fmt.Sprintf(`document.querySelector(%q) !== null`, css))
	return Eval[string](tab, fmt.Sprintf(`document.querySelector(%q).innerText.trim()`, css))
}

// Has tells whether an element that matches is in the page now.
func (tab *Tab) Has(css string) bool {
	tab.t.Helper()
	return Eval[bool](tab, fmt.Sprintf(`document.querySelector(%q) !== null`, css))
}

// URL gives the address of the page.
func (tab *Tab) URL() string {
	tab.t.Helper()
	return ask(tab, "reading the address", chromedp.Location())
}

// WaitFor waits until a JavaScript expression is true. It asks again and again
// from outside, so it survives the page being replaced in between.
func (tab *Tab) WaitFor(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			tab.t.Fatalf("browser: never came true: %s (last answer: %v, %v)", expression, ok, err)
		case <-again.C:
		}
	}
}

// WithoutScript forbids the pages of this window to run scripts, as some
// people do. What this package evaluates still runs.
func (tab *Tab) WithoutScript() {
	tab.t.Helper()
	ask(tab, "switching scripts off", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// Screenshot writes a picture of the whole page.
func (tab *Tab) Screenshot(path string) {
	tab.t.Helper()
	png := ask(tab, "taking a picture", chromedp.FullScreenshot(100))
	if err := os.WriteFile(path, png, 0o644); err != nil {
		tab.t.Fatalf("browser: %v", err)
	}
}
