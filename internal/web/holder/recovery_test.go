package holder_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/mail/inbox"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/session"
)

var (
	aoi = access.Actor{Role: access.Agent, ID: "staff_aoi", Name: "Aoi Kato"}
	ken = access.Actor{Role: access.Investigator, ID: "staff_ken", Name: "Ken Mori"}
	abe = access.Actor{Role: access.Supervisor, ID: "staff_abe", Name: "Yuki Abe"}
)

// held is the whole house with one account that was taken over, stopped and planned for.
type held struct {
	*testing.T
	*app.App
	clock  *dbtest.Clock
	inbox  *inbox.Inbox
	url    string
	caseID string
	visit  string // the suspect session
}

func newHeld(t *testing.T, engine db.Engine) *held {
	t.Helper()
	h := &held{T: t, clock: dbtest.NewClock()}
	box, err := inbox.Start("127.0.0.1:0")
	h.must(err)
	t.Cleanup(func() { _ = box.Close() })
	h.inbox = box
	var site http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { site.ServeHTTP(w, r) }))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	h.url = server.URL
	h.App, err = app.New(t.Context(), app.Config{DB: dbtest.Place(t, engine), Site: server.URL, SMTP: seal.NewSecret(box.URL()), Now: h.clock.Now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	h.must(err)
	t.Cleanup(func() { _ = h.App.Close() })
	site = h.App.Handler()
	h.takeover()
	return h
}

func eachHeld(t *testing.T, f func(h *held)) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) { t.Parallel(); f(newHeld(t, engine)) })
	}
}

func (h *held) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *held) write(f func(tx *db.Tx) error) { h.Helper(); h.must(h.DB.Write(h.Context(), f)) }

func (h *held) does(by access.Actor, verb history.Verb, path string, e history.Entry) (seq int64) {
	h.Helper()
	e.Account, e.By, e.Verb, e.Path = acc, by, verb, path
	h.write(func(tx *db.Tx) error {
		c, err := h.Book.Append(tx, e)
		seq = c.Seq
		return err
	})
	h.clock.Advance(time.Minute)
	return seq
}

func (h *held) signsIn(device, ip string, factors ...history.Factor) (by access.Actor) {
	h.Helper()
	c := access.Client{Request: "req", Device: device, IP: ip, UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, acc)
		if err != nil {
			return err
		}
		s, _, _, err := h.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Factors: factors, Client: c})
		by = s.Actor(c)
		return err
	})
	return by
}

// takeover is an account of a year, a bad night, and a visit that may have been anybody's; then the account is stopped and planned for.
func (h *held) takeover() {
	h.Helper()
	text := account.TextValue
	h.write(func(tx *db.Tx) error { return account.Create(tx, acc, "en") })
	holder := h.signsIn("home", "192.0.2.10")
	h.does(holder, history.Contact, "email", history.Entry{Value: text("amy@old.example"), Version: "e1", Confirmed: true})
	h.does(holder, history.Contact, "phone", history.Entry{Value: text("+81312345678"), Version: "t1", Confirmed: true})
	h.does(holder, history.Credential, "password", history.Entry{Version: "p1", SecretID: "s1", Stored: "stored-one"})
	h.clock.Advance(365 * 24 * time.Hour)
	known := history.Factor{Path: "password", Version: "p1", Proof: "password"}
	thief := h.signsIn("away", "203.0.113.66", known)
	h.does(thief, history.Contact, "phone", history.Entry{Value: text("+81399999999"), Version: "t2", Confirmed: true})
	reported := h.does(thief, history.Contact, "email", history.Entry{Value: text("thief@mail.example"), Version: "e2", Confirmed: true})
	tablet := h.signsIn("tablet", "192.0.2.44", known)
	h.visit = tablet.Session
	h.does(tablet, history.Set, "note/n1", history.Entry{Value: text("leave it at the door")})
	h.write(func(tx *db.Tx) error {
		c, err := h.Freezer.Stop(tx, casefile.Case{Account: acc, Source: "not-me", Language: "en", ReportedSeq: reported}, access.Actor{})
		if err != nil {
			return err
		}
		h.caseID = c.ID
		return casefile.Cite(tx, c.ID, "", reported)
	})
	h.must(h.Investigator.Mark(h.Context(), ken, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Session: thief.Session}, 0))
	_, err := h.Restorer.MakePlan(h.Context(), ken, h.caseID, "")
	h.must(err)
}

