package story

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/story/browser"
)

// Who and what the story in the browser is about.
const (
	holderName   = "中川 遥"
	holderEmail  = "haruka.nakagawa@example.jp"
	holderPhone  = "090-0000-4821"
	holderSecret = "lantern-river-82-crane" // stolen elsewhere, where she used it, too
	homeLine     = "神奈川県横浜市ほしぞら町2-14-6"

	intruderEmail  = "h.nakagawa.new@intruder.example"
	intruderSecret = "granite-54-otter-velvet"
	intruderLine   = "大阪府大阪市うたかた町9-9-9"
	intruderIP     = "198.51.100.66"

	freshSecret = "umbrella-19-piano-harbour"
)

// story is who has a window, and what has come out so far.
type story struct {
	*stage
	supervisor, agent, investigator *person
	holder, intruder                *person

	account string
	caseID  string
}

// TestStoryInChromium plays the whole story as its people see it: the holder on
// a phone, in Japanese; the intruder and the staff at desks, side by side. On
// SQLite every page is examined closely in both sizes.
// TAKEBACK_TEST_SCREENSHOTS names a folder for pictures of every page, and
// TAKEBACK_TEST_PICTURES one for those of the README.
func TestStoryInChromium(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := &story{stage: newStage(t, dbtest.Place(t, engine), engine == db.SQLite)}
			for _, act := range []struct {
				name string
				play func()
			}{
				{"ordinary life", s.lives}, {"the desk is manned", s.staffed}, {"an ordinary day", s.visits}, {"the takeover", s.takenOver},
				{"the report", s.reported}, {"the case", s.talked}, {"the proofs", s.verified},
				{"the investigation", s.investigated}, {"the second person", s.approved}, {"the restoration", s.restored},
				{"the hand-back", s.handedBack}, {"the way back in", s.returned}, {"what the holder sees", s.lookedBack},
			} {
				t.Log(act.name)
				act.play()
			}
		})
	}
}

// lives: weeks ago she registers, says who she is and where she lives, and buys something.
func (s *story) lives() {
	s.holder = s.enters(browser.Phone, "ja", "203.0.113.24", iPhone)
	s.past(45*24*time.Hour, s.settles)
	s.present()
}

func (s *story) settles() {
	h := s.holder
	h.opens("/register", "register")
	h.presses("form.form button", "#name", holderName, "#email", holderEmail, "#password", holderSecret)
	h.looks("registered")
	h.opens(s.linked(holderEmail, "/confirm/"), "confirm")
	h.presses("form.form button")
	s.signsIn(h, holderEmail, holderSecret)
	h.looks("home-new")
	h.opens("/account/addresses", "")
	h.presses("form.form button", "#to", holderName, "#post", "000-0142", "#line", homeLine)
	h.looks("addresses")
	h.opens("/account/cards", "cards-empty")
	h.presses("form.form button", "#last4", "4242", "#expiry", "12/39", "#token", "tok_story_01")
	h.opens("/account/phone", "phone")
	h.presses("form.form button", "#phone", holderPhone, "#password", holderSecret)
	s.orders(h, "A70001", "『星の地図帳』、煎茶 100g", 5476)
	h.opens("/messages", "messages")
	h.presses("form[action='/sign-out'] button")
	h.at("/sign-in")
}

// staffed: the first supervisor comes by the printed link and invites an agent. For the investigator the
// operator answers: on this first day the two must not have let each other in.
func (s *story) staffed() {
	s.supervisor = s.enters(browser.Desk, "ja", "192.0.2.13", mac)
	s.supervisor.enrols(s.link, "岡田 直美", "second-pair-of-eyes", "desk-welcome", "#email", "naomi@awanami.example")
	s.supervisor.looks("desk-empty")
	s.agent = s.enters(browser.Desk, "en", "192.0.2.11", windows)
	s.agent.enrols(s.invites("Sato Yuki", "yuki@awanami.example", "agent"), "Sato Yuki", "kettle-on-at-seven", "")
	s.investigator = s.enters(browser.Desk, "en", "192.0.2.12", windows)
	said := run(s.t, "staff", "invite", "--db", s.place, "--root-key-file", filepath.Join(s.folder, "root.key"), "--site", s.base,
		"--name", "Mori Kenta", "--email", "kenta@awanami.example", "--role", "investigator")
	s.investigator.enrols(strings.TrimSpace(said[strings.Index(said, "http"):]), "Mori Kenta", "threads-of-a-ledger", "desk-invited")
	s.supervisor.opens("/desk/staff", "desk-staff")
	s.supervisor.reads("table", "Mori Kenta")
	s.agent.presses("#duty-on")
}

// invites has somebody invited and gives the link that only he gets.
func (s *story) invites(name, email, role string) string {
	s.t.Helper()
	w := s.supervisor
	w.opens("/desk/staff", "")
	w.fills("#name", name, "#email", email)
	w.Click("input[name=role][value=" + role + "]")
	w.presses("form[action$='/desk/staff'] button, form:not([action]) button")
	return s.linked(email, "/desk/welcome/")
}

// visits: on the day of the takeover she is there herself, on the phone that the house knows.
func (s *story) visits() {
	h := s.holder
	s.signsIn(h, holderEmail, holderSecret)
	h.looks("home")
	s.orders(h, "A70002", "ほうじ茶 200g", 1080)
	h.opens("/account/orders", "orders")
}

func (s *story) signsIn(w *person, email, password string) {
	s.t.Helper()
	w.opens("/sign-in", "")
	w.presses("form.form button", "#email", email, "#password", password)
	w.at("/")
	w.reads("h1", holderName)
}

