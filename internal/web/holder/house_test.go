package holder_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/judge"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/notice"
	"takeback/internal/passkey"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/wave"
	"takeback/internal/web"
	"takeback/internal/web/holder"

	"github.com/PuerkitoBio/goquery"
)

const (
	hana  = "hana@example.jp"
	first = "7kumo-tea-lantern"
	fresh = "otter.4.violin.bay"
)

// house is the face on a real database, with a real mail server behind it.
type house struct {
	*testing.T
	db     *db.DB
	life   *signin.Life
	site   *web.Site
	server *httptest.Server
	named  string // the address of server by name: passkeys are bound to names
	runner *jobs.Runner
	inbox  *inbox.Inbox
	waves  *wave.Watch
}

// crier is what is told of changes that wait; the letters of notice are tested there.
type crier struct{}

func (crier) TellRequested(*db.Tx, signin.Wish) error { return nil }
func (crier) TellCancelled(*db.Tx, signin.Wish) error { return nil }
func (crier) NotMe(tx *db.Tx, _ signin.Told) (string, time.Time, error) {
	return "/not-me/test", tx.Now.Add(time.Hour), nil
}

// digits reads a picture as a person would, from what is sealed in its address.
func (h *house) digits(puzzle string) string {
	h.Helper()
	plain, err := h.life.Seal.Unseal("puzzle", strings.NewReplacer("-", "+", "_", "/").Replace(puzzle))
	h.ok(err)
	var text struct{ A string }
	h.ok(json.Unmarshal([]byte(plain.Reveal()), &text))
	return text.A
}

// gates are both gates on one store, as an installation has them.
func gates(d *db.DB, k *seal.Keeper) (*web.Puzzle, *web.Proof) {
	spent := signin.Spent{DB: d, Seal: k}
	puzzle := &web.Puzzle{Spent: spent, Seal: k}
	return puzzle, &web.Proof{Puzzle: puzzle, Hash: k.Hash, Spent: spent, Purposes: holder.Gated}
}