// grant is somebody who has entered his look at the case.
func (h *held) grant(by access.Actor) access.Actor {
	by.Case, by.Client.Request = h.caseID, "req"
	return by
}

// proves proves the holder by two different methods: a code to the old address, and a call to the old number.
func (h *held) proves() {
	h.Helper()
	by := h.grant(aoi)
	h.must(h.Examiner.SendCode(h.Context(), by, h.caseID, 0, "e1", ""))
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(h.newest("amy@old.example").Text)
	h.must(h.Examiner.Enter(h.Context(), h.caseID, code))
	h.does(by, history.View, "phone", history.Entry{Version: "t1", Case: h.caseID})
	h.must(h.Examiner.Reached(h.Context(), by, h.caseID, 0, "t1", true, ""))
}

func (h *held) newest(to string) inbox.Letter {
	h.Helper()
	h.must(h.Runner.Drain(h.Context()))
	all := h.inbox.To(to)
	if len(all) == 0 {
		h.Fatalf("no letter to %s", to)
	}
	return all[len(all)-1]
}

// invited gives the path of a fresh link.
func (h *held) invited() string {
	h.Helper()
	h.must(h.Asker.Invite(h.Context(), h.grant(aoi), h.caseID, "e1"))
	_, path, ok := strings.Cut(h.newest("amy@old.example").Link("/recovery/"), "/recovery/")
	if !ok {
		h.Fatal("the newest letter has no link to the questions")
	}
	return "/recovery/" + path
}

// seenAt is an answer with the one thing that differs by request taken out.
type seenAt struct {
	*goquery.Document
	code     int
	to, text string
}

var (
	oncePart    = regexp.MustCompile(`name="once" value="[^"]*"`)
	requestPart = regexp.MustCompile(`<code>[a-z0-9]{16}</code>`)
	puzzlePart  = regexp.MustCompile(`(puzzle/|name="puzzle" value=")[^"]*`)
)

func (h *held) ask(c *http.Client, method, path string, form url.Values) seenAt {
	h.Helper()
	var body io.Reader
	if method == "POST" {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, body)
	h.must(err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	r.Header.Set("Accept-Language", "en")
	answer, err := c.Do(r)
	h.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	h.must(err)
	plain := string(text)
	for _, part := range []*regexp.Regexp{oncePart, requestPart, puzzlePart} {
		plain = part.ReplaceAllString(plain, "")
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(text)))
	h.must(err)
	return seenAt{doc, answer.StatusCode, answer.Header.Get("Location"), plain}
}

