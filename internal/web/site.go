package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

// Handler answers a request or says why not. A handler that returns an error
// has written nothing: the site shows the error.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line in the table of contents of a face.
type Route struct {
	Method     string // GET shows, POST acts; there are no others on pages
	Path       string // a pattern of http.ServeMux without the method: "/desk/cases/{id}"
	Permission access.Permission
	Handler    Handler
	Back       string // for POST: the path of the page that holds the form; empty if it is the same path
	MaxBody    int64  // bytes; zero means 64 KiB
	Live       bool   // an event stream: it has no deadline and leaves no line in the log while it is open
}

// DefaultMaxBody is how many bytes a form may have, unless its route says otherwise.
const DefaultMaxBody = 64 << 10

// deadline ends what a page waits for. It is longer than any honest answer
// takes and shorter than a person's patience.
const deadline = 30 * time.Second

// Frame is what a face puts around its pages.
type Frame struct {
	Name    string    // what to call who is signed in; empty for a stranger
	SignOut string    // path that a POST signs out at; empty for a stranger
	Nav     []NavItem // the main navigation
	Foot    []NavItem // links that must never be far: help, is this letter from you
}

// NavItem is a link of the navigation.
type NavItem struct {
	Path  string
	Key   string // key of its words
	Icon  string // name of a block "icon-…"; may be empty
	Count int    // shown as a badge if positive
}

// Config is what a face tells its Site.
type Config struct {
	Face      string // "holder", "console": for the log
	Brand     string // the service whose accounts these are
	SignIn    string // where strangers are sent
	Home      string // where a lost person is sent
	Templates *Templates

	// Who tells who asks. A stranger is the zero Actor and no error; ClientOf
	// has the client to put into the Actor. Errors that say the session has
	// ended (Unauthenticated, Frozen) make a stranger, too.
	Who func(*http.Request) (access.Actor, error)

	// Renew may give whoever acted a new cookie of their session, once what a POST
	// did is done and before it is answered. It may be nil.
	Renew func(http.ResponseWriter, *http.Request)

	// Instead has keys of words and the keys of what this installation says in their place.
	Instead map[string]string

	Frame   func(*http.Request, access.Actor) Frame // may be nil
	Proxies access.Proxies                          // peers whose X-Forwarded-For is believed
	HTTPS   bool                                    // all traffic comes by TLS, perhaps ended by a proxy: say so to browsers
	Log     *slog.Logger                            // nil means slog.Default
	Now     func() time.Time                        // nil means time.Now
}

// Site mounts the routes of one face. It is an http.Handler.
type Site struct {
	Config
	routes []Route
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
	once   *onceBook
}

// NewSite builds a face. It panics on a route that names no permission or
// collides with another, because a program with such a table must not start.
func NewSite(c Config, routes ...Route) *Site {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Home == "" {
		c.Home = "/"
	}
	s := &Site{Config: c, routes: slices.Clone(routes), mux: http.NewServeMux(),
		cross: http.NewCrossOriginProtection(), once: newOnceBook(c.Now)}
	for _, rt := range s.routes {
		if rt.Permission == "" || rt.Handler == nil {
			panic(fmt.Sprintf("web: route %s %s names no permission or no handler", rt.Method, rt.Path))
		}
		if rt.Method != http.MethodGet && rt.Method != http.MethodPost {
			panic(fmt.Sprintf("web: route %s %s: pages know only GET and POST", rt.Method, rt.Path))
		}
		s.mux.Handle(rt.Method+" "+rt.Path, s.serve(rt))
	}
	s.mux.Handle("/", s.serve(Route{Path: "(none)", Permission: access.Public, Handler: s.lost}))
	return s
}

// Routes lists the table of contents, for tests about it.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// ServeHTTP answers a request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve is the way that every request takes, in reading order.
func (s *Site) serve(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := &state{site: s, route: rt, id: newID(), now: s.Now()}
		rw := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), stateKey{}, st))
		if !rt.Live {
			ctx, cancel := context.WithTimeout(r.Context(), deadline)
			defer cancel()
			r = r.WithContext(ctx)
		}
		st.client = s.client(r, st.id)
		st.lang = st.client.Language
		secure(w.Header(), s.HTTPS || r.TLS != nil)
		w.Header().Set("Request-Id", st.id)

		defer s.log(rw, r, st)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.fail(rw, r, fmt.Errorf("panic: %v\n%s", p, stack()))
			}
		}()
		if err := s.enter(rw, r, st); err != nil {
			s.fail(rw, r, err)
		}
	})
}

// enter does what comes before a handler, and then calls it.
func (s *Site) enter(w *recorder, r *http.Request, st *state) error {
	if err := cleanURL(r); err != nil {
		return err
	}
	if err := s.cross.Check(r); err != nil {
		return errCrossOrigin.Because(err)
	}
	if err := s.who(r, st); err != nil {
		return err
	}
	chooseLanguage(w, r, st)
	if !st.actor.May(st.route.Permission) {
		return s.refuse(w, r, st)
	}
	if r.Method != http.MethodPost {
		return st.route.Handler(w, r)
	}
	limit := st.route.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	form, err := readForm(r, limit)
	if err != nil {
		return err
	}
	st.form = form
	if s.Renew != nil && st.actor.Session != "" {
		w.before = func() {
			before := len(w.Header()["Set-Cookie"])
			s.Renew(w, r)
			st.renewed = len(w.Header()["Set-Cookie"]) - before
		}
	}
	return s.once.do(w, r, st, st.route.Handler)
}

// who fills in who asks. Somebody whose session has ended is a stranger.
func (s *Site) who(r *http.Request, st *state) error {
	if s.Who == nil {
		st.actor = access.Actor{Client: st.client}
		return nil
	}
	actor, err := s.Who(r)
	switch kind := fault.KindOf(err); {
	case err == nil:
	case kind == fault.Unauthenticated || kind == fault.Frozen:
		actor, st.ended = access.Actor{}, fault.Public(err)
	default:
		return err
	}
	if actor.Client.Request == "" {
		lang := actor.Client.Language
		actor.Client = st.client
		if lang != "" {
			actor.Client.Language = lang
		}
	}
	st.actor = actor
	return nil
}

// refuse answers somebody who may not: strangers sign in first and come back.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, st *state) error {
	if st.actor.Role != access.Nobody {
		return errForbidden
	}
	if s.SignIn == "" || st.route.Permission == access.API {
		return errUnauthenticated
	}
	http.Redirect(w, r, s.signInURL(r, st), http.StatusSeeOther)
	return nil
}

// lost answers a path or method that no route has.
func (s *Site) lost(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "/" && pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		return errNoPage
	}
	w.Header()["Allow"] = allow
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusMethodNotAllowed)
	_, err := fmt.Fprintln(w, "This address does not take "+r.Method+".")
	return err
}

// log writes the one line about a request. It names the route's pattern and
// never the path, because paths and queries carry links that are authority.
func (s *Site) log(w *recorder, r *http.Request, st *state) {
	level, attrs := slog.LevelInfo, []slog.Attr{
		slog.String("face", s.Face), slog.String("method", r.Method), slog.String("route", st.route.Path),
		slog.Int("status", w.status()), slog.Duration("took", s.Now().Sub(st.now)), slog.String("request", st.id),
	}
	if st.actor.Role != access.Nobody {
		attrs = append(attrs, slog.String("role", string(st.actor.Role)), slog.String("actor", st.actor.ID))
	}
	if st.err != nil {
		attrs = append(attrs, slog.String("error", st.err.Error()))
		if fault.KindOf(st.err) == fault.Internal {
			level = slog.LevelError
		}
	}
	s.Log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}
