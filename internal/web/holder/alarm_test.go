package holder_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/session"
	chrome "takeback/internal/story/browser"
)

// Programs that scan mail open links; opening one must not do anything.
func TestOpeningALinkDoesNothing(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		link := a.takeover()
		before := a.account()
		for range 3 {
			if p := a.get(a.client, link); p.Status != 200 || p.Find("form button.stop").Length() != 1 {
				a.Fatalf("status %d: %s", p.Status, p.Text())
			}
		}
		if a.account() != before {
			a.Error("a GET changed the account")
		}
		p := a.post(a.client, link, nil)
		if a.account().State != account.Frozen || p.Status != 200 || !strings.HasPrefix(p.Path, "/contact/case_") {
			a.Errorf("after the button: %s, %d at %s", a.account().State, p.Status, p.Path)
		}
	})
}

// That the link ends after 14 days is enforced, not only said.
func TestAnOldLinkDoesNotStop(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		link := a.takeover()
		a.clock.Advance(30 * 24 * time.Hour) // no contact of before is left: the link counts as long as it can
		if p := a.get(a.client, link); p.Find("button.stop").Length() != 0 || p.Find(`a[href="/contact"]`).Length() == 0 {
			a.Error("an old link still offers to stop the account, or does not lead to a person")
		}
		if p := a.post(a.client, link, nil); p.Path != "/contact" || a.account().State != account.Open {
			a.Errorf("an old link did something: %s, account %s", p.Path, a.account().State)
		}
	})
}

// Whoever still reads a given-up mailbox can stop the account and gets nothing else.
func TestTheLinkGivesNoAccess(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		a.post(a.client, a.takeover(), nil)
		for _, path := range []string{"/", "/security", "/account/email", "/messages"} {
			if p := a.get(a.client, path); p.Path != "/sign-in" {
				a.Errorf("%s is shown after using the link: at %s", path, p.Path)
			}
		}
	})
}

// A link of the time before never stops the account again, whoever kept it.
func TestALinkOfAFormerEpochStopsNothing(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		link := a.takeover()
		a.change(history.Entry{By: access.Do("shop"), Verb: history.Credential, Path: "password", SecretID: "s"})
		kept := a.letter("evil@new.example").Link("/not-me/")
		first := a.post(a.client, link, nil)
		frozen := a.account()
		intruder := newClient(a.T)
		if p := a.post(intruder, kept, nil); p.Path != first.Path || a.account() != frozen {
			a.Errorf("a second link moved the account, or did not lead to the case: %s", p.Path)
		}
		if again := a.post(newClient(a.T), link, nil); again.Path != first.Path || a.account() != frozen {
			a.Errorf("a second click: %s", again.Path)
		}
		id := strings.TrimPrefix(first.Path, "/contact/")
		agent := access.Actor{Role: access.Agent, ID: "staff_1"}
		a.write(func(tx *db.Tx) error {
			_, err := a.files.Advance(tx, id, casefile.Verified, agent)
			if err == nil {
				_, err = a.stop.LetGo(tx, id, agent)
			}
			return err
		})
		if p := a.post(intruder, kept, nil); p.Path != "/contact" || a.account().State != account.Open {
			a.Errorf("a link of before stopped the account after it was let go: %s, %s", p.Path, a.account().State)
		}
	})
}

// Two people report about one account. The one behind the new address is the intruder.
func TestTwoReportersNeverReadOneAnother(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		link := a.takeover()
		a.change(history.Entry{By: access.Do("shop"), Verb: history.Credential, Path: "password", SecretID: "s"})
		kept := a.letter("evil@new.example").Link("/not-me/")
		intruder := newClient(a.T)
		at := a.post(a.client, link, nil).Path
		a.post(intruder, kept, nil)
		a.post(a.client, at, url.Values{"text": {"My new number is 090"}})
		a.post(intruder, at, url.Values{"text": {"It is mine"}})
		mine, his := a.get(a.client, at), a.get(intruder, at)
		if talk := mine.Find("#talk").Text(); !strings.Contains(talk, "090") || strings.Contains(talk, "It is mine") {
			a.Errorf("the holder reads: %s", talk)
		}
		if talk := his.Find("#talk").Text(); strings.Contains(talk, "090") || !strings.Contains(talk, "It is mine") {
			a.Errorf("the intruder reads: %s", talk)
		}
		if mine.Find(".steps").Length() != 1 || his.Find(".steps").Length() != 0 {
			a.Error("the course of the case is for whoever reads a mailbox that was good before, and for nobody else")
		}
		code := func(p seen) string { return p.Find("b.code").Text() }
		if code(mine) == "" || code(mine) == code(his) {
			a.Errorf("call codes %q and %q", code(mine), code(his))
		}
	})
}