// orders lets the shop enter an order of somebody who is signed in.
func (s *story) orders(w *person, number, items string, yen int) {
	s.t.Helper()
	token := w.cookie("__Host-session")
	var who struct{ Account string }
	s.asks(http.MethodGet, "/v1/session", token, nil, &who)
	s.account = who.Account
	s.asks(http.MethodPost, "/v1/accounts/"+who.Account+"/orders", token,
		map[string]any{"order": number, "items": items, "amount": yen, "currency": "JPY", "effect": "undo"}, nil)
}

// takenOver: somebody who knows her password makes the account his own.
func (s *story) takenOver() {
	s.intruder = s.enters(browser.Desk, "en", intruderIP, windows)
	x := s.intruder
	s.signsIn(x, holderEmail, holderSecret)
	x.opens("/account/email?lang=en", "email")
	x.presses("form.form button", "#email", intruderEmail, "#password", holderSecret)
	x.looks("email-waits")
	x.opens(s.linked(intruderEmail, "/confirm/"), "confirm-change")
	x.presses("form.form button")
	x.opens("/account/password", "password")
	x.presses("form.form button", "#old", holderSecret, "#new", intruderSecret)
	x.opens("/account/addresses", "")
	x.presses("form.form button", "#to", "H. Nakagawa", "#post", "000-0999", "#line", intruderLine)
	s.orders(x, "A70003", "図書カード 5,000円 × 6", 30000)
	x.opens("/", "home-intruder")
	x.reads("main", mail.Mask(intruderEmail))
}

// reported: the letter to the old address leads to a page with one button.
func (s *story) reported() {
	notice := s.letter(holderEmail, "about the new address", func(l inbox.Letter) bool { return strings.Contains(l.Subject, "メールアドレスが変更") })
	if strings.Contains(notice.Text+notice.HTML, intruderEmail) || !strings.Contains(notice.Text, mail.Mask(intruderEmail)) || !strings.Contains(notice.Text, intruderIP) {
		s.t.Errorf("the notice must show the new address, but masked, and from where it was changed:\n%s", notice.Text)
	}
	h := s.holder
	h.opens(notice.Link("/not-me/"), "not-me")
	s.picture(h, "not-me", "")
	h.reads("main", notice.Number)
	h.reads("main", intruderIP)
	s.intruder.opens("/security", "security-intruder") // showing the page has stopped nothing: programs that scan mail open every link

	s.agent.opens("/desk", "desk-queue-empty")
	browser.Eval[bool](s.agent.Tab, `window.stayed = true`)
	h.presses(".stop-box button")
	h.at("/contact/case_")
	s.caseID = strings.TrimPrefix(strings.Split(h.URL(), "?")[0], s.base+"/contact/")
	h.looks("case-stopped")
	h.reads(".flash", "アカウントを停止しました")

	s.intruder.Follow("a[href='/history']")
	s.intruder.at("/sign-in")
	s.intruder.looks("intruder-out")

	s.agent.sees("#" + s.caseID)
	if !browser.Eval[bool](s.agent.Tab, `window.stayed === true`) {
		s.t.Error("the agent's page was loaded again to show the new case")
	}
	s.agent.looks("desk-queue")
}

// talked: a message and a call-back on the phone, seen at the desk at once.
func (s *story) talked() {
	h, a := s.holder, s.agent
	h.fills("#text", "メールアドレスが勝手に変更されました。注文もしていません。")
	h.Click("form[data-quiet] button")
	h.reads("#talk", "注文もしていません")
	h.presses("form[action$='/call'] button", "#phone", holderPhone, "#best", "今すぐ")
	h.looks("case-call")

	a.sees("form[action^='/desk/calls/'] button")
	a.looks("desk-queue-call")
	a.presses("#" + s.caseID + " a")
	a.at("/desk/cases/" + s.caseID)
	a.reads("#talk", "注文もしていません")
	a.looks("case-desk-new")
	a.presses("form[action='/desk/cases/" + s.caseID + "/take'] button")
	a.presses("#calls form[action$='/take'] button")
	a.reads("#calls b.number", "4821")
	h.reads("#standing", "Sato Yuki")
	code := h.Text("#standing b.code")
	a.reads("#verify", code) // what the agent says so that the holder knows us
	a.fills("#text", "アカウントは停止しましたので、ご安心ください。いまからお電話します。")
	a.presses("form[action$='/reply'] button")
	h.reads("#talk", "ご安心ください")
}

// verified: a code to the address that was good before, typed on the phone, and
// a call to the number on file.
func (s *story) verified() {
	h, a, i := s.holder, s.agent, s.investigator
	i.opens("/desk/cases/"+s.caseID, "")
	i.reads("#verify", mail.Mask(holderEmail))
	a.presses("#verify form[action$='/code'] button")
	h.presses("form[action$='/code'] button", "#code", s.code(holderEmail))
	h.reads(".flash", "")
	a.reads("#verify", mail.Mask(holderEmail))
	a.presses("#verify form[action$='/unmask'] button")
	a.reads("#verify b.number", "4821")
	a.presses("#verify button[name=answered][value=yes]")
	a.presses("#calls button[name=outcome][value=reached]")
	a.looks("case-desk-verified")
	h.looks("case-verified")
	s.steps("verified")
	i.sees("#plan form[action$='/plan'] button") // the investigator's window has followed
}

// steps checks where the case stands, as the shop sees it.
func (s *story) steps(want string) {
	s.t.Helper()
	var c struct{ Step string }
	s.asks(http.MethodGet, "/v1/cases/"+s.caseID, "", nil, &c)
	if c.Step != want {
		s.t.Fatalf("the case is %s, not %s", c.Step, want)
	}
}
