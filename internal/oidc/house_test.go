package oidc_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	rp "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/pass"
	"takeback/internal/seal"
)

const (
	hana     = "hana@example.jp"
	password = "7kumo-tea-lantern"
	callback = "https://shop.example/callback"
	goodbye  = "https://shop.example/goodbye"
)

// house is the real program behind TLS, with a client of a service: a library
// that others wrote, which knows nothing of us but the standard.
type house struct {
	testing.TB
	*app.App
	clock   *dbtest.Clock
	server  *httptest.Server
	account string
	secret  string
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			fn(t, build(t, e))
		})
	}
}

func build(t testing.TB, e db.Engine) *house { return buildBy(t, e, "https") }

// buildBy builds it by a scheme: a real browser has no trust in our certificate,
// and keeps secure cookies of this machine without one.
func buildBy(t testing.TB, e db.Engine, scheme string) *house {
	t.Helper()
	h := &house{TB: t, clock: dbtest.NewClock(), server: httptest.NewUnstartedServer(nil)}
	var err error
	h.App, err = app.New(t.Context(), app.Config{DB: dbtest.Place(t, e), Site: scheme + "://" + h.server.Listener.Addr().String(), SMTP: seal.NewSecret("smtp://127.0.0.1:25"),
		Now: h.clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	h.ok(err)
	h.server.Config.Handler = h.Handler()
	h.server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(io.Discard, nil), slog.LevelInfo)
	if scheme == "https" {
		h.server.StartTLS()
	} else {
		h.server.Start()
	}
	t.Cleanup(func() {
		h.server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.account, err = h.Life.Create(t.Context(), access.Actor{Role: access.Service, ID: "key_1", Client: access.Client{Request: "req_1"}},
		hana, seal.NewSecret(password), "佐藤 花子", "en")
	h.ok(err)
	h.secret = h.client(pass.Client{ID: "shop", Name: "Kumo Store", Redirects: []string{callback}, Leaves: []string{goodbye}, Trusted: true}, false)
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.Helper()
	h.ok(h.DB.Write(h.Context(), fn))
}

func (h *house) client(c pass.Client, public bool) (secret string) {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) {
		secret, err = pass.MakeClient(tx, h.Seal, c, public)
		return err
	})
	return secret
}

// changes gives hana's whole history.
func (h *house) changes() (all []history.Change) {
	h.Helper()
	h.ok(h.DB.Read(h.Context(), func(tx *db.Tx) (err error) {
		all, err = history.Of(tx, h.account)
		return err
	}))
	return all
}

func (h *house) freeze() {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := account.Turn(tx, h.account, account.Frozen, time.Time{}, account.Open)
		return err
	})
}

// freezeByCase stops the account as a report does, with all that follows.
func (h *house) freezeByCase() {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := h.Freezer.Stop(tx, casefile.Case{Account: h.account}, access.Do("test"))
		return err
	})
}

// ctx makes the client's library trust the certificate of the test.
func (h *house) ctx() context.Context { return rp.ClientContext(h.Context(), h.server.Client()) }

// party is a service as its engineers write it.
type party struct {
	h        *house
	provider *rp.Provider
	oauth2.Config
}

func (h *house) shop(scopes ...string) *party { return h.party("shop", h.secret, callback, scopes...) }

func (h *house) party(id, secret, redirect string, scopes ...string) *party {
	h.Helper()
	p, err := rp.NewProvider(h.ctx(), h.server.URL)
	h.ok(err)
	return &party{h, p, oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: redirect, Endpoint: p.Endpoint(), Scopes: append([]string{"openid"}, scopes...)}}
}

// signed is a sign-in that was begun, and what came of it.
type signed struct {
	*oauth2.Token
	ID     *rp.IDToken
	Claims struct {
		Sid      string   `json:"sid"`
		Epoch    int64    `json:"epoch"`
		AuthTime int64    `json:"auth_time"`
		Acr      string   `json:"acr"`
		Amr      []string `json:"amr"`
		Azp      string   `json:"azp"`
	}
	raw string
}

