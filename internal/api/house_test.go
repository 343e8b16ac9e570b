package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/api"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/seal"
)

const (
	hana     = "hana@example.jp"
	password = "7kumo-tea-lantern"
	whole    = "4111 1111 1111 1111" // a card number that passes the check
)

// house is the real program behind real HTTP, with a key of the service.
type house struct {
	testing.TB
	*app.App
	clock *dbtest.Clock
	url   string
	key   string
	log   *log
	says  *description
}

// log keeps what the program logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
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

func build(t testing.TB, e db.Engine) *house {
	t.Helper()
	h := &house{TB: t, clock: dbtest.NewClock(), log: &log{}}
	config := app.Config{DB: dbtest.Place(t, e), Site: "https://account.shop.example", SMTP: seal.NewSecret("smtp://127.0.0.1:25"), Now: h.clock.Now,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	config.File.Proxies = []string{"127.0.0.0/8"}
	config.File.Kinds = []app.KindFile{
		{Path: "membership", Algebra: "register"},
		{Path: "gift/*", Algebra: "element", Parts: []string{"note"}},
		{Path: "payee/*", Algebra: "element", Hold: "72h", Tell: "all"},
		{Path: "miles/*", Algebra: "ledger"},
		{Path: "pin", Algebra: "secret"},
	}
	var err error
	h.App, err = app.New(t.Context(), config)
	h.ok(err)
	srv := httptest.NewServer(h.Handler())
	t.Cleanup(func() {
		srv.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.url, h.says = srv.URL, describe(h.API)
	h.write(func(tx *db.Tx) (err error) {
		_, h.key, err = access.MakeKey(tx, h.Seal, "shop")
		return err
	})
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

// answer is what a call was answered with.
type answer struct {
	testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// call asks with the service's key. Headers are pairs of name and value; an
// empty value takes one away. Every answer has to be as the description says.
func (h *house) call(method, path, body string, headers ...string) answer {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, strings.NewReader(body))
	h.ok(err)
	r.Header.Set("Authorization", "Bearer "+h.key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	h.ok(err)
	defer func() { h.ok(res.Body.Close()) }()
	a := answer{TB: h.TB, what: method + " " + path, status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	h.ok(err)
	h.says.holds(a, r)
	return a
}

// is checks the status, and reads the answer into v unless it is nil.
func (a answer) is(status int, v any) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("%s: got %d, want %d: %s", a.what, a.status, status, a.body)
	}
	if v != nil {
		if err := json.Unmarshal(a.body, v); err != nil {
			a.Fatalf("%s: %v: %s", a.what, err, a.body)
		}
	}
	return a
}

// refused checks that the answer is a problem with a status, a code and, unless
// it is empty, the place of the field that is wrong.
func (a answer) refused(status int, code, location string) {
	a.Helper()
	var p api.Problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.Fatalf("%s: got %d %q: %v", a.what, a.status, a.body, err)
	}
	if a.status != status || p.Status != status || p.Code != code || p.Detail == "" || p.Title != http.StatusText(status) {
		a.Errorf("%s: got %d %s, want %d %s", a.what, a.status, a.body, status, code)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.Errorf("%s: the problem is %s", a.what, kind)
	}
	if status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
		a.Errorf("%s: 401 without WWW-Authenticate", a.what)
	}
	for _, f := range p.Errors {
		if f.Location == location && f.Code != "" && f.Message != "" {
			return
		}
	}
	if location != "" {
		a.Errorf("%s: no field is at %s: %s", a.what, location, a.body)
	}
}

// hana has an account, made through the API.
func (h *house) hana() string {
	h.Helper()
	var a api.Account
	h.call("POST", "/v1/accounts", `{"email": "`+hana+`", "password": "`+password+`", "name": "佐藤 花子", "language": "ja"}`).is(http.StatusCreated, &a)
	return a.ID
}

// signIn signs hana in on a device and gives the session's token.
func (h *house) signIn(device string) string {
	h.Helper()
	e, err := h.Life.SignIn(h.Context(), hana, seal.NewSecret(password), access.Client{IP: "192.0.2.7", Device: device, Language: "ja", UserAgent: "Mozilla/5.0 (" + device + ")"})
	h.ok(err)
	return e.Token
}

// fact gives the fact at a path.
func (h *house) fact(id, path string) (f api.Fact) {
	h.Helper()
	h.call("GET", "/v1/accounts/"+id+"/facts/"+path, "").is(http.StatusOK, &f)
	return f
}

// changes gives the whole history as it is kept.
func (h *house) changes(id string) (all []history.Change) {
	h.Helper()
	h.ok(h.DB.Read(h.Context(), func(tx *db.Tx) (err error) {
		all, err = history.Of(tx, id)
		return err
	}))
	return all
}

// guard puts an account into the state after a hand-back.
func (h *house) guard(id string) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := account.Turn(tx, id, account.Guarded, tx.Now.AddDate(0, 0, 30), account.Open)
		return err
	})
}

// description is what /openapi.json says, to hold answers against.
type description struct {
	api    huma.API
	mux    *http.ServeMux
	byPath map[string]*huma.Operation
}

func describe(a *api.API) *description {
	d := &description{api: a.Describe(), mux: http.NewServeMux(), byPath: map[string]*huma.Operation{}}
	for path, item := range d.api.OpenAPI().Paths {
		for _, op := range operations(item) {
			pattern := op.Method + " " + path
			d.byPath[pattern] = op
			d.mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		}
	}
	return d
}

func operations(item *huma.PathItem) (all []*huma.Operation) {
	for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace} {
		if op != nil {
			all = append(all, op)
		}
	}
	return all
}

// holds checks that an answer has a status, a type and a form that its operation names.
func (d *description) holds(a answer, r *http.Request) {
	a.Helper()
	_, pattern := d.mux.Handler(r)
	op, ok := d.byPath[pattern]
	if !ok {
		return // an address without an operation
	}
	told, ok := op.Responses[strconv.Itoa(a.status)]
	if !ok {
		a.Errorf("%s: the description does not name the status %d: %s", pattern, a.status, a.body)
		return
	}
	if len(told.Content) == 0 {
		if len(a.body) > 0 {
			a.Errorf("%s: %d has a body that is not described: %s", pattern, a.status, a.body)
		}
		return
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || told.Content[kind] == nil {
		a.Errorf("%s: %d is answered as %q", pattern, a.status, a.header.Get("Content-Type"))
		return
	}
	if a.what[:4] == "HEAD" {
		return
	}
	var body any
	if err := json.Unmarshal(a.body, &body); err != nil {
		a.Errorf("%s: %v", pattern, err)
		return
	}
	found := &huma.ValidateResult{}
	huma.Validate(d.api.OpenAPI().Components.Schemas, told.Content[kind].Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, body, found)
	for _, err := range found.Errors {
		a.Errorf("%s: %d is not of the form described: %v: %s", pattern, a.status, err, a.body)
	}
}
