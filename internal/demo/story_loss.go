package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Who and what the story is about.
const (
	holderName   = "中川 遥"
	holderEmail  = "haruka.nakagawa@example.jp"
	holderPhone  = "090-0000-4821"
	holderSecret = "lantern-river-82-crane" // stolen from another shop, where she used it, too
	homeLine     = "神奈川県横浜市ほしぞら町2-14-6"

	intruderEmail  = "h.nakagawa.new@intruder.example"
	intruderSecret = "granite-54-otter-velvet"
	intruderLine   = "大阪府大阪市うたかた町9-9-9"

	freshSecret = "umbrella-19-piano-harbour"
)

// ordinaryLife: she opens an account, says who she is and where she lives, and buys something.
func (s *Script) ordinaryLife() string {
	h := s.Holder
	h.Opens("/register")
	h.Sends("", "name="+holderName, "email="+holderEmail, "password="+holderSecret)
	h.Opens(s.gets(holderEmail, "/confirm/").Link("/confirm/"))
	h.Presses("")
	s.signsIn(h, holderEmail, holderSecret)
	h.Opens("/account/phone")
	h.Sends("", "phone="+holderPhone, "password="+holderSecret)
	h.Opens("/account/addresses")
	h.Sends("", "to="+holderName, "post=000-0142", "line="+homeLine)
	h.Opens("/account/cards")
	h.Sends("", "brand=jcb", "last4=4242", "expiry=12/39", "token=tok_demo_haruka01")
	s.account, _ = s.whose(h)
	s.orders(h, "A70001", s.shelved("address/", homeLine), "『星の地図帳』、煎茶 100g", 5476)
	s.getsWhich(holderEmail, "about the card", func(l letter) bool { return strings.Contains(l.Subject, "カード") })
	if s.Today != nil {
		s.Today()
	}
	s.signsIn(h, holderEmail, holderSecret) // today, on the telephone that the house knows
	s.before = s.Shop.Facts(s.account)
	return fmt.Sprintf("registered, address, telephone, card and an order; %d facts", len(s.before))
}

// takeover: somebody who has her password signs in, and makes himself at home.
func (s *Script) takeover() string {
	x := s.Intruder
	s.signsIn(x, holderEmail, holderSecret)
	_, s.session = s.whose(x)
	// A visit of which nobody can tell whose it was: with the password that both know, from a device that nobody knows.
	s.signsIn(s.Tablet, holderEmail, holderSecret)
	s.Tablet.Opens("/account/name")
	s.Tablet.Sends("", "name="+tabletName)
	x.Opens("/account/email")
	x.Submits("", "email="+intruderEmail, "password=wrong-wrong-99")
	s.want(x.Page.Status == http.StatusUnprocessableEntity, "the e-mail address could be changed with a wrong password: %d", x.Page.Status)
	x.Opens("/account/email")
	x.Sends("", "email="+intruderEmail, "password="+holderSecret)
	confirm := s.gets(intruderEmail, "/confirm/")
	s.want(!strings.Contains(confirm.Text, holderEmail), "the letter to the new address names the old one")
	x.Opens(confirm.Link("/confirm/"))
	pressed := time.Now()
	x.Presses("")
	s.notice = s.getsWhich(holderEmail, "about the new address", func(l letter) bool { return strings.Contains(l.Subject, "メールアドレスが変更") })
	s.told = max(s.notice.At.Sub(pressed), 0)
	x.Opens("/account/password")
	x.Sends("", "old="+holderSecret, "new="+intruderSecret)
	x.Opens("/account/addresses")
	x.Sends("", "to=H. Nakagawa", "post=000-0999", "line="+intruderLine)
	s.orders(x, "A70002", s.shelved("address/", intruderLine), "図書カード 5,000円", 30000)
	s.want(s.Shop.MayAct(x.Cookie("__Host-session")), "the intruder's session should still act")
	s.want(!s.Shop.MayAct(s.Holder.Cookie("__Host-session")), "the new password should have ended the holder's session")
	return "e-mail address, password and delivery address changed, a voucher ordered"
}

// noticed: the old address was told at once, and learned what it may know.
func (s *Script) noticed() string {
	l := s.notice
	s.want(l.Number != "" && strings.Contains(l.Text, l.Number), "the letter has no number")
	s.want(l.Link("/not-me/") != "", "the letter has no link to stop the account")
	s.want(!strings.Contains(l.Text+l.HTML, intruderEmail), "the letter shows the new address in clear")
	s.want(strings.Contains(l.Text, maskedAddress(intruderEmail)), "the letter does not show the new address masked")
	s.want(strings.Contains(l.Text, s.Intruder.IP), "the letter does not say from where")
	s.want(strings.Contains(l.Text, "Chrome"), "the letter does not say from what device")
	s.getsWhich(holderEmail, "about the password", func(l letter) bool { return strings.Contains(l.Subject, "パスワードが変更") })
	s.getsWhich(holderEmail, "about the sign-in", func(l letter) bool { return strings.Contains(l.Subject, "ログイン") })
	s.getsWhich(holderEmail, "about the delivery address", func(l letter) bool {
		return strings.Contains(l.Subject, "届け先") && strings.Contains(l.Text, s.Intruder.IP)
	})
	return fmt.Sprintf("the old address was told in %d ms: number %s, new address masked", s.told.Milliseconds(), l.Number)
}

// signsIn signs somebody in.
func (s *Script) signsIn(p *Player, email, password string) {
	p.Opens("/sign-in")
	if p.Page.URL.Path == "/" {
		return // signed in already
	}
	p.Sends("", "email="+email, "password="+password)
	s.want(p.Page.URL.Path == "/", "%s could not sign in: %s", p.Name, p.Page.URL)
}

// whose asks as the shop does whose session a player has.
func (s *Script) whose(p *Player) (account, session string) {
	var who struct{ Account, Session string }
	status := s.Shop.Asks(http.MethodGet, "/v1/session", p.Cookie("__Host-session"), nil, &who)
	s.want(status == http.StatusOK, "%s has no session: %d", p.Name, status)
	return who.Account, who.Session
}

// shelved gives the path of the element of a set that has a line.
func (s *Script) shelved(set, line string) string {
	for path, f := range s.Shop.Facts(s.account) {
		if strings.HasPrefix(path, set) && strings.Contains(string(f.Value), line) {
			return path
		}
	}
	s.Fail("there is nothing with %q at %s", line, set)
	return ""
}

// orders lets the shop enter an order of somebody who is signed in.
func (s *Script) orders(p *Player, number, shipTo, items string, yen int) {
	status := s.Shop.Asks(http.MethodPost, "/v1/accounts/"+s.account+"/orders", p.Cookie("__Host-session"), map[string]any{
		"order": number, "ship_to": shipTo, "items": items, "amount": yen, "currency": "JPY", "effect": "undo"}, nil)
	s.want(status == http.StatusCreated, "%s's order was answered %d", p.Name, status)
}