// signIn plays the whole flow with a browser.
func (p *party) signIn(b *person) signed {
	p.h.Helper()
	verifier := oauth2.GenerateVerifier()
	back := b.goes(p.AuthCodeURL("st&te", oauth2.S256ChallengeOption(verifier), rp.Nonce("once")))
	if back.Get("state") != "st&te" || back.Get("code") == "" {
		p.h.Fatalf("came back with %v", back)
	}
	token, err := p.Exchange(p.h.ctx(), back.Get("code"), oauth2.VerifierOption(verifier))
	p.h.ok(err)
	return p.read(token, "once")
}

// read checks the tokens as a careful client does.
func (p *party) read(t *oauth2.Token, nonce string) (s signed) {
	p.h.Helper()
	s.Token, s.raw = t, t.Extra("id_token").(string)
	var err error
	s.ID, err = p.verifier(0).Verify(p.h.ctx(), s.raw)
	p.h.ok(err)
	p.h.ok(s.ID.VerifyAccessToken(t.AccessToken))
	p.h.ok(s.ID.Claims(&s.Claims))
	if s.ID.Nonce != nonce || s.ID.Subject != p.h.account {
		p.h.Errorf("the ID token is of %s with the nonce %q", s.ID.Subject, s.ID.Nonce)
	}
	return s
}

func (p *party) verifier(ahead time.Duration) *rp.IDTokenVerifier {
	return p.provider.Verifier(&rp.Config{ClientID: p.ClientID, Now: func() time.Time { return p.h.clock.Now().Add(ahead) }})
}

