package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
	"takeback/internal/web"
	"takeback/internal/web/webtest"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
)

// ask sends one request. body is a form; nil makes a GET.
func ask(h http.Handler, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if form != nil {
		r = httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func document(t *testing.T, rec *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// public is a route for anybody.
func public(method, path string, h web.Handler) web.Route {
	return web.Route{Method: method, Path: path, Permission: access.Public, Handler: h}
}

func failing(err error) web.Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	t.Parallel()
	site := holderSite(t)
	broken := webtest.Site(holderPages, access.Actor{}, public("GET", "/panic", func(http.ResponseWriter, *http.Request) error { panic("no") }))
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
			"connect-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
	}
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"a page": ask(site, "/", nil), "no page": ask(site, "/nowhere", nil), "a wrong form": ask(site, "/form", url.Values{}),
		"a file": ask(site, "/assets/base.css", nil), "no file": ask(site, "/assets/page.go", nil), "a panic": ask(broken, "/panic", nil),
	} {
		for header, value := range want {
			if got := rec.Header().Get(header); got != value {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		if !strings.Contains(name, "file") && rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", name, rec.Header().Get("Cache-Control"))
		}
	}
}

func TestEachKindOfFaultHasAPageInBothLanguages(t *testing.T) {
	t.Parallel()
	kinds := []fault.Kind{fault.Internal, fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict,
		fault.Frozen, fault.TooLarge, fault.TooMany, fault.Unavailable}
	for _, k := range kinds {
		err := error(fault.New(k, "test.kind", "Words for the test.").Because(errors.New("SECRET CAUSE")).After(90 * time.Second))
		site := webtest.Site(holderPages, access.Actor{}, public("GET", "/x", failing(err)))
		for _, lang := range []string{"en", "ja"} {
			rec := ask(site, "/x?lang="+lang, nil)
			doc := document(t, rec)
			if rec.Code != k.Status() || doc.Find("h1").Length() != 1 || doc.Find("html[lang="+lang+"]").Length() != 1 {
				t.Errorf("kind %d in %s: status %d, page %s", k, lang, rec.Code, rec.Body)
			}
			if strings.Contains(rec.Body.String(), "SECRET") {
				t.Errorf("kind %d in %s tells the private cause", k, lang)
			}
			if id := rec.Header().Get("Request-Id"); id == "" || !strings.Contains(rec.Body.String(), id) {
				t.Errorf("kind %d in %s does not name the request", k, lang)
			}
			if rec.Header().Get("Retry-After") != "90" {
				t.Errorf("kind %d: Retry-After %q", k, rec.Header().Get("Retry-After"))
			}
		}
	}
}

func TestAnUnknownErrorAndAPanicTellNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	site := web.NewSite(web.Config{Face: "test", Templates: holderPages, Log: slog.New(slog.NewTextHandler(&log, nil))},
		public("GET", "/err/{token}", failing(errors.New("disk SECRET"))),
		public("GET", "/panic/{token}", func(http.ResponseWriter, *http.Request) error { panic("SECRET") }))
	for _, path := range []string{"/err/t0ken", "/panic/t0ken?q=qu3ry"} {
		rec := ask(site, path, nil)
		if rec.Code != 500 || strings.Contains(rec.Body.String(), "SECRET") {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	if !strings.Contains(log.String(), "SECRET") || !strings.Contains(log.String(), "level=ERROR") {
		t.Error("the log does not say why:", log.String())
	}
	if strings.Contains(log.String(), "t0ken") || strings.Contains(log.String(), "qu3ry") {
		t.Error("the log has a token:", log.String())
	}
}

func TestAFormWithMistakesComesBack(t *testing.T) {
	t.Parallel()
	rec := ask(holderSite(t), "/form?lang=en", url.Values{"email": {"<b>hanako@example.jp"}, "password": {"hunter22"}, "channel": {"pigeon"}})
	doc := document(t, rec)
	if rec.Code != 422 {
		t.Error("status", rec.Code)
	}
	if got, _ := doc.Find("#email").Attr("value"); got != "<b>hanako@example.jp" {
		t.Errorf("what was typed is gone: %q", got)
	}
	if strings.Contains(rec.Body.String(), "hunter22") {
		t.Error("the password travelled back")
	}
	if got := strings.TrimSpace(doc.Find("#email-error").Text()); got != "This is too long." {
		t.Errorf("error at the field: %q", got)
	}
	if id, _ := doc.Find("#email").Attr("aria-describedby"); !strings.Contains(id, "email-error") {
		t.Error("a screen reader is not told of the error")
	}
	if n := doc.Find(".problems li").Length(); n != 2 {
		t.Errorf("%d problems in the summary, want 2", n)
	}
	if title := doc.Find("title").Text(); !strings.HasPrefix(title, "Problem:") {
		t.Error("title:", title)
	}
}

func TestAFaultOfARoomComesBackToItsForm(t *testing.T) {
	t.Parallel()
	wrong := fault.New(fault.Unauthenticated, "test.wrong", "Wrong.").On("password")
	over := fault.New(fault.Unauthenticated, "test.over", "Your session has ended.")
	page := func(w http.ResponseWriter, r *http.Request) error {
		return stopPage.Render(w, r, homeView2{web.NewPage(r, "stop.title")})
	}
	own := func(method, path string, h web.Handler, back string) web.Route {
		return web.Route{Method: method, Path: path, Permission: access.OwnAccount, Handler: h, Back: back}
	}
	site := webtest.Site(holderPages, access.Actor{Role: access.Holder, ID: "a"},
		own("GET", "/list/{id}", page, ""),
		own("POST", "/list/{id}/wrong", failing(wrong), "/list/{id}"),
		own("POST", "/list/{id}/over", failing(over), "/list/{id}"),
		own("POST", "/list/{id}/frozen", failing(fault.New(fault.Frozen, "test.frozen", "Held.")), "/list/{id}"))
	if rec := ask(site, "/list/7/wrong", url.Values{}); rec.Code != 401 || document(t, rec).Find(".problems").Length() != 1 {
		t.Errorf("a wrong password: %d", rec.Code)
	}
	if rec := ask(site, "/list/7/over", url.Values{}); rec.Code != 303 || rec.Header().Get("Location") != "/sign-in?return=%2Flist%2F7&why=test.over" {
		t.Errorf("a session that ended: %d %s", rec.Code, rec.Header().Get("Location"))
	}
	if rec := ask(site, "/list/7/frozen", url.Values{}); rec.Code != 409 || document(t, rec).Find(".error-page.frozen").Length() != 1 {
		t.Errorf("a frozen account: %d", rec.Code)
	}
}

func TestWhoMayNotIsSentWhereHeCanSignIn(t *testing.T) {
	t.Parallel()
	ok := func(w http.ResponseWriter, r *http.Request) error { return nil }
	routes := []web.Route{{Method: "GET", Path: "/own", Permission: access.OwnAccount, Handler: ok},
		{Method: "POST", Path: "/own", Permission: access.OwnAccount, Handler: ok}}
	for name, c := range map[string]struct {
		actor    access.Actor
		form     url.Values
		path     string
		status   int
		location string
	}{
		"a stranger comes back after signing in":   {access.Actor{}, nil, "/own?tab=1", 303, "/sign-in?return=%2Fown%3Ftab%3D1"},
		"a stranger's POST comes back to the page": {access.Actor{}, url.Values{}, "/own", 303, "/sign-in?return=%2Fown"},
		"a holder may":                                  {access.Actor{Role: access.Holder}, nil, "/own", 200, ""},
		"a holder in recovery may not":                  {access.Actor{Role: access.Holder, Limited: true}, nil, "/own", 403, ""},
		"staff have no account":                         {access.Actor{Role: access.Agent}, nil, "/own", 403, ""},
		"a method that the page does not know is a 405": {access.Actor{Role: access.Holder}, nil, "/own", 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rec := ask(webtest.Site(holderPages, c.actor, routes...), c.path, c.form, func(r *http.Request) {
				if c.status == 405 {
					r.Method = "DELETE"
				}
			})
			if rec.Code != c.status || rec.Header().Get("Location") != c.location {
				t.Errorf("%d %q, want %d %q", rec.Code, rec.Header().Get("Location"), c.status, c.location)
			}
		})
	}
}

func TestAPostFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	acted := false
	site := webtest.Site(holderPages, access.Actor{}, public("POST", "/act", func(w http.ResponseWriter, r *http.Request) error {
		acted = true
		return web.Done(w, r, "/", "saved")
	}))
	for _, h := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		if rec := ask(site, "/act", url.Values{}, func(r *http.Request) { r.Header.Set(h[0], h[1]) }); rec.Code != 403 || acted {
			t.Errorf("%v: %d, acted %v", h, rec.Code, acted)
		}
	}
	if rec := ask(site, "/act", url.Values{}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }); rec.Code != 303 || rec.Header().Get("Location") != "/?done=saved" {
		t.Errorf("our own form: %d", rec.Code)
	}
}

