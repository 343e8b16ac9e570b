package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/seal"
)

// The bounds of a message.
const (
	bodyMost  = 64 << 10
	queryMost = 8 << 10
)

type fromKey struct{}

// from is who sent a message: the client's server, or somebody's browser.
func from(ctx context.Context) access.Client {
	c, _ := ctx.Value(fromKey{}).(access.Client)
	return c
}

// guard bounds a message before the library reads it.
func (p *Provider) guard(methods string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer p.rescue(w)
		secure(w.Header())
		if p.page(w, r) {
			return
		}
		if !slices.Contains(strings.Fields(methods), r.Method) {
			w.Header().Set("Allow", strings.ReplaceAll(methods, " ", ", "))
			refuse(w, http.StatusMethodNotAllowed, "invalid_request", "this address does not take the method")
			return
		}
		if status, why := bound(w, r); why != "" {
			refuse(w, status, "invalid_request", why)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), fromKey{}, access.Client{Request: seal.ID("req"),
			IP: p.Proxies.Client(r.RemoteAddr, r.Header.Values("X-Forwarded-For")), UserAgent: access.UserAgent(r.UserAgent())}))
		if people(r) {
			w = &forPeople{ResponseWriter: w, r: r}
		}
		next.ServeHTTP(w, r)
	})
}

// bound reads the message within bounds, and says what is wrong with its form.
func bound(w http.ResponseWriter, r *http.Request) (status int, why string) {
	if len(r.URL.RawQuery) > queryMost {
		return http.StatusRequestURITooLong, "the address is too long"
	}
	posted := r.Method == http.MethodPost
	if posted {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if bare := r.ContentLength == 0 && r.Header.Get("Content-Type") == ""; !bare && (err != nil || kind != "application/x-www-form-urlencoded") {
			return http.StatusUnsupportedMediaType, "the body must be a form: Content-Type: application/x-www-form-urlencoded"
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		if r.URL.RawQuery != "" && r.URL.Path != authorizePath && r.URL.Path != endSessionPath {
			return http.StatusBadRequest, "parameters belong into the body: addresses are logged"
		}
	}
	if err := r.ParseForm(); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			return http.StatusRequestEntityTooLarge, "the body is too large"
		}
		return http.StatusBadRequest, "the parameters are malformed"
	}
	return http.StatusBadRequest, oddity(r.Form)
}

// oddity says what no message has: a parameter twice (of which two readers may
// read different ones), or characters that are no text.
func oddity(form url.Values) string {
	for name, values := range form {
		if len(values) > 1 {
			return "a parameter is there twice"
		}
		for _, v := range append(values, name) {
			if !utf8.ValidString(v) || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				return "a parameter has characters that are no text"
			}
		}
	}
	return ""
}

// refuse answers in the protocol's form.
func refuse(w http.ResponseWriter, status int, code, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	body := map[string]string{"error": code}
	if why != "" {
		body["error_description"] = why
	}
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody to tell
}

// people tells whether a person looks at the answer.
func people(r *http.Request) bool {
	return (r.URL.Path == authorizePath || r.URL.Path == endSessionPath) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// forPeople shows a person a page where the library would show JSON: of a request
// whose client or address is wrong, which cannot be told to the client.
type forPeople struct {
	http.ResponseWriter
	r      *http.Request
	turned bool
}

// WriteHeader sends the person to our page instead of an error.
func (w *forPeople) WriteHeader(status int) {
	if status < http.StatusBadRequest {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.turned = true
	w.Header().Del("Content-Type")
	http.Redirect(w.ResponseWriter, w.r, connectPage, http.StatusSeeOther)
}

// Write drops the body of an error that was turned into a redirect.
func (w *forPeople) Write(b []byte) (int, error) {
	if w.turned {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *forPeople) Unwrap() http.ResponseWriter { return w.ResponseWriter }
