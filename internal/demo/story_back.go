package demo

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"takeback/internal/access"
)

// investigated: the investigator marks the intruder's session; the program finds the rest and makes the plan.
func (s *Script) investigated() string {
	v := s.Investigator
	s.staffSignsIn(v, access.Investigator)
	v.Opens("/desk/cases/" + s.case_)
	if s.err != nil {
		return ""
	}
	_, mark, err := v.Page.Form("/mark", "verdict")
	s.want(err == nil && mark.Get("session") == s.session, "the first session that the timeline offers to mark is %q, not the intruder's %q (%v)", mark.Get("session"), s.session, err)
	v.Sends("/mark", "verdict=intruder")
	s.want(s.step() == "investigating", "after a mark the case is %s", s.step())
	found := v.Page.Find("ol.timeline li.tainted").Length()
	s.want(s.err != nil || found >= 4, "the timeline shows %d changes of the intruder", found)
	v.Presses("/plan")
	s.want(s.step() == "planned", "with a plan the case is %s", s.step())
	lines := v.Page.Find("table.diff tbody tr:not(.phase)").Length()
	return fmt.Sprintf("one session marked, %d changes found to follow from it, a plan of %d lines", found, lines)
}

// approved: the one who made the plan cannot be the second person.
func (s *Script) approved() string {
	v, second := s.Investigator, s.Supervisor
	v.Opens("/desk/cases/" + s.case_)
	if s.err != nil {
		return ""
	}
	_, _, err := v.Page.Form("/plan/approve")
	s.want(err != nil, "the page offers the approval to the one who made the plan")
	hash, _ := v.Page.Find("#plan [name=hash]").Attr("value")
	v.Posts("/desk/cases/"+s.case_+"/plan/approve", "hash="+hash)
	s.want(s.err != nil || v.Page.Status == http.StatusForbidden, "the approval of one's own plan was answered %d", v.Page.Status)
	s.want(s.step() == "planned", "one's own approval counted: the case is %s", s.step())
	s.staffSignsIn(second, access.Supervisor)
	second.Opens("/desk/cases/" + s.case_)
	second.Presses("/plan/approve")
	s.want(s.step() == "approved", "with a second person the case is %s", s.step())
	return "the investigator's own approval refused, the supervisor's taken"
}

// restored: every step is carried out and read back, and all is as it was.
func (s *Script) restored() string {
	v := s.Investigator
	v.Opens("/desk/cases/" + s.case_)
	v.Presses("/plan/start")
	v.Waits("every step read back", func(p *Page) bool { _, _, err := p.Form("/hand-back"); return err == nil })
	s.want(s.step() == "restored", "the case is %s", s.step())
	done := v.Page.Find(".progress li.done").Length()
	s.want(s.err != nil || v.Page.Find(".progress li").Length() == done, "not every step is done: %s", v.Page.Says(".progress"))
	now := s.Shop.Facts(s.account)
	if differs := compare(s.before, now); len(differs) > 0 {
		s.Fail("%s", strings.Join(differs, "; "))
	}
	_, password := now["password"]
	s.want(!password, "there is still a password")
	s.want(strings.Contains(string(now["order/A70002"].Value), `"undone":"cancel"`), "the intruder's order is not cancelled: %s", now["order/A70002"].Value)
	return fmt.Sprintf("%d steps read back; e-mail address, name and addresses as before, the voucher cancelled, passwords void", done)
}

// compare tells how the facts differ from what they were before the intruder
// came. What was meant to differ is left out: the password, which is void, and
// orders, which are cancelled and never deleted.
func compare(before, now map[string]Fact) (differs []string) {
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if was, is := string(before[path].Value), string(now[path].Value); path != "password" && was != is {
			differs = append(differs, fmt.Sprintf("%s was %s and is %s", path, was, is))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if _, was := before[path]; !was && !strings.HasPrefix(path, "order/") {
			differs = append(differs, fmt.Sprintf("%s is new: %s", path, now[path].Value))
		}
	}
	return differs
}

// handedBack: the letter is read before it is sent, and the account goes back.
func (s *Script) handedBack() string {
	v := s.Investigator
	v.Opens("/desk/cases/" + s.case_)
	s.want(s.err != nil || v.Page.Has("お返し"), "the letter cannot be read before it is sent")
	v.Sends("/hand-back", "sentence=お電話でのご協力、ありがとうございました。")
	s.want(s.step() == "handed-back", "the case is %s", s.step())
	s.letter = s.getsWhich(holderEmail, "of the hand-back", func(l letter) bool { return strings.Contains(l.Subject, "お返し") })
	s.want(s.state() == "guarded", "the account is %s", s.state())
	return "letter read, signed and sent; account guarded for 30 days"
}

