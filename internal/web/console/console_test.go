package console_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/desk"
	"takeback/internal/freeze"
	"takeback/internal/handback"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/judge"
	"takeback/internal/knowledge"
	"takeback/internal/mail"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/verify"
	"takeback/internal/wave"
	"takeback/internal/web"
	"takeback/internal/web/console"
)

const (
	seed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	password = "blue kettle on the seventh floor"
	day      = 24 * time.Hour
)

// box is a mail office that keeps what was handed in.
type box struct{ letters []mail.Letter }

func (b *box) Queue(tx *db.Tx, l mail.Letter) (string, error) {
	tx.OnCommit(func() { b.letters = append(b.letters, l) })
	return seal.ID("letter"), nil
}

// house is a desk with its pages, on a real database.
type house struct {
	t       *testing.T
	db      *db.DB
	clock   *dbtest.Clock
	box     *box
	book    *history.Book
	files   *casefile.Files
	desk    *desk.Desk
	exam    *verify.Examiner
	inv     *investigate.Investigator
	rest    *restore.Restorer
	ret     *handback.Returner
	camp    *campaign.Campaigns
	judge   *judge.Judge
	waves   *wave.Watch
	known   string // a file of local knowledge
	refresh func() // looks at it once
	keeper  *seal.Keeper
	site    http.Handler
	c       casefile.Case
	rep     string
}

func build(t *testing.T, engine db.Engine) *house {
	t.Helper()
	kinds, err := account.NewKinds()
	must(t, err)
	keeper, err := seal.NewKeeper(make([]byte, 32))
	must(t, err)
	h := &house{t: t, clock: dbtest.NewClock(), box: &box{}, book: &history.Book{Kinds: kinds}, files: &casefile.Files{}, keeper: keeper}
	h.db = dbtest.New(t, engine, db.Options{Now: h.clock.Now})
	h.desk = &desk.Desk{DB: h.db, Files: h.files, Book: h.book, Seal: keeper, Post: h.box, Service: "Kumo Store"}
	h.exam = &verify.Examiner{DB: h.db, Files: h.files, Seal: keeper, Post: h.box, Eyes: h.desk}
	find := &investigate.Investigator{DB: h.db, Files: h.files, Kinds: kinds}
	h.exam.Exposed = find
	freezer := &freeze.Freezer{Files: h.files, Book: h.book}
	h.desk.Freezer = freezer
	restorer := &restore.Restorer{DB: h.db, Book: h.book, Files: h.files, Port: connector.Own{DB: h.db, Book: h.book}, Finder: find, Clear: find, Release: freezer, Eyes: h.desk}
	post, err := mail.New(h.db, keeper, mail.Config{URL: seal.NewSecret("smtp://127.0.0.1:1"), From: "desk@kumo.example", FromName: "Kumo Store", Site: "https://kumo.example"})
	must(t, err)
	returner := &handback.Returner{DB: h.db, Book: h.book, Files: h.files, Post: post, Finder: find, Restored: restorer, Prover: h.exam}
	h.inv, h.rest, h.ret = find, restorer, returner
	h.camp = &campaign.Campaigns{DB: h.db, Book: h.book, Looks: h.desk}
	h.judge = &judge.Judge{DB: h.db, Kinds: kinds, Zone: time.UTC, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	must(t, h.judge.Begin(t.Context(), judge.Settings{}))
	h.known = filepath.Join(t.TempDir(), "tor.txt")
	must(t, os.WriteFile(h.known, []byte("198.51.100.7\n"), 0o600))
	known, err := knowledge.Open(knowledge.Sources{Lists: [knowledge.Signs][]string{knowledge.Tor: {h.known}}}, h.judge.Log)
	must(t, err)
	h.refresh = known.Refresh
	h.waves = &wave.Watch{DB: h.db, Log: h.judge.Log}
	mux := http.NewServeMux()
	mux.Handle("/assets/", web.Assets())
	mux.Handle("/", (&console.Pages{Known: known, Waves: h.waves, Desk: h.desk, Examiner: h.exam, Investigator: h.inv, Restorer: h.rest, Returner: h.ret, Campaigns: h.camp, Judge: h.judge}).Site(web.Config{Brand: "Kumo Store", Now: h.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}))
	h.site = mux
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	must(h.t, h.db.Write(h.t.Context(), fn))
}

// live fills the house with an account of a year whose address an intruder replaced, and the case of it.
func (h *house) live() {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { return account.Create(tx, "acc_hana", "ja") })
	holder := access.Actor{Role: access.Holder, ID: "acc_hana", Account: "acc_hana", Session: "home", Segment: 1, Client: access.Client{UserAgent: "Mozilla/5.0 (iPhone)"}}
	thief := access.Actor{Role: access.Holder, ID: "acc_hana", Account: "acc_hana", Session: "thief", Segment: 1}
	value := func(s string) json.RawMessage { b, _ := json.Marshal(s); return b }
	entries := func(all ...history.Entry) (last history.Change) {
		for _, e := range all {
			e.Account = "acc_hana"
			h.write(func(tx *db.Tx) (err error) { last, err = h.book.Append(tx, e); return err })
		}
		return last
	}
	entries(
		history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email", Value: value("hana@example.jp"), Confirmed: true, Version: "mail-1"},
		history.Entry{By: holder, Verb: history.Open, Device: "d1"},
		history.Entry{By: holder, Verb: history.Set, Path: "name", Value: value("佐藤 花子")},
		history.Entry{By: holder, Verb: history.Contact, Path: "phone", Value: value("+81312345678"), Version: "phone-1"},
		history.Entry{By: holder, Verb: history.Add, Path: "address/a1", Value: json.RawMessage(`{"to":"佐藤 花子","post":"153-0061","line":"東京都目黒区中目黒1-2-3"}`)},
		history.Entry{By: holder, Verb: history.Add, Path: "card/c1", Value: json.RawMessage(`{"token":"tok_secret","brand":"Visa","last4":"4242"}`)})
	h.clock.Advance(400 * day)
	stolen := entries(
		history.Entry{By: thief, Verb: history.Open, Device: "d2"},
		history.Entry{By: thief, Verb: history.Contact, Path: "email", Value: value("thief@example.com"), Confirmed: true, Version: "mail-2"})
	h.clock.Advance(time.Hour)
	h.write(func(tx *db.Tx) (err error) {
		h.c, _, err = h.files.Open(tx, casefile.Case{Account: "acc_hana", Step: casefile.Reported, Source: "contact", Language: "ja", ReportedSeq: stolen.Seq,
			Story: "メールアドレスが変わったというお知らせが届きました。自分では何も変えていません。いま仕事中です。"}, access.Actor{})
		if err != nil {
			return err
		}
		r, err := h.files.AddReporter(tx, casefile.Reporter{Case: h.c.ID, Source: "contact", Language: "ja", Claims: "acc_hana", Address: "hana-work@example.jp"}, access.Actor{})
		if h.rep = r.ID; err != nil {
			return err
		}
		_, err = casefile.Say(tx, h.files, casefile.Message{Case: h.c.ID, Reporter: r.ID, Text: "電話は18時以降でお願いします。"}, access.Actor{})
		return err
	})
}