func build(t *testing.T, tls bool) *house {
	t.Helper()
	h := &house{T: t, db: dbtest.New(t, db.SQLite, db.Options{})}
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	h.ok(err)
	kinds, err := account.NewKinds()
	h.ok(err)
	h.inbox, err = inbox.Start("127.0.0.1:0")
	h.ok(err)
	t.Cleanup(func() { _ = h.inbox.Close() })
	post, err := mail.New(h.db, keeper, mail.Config{URL: seal.NewSecret(h.inbox.URL()), From: "account@shop.example", FromName: "Kumo Store", Site: "https://shop.example"})
	h.ok(err)
	book := &history.Book{Kinds: kinds, AddressKey: signin.AddressKey}
	mux := http.NewServeMux()
	start := httptest.NewServer
	if tls {
		start = httptest.NewTLSServer
	}
	h.server = start(mux)
	t.Cleanup(func() { h.server.CloseClientConnections(); h.server.Close() })
	h.named = strings.Replace(h.server.URL, "127.0.0.1", "localhost", 1)
	keys, err := passkey.New(h.named, "Kumo Store", keeper)
	h.ok(err)
	teller := &notice.Teller{DB: h.db, Post: post, Seal: keeper, Kinds: kinds}
	h.life = &signin.Life{Passkeys: keys, DB: h.db, Book: book, Sessions: session.New(h.db, book, keeper), Seal: keeper, Post: post, Crier: crier{}, Witness: teller, Service: "Kumo Store"}
	h.runner = &jobs.Runner{DB: h.db, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	post.Handle(h.runner)
	h.life.Handle(h.runner)
	puzzle, proof := gates(h.db, keeper)
	h.waves = &wave.Watch{DB: h.db, Log: slog.New(slog.DiscardHandler)}
	h.life.Waves = h.waves
	p := &holder.Pages{Life: h.life, Protection: untouched{}, Judged: &judge.Judge{DB: h.db}, Puzzle: puzzle, Gate: proof, Waves: h.waves, Alarm: holder.Alarm{Teller: teller}}
	h.site = p.Site(web.Config{Brand: "Kumo Store", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	mux.Handle("/assets/", web.Assets())
	mux.Handle("/", h.site)
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// hana makes an account that looks lived in, and gives who holds it.
func (h *house) hana() access.Actor {
	h.Helper()
	return h.person(hana, first, "佐藤 花子")
}

func (h *house) person(email, password, name string) access.Actor {
	h.Helper()
	h.ok(h.life.Register(h.Context(), signin.Registration{Email: email, Password: seal.NewSecret(password), Name: name, Language: "ja"}, access.Client{IP: "192.0.2.9"}))
	_, _, err := h.life.Confirm(h.Context(), h.token(email, "/confirm/"), signin.Given{Password: seal.NewSecret(password)}, access.Client{IP: "192.0.2.9"})
	h.ok(err)
	e, err := h.life.SignIn(h.Context(), email, seal.NewSecret(password), access.Client{IP: "192.0.2.7", Device: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Language: "ja", UserAgent: iphone})
	h.ok(err)
	return e.Session.Actor(access.Client{IP: "192.0.2.7", Device: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", UserAgent: iphone})
}

const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"

// token gives what stands behind a prefix in the newest letter to an address.
func (h *house) token(address, prefix string) string {
	h.Helper()
	h.ok(h.runner.Drain(h.Context()))
	all := h.inbox.To(address)
	if len(all) == 0 {
		h.Fatalf("no letter to %s", address)
	}
	_, token, ok := strings.Cut(all[len(all)-1].Link(prefix), prefix)
	if !ok {
		h.Fatalf("the newest letter to %s has no %s link", address, prefix)
	}
	return token
}

// surfer is a browser with cookies of its own, which does not follow redirects.
type surfer struct {
	h    *house
	http *http.Client
}

func (h *house) surfer() *surfer {
	jar, err := cookiejar.New(nil)
	h.ok(err)
	c := h.server.Client()
	return &surfer{h, &http.Client{Transport: c.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is an answer, read.
type page struct {
	*goquery.Document
	code int
	to   string // where it redirects to
	head http.Header
	text string
}

func (b *surfer) ask(method, path string, form url.Values) page {
	b.h.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.h.Context(), method, b.h.server.URL+path, body)
	b.h.ok(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
	r.Header.Set("Accept-Language", "en")
	answer, err := b.http.Do(r)
	b.h.ok(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	b.h.ok(err)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(text)))
	b.h.ok(err)
	return page{doc, answer.StatusCode, answer.Header.Get("Location"), answer.Header, string(text)}
}

func (b *surfer) get(path string) page { b.h.Helper(); return b.ask("GET", path, nil) }

// post sends a form: name, value, name, value, …
func (b *surfer) post(path string, fields ...string) page {
	b.h.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.ask("POST", path, form)
}

// signIn signs in and fails the test if that does not lead anywhere.
func (b *surfer) signIn(email, password string) *surfer {
	b.h.Helper()
	if p := b.post("/sign-in", "email", email, "password", password); p.code != 303 {
		b.h.Fatalf("signing in: %d %s", p.code, p.errors())
	}
	return b
}

// errors gives what the form says is wrong, by field.
func (p page) errors() map[string]string {
	out := map[string]string{}
	p.Find(".field .error").Each(func(_ int, s *goquery.Selection) {
		out[strings.TrimSuffix(s.AttrOr("id", ""), "-error")] = strings.TrimSpace(s.Text())
	})
	if len(out) == 0 {
		if t := strings.TrimSpace(p.Find(".problems li").Text()); t != "" {
			out[""] = t
		}
	}
	return out
}

func (b *surfer) cookie(name string) string {
	u, _ := url.Parse(b.h.server.URL)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// changes counts the entries of an account's history.
func (h *house) changes(id string) (n int) {
	h.Helper()
	h.ok(h.db.Read(h.Context(), func(tx *db.Tx) error { return tx.Row(`SELECT COUNT(*) FROM change WHERE account = $1`, id).Scan(&n) }))
	return n
}

// untouched protects nothing: in these tests no case has come as far as cards and orders.
type untouched struct{}

func (untouched) Unusable(context.Context, string) (map[string]bool, error)  { return nil, nil }
func (untouched) HeldPaths(context.Context, string) (map[string]bool, error) { return nil, nil }