func (h *held) visitor() *http.Client {
	c := newClient(h.T)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// enters goes in by a fresh link.
func (h *held) enters() *http.Client {
	h.Helper()
	c, link := h.visitor(), h.invited()
	if p := h.ask(c, "POST", link, nil); p.code != 303 || p.to != "/recovery" {
		h.Fatalf("entering: %d %s", p.code, p.to)
	}
	return c
}

func (h *held) status() restore.Status {
	h.Helper()
	s, err := h.Restorer.Status(h.Context(), ken, h.caseID)
	h.must(err)
	return s
}

func (h *held) history() (all []history.Change) {
	h.Helper()
	h.must(h.DB.Read(h.Context(), func(tx *db.Tx) (err error) { all, err = history.Of(tx, acc); return err }))
	return all
}

func (p seenAt) item() url.Values {
	return url.Values{"question": {p.Find(`input[name=question]`).First().AttrOr("value", "")}}
}

func TestTheHolderAnswersWhatOnlyTheHolderKnows(t *testing.T) {
	eachHeld(t, func(h *held) {
		if err := h.Asker.Invite(h.Context(), h.grant(aoi), h.caseID, "e1"); fault.Public(err).Code != "ask.unproved" {
			h.Errorf("a holder whom nobody has proved is asked: %v", err)
		}
		h.proves()
		for version, want := range map[string]string{"e2": "ask.unclean", "t1": "ask.unclean", "": "ask.unclean"} {
			if err := h.Asker.Invite(h.Context(), h.grant(aoi), h.caseID, version); err == nil || fault.Public(err).Code != want {
				h.Errorf("the link goes to %q: %v", version, err)
			}
		}
		if err := h.Asker.Invite(h.Context(), aoi, h.caseID, "e1"); err == nil || fault.Public(err).Code != "ask.no-look" {
			h.Errorf("without a look at the case: %v", err)
		}
		h.must(h.Restorer.Answer(h.Context(), ken, h.caseID, h.status().Hash, restore.Keep, h.status().Asked[0].Question))
		h.must(h.Restorer.Approve(h.Context(), abe, h.caseID, h.status().Hash))
		link := h.invited()
		if n := len(h.inbox.To("thief@mail.example")); n > 0 {
			for _, l := range h.inbox.To("thief@mail.example") {
				if l.Link("/recovery/") != "" {
					h.Error("the intruder gets the link")
				}
			}
		}
		c := h.visitor()
		before := len(h.history())
		for range 2 {
			if p := h.ask(c, "GET", link, nil); p.code != 200 || p.Find("form[method=post] button").Length() == 0 {
				h.Fatalf("the page of the link: %d", p.code)
			}
		}
		if len(h.history()) != before {
			h.Error("opening the page of the link acts")
		}
		if p := h.ask(c, "POST", link, nil); p.code != 303 || p.to != "/recovery" {
			h.Fatalf("entering: %d %s", p.code, p.to)
		}
		if s := h.status(); s.Stale || len(s.Approvals) != 1 {
			h.Errorf("that the holder came made the plan stale: %t, %d approvals", s.Stale, len(s.Approvals))
		}
		p := h.ask(c, "GET", "/recovery", nil)
		if p.code != 200 || !strings.Contains(p.text, "Was this visit you?") {
			h.Fatalf("the questions: %d\n%s", p.code, p.Find("main").Text())
		}
		for _, never := range []string{"thief@mail.example", "81399999999", "192.0.2.44", "203.0.113.66", "stored-one", "leave it at the door", h.visit} {
			if strings.Contains(p.text, never) {
				h.Errorf("the page says %q", never)
			}
		}
		for name, form := range map[string]url.Values{
			"a word that is no answer":    {"question": p.item()["question"], "word": {"keep"}},
			"another question":            {"question": {"0123456789abcdef01234567"}, "word": {"mine"}},
			"no word":                     {"question": p.item()["question"]},
			"a question longer than ours": {"question": {strings.Repeat("a", 500)}, "word": {"mine"}},
		} {
			if bad := h.ask(c, "POST", "/recovery/answer", form); bad.code < 400 || bad.code >= 500 || bad.Find(".problems").Length() == 0 {
				h.Errorf("%s: %d", name, bad.code)
			}
		}
		form := p.item()
		form.Set("word", "not-mine")
		if p := h.ask(c, "POST", "/recovery/answer", form); p.code != 303 {
			h.Fatalf("answering: %d %s", p.code, p.Find(".problems").Text())
		}
		s := h.status()
		if len(s.Approvals) != 0 || s.MadeBy != ken.ID || !slices.ContainsFunc(s.Steps, func(x restore.Step) bool { return x.Path == "note/n1" }) {
			h.Errorf("the plan has %d approvals, is made by %s and does %+v", len(s.Approvals), s.MadeBy, s.Steps)
		}
		last := h.history()[len(h.history())-1]
		said, _ := last.Said()
		if diff := cmp.Diff(history.Said{Word: history.NotMine, About: []string{"session " + h.visit}, Sure: []string{"mailbox", "phone"}}, said); diff != "" || last.Role != access.Holder {
			h.Errorf("the statement (-want +got):\n%s", diff)
		}
		if p := h.ask(c, "POST", "/recovery/answer", form); p.code != 409 {
			h.Errorf("the same answer to what is not asked any more: %d", p.code)
		}
		if p := h.ask(c, "GET", "/recovery", nil); !strings.Contains(p.text, "There is nothing to answer now.") {
			h.Errorf("afterwards: %s", p.Find("main").Text())
		}
	})
}

func TestAHolderWhoDoesNotKnowLeavesItToTheInvestigators(t *testing.T) {
	eachHeld(t, func(h *held) {
		h.proves()
		c := h.enters()
		form := h.ask(c, "GET", "/recovery", nil).item()
		form.Set("word", "unsure")
		if p := h.ask(c, "POST", "/recovery/answer", form); p.code != 303 {
			h.Fatalf("answering: %d %s", p.code, p.Find(".problems").Text())
		}
		for _, q := range h.status().Asked {
			if q.Why == restore.SuspectChange && (q.To != restore.ToInvestigator || q.Answer != "") {
				h.Errorf("%s goes to the %s, answered %q", q.Path, q.To, q.Answer)
			}
		}
		p := h.ask(c, "GET", "/recovery", nil)
		if !strings.Contains(p.text, "You said that you do not know.") || !strings.Contains(p.text, "nothing to answer now") {
			h.Errorf("afterwards: %s", p.Find("main").Text())
		}
		form = p.item()
		form.Set("word", "mine")
		if p := h.ask(c, "POST", "/recovery/answer", form); p.code != 303 {
			h.Errorf("remembering later: %d", p.code)
		}
		if slices.ContainsFunc(h.status().Asked, func(q restore.Asked) bool { return q.Why == restore.SuspectChange }) {
			h.Error("it is still asked")
		}
	})
}

func TestAStrangerCannotTellLinksApart(t *testing.T) {
	eachHeld(t, func(h *held) {
		h.proves()
		used := h.invited()
		h.ask(h.visitor(), "POST", used, nil)
		void := h.invited()
		expired := h.invited() // which ends the one before
		h.clock.Advance(25 * time.Hour)
		over := h.invited()
		h.write(func(tx *db.Tx) error {
			_, err := account.Turn(tx, acc, account.Frozen, time.Time{}, account.Frozen)
			return err
		})
		never := "/recovery/" + seal.NewToken()
		for _, method := range []string{"GET", "POST"} {
			want := h.ask(h.visitor(), method, never, nil)
			if want.code != 404 {
				h.Errorf("%s of a link that never was: %d", method, want.code)
			}
			for name, link := range map[string]string{"used": used, "void": void, "expired": expired, "of a former epoch": over} {
				got := h.ask(h.visitor(), method, link, nil)
				same := strings.ReplaceAll(got.text, link, never)
				if got.code != want.code || got.to != want.to || same != want.text {
					h.Errorf("%s of a link that is %s: %d, want %d\n%s", method, name, got.code, want.code, cmp.Diff(want.text, same))
				}
			}
		}
	})
}

// Whoever has the cookie of a limited session is a stranger on every other page,
// and so is who puts it into the place of another.
func TestALimitedSessionOpensNothingElse(t *testing.T) {
	eachHeld(t, func(h *held) {
		h.proves()
		c := h.enters()
		at, err := url.Parse(h.url)
		h.must(err)
		planted := h.visitor()
		for _, k := range c.Jar.Cookies(at) {
			k.Name, k.Path, k.Secure = strings.Replace(k.Name, "recovery", "session", 1), "/", true
			planted.Jar.SetCookies(at, []*http.Cookie{k})
		}
		inside := map[string]bool{"/recovery": true, "/recovery/answer": true, "/recovery/contact": true, "/recovery/contact/code": true, "/recovery/leave": true}
		routes, before := 0, len(h.history())
		for _, r := range h.Holder.Routes() {
			if inside[r.Path] {
				if r.Permission != access.OwnRecovery {
					h.Errorf("%s needs %s", r.Path, r.Permission)
				}
				continue
			}
			if r.Permission == access.OwnRecovery {
				h.Errorf("%s is open to a limited session", r.Path)
			}
			if r.Live || r.Method == "POST" && r.Permission == access.Public {
				continue // they ask nobody who he is; who posts to them alike would be slowed as one
			}
			routes++
			path := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.ReplaceAll(r.Path, "{$}", ""), "x")
			want := h.ask(h.visitor(), r.Method, path, url.Values{})
			for name, who := range map[string]*http.Client{"its own cookie": c, "its token as another": planted} {
				got := h.ask(who, r.Method, path, url.Values{})
				if got.code != want.code || got.to != want.to || got.text != want.text && r.Permission != access.Public {
					h.Errorf("%s %s with %s: %d %s, a stranger hears %d %s", r.Method, path, name, got.code, got.to, want.code, want.to)
				}
			}
		}
		if routes < 30 {
			h.Errorf("only %d routes were tried", routes)
		}
		if n := len(h.history()) - before; n != 0 {
			h.Errorf("%d changes were entered", n)
		}
	})
}