// call books a call and gives its id.
func (h *house) call(due time.Duration) (id string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		c, err := casefile.RequestCallback(tx, h.files, casefile.Callback{Case: h.c.ID, Reporter: h.rep, Phone: "090-1111-2222", Best: "now", DueAt: tx.Now.Add(due)}, access.Actor{})
		id = c.ID
		return err
	})
	return id
}

// clerk is somebody at the desk, or at its door.
type clerk struct {
	*house
	cookie string
	id     string
}

func (h *house) staff(name string, role access.Role) *clerk {
	h.t.Helper()
	b := &clerk{house: h}
	h.write(func(tx *db.Tx) (err error) {
		b.id, err = h.desk.AddStaff(tx, desk.NewStaff{Name: name, Email: strings.ToLower(name) + "@desk.example", Role: role, Password: seal.NewSecret(password), Seed: seal.NewSecret(seed)})
		return err
	})
	b.signIn(name)
	return b
}

func (h *house) code() string {
	code, err := totp.GenerateCode(seed, h.clock.Now())
	must(h.t, err)
	return code
}

func (b *clerk) signIn(name string) {
	b.t.Helper()
	w := b.post("/desk/sign-in", "email", strings.ToLower(name)+"@desk.example", "password", password, "code", b.code())
	if w.Code != http.StatusSeeOther || b.cookie == "" {
		b.t.Fatalf("signing in: %d %s", w.Code, text(b.t, w))
	}
}

func (b *clerk) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-desk", Value: b.cookie})
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "__Host-desk" {
			b.cookie = c.Value
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
				b.t.Errorf("the cookie is %+v", c)
			}
		}
	}
	return w
}

func (b *clerk) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(httptest.NewRequest("GET", path, nil))
}

func (b *clerk) post(path string, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// act posts a form of the case page, with the revision that the page has now.
func (b *clerk) act(name string, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.post(b.page()+"/"+name, append(fields, "rev", b.rev())...)
}

func (b *clerk) page() string { return "/desk/cases/" + b.c.ID }

func (b *clerk) rev() string {
	b.t.Helper()
	var c casefile.Case
	must(b.t, b.db.Read(b.t.Context(), func(tx *db.Tx) (err error) { c, err = casefile.Get(tx, b.c.ID); return err }))
	return fmt.Sprint(c.Revision)
}

func doc(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	must(t, err)
	return d
}

func text(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	return strings.Join(strings.Fields(doc(t, w).Find("main").Text()), " ")
}

// want checks status and what the page says.
func (h *house) want(w *httptest.ResponseRecorder, status int, words ...string) {
	h.t.Helper()
	if w.Code != status {
		h.t.Errorf("status %d, want %d: %s", w.Code, status, text(h.t, w))
	}
	for _, s := range words {
		if !strings.Contains(w.Body.String(), s) {
			h.t.Errorf("the page does not say %q: %s", s, text(h.t, w))
		}
	}
}

func (h *house) done(w *httptest.ResponseRecorder, code string) {
	h.t.Helper()
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasSuffix(to, "done="+code) {
		h.t.Errorf("status %d to %q, want done=%s: %s", w.Code, to, code, text(h.t, w))
	}
}

func (h *house) looks() (n int) {
	h.t.Helper()
	must(h.t, h.db.Read(h.t.Context(), func(tx *db.Tx) error {
		all, err := history.Of(tx, "acc_hana")
		for _, c := range all {
			if c.Verb == history.Look {
				n++
			}
		}
		return err
	}))
	return n
}

func codeOf(t *testing.T, key string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(key, at)
	must(t, err)
	return code
}
