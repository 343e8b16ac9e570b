package holder_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/judge"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/notice"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/web"
	"takeback/internal/web/holder"
)

const acc = "acc_1"

// duty is how many people are at the desk.
type duty struct{ n int }

func (d *duty) OnDuty(*db.Tx) (int, error) { return d.n, nil }

// alarm is an account, its letters and the pages, without the rest of the house.
type alarm struct {
	*testing.T
	db     *db.DB
	clock  *dbtest.Clock
	book   *history.Book
	files  *casefile.Files
	inbox  *inbox.Inbox
	runner *jobs.Runner
	duty   *duty
	stop   *freeze.Freezer
	enter  *session.Sessions
	seal   *seal.Keeper
	url    string
	client *http.Client
}

func newAlarm(t *testing.T, d *db.DB, clock *dbtest.Clock) *alarm {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a := &alarm{T: t, db: d, clock: clock, duty: &duty{2}, runner: &jobs.Runner{DB: d}}
	keeper, err := seal.NewKeeper(make([]byte, 32))
	must(err)
	a.seal = keeper
	a.inbox, err = inbox.Start("127.0.0.1:0")
	must(err)
	t.Cleanup(func() { _ = a.inbox.Close() })
	kinds, err := account.NewKinds()
	must(err)
	// The address of the site is known when the server is there.
	var site http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { site.ServeHTTP(w, r) }))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() }) // live pages never end by themselves
	a.url = server.URL
	post, err := mail.New(d, keeper, mail.Config{URL: seal.NewSecret(a.inbox.URL()), From: "safe@kumo.example", FromName: "Kumo Store", Site: a.url})
	must(err)
	teller := &notice.Teller{DB: d, Post: post, Seal: keeper, Kinds: kinds}
	a.book = &history.Book{Kinds: kinds, AddressKey: signin.AddressKey, OnAppend: []func(*db.Tx, history.Change) error{teller.Hear}}
	a.files = &casefile.Files{OnStep: func(tx *db.Tx, c casefile.Case, _ access.Actor) error {
		if c.Step != casefile.Frozen {
			return nil
		}
		return teller.TellFrozen(tx, c)
	}}
	a.stop = &freeze.Freezer{Book: a.book, Files: a.files}
	intake := &report.Intake{DB: d, Seal: keeper, Files: a.files, Freezer: a.stop, Desk: a.duty, Post: post,
		NameOf: func(*db.Tx, string) (string, error) { return "Sato", nil }}
	post.Handle(a.runner)
	intake.Handle(a.runner)
	a.enter = session.New(d, a.book, keeper)
	puzzle, proof := gates(d, keeper)
	pages := &holder.Pages{Protection: untouched{}, Judged: &judge.Judge{DB: d}, Life: &signin.Life{DB: d, Book: a.book, Sessions: a.enter, Seal: keeper, Post: post, Service: "Kumo Store"},
		Puzzle: puzzle, Gate: proof, Alarm: holder.Alarm{Intake: intake, Teller: teller}}
	mux := http.NewServeMux()
	mux.Handle("/assets/", web.Assets())
	mux.Handle("/", pages.Site(web.Config{Brand: "Kumo Store", Now: clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}))
	site = mux
	a.write(func(tx *db.Tx) error { return account.Create(tx, acc, "en") })
	a.change(history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email", Value: []byte(`"amy@old.example"`), Confirmed: true})
	clock.Advance(365 * 24 * time.Hour)
	a.client = newClient(t)
	return a
}

func eachAlarm(t *testing.T, fn func(a *alarm)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(newAlarm(t, d, clock)) })
}

// jar keeps cookies over plain HTTP as browsers do on the loopback.
type jar struct{ *cookiejar.Jar }

func (j jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	s := *u
	s.Scheme = "https"
	j.Jar.SetCookies(&s, cookies)
}

func (j jar) Cookies(u *url.URL) []*http.Cookie {
	s := *u
	s.Scheme = "https"
	return j.Jar.Cookies(&s)
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	kept, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar{kept}}
}

func (a *alarm) write(fn func(tx *db.Tx) error) {
	a.Helper()
	if err := a.db.Write(a.Context(), fn); err != nil {
		a.Fatal(err)
	}
}

func (a *alarm) change(e history.Entry) {
	a.Helper()
	e.Account = acc
	a.write(func(tx *db.Tx) error { _, err := a.book.Append(tx, e); return err })
	a.clock.Advance(time.Minute)
}

// takeover changes the address as an intruder does, and gives the link in the letter to the old one.
func (a *alarm) takeover() (link string) {
	a.Helper()
	a.change(history.Entry{By: access.Actor{Role: access.Holder, Account: acc, ID: acc, Session: "ses_x", Client: access.Client{IP: "198.51.100.7"}},
		Verb: history.Contact, Path: "email", Value: []byte(`"evil@new.example"`), Confirmed: true})
	return a.letter("amy@old.example").Link("/not-me/")
}

// letter gives the newest letter to an address.
func (a *alarm) letter(to string) inbox.Letter {
	a.Helper()
	if err := a.runner.Drain(a.Context()); err != nil {
		a.Fatal(err)
	}
	all := a.inbox.To(to)
	if len(all) == 0 {
		a.Fatalf("no letter went to %s", to)
	}
	return all[len(all)-1]
}

type seen struct {
	*goquery.Document
	Status int
	Path   string
}

func (a *alarm) read(r *http.Response, err error) seen {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
	defer r.Body.Close()
	doc, err := goquery.NewDocumentFromReader(r.Body)
	if err != nil {
		a.Fatal(err)
	}
	return seen{doc, r.StatusCode, r.Request.URL.Path}
}

func (a *alarm) get(c *http.Client, at string) seen {
	a.Helper()
	return a.read(c.Get(a.at(at)))
}

func (a *alarm) post(c *http.Client, at string, fields url.Values) seen {
	a.Helper()
	return a.read(c.PostForm(a.at(at), fields))
}

func (a *alarm) at(s string) string {
	if strings.HasPrefix(s, "/") {
		return a.url + s
	}
	return s
}

func (a *alarm) account() (found account.Account) {
	a.Helper()
	a.write(func(tx *db.Tx) (err error) { found, err = account.Get(tx, acc); return err })
	return found
}
