package story

import (
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/mail/inbox"
	"takeback/internal/story/browser"
)

// mistaken is a holder whose account is stopped by mistake.
type mistaken struct {
	*person
	lang, email string
}

// TestAMistakenFreezeInChromium: somebody in the family stops an account because
// of a letter about a mistyped code. Its holder lets it go with her passkey on the page of
// the case: on a telephone in Japanese, and at a desk in English.
func TestAMistakenFreezeInChromium(t *testing.T) {
	t.Parallel()
	s := &story{stage: newStage(t, dbtest.Place(t, db.SQLite), false)}
	s.named = true
	holders := []mistaken{{s.enters(browser.Phone, "ja", "203.0.113.24", iPhone), "ja", holderEmail}, {s.enters(browser.Desk, "en", "203.0.113.25", windows), "en", "amy@example.com"}}
	s.past(40*24*time.Hour, func() {
		for _, h := range holders {
			s.secures(h)
		}
	})
	s.present()
	for _, h := range holders {
		s.stopsByMistake(h)
		s.letsGo(h)
	}
}

// secures: she registers, and makes a passkey and codes for her paper.
func (s *story) secures(h mistaken) {
	h.Authenticator()
	h.opens("/register", "")
	h.presses("form.form button", "#name", holderName, "#email", h.email, "#password", holderSecret)
	h.opens(s.linked(h.email, "/confirm/"), "")
	h.presses("form.form button")
	s.signsIn(h.person, h.email, holderSecret)
	h.opens("/security/passkeys/new", "")
	h.fills("#name", "iPhone", "#password", holderSecret)
	h.Click("form[data-passkey] button")
	h.WaitFor(`location.search === "?done=passkey"`)
	h.opens("/security/codes", "")
	h.presses("form.form button", "#password", holderSecret)
}

// stopsByMistake: she mistypes a code on a borrowed computer, and whoever reads her mail at home presses the button.
func (s *story) stopsByMistake(h mistaken) {
	w := s.enters(browser.Desk, h.lang, "203.0.113.99", mac)
	w.opens("/sign-in", "")
	w.presses("form:not([action]) button", "#email", h.email, "#password", holderSecret)
	w.at("/sign-in/second")
	w.Allow("status of 4")
	w.Fill("#code", "000000")
	w.Follow("form:not([action]) button")
	w.opens(s.letter(h.email, "about the second step", func(l inbox.Letter) bool {
		return l.Link("/not-me/") != "" && (strings.Contains(l.Text, "second step") || strings.Contains(l.Text, "2段階"))
	}).Link("/not-me/"), "")
	w.presses(".stop-box button")
	w.at("/contact/case_")
}

// letsGo: her own letter leads to the case; her passkey ends it, and signs her in.
func (s *story) letsGo(h mistaken) {
	h.opens(s.linked(h.email, "/contact/case_"), "")
	h.sees("form[data-passkey]:not([hidden])")
	h.Choose("#wish", "undo")
	h.Look("mistake-wish")
	h.Click("form[data-passkey] button")
	h.WaitFor(`location.search === "?done=case.undone"`)
	h.Look("mistake-undone")
	h.presses("#standing a[href='/sign-in']")
	h.Click("form[data-passkey] button")
	h.WaitFor(`location.pathname === "/"`)
}
