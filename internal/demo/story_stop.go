package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
)

type letter = inbox.Letter

func maskedAddress(address string) string { return mail.Mask(address) }

// state is the state of the account, as the shop sees it.
func (s *Script) state() string {
	var a struct{ State string }
	s.Shop.Asks(http.MethodGet, "/v1/accounts/"+s.account, "", nil, &a)
	return a.State
}

// reported: the link in the letter shows, and its button stops. Nobody signs in for it.
func (s *Script) reported() string {
	h := s.Holder
	link := s.notice.Link("/not-me/")
	for range 2 { // mail scanners open every link, some of them twice
		s.Neighbour.Opens(link)
	}
	s.want(s.state() == "open", "opening the link has stopped the account")
	h.Opens(link)
	began := time.Now()
	h.Presses("")
	took := time.Since(began)
	s.want(s.state() == "frozen", "the button did not stop the account, it is %s", s.state())
	s.want(strings.HasPrefix(h.Page.URL.Path, "/contact/case_"), "the button led to %s", h.Page.URL.Path)
	s.case_ = strings.TrimPrefix(h.Page.URL.Path, "/contact/")
	s.Neighbour.Tries("/contact/" + s.case_)
	s.want(s.err != nil || s.Neighbour.Page.Status == http.StatusNotFound, "a stranger may see the case: %d", s.Neighbour.Page.Status)
	return fmt.Sprintf("GET showed, POST stopped in %d ms; case %s", took.Milliseconds(), s.case_)
}

// frozen: whatever the intruder does next, he is out, and nothing of his goes on.
func (s *Script) frozen() string {
	x := s.Intruder
	token := x.Cookie("__Host-session")
	s.want(!s.Shop.MayAct(token), "the intruder's session may still act")
	x.Tries("/security")
	s.want(s.err != nil || x.Page.URL.Path == "/sign-in", "the intruder still sees %s", x.Page.URL.Path)
	x.Sends("/sign-in", "email="+intruderEmail, "password="+intruderSecret)
	s.want(s.err != nil || x.Page.URL.Path == "/help", "the intruder's password led to %s", x.Page.URL.Path)
	status := s.Shop.Asks(http.MethodPost, "/v1/accounts/"+s.account+"/orders", token, map[string]any{"order": "A70003", "items": "x", "amount": 1, "currency": "JPY"}, nil)
	s.want(status == http.StatusUnauthorized || status == http.StatusConflict, "an order in a frozen account was answered %d", status)
	held := s.Shop.Facts(s.account)["order/A70002"].Held
	s.want(held != nil && *held, "the intruder's order is not held")
	s.gets(holderEmail, "/contact/")
	return "sessions dead, writes refused, the intruder's order held, the old address told"
}

// called: she leaves her number; the agent takes the call.
func (s *Script) called() string {
	a, h := s.Agent, s.Holder
	s.staffSignsIn(a, access.Agent)
	a.Sends("/desk/duty", "duty=on")
	h.Opens("/contact/" + s.case_)
	h.Sends("/call", "phone="+holderPhone, "best=今すぐ")
	a.Opens("/desk")
	a.Waits("a call to be taken", func(p *Page) bool { _, _, err := p.Form("/take"); return err == nil })
	began := time.Now()
	a.Presses("/take")
	s.want(s.err != nil || a.Page.URL.Path == "/desk/cases/"+s.case_, "taking the call led to %s", a.Page.URL.Path)
	h.Opens("/contact/" + s.case_)
	code := h.Page.Says("#standing b.code")
	s.want(s.err != nil || code != "" && a.Page.Has(code), "the agent cannot say the code on her page, %q", code)
	return fmt.Sprintf("call-back booked, taken by the agent in %d ms, who knows the code on her page", time.Since(began).Milliseconds())
}

// verified: two proofs that the intruder cannot have.
func (s *Script) verified() string {
	a, h := s.Agent, s.Holder
	a.Opens("/desk/cases/" + s.case_)
	a.Sends("/code", "version="+s.versionOf(a.Page, maskedAddress(holderEmail), "/code"))
	code := codeIn(s.getsWhich(holderEmail, "with a code", func(l letter) bool { return codeIn(l) != "" }))
	h.Opens("/contact/" + s.case_)
	wrong := "000000"
	if wrong == code {
		wrong = "111111"
	}
	h.Submits("/code", "code="+wrong)
	s.want(s.err != nil || h.Page.Status == http.StatusUnprocessableEntity, "a wrong code was answered %d", h.Page.Status)
	h.Opens("/contact/" + s.case_)
	h.Sends("/code", "code="+code)
	a.Opens("/desk/cases/" + s.case_)
	s.want(s.step() == "frozen", "one proof was enough: %s", s.step())
	number := s.versionOf(a.Page, maskedAddress(holderPhone), "/reached")
	a.Submits("/reached", "answered=yes")
	s.want(s.err != nil || a.Page.Status == http.StatusConflict, "a call to a number that nobody has seen was answered %d", a.Page.Status)
	a.Opens("/desk/cases/" + s.case_)
	a.Sends("/unmask", "version="+number)
	a.Opens("/desk/cases/" + s.case_)
	a.Sends("/reached", "answered=yes")
	s.want(s.step() == "verified", "two proofs were not enough: %s", s.step())
	a.Opens("/desk/cases/" + s.case_)
	a.Sends("/finish", "outcome=reached")
	s.want(s.err != nil || !strings.Contains(a.Page.Text(), code), "the agent can see the code")
	return "code to the old address, and reached at the number on file: two proofs, verified"
}

// versionOf checks that a form of the desk offers the contact that was good before, and gives its version.
func (s *Script) versionOf(p *Page, masked, action string) string {
	if s.err != nil {
		return ""
	}
	s.want(p.Has(masked), "the desk does not offer %s", masked)
	_, filled, err := p.Form(action, "version")
	if err != nil {
		s.Fail("%v", err)
		return ""
	}
	return filled.Get("version")
}

// step is where the case stands, as the shop sees it.
func (s *Script) step() string {
	var c struct{ Step string }
	s.Shop.Asks(http.MethodGet, "/v1/cases/"+s.case_, "", nil, &c)
	return c.Step
}

// staffSignsIn signs somebody in at the desk, with a code of the authenticator app.
func (s *Script) staffSignsIn(p *Player, role access.Role) {
	email, password := s.Staff(role)
	p.Opens("/desk/sign-in")
	p.Sends("/desk/sign-in", "email="+email, "password="+password, "code="+s.Code(role))
	s.want(s.err != nil || p.Page.URL.Path == "/desk", "the %s could not sign in: %s", role, p.Page.URL)
}
