package holder_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/story/browser"
)

// owner is a holder in a real browser whose authenticator can be lost.
type owner struct {
	*testing.T
	*house
	tab *browser.Tab
}

func (o *owner) open(path string) { o.tab.Navigate(o.named + path) }

// arrives waits until the script of the page has brought the browser to a path.
func (o *owner) arrives(part string) {
	o.T.Helper()
	o.tab.WaitFor(fmt.Sprintf(`(location.pathname + location.search).includes(%q)`, part))
}

func (o *owner) leave() {
	o.open("/security")
	o.tab.Follow(".person button")
}

func (o *owner) devices() (n int) {
	o.T.Helper()
	o.ok(o.db.Read(o.T.Context(), func(tx *db.Tx) error { return tx.Row(`SELECT COUNT(*) FROM device`).Scan(&n) }))
	return n
}

func TestPasskeysInChromium(t *testing.T) {
	t.Parallel()
	for lang, size := range map[string]browser.Size{"ja": browser.Phone, "en": browser.Desk} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			h := build(t, false)
			h.hana()
			o := &owner{t, h, browser.Open(t, size, lang)}
			lose := o.tab.Authenticator()
			o.open("/sign-in?lang=" + lang)
			o.tab.Look("passkey-sign-in")
			o.tab.Fill("#email", hana)
			o.tab.Fill("#password", first)
			o.tab.Follow("form.form button")

			o.open("/security/passkeys/new")
			o.tab.Fill("#name", "花子のスマホ")
			o.tab.Fill("#password", "wrong-9-password")
			o.tab.Allow("status of 422")
			o.tab.Click("form[data-passkey] button")
			o.tab.WaitFor(`document.querySelector("#password-error")`)
			o.tab.Look("passkey-new")
			o.tab.Fill("#password", first)
			o.tab.Click("form[data-passkey] button")
			o.arrives("/security/passkeys?done=passkey")
			o.tab.Look("passkeys")

			o.leave()
			o.open("/sign-in")
			o.tab.Click("form[data-passkey] button")
			o.tab.WaitFor(`location.pathname === "/"`)
			if n := o.devices(); n != 2 { // the one that the account was made on, and this browser, which showed its own key
				t.Errorf("the account is used from %d devices", n)
			}

			o.leave()
			o.open("/sign-in")
			o.tab.Fill("#email", hana)
			o.tab.Fill("#password", first)
			o.tab.Follow("form:not([action]) button")
			o.tab.Look("passkey-second")
			o.tab.Click("form[data-passkey] button")
			o.tab.WaitFor(`location.pathname === "/"`)

			h.ages(100 * time.Hour)
			h.ok(h.db.Write(t.Context(), func(tx *db.Tx) error {
				return tx.Put(`UPDATE strong_proof SET at = at - $1`, (11 * time.Minute).Microseconds())
			}))
			o.open("/account/email")
			o.arrives("/security/prove")
			o.tab.Look("passkey-prove")
			o.tab.Click("form[data-passkey] button")
			o.arrives("/account/email")
			o.tab.Fill("#email", "hana@new.example")
			o.tab.Follow("form.form button")
			o.arrives("done=email.asked")

			o.loses(lose)
		})
	}
}

// loses is the day when the telephone is gone: a saved code lets its holder in, who
// enrols another one and removes the old one.
func (o *owner) loses(lose func()) {
	o.T.Helper()
	o.open("/security/codes")
	o.tab.Follow("form.form button")
	code := o.tab.Text(".letter code")
	lose()
	o.leave()
	o.open("/sign-in")
	o.tab.Fill("#email", hana)
	o.tab.Fill("#password", first)
	o.tab.Follow("form:not([action]) button")
	o.tab.Fill("#code", code)
	o.tab.Follow("form:not([action]) button")
	o.tab.Authenticator()
	o.open("/security/passkeys/new")
	o.tab.Fill("#name", "new phone")
	o.tab.Fill("#password", first)
	o.tab.Click("form[data-passkey] button")
	o.arrives("/security/passkeys?done=passkey")
	o.tab.Follow("a[href$='/remove']")
	o.tab.Fill("#password", first)
	o.tab.Follow("form.form button")
	o.arrives("/security/passkeys?done=passkey.removed")
	if text := o.tab.Text("main"); !strings.Contains(text, "new phone") || strings.Contains(text, "花子のスマホ") {
		o.T.Errorf("what is left: %s", text)
	}
	o.tab.Follow("a[href$='/remove']")
	o.tab.Allow("status of 409")
	o.tab.Fill("#password", first)
	o.tab.Follow("form.form button")
	if !o.tab.Has("#problems") {
		o.T.Errorf("the last one went, at %s", o.tab.URL())
	}
}
