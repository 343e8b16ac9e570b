package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
)

// surfer is somebody at the pages of the whole program, over HTTP, with cookies of his own.
type surfer struct {
	h       *home
	at      string
	cookies map[string]string
}

func (h *home) surfer() *surfer {
	s := httptest.NewServer(h.Handler())
	h.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return &surfer{h, s.URL, map[string]string{}}
}

// ask sends a request and gives where it leads and what it says.
func (s *surfer) ask(method, path string, fields ...string) (code int, to, body string) {
	s.h.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(s.h.t.Context(), method, s.at+path, strings.NewReader(form.Encode()))
	s.h.ok(err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", "en")
	for name, v := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	s.h.ok(err)
	defer func() { _ = answer.Body.Close() }()
	for _, c := range answer.Cookies() {
		s.cookies[c.Name] = c.Value
	}
	text, err := io.ReadAll(answer.Body)
	s.h.ok(err)
	return answer.StatusCode, answer.Header.Get("Location"), string(text)
}

// leads sends a form and wants to be led to a page that begins so.
func (s *surfer) leads(want, path string, fields ...string) (to string) {
	s.h.t.Helper()
	code, to, body := s.ask(http.MethodPost, path, fields...)
	if code != http.StatusSeeOther || !strings.HasPrefix(to, want) {
		s.h.t.Fatalf("POST %s: %d to %q, want %s\n%s", path, code, to, want, tags.ReplaceAllString(body, " "))
	}
	return to
}

// says wants a page to have some words.
func (s *surfer) says(path string, words ...string) {
	s.h.t.Helper()
	code, _, body := s.ask(http.MethodGet, path)
	for _, w := range words {
		if code != http.StatusOK || !strings.Contains(body, w) {
			s.h.t.Fatalf("GET %s: %d does not say %q\n%s", path, code, w, tags.ReplaceAllString(body, " "))
		}
	}
}

var tags = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>|\s+`)

// path gives the path of the newest link of a kind to an address.
func (h *home) path(to, prefix string) string {
	h.t.Helper()
	return prefix + h.token(to, prefix)
}

// Lost phone: with a code on paper she is back at once.
func TestStoryOfALostPhoneWithACodeOnPaper(t *testing.T) {
	eachHome(t, func(h *home) {
		_, saved := h.secured()
		s := h.surfer()
		h.ok(h.Life.AskRecovery(t.Context(), hana, browser("new phone")))
		page := h.path(hana, "/recover/")
		s.says(page, "What else can you show?", "h***@")
		if code, _, _ := s.ask(http.MethodPost, page, "code", "123456", "password", ""); code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code is answered %d", code)
		}
		set := s.leads("/recover/set/", page, "code", saved[3].Reveal(), "password", "")
		s.leads("/sign-in?done=recovered", set, "password", fresh)
		s.says("/sign-in?done=recovered", "the lost second step was taken off")
		s.leads("/", "/sign-in", "email", hana, "password", fresh)
		s.says("/security", "Two-step sign-in")
	})
}

// Lost phone, and no codes: she waits, is not stopped, and comes through. A night before, an intruder who reads her mail had begun, and she stopped him.
func TestStoryOfTheWaitingTime(t *testing.T) {
	eachHome(t, func(h *home) {
		h.secured()
		eve, s := h.surfer(), h.surfer()
		h.ok(h.Life.AskRecovery(t.Context(), hana, browser("eve's")))
		eve.leads("/recover-waits?until=", h.path(hana, "/recover/"), "code", "", "password", "")
		stop := h.path(hana, "/recover/stop/")
		s.says(stop, "Stop it", "without the second step")
		s.leads("/help?done=recover.stopped", stop)
		h.clock.Advance(7 * 24 * time.Hour)
		h.ok(h.Runner.Drain(t.Context()))
		if slices.ContainsFunc(h.inbox.To(hana), func(l inbox.Letter) bool { return l.Link("/recover/set/") != "" }) {
			t.Fatal("the intruder comes through")
		}

		h.ok(h.Life.AskRecovery(t.Context(), hana, browser("new phone")))
		to := s.leads("/recover-waits?until=", h.path(hana, "/recover/"), "code", "", "password", secret)
		s.says(to, "Please wait", "All contacts of the account were told")
		h.clock.Advance(72 * time.Hour)
		s.leads("/sign-in?done=recovered", h.path(hana, "/recover/set/"), "password", fresh)
		s.leads("/", "/sign-in", "email", hana, "password", fresh)
	})
}

// An intruder replaces every contact. The old address gets the way back for 30 days, and his gets none.
func TestStoryOfAnIntruderWhoReplacedAllContacts(t *testing.T) {
	eachHome(t, func(h *home) {
		h.lives()
		h.taken()
		ask := func() {
			h.ok(h.Life.AskReset(t.Context(), hana, browser("hana's")))
			h.ok(h.Runner.Drain(t.Context()))
		}
		links := func(to string) (n int) {
			for _, l := range h.inbox.To(to) {
				if l.Link("/reset/") != "" {
					n++
				}
			}
			return n
		}
		ask()
		h.clock.Advance(29 * 24 * time.Hour)
		ask()
		if links(hana) != 2 || links(eve) != 0 {
			t.Errorf("within 30 days %d links to the old address and %d to the intruder's, want 2 and 0", links(hana), links(eve))
		}
		s := h.surfer()
		s.leads("/sign-in?done=reset", h.path(hana, "/reset/"), "password", fresh)
		h.clock.Advance(2 * 24 * time.Hour)
		before := links(hana)
		ask()
		if links(hana) != before {
			t.Error("after 30 days the old address still gets the way back")
		}
	})
}

// Her sister reads the letter about a code that she mistyped, and stops the account by mistake; she lets it go with her passkey, on the page of the case.
func TestStoryOfAMistakenFreeze(t *testing.T) {
	eachHome(t, func(h *home) {
		phone := h.key(h.lives(), "k1")
		h.clock.Advance(8 * 24 * time.Hour)
		h.mistypes()
		sister, s := h.surfer(), h.surfer()
		sister.leads("/contact/", h.path(hana, "/not-me/"))
		if h.state() != account.Frozen {
			t.Fatalf("the account is %s", h.state())
		}
		// Her own letter about the freeze leads her to the case.
		link := h.letter(hana, func(l inbox.Letter) bool {
			return l.Link("/contact/") != "" && strings.Contains(l.Link("/contact/"), "k=")
		}).Link("/contact/")
		_, path, _ := strings.Cut(link, "/contact/")
		code, to, _ := s.ask(http.MethodGet, "/contact/"+path)
		if code != http.StatusSeeOther {
			t.Fatalf("the letter leads to %d", code)
		}
		s.says(to, "Let my account go", "Use my passkey")
		code, _, options := s.ask(http.MethodPost, to+"/key/ask")
		if code != http.StatusOK {
			t.Fatalf("asking for a passkey: %d %s", code, tags.ReplaceAllString(options, " "))
		}
		s.leads(to+"?done=case.undone", to+"/key", "answer", phone.Present([]byte(options)), "wish", "undo")
		if h.state() != account.Open {
			t.Errorf("the account is %s", h.state())
		}
		in, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("hana's"))
		if err != nil || in.Token == "" && in.Second == "" {
			t.Errorf("signing in: %v", err)
		}
	})
}

// mistypes has the holder sign in from a new device and miss the second step: a letter says so.
func (h *home) mistypes() {
	h.t.Helper()
	in, err := h.Life.SignIn(h.t.Context(), hana, seal.NewSecret(secret), browser("a new one of hers"))
	h.ok(err)
	if _, err = h.Life.SecondStep(h.t.Context(), in.Second, "000000", browser("a new one of hers")); err == nil {
		h.t.Fatal("a wrong code passes")
	}
}