// lettered: the important letter has all its parts.
func (s *Script) lettered() string {
	for part, words := range map[string]string{
		"what happened": "何が起きたのか", "what was put back": "元に戻したもの", "charges": "一切発生しておりません", "cards": "4242",
		"how to set a password": "/reset", "two-step sign-in": "/security", "three rules": "3つのお約束", "how to check a letter": "/check-letter",
		"how to report phishing": "/report-phishing", "that cards were not seen": "カード番号が誰かに見られたことはございません", "the watch": "これからも見守ります",
	} {
		s.want(strings.Contains(s.letter.Text, words), "the letter does not say %s (%q)", part, words)
	}
	for what, secret := range map[string]string{"the intruder's address": intruderEmail, "the stolen password": holderSecret, "the intruder's password": intruderSecret} {
		s.want(!strings.Contains(string(s.letter.Raw)+s.letter.Text+s.letter.HTML, secret), "the letter shows %s", what)
	}
	n := s.Neighbour
	n.Opens("/check-letter")
	n.Sends("", "number="+s.letter.Number, "email="+holderEmail)
	s.want(s.err != nil || n.Page.Find(".card.ok").Length() == 1, "the letter's number is not known: %s", n.Page.Says("main"))
	n.Opens("/check-letter")
	n.Sends("", "number=TB-2222-2222", "email="+holderEmail)
	s.want(s.err != nil || n.Page.Find(".card.ok").Length() == 0, "a wrong number is known")
	return "eleven parts present, number " + s.letter.Number + " known, a wrong one not"
}

// reset: a new password behind a picture puzzle and a mailed link.
func (s *Script) reset() string {
	h := s.Holder
	h.Opens("/reset")
	puzzle, _ := h.Page.Find("[name=puzzle]").Attr("value")
	h.Sends("", "email="+holderEmail, "answer="+s.Answer(puzzle))
	link := s.gets(holderEmail, "/reset/").Link("/reset/")
	for _, used := range []string{holderSecret, intruderSecret} {
		h.Opens(link)
		h.Submits("", "password="+used)
		s.want(s.err != nil || h.Page.Status == http.StatusUnprocessableEntity, "a password that was used before was answered %d", h.Page.Status)
	}
	h.Opens(link)
	h.Sends("", "password="+freshSecret)
	h.Tries(link)
	s.want(s.err != nil || h.Page.Status >= 400, "the link works twice")
	s.signsIn(h, holderEmail, freshSecret)
	s.want(s.Shop.MayAct(h.Cookie("__Host-session")), "the holder's new session may not act")
	return "picture puzzle, mailed link, new password; old ones refused as new ones; signed in"
}

// shutOut: nothing that the intruder knows opens anything any more.
func (s *Script) shutOut() string {
	for _, try := range [][2]string{{holderEmail, holderSecret}, {holderEmail, intruderSecret}, {intruderEmail, intruderSecret}, {intruderEmail, freshSecret}} {
		s.Intruder.Opens("/sign-in")
		s.Intruder.Submits("", "email="+try[0], "password="+try[1])
		s.want(s.err != nil || s.Intruder.Page.Status == http.StatusUnauthorized, "%s with one of the old passwords was answered %d", try[0], s.Intruder.Page.Status)
	}
	s.want(s.state() == "guarded", "the account is %s", s.state())
	for path, f := range s.Shop.Facts(s.account) {
		if strings.HasPrefix(path, "card/") {
			s.want(f.Usable != nil && !*f.Usable, "%s can pay without being entered again", path)
		}
	}
	status := s.Shop.Asks(http.MethodPost, "/v1/accounts/"+s.account+"/orders", s.Holder.Cookie("__Host-session"), map[string]any{
		"order": "A70004", "items": "ほうじ茶 200g", "amount": 1080, "currency": "JPY", "card": s.shelved("card/", "4242")}, nil)
	s.want(status == http.StatusConflict, "a card that must be entered again paid: %d", status)
	return "old and intruder's passwords refused, account guarded, card must be entered again"
}

// phished: a suspicious letter lands at the desk.
func (s *Script) phished() string {
	n := s.Neighbour
	n.Opens("/report-phishing")
	n.Uploads("", "file", "letter.eml", []byte("From: support@awanami-books.example\r\nSubject: Your account\r\n\r\nPlease enter your password at http://awanami-books.example/\r\n"),
		"text=ログインを求めるメールが届きました。")
	s.want(s.err != nil || n.Page.Status == http.StatusOK, "the report was answered %d: %s", n.Page.Status, n.Page.Problems())
	s.Agent.Opens("/desk/phishing")
	s.want(s.err != nil || s.Agent.Page.Has("ログインを求めるメールが届きました"), "the report is not at the desk")
	return "reported with its letter, seen at the desk"
}

// leftNothing: every letter has reached its reader, and every job was done.
func (s *Script) leftNothing() string {
	b := s.Supervisor
	b.Opens("/desk/post")
	if s.err != nil {
		return ""
	}
	_, _, err := b.Page.Form("/revive")
	s.want(err != nil, "there are jobs that were given up: %s", b.Page.Says("main"))
	b.Opens("/desk/audit")
	s.want(s.err != nil || b.Page.Has("佐藤 由紀") && b.Page.Has("森 健太"), "the audit does not show who looked at the account")
	return "no job given up, no letter lost; the audit shows every look"
}
