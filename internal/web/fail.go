package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

// The faults of the shell itself.
var (
	errNoPage          = fault.New(fault.NotFound, "page.none", "There is no such page.")
	errForbidden       = fault.New(fault.Forbidden, "page.forbidden", "You may not do this.")
	errUnauthenticated = fault.New(fault.Unauthenticated, "page.sign-in", "Please sign in first.")
	errCrossOrigin     = fault.New(fault.Forbidden, "page.cross-origin", "This form was sent from another site. Nothing was changed.")
	errAddress         = fault.New(fault.Invalid, "page.address", "This address has characters that do not belong in it.")
	errSlow            = fault.New(fault.Unavailable, "page.slow", "This took too long. Please try again.")
)

// kinds names the kinds of fault, for the catalogue and for style.
var kinds = map[fault.Kind]string{
	fault.Internal: "internal", fault.Invalid: "invalid", fault.Unauthenticated: "unauthenticated",
	fault.Forbidden: "forbidden", fault.NotFound: "not-found", fault.Conflict: "conflict", fault.Frozen: "frozen",
	fault.TooLarge: "too-large", fault.TooMany: "too-many", fault.Unavailable: "unavailable",
}

// trouble is why a form's page is shown again.
type trouble struct {
	faults []*fault.Error
	status int
}

// back is the path of the page whose form was posted; empty if there is none.
func (st *state) back(r *http.Request) string {
	if st.route.Method != http.MethodPost {
		return ""
	}
	if st.route.Back == "" {
		if st.site.find(http.MethodGet, st.route.Path) == nil {
			return ""
		}
		return r.URL.Path
	}
	path := st.route.Back
	for _, name := range wildcards(path) {
		path = strings.ReplaceAll(path, "{"+name+"}", r.PathValue(name))
	}
	return path
}

func (s *Site) find(method, path string) *Route {
	for i := range s.routes {
		if s.routes[i].Method == method && s.routes[i].Path == path {
			return &s.routes[i]
		}
	}
	return nil
}

// wildcards lists the names in a pattern: "/desk/cases/{id}" has "id".
func wildcards(pattern string) (names []string) {
	for _, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// fail is the one place where an error becomes an answer for a person.
func (s *Site) fail(w *recorder, r *http.Request, err error) {
	st := stateOf(r)
	st.err = err
	if w.code != 0 { // an answer was begun: it can only be cut off
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, context.DeadlineExceeded) && fault.KindOf(err) == fault.Internal {
		err = errSlow.Because(err)
	}
	f := fault.Public(err)
	if f.Kind == fault.Unauthenticated && f.Field == "" && st.route.Permission != access.Public && s.SignIn != "" {
		st.ended = f
		http.Redirect(w, r, s.signInURL(r, st), http.StatusSeeOther)
		return
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	if st.trouble == nil && formKind(f.Kind) && s.again(w, r, st, err) {
		return
	}
	s.errorPage(w, r, f)
}

// formKind tells whether a fault is one that the person can do something about in the form.
func formKind(k fault.Kind) bool {
	return k == fault.Invalid || k == fault.Unauthenticated || k == fault.Conflict || k == fault.TooMany
}

// again shows the form's page again: what was wrong and where, what was typed, no secrets.
func (s *Site) again(w *recorder, r *http.Request, st *state, err error) bool {
	if r.Method != http.MethodPost {
		return false
	}
	path := st.route.Back
	if path == "" {
		path = st.route.Path
	}
	page := s.find(http.MethodGet, path)
	if page == nil || page.Live || !st.actor.May(page.Permission) {
		return false
	}
	show := r.Clone(r.Context())
	show.Method, show.Body = http.MethodGet, http.NoBody
	show.URL.Path, show.URL.RawPath = st.back(r), ""
	st.trouble = &trouble{faults: fault.All(err), status: fault.KindOf(err).Status()}
	if err := page.Handler(w, show); err != nil {
		st.err = errors.Join(st.err, err)
		if w.code == 0 {
			s.errorPage(w, r, fault.Public(err))
		}
	}
	return true
}

// ErrorView is the page that says what went wrong.
type ErrorView struct {
	Page
	Kind   string // "not-found": for words and style
	Status int
	Words  string // in the reader's language
	Wait   string // how long to wait; empty if unknown
	Home   string
}

// errorPage shows a fault to a person. It must work when much else does not.
func (s *Site) errorPage(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	kind := kinds[f.Kind]
	if st := stateOf(r); s.Templates != nil {
		st.trouble = nil
		view := ErrorView{Page: NewPage(r, "error."+kind+".title"), Kind: kind, Status: f.Kind.Status(), Home: s.Home}
		view.Words = view.Fault(f)
		if f.RetryAfter > 0 {
			view.Wait = view.Span(f.RetryAfter)
		}
		var b bytes.Buffer
		err := s.Templates.execute(&b, "error", s.Templates.layout, view)
		if err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(f.Kind.Status())
			_, _ = b.WriteTo(w) // the person is gone: nobody is left to tell
			return
		}
		st.err = errors.Join(st.err, err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(f.Kind.Status())
	_, _ = fmt.Fprintln(w, f.Words)
}