func TestBodiesAreLimited(t *testing.T) {
	t.Parallel()
	acted := func(w http.ResponseWriter, r *http.Request) error { return web.Done(w, r, "/done", "") }
	large := public("POST", "/large", func(w http.ResponseWriter, r *http.Request) error {
		f := web.FormOf(r)
		file := f.File("file", 200<<10)
		if err := f.Err(); err != nil {
			return err
		}
		return web.Done(w, r, fmt.Sprintf("/got/%d", len(file.Data)), "")
	})
	large.MaxBody = 300 << 10
	site := webtest.Site(holderPages, access.Actor{}, public("POST", "/small", acted), large)
	upload := func(n int) *httptest.ResponseRecorder {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		part, _ := m.CreateFormFile("file", "letter.eml")
		_, _ = part.Write(bytes.Repeat([]byte("x"), n))
		_ = m.Close()
		r := httptest.NewRequest("POST", "/large", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, r)
		return rec
	}
	for name, c := range map[string]struct {
		rec  *httptest.ResponseRecorder
		want int
	}{
		"a form of 60 KiB":          {ask(site, "/small", url.Values{"a": {strings.Repeat("x", 60<<10)}}), 303},
		"a form of more than 64":    {ask(site, "/small", url.Values{"a": {strings.Repeat("x", 65<<10)}}), 413},
		"a file that fits":          {upload(150 << 10), 303},
		"a file over its own limit": {upload(201 << 10), 413},
		"a body over its route's":   {upload(301 << 10), 413},
		"no form at all": {ask(site, "/small", url.Values{}, func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
			r.Body = io.NopCloser(strings.NewReader("{}"))
		}), 422},
	} {
		if c.rec.Code != c.want {
			t.Errorf("%s: %d, want %d", name, c.rec.Code, c.want)
		}
	}
}

func TestTheSameSendingOfAFormActsOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	n := 0
	site := webtest.Site(holderPages, access.Actor{},
		public("POST", "/act", func(w http.ResponseWriter, r *http.Request) error {
			mu.Lock()
			defer mu.Unlock()
			n++
			if r.FormValue("wrong") != "" {
				return fault.New(fault.Conflict, "test.wrong", "No.")
			}
			return web.Done(w, r, fmt.Sprintf("/done/%d", n), "")
		}))
	send := func(once, ip, wrong string) string {
		return ask(site, "/act", url.Values{"once": {once}, "wrong": {wrong}}, func(r *http.Request) { r.RemoteAddr = ip + ":1" }).Header().Get("Location")
	}
	var got []string
	got = append(got, send("a", "192.0.2.1", ""), send("a", "192.0.2.1", ""), send("b", "192.0.2.1", ""), send("a", "192.0.2.2", ""))
	got = append(got, send("c", "192.0.2.1", "yes"), send("c", "192.0.2.1", ""), send("c", "192.0.2.1", ""))
	want := []string{"/done/1", "/done/1", "/done/2", "/done/3", "", "/done/5", "/done/5"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var all sync.WaitGroup
	before := n
	for range 20 {
		all.Go(func() { send("together", "192.0.2.1", "") })
	}
	all.Wait()
	if n != before+1 {
		t.Errorf("20 sendings at once acted %d times", n-before)
	}
}