func TestAFreezeANewEpochOrADoubtEndsTheLimitedSession(t *testing.T) {
	for name, end := range map[string]func(h *held){
		"a new epoch": func(h *held) {
			h.write(func(tx *db.Tx) error {
				_, err := account.Turn(tx, acc, account.Restoring, time.Time{}, account.Frozen)
				return err
			})
		},
		"a second person who says that the account is his": func(h *held) {
			h.must(h.Examiner.Mark(h.Context(), h.grant(aoi), h.caseID, 0, "somebody else phoned"))
		},
		"an address that turns out to be the intruder's, too": func(h *held) {
			h.must(h.Investigator.Mark(h.Context(), ken, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Version: investigate.VersionRef{Path: "email", Version: "e1"}}, 1))
		},
		"its time": func(h *held) { h.clock.Advance(13 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			eachHeld(t, func(h *held) {
				h.proves()
				c := h.enters()
				form := h.ask(c, "GET", "/recovery", nil).item()
				form.Set("word", "mine")
				end(h)
				before := len(h.history())
				for _, r := range [][2]string{{"GET", "/recovery"}, {"POST", "/recovery/answer"}} {
					if p := h.ask(c, r[0], r[1], form); p.code != 303 || !strings.HasPrefix(p.to, "/sign-in?") || !strings.Contains(p.to, "why=recovery.over") {
						h.Errorf("%s %s: %d %s", r[0], r[1], p.code, p.to)
					}
				}
				if len(h.history()) != before {
					h.Error("an answer was taken")
				}
			})
		})
	}
}

