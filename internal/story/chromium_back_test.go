package story

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"

	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/story/browser"
)

// investigated: one mark, and the program finds the rest and makes a plan.
func (s *story) investigated() {
	i := s.investigator
	i.looks("case-timeline")
	lane := browser.Eval[string](i.Tab, `[...document.querySelectorAll('#timeline table tr[id]')].find(r => r.innerText.includes('`+intruderIP+`')).id`)
	i.presses("#" + lane + " button[name=verdict][value=intruder]")
	i.reads("#"+lane, "Marked as the intruder's")
	s.steps("investigating")
	if n := browser.Eval[int](i.Tab, `document.querySelectorAll('ol.timeline li.tainted').length`); n < 5 {
		s.t.Errorf("the timeline shows %d changes of the intruder; there are the sign-in, two contacts, the password, the address and the order", n)
	}
	i.looks("case-marked")
	i.Click("#" + lane + " a")
	i.reads("#why", "Marked as the intruder's")
	if !i.Has("#why svg.evidence .hop.seed + .hop.session") {
		s.t.Error("the path of evidence is not drawn")
	}
	i.looks("case-why")
	i.presses("#plan form[action$='/plan'] button")
	s.steps("planned")
	for _, words := range []string{mail.Mask(holderEmail), mail.Mask(intruderEmail)} {
		i.reads("#plan table.diff", words)
	}
	i.looks("case-planned")
	for _, lang := range []string{"en", "ja"} {
		s.picture(i, "case", lang)
	}
}

// approved: whoever made the plan sees why he cannot be the second person.
func (s *story) approved() {
	i, second := s.investigator, s.supervisor
	i.opens("/desk/cases/"+s.caseID+"?lang=en", "")
	if i.Has("form[action$='/plan/approve']") {
		s.t.Error("the page offers the approval to the one who made the plan")
	}
	i.reads("#plan", "You made this plan yourself")
	second.opens("/desk/cases/"+s.caseID, "case-second")
	second.presses("form[action$='/plan/approve'] button")
	s.steps("approved")
	i.sees("form[action$='/plan/start'] button") // without a click of his
	i.reads("#plan", "岡田 直美")
}

// restored: the steps are carried out before the eyes of both windows.
func (s *story) restored() {
	i := s.investigator
	i.presses("form[action$='/plan/start'] button")
	i.sees("#letter form[action$='/hand-back'] button")
	s.steps("restored")
	if left := browser.Eval[int](i.Tab, `document.querySelectorAll('ol.progress li:not(.done)').length`); left != 0 {
		s.t.Errorf("%d steps are not done: %s", left, i.Text("ol.progress"))
	}
	s.supervisor.sees("#letter") // it followed, too
	i.looks("case-restored")
}

// handedBack: the letter is read before it goes, with a sentence of a person's own.
func (s *story) handedBack() {
	i := s.investigator
	i.Click("#letter summary")
	i.reads("article.letter", "お返し")
	i.looks("case-letter")
	i.presses("form[action$='/hand-back'] button", "#sentence", "お電話でのご協力、ありがとうございました。")
	s.steps("handed-back")
	i.looks("case-handed-back")
	s.holder.reads("#standing", "お返し")
	s.holder.looks("case-over")
}

// returned: a new password behind a picture puzzle and a mailed link.
func (s *story) returned() {
	important := s.letter(holderEmail, "of the hand-back", func(l inbox.Letter) bool { return strings.Contains(l.Subject, "お返し") })
	for _, words := range []string{"お電話でのご協力", "/reset", "/check-letter", "/report-phishing", "一切発生しておりません", "4242"} {
		if !strings.Contains(important.Text, words) {
			s.t.Errorf("the important letter does not say %q:\n%s", words, important.Text)
		}
	}
	h := s.holder
	h.opens(important.Link("/reset"), "reset")
	h.presses("form.form button", "#email", holderEmail, "#answer", h.digits())
	h.looks("reset-sent")
	link := s.linked(holderEmail, "/reset/")
	h.Allow("status of 422") // a password that the intruder had set is refused
	h.opens(link, "new-password")
	h.Fill("#password", intruderSecret)
	if status := h.Follow("form.form button"); status != 422 {
		s.t.Errorf("the intruder's password was answered %d", status)
	}
	h.looks("new-password-refused")
	h.opens(link, "")
	h.presses("form.form button", "#password", freshSecret)
	s.signsIn(h, holderEmail, freshSecret)
	h.looks("home-back")

	x := s.intruder
	x.Allow("status of 401")
	x.opens("/sign-in", "")
	x.fills("#email", intruderEmail, "#password", intruderSecret)
	if status := x.Follow("form.form button"); status != 401 {
		s.t.Errorf("the intruder's sign-in was answered %d", status)
	}

	h.opens("/check-letter", "check-letter")
	h.presses("form.form button", "#number", important.Number, "#email", holderEmail)
	h.sees(".card.ok")
	h.looks("check-letter-yes")
}

// lookedBack: what is hers is hers again, and she sees who has looked at it.
func (s *story) lookedBack() {
	h := s.holder
	h.opens("/account/email", "email-back")
	h.presses("a[href='?show=1']")
	h.reads("main", holderEmail)
	h.opens("/account/addresses", "")
	h.reads("main", homeLine)
	if strings.Contains(h.Text("main"), intruderLine) {
		s.t.Error("the intruder's address is still there")
	}
	h.opens("/account/cards", "cards-again")
	h.reads("main", "もう一度ご登録ください")
	h.opens("/account/orders", "orders-back")
	h.opens("/history", "history")
	// The staff opened the case often, but never without leaving a line here.
	if looks := strings.Count(h.Text("ol.history"), "当店の担当者による閲覧"); looks < 3 {
		s.t.Errorf("three people of the staff have looked, and the history shows %d looks:\n%s", looks, h.Text("ol.history"))
	}
	h.opens("/security", "security-back")
}

// picture takes a picture for the README, if somebody asked for it: what a
// window shows, not the whole page.
func (s *story) picture(w *person, name, lang string) {
	s.t.Helper()
	folder := os.Getenv("TAKEBACK_TEST_PICTURES")
	if folder == "" || !s.close {
		return
	}
	back := w.URL()
	if lang == "" {
		w.opens(back+"?lang=en", "")
	} else {
		w.opens("/desk/cases/"+s.caseID+"?lang="+lang, "")
		// The plan stands above the bar at the foot, the intruder's changes above the plan.
		browser.Eval[bool](w.Tab, `(scrollBy(0, document.querySelector('#plan').getBoundingClientRect().bottom - document.querySelector('.bar-sticky').getBoundingClientRect().top + 12), true)`)
	}
	if lang == "ja" {
		name += ".ja"
	}
	w.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		png, err := chromedp.CaptureScreenshot()(ctx, target)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644)
	}))
	if lang == "" {
		w.opens(back+"?lang=ja", "")
	}
}
