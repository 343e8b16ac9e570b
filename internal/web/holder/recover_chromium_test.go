package holder_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/db"
	"takeback/internal/notice"
	"takeback/internal/seal"
	"takeback/internal/sms"
	"takeback/internal/story/browser"
)

// carrier is who takes texts in: the world outside.
type carrier struct{}

func (carrier) Takes(string) bool               { return true }
func (carrier) Queue(*db.Tx, sms.Message) error { return nil }

// The pages of contacts and of the way back in fit a phone and a desk, can be
// read by a screen reader, and lead from one to the next.
func TestTheWayBackInChromium(t *testing.T) {
	t.Parallel()
	for _, size := range []browser.Size{browser.Phone, browser.Desk} {
		for _, lang := range []string{"ja", "en"} {
			width := map[browser.Size]int{browser.Phone: 390, browser.Desk: 1280}[size]
			t.Run(fmt.Sprintf("%s at %d", lang, width), func(t *testing.T) {
				h := build(t, false)
				who, ctx, pw := h.hana(), t.Context(), seal.NewSecret(first)
				h.life.Herald, h.life.Texts = h.life.Witness.(*notice.Teller), carrier{}
				_, err := h.life.ChangePhone(ctx, who, "09012345678", pw)
				h.ok(err)
				h.ok(h.life.AddContact(ctx, who, "hana@work.example", pw))
				_, err = h.life.MakeCodes(ctx, who, pw)
				h.ok(err)
				tab := browser.Open(t, size, lang)
				look := func(name, path string) {
					if path != "" {
						tab.Navigate(h.server.URL + path)
					}
					if w := browser.Eval[int](tab, `document.documentElement.scrollWidth`); w > width {
						t.Errorf("%s is %d wide", name, w)
					}
					if (size == browser.Phone) == (lang == "ja") {
						tab.Axe()
					}
					if folder := os.Getenv("TAKEBACK_SHOTS"); folder != "" {
						tab.Screenshot(filepath.Join(folder, fmt.Sprintf("%s-%s-%d.png", name, lang, width)))
					}
				}
				tab.Navigate(h.server.URL + "/sign-in?lang=" + lang)
				tab.Fill("#email", hana)
				tab.Fill("#password", first)
				tab.Follow("form.form button")
				look("contacts", "/security/contacts?slot=phone")
				h.ok(h.life.BeginTwoStep(ctx, who, pw))
				e, err := h.life.Enrolment(ctx, who)
				h.ok(err)
				code, err := totp.GenerateCode(e.Seed.Reveal(), time.Now())
				h.ok(err)
				h.ok(h.life.ConfirmTwoStep(ctx, who, code))
				look("recover", "/recover?lang="+lang)
				h.ok(h.life.AskRecovery(ctx, hana, who.Client))
				look("recover-proofs", "/recover/"+h.token(hana, "/recover/")+"?lang="+lang)
				tab.Follow("form.form button")
				look("recover-waits", "")
				look("contacts-waits", "/security/contacts?lang="+lang)
				look("recover-stop", "/recover/stop/"+h.token(hana, "/recover/stop/")+"?lang="+lang)
			})
		}
	}
}