func TestTheFrozenLetterOpensTheCase(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		at := a.post(a.client, a.takeover(), nil).Path
		link := a.letter("amy@old.example").Link("/contact/")
		other := newClient(a.T)
		p := a.get(other, link)
		if p.Status != 200 || p.Path != at || strings.Contains(p.Path, "k=") {
			a.Fatalf("the letter's link gives %d at %s", p.Status, p.Path)
		}
		a.post(other, at, url.Values{"text": {"from my other device"}})
		if talk := a.get(a.client, at).Find("#talk").Text(); !strings.Contains(talk, "other device") {
			a.Errorf("the same mailbox is two people: %s", talk)
		}
	})
}

// Strangers cannot tell what is not theirs from what is not there.
func TestStrangersCannotTellAbsentFromForbidden(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		at := a.post(a.client, a.takeover(), nil).Path
		shape := func(p seen) string {
			p.Find("code, a[hreflang]").Remove()
			return strings.Join(strings.Fields(p.Text()), " ")
		}
		stranger := newClient(a.T)
		there, absent := a.get(stranger, at), a.get(stranger, "/contact/case_00000000000000000000000000")
		if there.Status != 404 || absent.Status != 404 || shape(there) != shape(absent) {
			a.Errorf("%d %q\n%d %q", there.Status, shape(there), absent.Status, shape(absent))
		}
		for _, path := range []string{"", "/call", "/code", "/was-me"} {
			if p := a.post(stranger, at+path, url.Values{"text": {"x"}, "phone": {"0901234567"}, "code": {"123456"}}); p.Status != 404 {
				a.Errorf("POST %s by a stranger: %d", path, p.Status)
			}
		}
		if p := a.get(stranger, at+"/live"); p.Status != 404 {
			a.Errorf("a stranger may watch: %d", p.Status)
		}
		if p := a.get(stranger, "/not-me/"+seal.NewToken()); p.Status != 404 {
			a.Errorf("a token nobody gave out: %d", p.Status)
		}
	})
}

func TestContactSaysTheSameAboutEveryName(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		shape := func(login string) (string, string) {
			c := newClient(a.T)
			p := a.post(c, "/contact", url.Values{"login": {login}, "story": {"Help"}, "phone": {"090-1234-5678"}, "best": {"now"}, "email": {"amy@old.example"}})
			p.Find("code, b.code, time, a[hreflang]").Remove()
			p.Find("#standing").Find("p").Eq(1).Remove() // when we call
			at := p.Path
			text := strings.ReplaceAll(strings.Join(strings.Fields(p.Find("main").Text()), " "), strings.TrimPrefix(at, "/contact/"), "")
			return text, at
		}
		known, at := shape("amy@old.example")
		unknown, _ := shape("nobody@old.example")
		if known != unknown {
			a.Errorf("a stranger can tell:\n%s\n%s", known, unknown)
		}
		if l := a.letter("amy@old.example"); !strings.Contains(l.Text, strings.TrimPrefix(at, "/contact/")) || len(a.inbox.To("amy@old.example")) != 1 {
			a.Errorf("the letter about the call: %q, %d letters", l.Subject, len(a.inbox.To("amy@old.example")))
		}
		a.write(func(tx *db.Tx) error {
			all, err := casefile.Waiting(tx)
			calls, err2 := casefile.Callbacks(tx)
			if len(all) != 2 || all[0].Account != acc || all[1].Account != "" || len(calls) != 2 || calls[0].DueAt.Sub(calls[0].RequestedAt) != report.Promise {
				a.Errorf("cases %+v, calls %+v", all, calls)
			}
			return errors.Join(err, err2)
		})
		// The account has an open case now: another stranger still gets one of his own.
		if _, other := shape("amy@old.example"); other == at {
			a.Error("a stranger was let into a case by a name")
		}
	})
}

func TestContactIsRationed(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		send := func() int {
			return a.post(newClient(a.T), "/contact", url.Values{"story": {"Help"}}).Status
		}
		for range 5 {
			if got := send(); got != 200 {
				a.Fatalf("status %d", got)
			}
		}
		if got := send(); got != http.StatusTooManyRequests {
			a.Errorf("a sixth in an hour: %d", got)
		}
		a.clock.Advance(time.Hour)
		if got := send(); got != 200 {
			a.Errorf("after the hour: %d", got)
		}
	})
}