func TestAContactIsConfirmedOnceEverythingIsBack(t *testing.T) {
	eachHeld(t, func(h *held) {
		h.proves()
		c := h.enters()
		form := h.ask(c, "GET", "/recovery", nil).item()
		form.Set("word", "mine")
		h.ask(c, "POST", "/recovery/answer", form)
		if p := h.ask(c, "GET", "/recovery", nil); p.Find(`form[action="/recovery/contact"]`).Length() != 0 {
			h.Error("the intruder's address can be confirmed")
		}
		h.must(h.Restorer.Approve(h.Context(), abe, h.caseID, h.status().Hash))
		h.must(h.Restorer.Start(h.Context(), ken, h.caseID))
		h.must(h.Runner.Drain(h.Context()))
		c = h.enters()
		p := h.ask(c, "GET", "/recovery", nil)
		version := p.Find(`form[action="/recovery/contact"] input[name=version]`).First().AttrOr("value", "")
		if version == "" || !strings.Contains(p.text, "Everything is back") {
			h.Fatalf("after the plan: %s", p.Find("main").Text())
		}
		if p := h.ask(c, "POST", "/recovery/contact", url.Values{"version": {version}}); p.code != 303 {
			h.Fatalf("sending a code: %d %s", p.code, p.Find(".problems").Text())
		}
		code := regexp.MustCompile(`\b\d{6}\b`).FindString(h.newest("amy@old.example").Text)
		wrong := "000000"
		if code == wrong {
			wrong = "111111"
		}
		if p := h.ask(c, "POST", "/recovery/contact/code", url.Values{"version": {version}, "code": {wrong}}); p.code != 422 && p.code != 400 {
			h.Errorf("a wrong code: %d", p.code)
		}
		if p := h.ask(c, "POST", "/recovery/contact/code", url.Values{"version": {"e2"}, "code": {code}}); p.code != 409 {
			h.Errorf("the intruder's contact: %d", p.code)
		}
		if p := h.ask(c, "POST", "/recovery/contact/code", url.Values{"version": {version}, "code": {code}}); p.code != 303 {
			h.Fatalf("the right code: %d %s", p.code, p.Find(".problems").Text())
		}
		last := h.history()[len(h.history())-1]
		if last.Verb != history.Confirm || last.Path != "email" || last.Role != access.Holder {
			h.Errorf("entered is %s %s by %s", last.Verb, last.Path, last.Role)
		}
		if p := h.ask(c, "POST", "/recovery/contact/code", url.Values{"version": {version}, "code": {code}}); p.code == 303 {
			h.Error("a code counts twice")
		}
	})
}