func TestTheWayBackStaysHere(t *testing.T) {
	t.Parallel()
	site := webtest.Site(holderPages, access.Actor{}, public("GET", "/back", func(w http.ResponseWriter, r *http.Request) error {
		return web.Done(w, r, web.Return(r, "/home"), "")
	}))
	for to, want := range map[string]string{
		"/account/email?a=1": "/account/email?a=1", "": "/home", "https://evil.example": "/home", "//evil.example": "/home",
		`/\evil.example`: "/home", "javascript:alert(1)": "/home", "evil": "/home",
	} {
		if got := ask(site, "/back?return="+url.QueryEscape(to), nil).Header().Get("Location"); got != want {
			t.Errorf("back to %q goes to %q", to, got)
		}
	}
}

func TestTheLanguageIsTheReaders(t *testing.T) {
	t.Parallel()
	page := public("GET", "/", func(w http.ResponseWriter, r *http.Request) error {
		return stopPage.Render(w, r, homeView2{web.NewPage(r, "stop.title")})
	})
	for name, c := range map[string]struct{ account, accept, cookie, query, want string }{
		"nothing said":                                 {"", "", "", "", "en"},
		"the browser's":                                {"", "fr;q=1, ja-JP;q=0.8, en;q=0.5", "", "", "ja"},
		"the account's before the browser's":           {"ja", "en", "", "", "ja"},
		"what was chosen before the account's":         {"ja", "ja", "en", "", "en"},
		"what is chosen now":                           {"en", "en", "en", "ja", "ja"},
		"what nobody speaks is not chosen":             {"", "", "tlh", "xx", "en"},
		"a header that makes no sense is not an error": {"", ";;;q=x", "", "", "en"},
	} {
		site := webtest.Site(holderPages, access.Actor{Role: access.Holder, Client: access.Client{Language: c.account}}, page)
		rec := ask(site, "/?lang="+c.query, nil, func(r *http.Request) {
			r.Header.Set("Accept-Language", c.accept)
			r.AddCookie(&http.Cookie{Name: "lang", Value: c.cookie})
		})
		if lang, _ := document(t, rec).Find("html").Attr("lang"); lang != c.want {
			t.Errorf("%s: %q, want %q", name, lang, c.want)
		}
		if set := strings.Contains(rec.Header().Get("Set-Cookie"), "lang="); set != (c.query == "ja") {
			t.Errorf("%s: cookie set: %v", name, set)
		}
	}
}

func TestTheAddressOfAClientIsNotWhatItSaysItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ peer, forwarded, want string }{
		"no proxy trusted there":      {"198.51.100.7:1", "203.0.113.9", "198.51.100.7"},
		"a trusted proxy is believed": {"10.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		"only the last untrusted hop": {"10.0.0.1:1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"},
	} {
		var got string
		site := webtest.Site(holderPages, access.Actor{}, public("GET", "/", func(w http.ResponseWriter, r *http.Request) error {
			got = web.ClientOf(r).IP
			return nil
		}))
		site.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		ask(site, "/", nil, func(r *http.Request) { r.RemoteAddr = c.peer; r.Header.Set("X-Forwarded-For", c.forwarded) })
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestARouteWithoutPermissionDoesNotMount(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it was mounted")
		}
	}()
	webtest.Site(holderPages, access.Actor{}, web.Route{Method: "GET", Path: "/", Handler: failing(nil)})
}
