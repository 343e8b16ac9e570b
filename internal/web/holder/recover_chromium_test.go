package holder_test

import (
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
	browser.Windows(t, func(t *testing.T, tab *browser.Tab) {
		h := build(t, false)
		who, ctx, pw := h.hana(), t.Context(), seal.NewSecret(first)
		h.life.Herald, h.life.Texts = h.life.Witness.(*notice.Teller), carrier{}
		_, err := h.life.ChangePhone(ctx, who, "09012345678", pw)
		h.ok(err)
		h.ok(h.life.AddContact(ctx, who, "hana@work.example", pw))
		_, err = h.life.MakeCodes(ctx, who, pw)
		h.ok(err)
		look := func(name, path string) {
			tab.Navigate(h.server.URL + path + "?lang=" + tab.Lang)
			tab.Look(name)
		}
		h.enters(tab)
		tab.Navigate(h.server.URL + "/security/contacts?slot=phone")
		tab.Look("contacts")
		h.ok(h.life.BeginTwoStep(ctx, who, pw))
		e, err := h.life.Enrolment(ctx, who)
		h.ok(err)
		code, err := totp.GenerateCode(e.Seed.Reveal(), time.Now())
		h.ok(err)
		h.ok(h.life.ConfirmTwoStep(ctx, who, code))
		look("recover", "/recover")
		h.ok(h.life.AskRecovery(ctx, hana, who.Client))
		look("recover-proofs", "/recover/"+h.token(hana, "/recover/"))
		tab.Follow("form.form button")
		tab.Look("recover-waits")
		look("contacts-waits", "/security/contacts")
		look("recover-stop", "/recover/stop/"+h.token(hana, "/recover/stop/"))
	})
}
