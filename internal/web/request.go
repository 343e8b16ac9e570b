package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/fault"

	"golang.org/x/text/language"
)

// state is what the shell knows of a request under way.
type state struct {
	site    *Site
	route   Route
	id      string
	now     time.Time
	client  access.Client
	actor   access.Actor
	lang    string
	form    *Form             // what a POST sent; nil on GET
	trouble *trouble          // set while a form's page is shown again
	kept    map[string]string // what was typed before the person had to do something else first
	ended   *fault.Error      // why the session that the cookie names is over
	renewed int               // cookies of the answer that renew the session
	err     error             // for the log
}

type stateKey struct{}

func stateOf(r *http.Request) *state {
	st, ok := r.Context().Value(stateKey{}).(*state)
	if !ok {
		panic("web: unreachable unless a handler is called outside of a Site")
	}
	return st
}

// ActorOf gives who asks.
func ActorOf(r *http.Request) access.Actor { return stateOf(r).actor }

// ClientOf gives where the request came from. Language is what the client
// prefers; the site puts a signed-in person's own language before it.
func ClientOf(r *http.Request) access.Client { return stateOf(r).client }

// DeviceCookie names the cookie that tells one browser from another. It is no
// authority: it only lets a familiar device be called familiar.
const DeviceCookie = "__Host-device"

// KeepDevice gives the client's device id and sets the cookie if there was none.
// Only pages that sign somebody in call it.
func KeepDevice(w http.ResponseWriter, r *http.Request) string {
	st := stateOf(r)
	if st.client.Device == "" {
		RenewDevice(w, r, rand.Text())
	}
	return st.client.Device
}

// RenewDevice gives the browser another device id: the one that it showed is not its own, or does not count any more.
func RenewDevice(w http.ResponseWriter, r *http.Request, id string) {
	st := stateOf(r)
	st.client.Device, st.actor.Client.Device = id, id
	http.SetCookie(w, &http.Cookie{Name: DeviceCookie, Value: id, Path: "/", MaxAge: 400 * 24 * 3600,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func newID() string { return strings.ToLower(rand.Text()[:16]) }

func stack() string {
	const most = 4 << 10
	s := string(debug.Stack())
	return s[:min(len(s), most)]
}

// client collects what a request says about its sender.
func (s *Site) client(r *http.Request, id string) access.Client {
	c := access.Client{Request: id, IP: s.Proxies.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For")), UserAgent: access.UserAgent(r.UserAgent())}
	if ck, err := r.Cookie(DeviceCookie); err == nil && len(ck.Value) == 26 && clean(ck.Value) {
		c.Device = ck.Value
	}
	c.Language = accepted(r)
	return c
}

const langCookie = "lang"

// languages are those the pages speak; the first is for those who want neither.
var languages = []string{"en", "ja"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// accepted gives the language that the client's headers ask for.
func accepted(r *http.Request) string {
	tags, _, err := language.ParseAcceptLanguage(shorten(r.Header.Get("Accept-Language"), 200))
	if err != nil {
		return languages[0] // a malformed header is no reason to refuse a page
	}
	_, i, _ := matcher.Match(tags...)
	return languages[i]
}

func speaks(lang string) bool { return lang == "en" || lang == "ja" }

// chooseLanguage: an explicit choice goes before the account's language, that before the browser's.
func chooseLanguage(w http.ResponseWriter, r *http.Request, st *state) {
	st.lang = st.client.Language
	if l := st.actor.Client.Language; speaks(l) {
		st.lang = l
	}
	if ck, err := r.Cookie(langCookie); err == nil && speaks(ck.Value) {
		st.lang = ck.Value
	}
	if l := r.URL.Query().Get("lang"); speaks(l) {
		st.lang = l
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: l, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	st.client.Language = st.lang
	st.actor.Client.Language = st.lang
}

// cleanURL refuses addresses that no link of ours has.
func cleanURL(r *http.Request) error {
	if len(r.URL.RawQuery) > 8<<10 || len(r.URL.Path) > 2<<10 {
		return errAddress
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !clean(r.URL.Path) {
		return errAddress.Because(err)
	}
	for name, values := range q {
		for _, v := range append(values, name) {
			if !clean(v) {
				return errAddress.On(shorten(strings.ToValidUTF8(name, "?"), 40))
			}
		}
	}
	return nil
}

// local gives path if it stays on this site, else fallback. Browsers take "//x" and
// "/\x" for another host, which would make the sign-in page a tool for phishing.
func local(path, fallback string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") || !clean(path) {
		return fallback
	}
	return path
}

// Return gives the local path that the person came from (query or form field
// "return"), or fallback.
func Return(r *http.Request, fallback string) string {
	if st := stateOf(r); st.form != nil {
		if v := st.form.values.Get("return"); v != "" {
			return local(v, fallback)
		}
	}
	return local(r.URL.Query().Get("return"), fallback)
}

// signInURL is the sign-in page, with the way back.
func (s *Site) signInURL(r *http.Request, st *state) string {
	q := url.Values{}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		q.Set("return", r.URL.RequestURI())
	} else if back := st.back(r); back != "" {
		q.Set("return", back)
	}
	if st.ended != nil {
		q.Set("why", st.ended.Code)
	}
	return s.SignIn + "?" + q.Encode()
}

// shorten cuts s to at most n bytes, between runes.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
