package api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// SignInHeader tells a proxy where a browser that was refused can sign in.
const SignInHeader = "Takeback-Sign-In"

// orParam says what a proxy wants done with a browser that may not go on: with
// the value orSignIn it is sent to sign in.
const (
	orParam  = "or"
	orSignIn = "sign-in"
)

// backMost is how long an address may be that somebody comes back to.
const backMost = 1500

// away answers a browser that may not go on: by the way to the sign-in, if the
// proxy asked for that. Programs get the problem, also those of a page: they
// could do nothing with a form. It tells whether it has answered.
func (a *API) away(w http.ResponseWriter, r *http.Request) bool {
	to := a.signInFor(r)
	w.Header().Set(SignInHeader, to)
	if r.URL.Query().Get(orParam) != orSignIn || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return true
}

// signInFor is the address of our own sign-in page, with the way back to the
// page that was asked for. Nothing that a client sends chooses the site, and
// the way back is a path: this cannot lead people elsewhere.
func (a *API) signInFor(r *http.Request) string {
	to := strings.TrimSuffix(a.Site, "/") + "/sign-in"
	if m := r.Header.Get("X-Forwarded-Method"); m != "" && m != http.MethodGet && m != http.MethodHead {
		return to // what was posted cannot be asked for again
	}
	if back := r.Header.Get("X-Forwarded-Uri"); wayBack(back) {
		to += "?" + url.Values{"return": {back}}.Encode()
	}
	return to
}

// wayBack tells whether the sign-in page could lead back to an address. It
// decides for itself, too; here it keeps nonsense out of a header.
func wayBack(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && len(path) <= backMost && utf8.ValidString(path) &&
		!strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' })
}
