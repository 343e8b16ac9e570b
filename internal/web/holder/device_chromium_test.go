package holder_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"takeback/internal/access"
	"takeback/internal/history"
	"takeback/internal/story/browser"
	"takeback/internal/web"
)

// A browser is known by a key that it cannot give away: its cookie, copied into
// another browser, makes that one nothing but a new device.
func TestACopiedCookieIsNotTheDevice(t *testing.T) {
	t.Parallel()
	h := build(t, false)
	who := h.hana()
	enter := func(tab *browser.Tab) {
		h.enters(tab)
		if at := tab.URL(); at != h.server.URL+"/" {
			t.Fatalf("signing in leads to %s", at)
		}
	}
	mine := browser.Open(t, browser.Desk, "en")
	enter(mine)
	device := h.openedFrom(who)
	mine.Follow("form[action='/sign-out'] button")
	enter(mine)
	if again := h.openedFrom(who); again != device {
		t.Errorf("the same browser was %s and is %s", device, again)
	}
	if keyed := h.keyed(who); len(keyed) != 1 || keyed[0] != device {
		t.Errorf("devices with a key: %q, want %s", keyed, device)
	}
	mine.Navigate(h.server.URL + "/security")
	if !mine.Has("#devices .badge.ok") {
		t.Error("the security page does not say that the device is held by a key")
	}

	thief := browser.Open(t, browser.Desk, "en")
	thief.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		yes := true
		_, err := cdp.Call(ctx, target, network.SetCookie, network.SetCookieParams{Name: web.DeviceCookie, Value: device, URL: h.server.URL, Path: "/", Secure: &yes, HTTPOnly: &yes})
		return err
	}))
	enter(thief)
	copied := h.openedFrom(who)
	if copied == device || len(copied) != 26 {
		t.Errorf("a browser with a copied cookie is %q, the device %q", copied, device)
	}
	thief.Follow("form[action='/sign-out'] button")
	enter(thief)
	if again := h.openedFrom(who); again != copied {
		t.Errorf("the other browser was %s and is %s", copied, again)
	}
	enter(browser.Open(t, browser.Phone, "en"))
	mine.Follow("form[action='/sign-out'] button")
	enter(mine)
	if again := h.openedFrom(who); again != device {
		t.Errorf("after all this the holder's browser was %s and is %s", device, again)
	}

	mine.Navigate(h.server.URL + "/security")
	mine.Follow("#devices li:has(.badge.now) form button")
	enter(mine)
	if again := h.openedFrom(who); again == device {
		t.Error("a device that was forgotten is the same again")
	}
}

// openedFrom gives the device that the account was entered from last.
func (h *house) openedFrom(who access.Actor) string {
	h.Helper()
	changes, _, err := h.life.History(h.Context(), who, 0, 50)
	h.ok(err)
	for _, c := range changes {
		if c.Verb == history.Open {
			return c.Device
		}
	}
	h.Fatal("nobody has signed in")
	return ""
}

// keyed gives the devices of an account that keep a key.
func (h *house) keyed(who access.Actor) (ids []string) {
	h.Helper()
	all, err := h.life.Devices(h.Context(), who)
	h.ok(err)
	for _, d := range all {
		if d.Key != "" {
			ids = append(ids, d.ID)
		}
	}
	return ids
}