func TestHelpIsHonest(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		if best := a.get(a.client, "/help").Find(".best").Text(); !strings.Contains(best, "We call you") || !strings.Contains(best, "2 minutes") {
			a.Errorf("two people are free: %s", best)
		}
		asked := a.post(a.client, "/contact", url.Values{"story": {"Help"}, "phone": {"090-1234-5678"}}).Path
		if text := a.get(a.client, asked).Find("#standing").Text(); !strings.Contains(text, "We call you by 2 Mar 2027, 09:03 UTC") {
			a.Errorf("two people are there: %s", text)
		}
		a.duty.n = 0
		if text := a.get(a.client, asked).Find("#standing").Text(); strings.Contains(text, "We call you by") || !strings.Contains(text, "as soon as somebody is back") {
			a.Errorf("a call is promised that nobody is there to make: %s", text)
		}
		p := a.get(a.client, "/help?what=orders")
		if !strings.Contains(p.Text(), "Nobody is at the desk") || strings.Contains(p.Find(".best").Text(), "We call you") || p.Find("#advice").Length() != 1 {
			a.Errorf("nobody is there: %s", p.Find("main").Text())
		}
	})
}

func TestCheckLetterAndPhishing(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		a.takeover()
		number := a.letter("amy@old.example").Number
		if p := a.post(a.client, "/check-letter", url.Values{"number": {number}, "email": {"amy@old.example"}}); p.Find(".card.ok").Length() != 1 {
			a.Errorf("our letter is not ours: %s", p.Find("main").Text())
		}
		if p := a.post(a.client, "/check-letter", url.Values{"number": {number}, "email": {"evil@new.example"}}); p.Find(".card.warn").Length() != 1 {
			a.Error("a letter to somebody else is confirmed")
		}
		if p := a.post(a.client, "/report-phishing", url.Values{"text": {"Dear customer"}}); p.Status != 200 || p.Find(".flash").Length() != 1 {
			a.Errorf("%d %s", p.Status, p.Text())
		}
		if p := a.post(a.client, "/report-phishing", url.Values{}); p.Status != 422 {
			a.Errorf("nothing at all was taken: %d", p.Status)
		}
	})
}

func TestMessagesListEveryLetterMasked(t *testing.T) {
	eachAlarm(t, func(a *alarm) {
		a.takeover()
		number := a.letter("amy@old.example").Number
		var token string
		a.write(func(tx *db.Tx) error {
			found, err := account.Get(tx, acc)
			if err == nil {
				_, token, _, err = a.enter.Open(tx, session.Opening{Account: found, Verb: history.Open})
			}
			return err
		})
		at, err := url.Parse(a.url)
		if err != nil {
			a.Fatal(err)
		}
		a.client.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-session", Value: token, Path: "/", Secure: true}})
		p := a.get(a.client, "/messages")
		text := p.Find("main").Text()
		if p.Status != 200 || !strings.Contains(text, number) || !strings.Contains(text, "a***@o***.example") || strings.Contains(text, "amy@old") {
			a.Errorf("%d %s", p.Status, text)
		}
	})
}

// TestAlarmPagesInABrowser looks at every page at both widths in both languages.
// With TAKEBACK_PICTURES set to a folder it leaves pictures there.
func TestAlarmPagesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	for _, lang := range []string{"ja", "en"} {
		for name, size := range map[string]chrome.Size{"phone": chrome.Phone, "desk": chrome.Desk} {
			t.Run(lang+" "+name, func(t *testing.T) {
				t.Parallel()
				clock := dbtest.NewClock()
				a := newAlarm(t, dbtest.New(t, db.SQLite, db.Options{Now: clock.Now}), clock)
				link := a.takeover()
				tab := chrome.Open(t, size, lang)
				shoot := func(page string) {
					tab.Axe()
					if wide := chrome.Eval[int](tab, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
						t.Errorf("%s is %d pixels too wide", page, wide)
					}
					if folder := os.Getenv("TAKEBACK_PICTURES"); folder != "" {
						tab.Screenshot(filepath.Join(folder, page+"-"+lang+"-"+name+".png"))
					}
				}
				tab.Navigate(link)
				shoot("not-me")
				tab.Follow("button.stop")
				chrome.Eval[string](tab, `document.querySelector('#text').value = '090'`)
				tab.Click("form.form[data-quiet] button")
				tab.WaitFor(`document.querySelector('#talk').textContent.includes('090')`)
				shoot("case")
				for page, path := range map[string]string{"help": "/help", "advice": "/help?what=email", "contact": "/contact", "check-letter": "/check-letter", "phishing": "/report-phishing"} {
					tab.Navigate(a.url + path)
					shoot(page)
				}
				a.duty.n = 0
				tab.Navigate(a.url + "/help")
				shoot("help-night")
			})
		}
	}
}