// renew asks for new tokens by hand, because the library keeps the old one when it is refused.
func (p *party) renew(refresh string, more ...string) (*oauth2.Token, string) {
	p.h.Helper()
	res := p.post("/oauth/token", append([]string{"grant_type", "refresh_token", "refresh_token", refresh}, more...)...)
	var t struct {
		oauth2.Token
		ID    string `json:"id_token"`
		Scope string `json:"scope"`
		Error string `json:"error"`
	}
	p.h.ok(json.Unmarshal(res.body, &t))
	return t.Token.WithExtra(map[string]any{"id_token": t.ID, "scope": t.Scope}), t.Error
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// post sends a message with the client's secret, if it has one.
func (p *party) post(path string, pairs ...string) reply {
	p.h.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	if p.ClientSecret == "" && form.Get("client_id") == "" {
		form.Set("client_id", p.ClientID)
	}
	r, err := http.NewRequestWithContext(p.h.Context(), "POST", p.h.server.URL+path, strings.NewReader(form.Encode()))
	p.h.ok(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.ClientSecret != "" {
		r.SetBasicAuth(p.ClientID, p.ClientSecret)
	}
	return p.h.send(r)
}

func (h *house) send(r *http.Request) reply {
	h.Helper()
	res, err := h.server.Client().Transport.RoundTrip(r)
	h.ok(err)
	defer func() { h.ok(res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	h.ok(err)
	return reply{res.StatusCode, res.Header, body}
}

// active asks whether a token counts.
func (p *party) active(token string) bool {
	p.h.Helper()
	var told struct {
		Active bool
		Sub    string
	}
	res := p.post("/oauth/introspect", "token", token)
	p.h.ok(json.Unmarshal(res.body, &told))
	if told.Active && told.Sub != p.h.account || !told.Active && strings.TrimSpace(string(res.body)) != `{"active":false}` {
		p.h.Errorf("introspection says %s", res.body)
	}
	return told.Active
}

// over checks that nothing of a sign-in counts any more, by every way in.
func (p *party) over(s signed, why string) {
	p.h.Helper()
	if p.active(s.AccessToken) {
		p.h.Errorf("%s: introspection says that the access token counts", why)
	}
	if s.RefreshToken != "" && p.active(s.RefreshToken) {
		p.h.Errorf("%s: introspection says that the refresh token counts", why)
	}
	if status := p.h.get("/oauth/userinfo", s.AccessToken).status; status != http.StatusUnauthorized {
		p.h.Errorf("%s: userinfo answers %d", why, status)
	}
	if status := p.h.get("/v1/session", s.AccessToken).status; status != http.StatusUnauthorized {
		p.h.Errorf("%s: /v1/session answers %d", why, status)
	}
	if s.RefreshToken != "" {
		if _, refused := p.renew(s.RefreshToken); refused != "invalid_grant" {
			p.h.Errorf("%s: the refresh is answered by %q", why, refused)
		}
	}
}

func (h *house) get(path, bearer string) reply {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), "GET", h.server.URL+path, nil)
	h.ok(err)
	r.Header.Set("Authorization", "Bearer "+bearer)
	return h.send(r)
}

// person at a browser: it keeps cookies, and whoever sits there knows a
// password and says yes.
type person struct {
	h     *house
	http  *http.Client
	pages []string // titles of the pages it was shown, since it set out
	says  string   // to a service that asks: "yes" if empty
}

func (h *house) browser() *person {
	jar, _ := cookiejar.New(nil) // never an error
	return &person{h: h, http: &http.Client{Jar: jar, Transport: h.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// goes follows where it is led until it leaves the house, and gives what it takes
// along. It does what the pages ask for.
func (b *person) goes(to string) url.Values {
	b.h.Helper()
	b.pages = nil
	req := func(method, to string, form url.Values) (*http.Response, *goquery.Document) {
		r, err := http.NewRequestWithContext(b.h.Context(), method, to, strings.NewReader(form.Encode()))
		b.h.ok(err)
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Accept-Language", "en")
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := b.http.Do(r)
		b.h.ok(err)
		page, err := goquery.NewDocumentFromReader(res.Body)
		b.h.ok(err)
		b.h.ok(res.Body.Close())
		return res, page
	}
	method, form, posted := "GET", url.Values(nil), false
	for range 15 {
		u, err := url.Parse(to)
		b.h.ok(err)
		if u.Host == "shop.example" || u.Scheme == "jp.example.app" {
			q := u.Query()
			if in, err := url.ParseQuery(u.Fragment); err == nil { // where the library puts errors of flows that answer there
				maps.Copy(q, in)
			}
			return q
		}
		res, page := req(method, to, form)
		base := res.Request.URL
		next := func(ref string) string {
			n, err := base.Parse(ref)
			b.h.ok(err)
			return n.String()
		}
		posted = posted && res.StatusCode/100 == 3 || method == "POST"
		method, form = "GET", nil
		if l := res.Header.Get("Location"); l != "" {
			to = next(l)
			if u, _ := url.Parse(to); posted && u.Host != base.Host {
				b.h.Fatalf("a form leads to %s: a browser would not follow (form-action)", u.Host)
			}
			continue
		}
		b.pages = append(b.pages, strings.TrimSpace(page.Find("h1").First().Text()))
		if _, url, ok := strings.Cut(res.Header.Get("Refresh"), "url="); ok {
			to = next(url)
			continue
		}
		if res.StatusCode != http.StatusOK {
			return url.Values{"page": {page.Find("main").Text()}}
		}
		f := page.Find("main form").First()
		if f.Length() == 0 {
			return url.Values{"page": {page.Find("main").Text()}}
		}
		method, form = "POST", url.Values{}
		f.Find("input").Each(func(_ int, s *goquery.Selection) { form.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
		if f.Find("[name=answer]").Length() > 0 {
			form.Set("answer", b.says)
			if b.says == "" {
				form.Set("answer", "yes")
			}
		}
		if _, ok := form["password"]; ok {
			form.Set("email", hana)
			form.Set("password", password)
		}
		to = next(f.AttrOr("action", base.String()))
	}
	b.h.Fatalf("walks in circles: %v", b.pages)
	return nil
}
