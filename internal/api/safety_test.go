package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/api"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
)

// limited opens a limited session, as room verify does.
func (h *house) limited(tx *db.Tx, id string) (token string, err error) {
	a, err := account.Get(tx, id)
	if err != nil {
		return "", err
	}
	_, token, _, err = h.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Recover, Limited: true, Client: access.Client{Device: "phone"}})
	return token, err
}

// takeover plays an intruder through the API and the session of a thief, and
// gives what must not be seen anywhere afterwards.
func takeover(h *house) (id string, secrets []string) {
	h.Helper()
	id = h.hana()
	facts, orders := "/v1/accounts/"+id+"/facts", "/v1/accounts/"+id+"/orders"
	h.call("PUT", facts+"/address/home", `{"value": {"to": "佐藤 花子", "line": "千代田1-1"}}`).is(http.StatusOK, nil)
	thief := h.signIn("thief")
	h.call("GET", "/v1/session", "", "Takeback-Session", thief).is(http.StatusOK, nil)
	h.call("PUT", facts+"/address/home", `{"value": {"to": "Mallory", "line": "elsewhere"}}`, "Takeback-Session", thief).is(http.StatusOK, nil)
	h.call("POST", orders, `{"order": "A1", "ship_to": "address/home"}`, "Takeback-Session", thief).is(http.StatusCreated, nil)
	h.call("PUT", facts+"/note/card", `{"value": "`+whole+`"}`, "Takeback-Session", thief).is(422, nil)
	h.call("PUT", facts+"/note/4111111111111111", `{"value": "x"}`).is(422, nil)
	h.call("POST", "/v1/accounts", `{"email": "x@example.jp", "name": "x", "password": "hunter2"}`).is(422, nil)
	h.call("POST", "/v1/accounts", `{"email": "x@example.jp", "name": "x", "password": "hunter2"`).is(422, nil)
	h.call("GET", "/v1/accounts/"+id, "", "Authorization", "Bearer tbk_wrong-one").is(401, nil)
	h.call("POST", "/v1/accounts/"+id+"/freeze", `{"why": "not me"}`).is(http.StatusOK, nil)
	h.call("PUT", facts+"/name", `{"value": "Mallory"}`, "Takeback-Session", thief).is(401, nil)
	return id, []string{password, "hunter2", thief, h.key, "tbk_wrong-one", "4111"}
}

func TestATakeoverThroughTheService(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := takeover(h)
		var shown struct{ Changes []api.Change }
		h.call("GET", "/v1/accounts/"+id+"/history", "").is(http.StatusOK, &shown)
		var thief string
		for _, c := range shown.Changes {
			if c.Verb == "open" {
				thief = c.Session
			}
		}
		var his []string
		for _, c := range shown.Changes {
			if c.Session == thief && c.Session != "" {
				his = append(his, c.Verb+" "+c.Path)
			}
		}
		if want := []string{"open ", "set address/home", "order order/A1"}; cmp.Diff(want, his) != "" {
			t.Errorf("in the thief's session stand %q, want %q", his, want)
		}
		if last := shown.Changes[len(shown.Changes)-1]; last.Verb != "hold" || last.Path != "order/A1" {
			t.Errorf("the last entry is %+v, want the hold of his order", last)
		}
	})
}

func TestNothingSecretIsLogged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, secrets := takeover(h)
		broken := *h.API
		broken.Life = nil // every write is now a panic
		h.breakDown(&broken)
		log := h.log.String()
		if !strings.Contains(log, "api call failed") {
			t.Errorf("our own mistake is not in the log, so this test sees nothing: %q", log)
		}
		for _, s := range secrets {
			if strings.Contains(log, s) {
				t.Errorf("the log holds %q", s)
			}
		}
	})
}

// breakDown asks a broken program and expects a problem that says nothing.
func (h *house) breakDown(broken *api.API) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), "PUT", "/v1/accounts/x/facts/note/x", strings.NewReader(`{"value": "hunter2"}`))
	h.ok(err)
	r.Header.Set("Authorization", "Bearer "+h.key)
	w := &recorder{header: http.Header{}}
	broken.Handler().ServeHTTP(w, r)
	answer{TB: h.TB, what: "a broken program", status: w.status, header: w.header, body: w.body}.refused(500, "internal", "")
}

type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(s int)   { r.status = s }
func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}

func TestGetChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, _ := takeover(h)
		var list struct{ Cases []api.Case }
		h.call("GET", "/v1/cases", "").is(http.StatusOK, &list)
		before := h.rows()
		asked := 0
		for _, op := range h.says.byPath {
			if op.Method != "GET" {
				continue
			}
			fill := strings.NewReplacer("{path}", "address", "{name}", "home", "{id}", id)
			if strings.Contains(op.Path, "/cases/") {
				fill = strings.NewReplacer("{id}", list.Cases[0].ID)
			}
			for _, method := range []string{"GET", "HEAD"} {
				h.call(method, fill.Replace(op.Path), "", "Takeback-Session", "x")
				asked++
			}
		}
		if asked < 16 {
			t.Errorf("only %d calls were made", asked)
		}
		if diff := cmp.Diff(before, h.rows()); diff != "" {
			t.Errorf("what is kept changed (-before +after):\n%s", diff)
		}
	})
}

// rows counts what every table that a call could write to has.
func (h *house) rows() map[string]int {
	n := map[string]int{}
	h.ok(h.DB.Read(h.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"account", "change", "fact", "contact", "secret", "session", "segment", "device", "case_file", "case_entry", "job", "letter", "order_hold"} {
			var count int
			if err := tx.Row("SELECT COUNT(*) FROM " + table).Scan(&count); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			n[table] = count
		}
		var heads int
		err := tx.Row("SELECT CAST(SUM(head_seq + epoch) AS BIGINT) FROM account").Scan(&heads)
		n["heads and epochs"] = heads
		return err
	}))
	return n
}

func TestDescription(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, path := range []string{"/openapi.json", "/openapi-3.0.json"} {
			a := h.call("GET", path, "", "Authorization", "").is(http.StatusOK, nil)
			if !json.Valid(a.body) || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s is no JSON", path)
			}
		}
		var doc struct {
			OpenAPI    string
			Info       struct{ Title, Version string }
			Paths      map[string]map[string]operation
			Components struct {
				Schemas         map[string]any
				SecuritySchemes map[string]struct{ Type string }
			}
		}
		raw := h.call("GET", "/openapi.json", "").is(http.StatusOK, &doc).body
		if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Title == "" || doc.Info.Version == "" || len(doc.Components.SecuritySchemes) != 4 {
			t.Errorf("it is %q %+v", doc.OpenAPI, doc.Info)
		}
		for _, ref := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]+)"`).FindAllSubmatch(raw, -1) {
			if doc.Components.Schemas[string(ref[1])] == nil {
				t.Errorf("%s leads nowhere", ref[0])
			}
		}
		if strings.Contains(string(raw), "patternDescription") {
			t.Error("it has a word that OpenAPI does not know")
		}
		ids := map[string]bool{}
		for path, item := range doc.Paths {
			for method, op := range item {
				op.check(t, strings.ToUpper(method)+" "+path, path)
				if ids[op.OperationID] {
					t.Errorf("two operations are called %s", op.OperationID)
				}
				ids[op.OperationID] = true
				h.routed(strings.ToUpper(method), path)
			}
		}
		if len(ids) < 15 {
			t.Errorf("only %d operations are described", len(ids))
		}
	})
}

// operation is what a description says of one.
type operation struct {
	OperationID string
	Summary     string
	Tags        []string
	Security    []map[string][]string
	Permission  string `json:"x-permission"`
	Parameters  []parameter
	RequestBody struct {
		Required bool
		Content  map[string]any
	}
	Responses map[string]struct {
		Description string
		Content     map[string]struct {
			Schema map[string]any
		}
	}
}

type parameter struct {
	Name, In string
	Required bool
}

func (o operation) check(t *testing.T, name, path string) {
	t.Helper()
	if o.OperationID == "" || o.Summary == "" || len(o.Tags) != 1 || len(o.Security) == 0 || o.Permission == "" {
		t.Errorf("%s lacks a name, a summary, a tag, its security or its permission: %+v", name, o)
	}
	for _, word := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		if !slices.Contains(o.Parameters, parameter{Name: word[1], In: "path", Required: true}) {
			t.Errorf("%s does not describe %s", name, word[0])
		}
	}
	if takes := strings.HasPrefix(name, "POST") || strings.HasPrefix(name, "PUT"); takes != o.RequestBody.Required || takes != (o.RequestBody.Content["application/json"] != nil) {
		t.Errorf("%s: its body is %+v", name, o.RequestBody)
	}
	good := false
	for status, r := range o.Responses {
		good = good || status[0] == '2'
		if r.Description == "" {
			t.Errorf("%s: %s is not described", name, status)
		}
		if status[0] >= '4' && r.Content["application/problem+json"].Schema["$ref"] != "#/components/schemas/Problem" {
			t.Errorf("%s: %s is no problem: %+v", name, status, r)
		}
	}
	if _, ok := o.Responses["401"]; !ok || !good {
		t.Errorf("%s has no answer, or none to strangers: %+v", name, o.Responses)
	}
}

// routed checks that what is described is there, and asks for what it says.
func (h *house) routed(method, path string) {
	h.Helper()
	path = strings.NewReplacer("{id}", "x", "{path}", "name", "{name}", "x").Replace(path)
	h.call(method, path, "", "Authorization", "").is(http.StatusUnauthorized, nil)
}

// TestEveryRouteIsDescribed asks the handler for whatever is not in the
// description: next to each address that is, nothing else answers.
func TestEveryRouteIsDescribed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for path := range h.says.api.OpenAPI().Paths {
			path = strings.NewReplacer("{id}", "x", "{path}", "name", "{name}", "x").Replace(path)
			for _, method := range []string{"GET", "PUT", "POST", "DELETE", "PATCH"} {
				_, pattern := h.says.mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
				a := h.call(method, path, "", "Authorization", "")
				if described := pattern != ""; described != (a.status != http.StatusMethodNotAllowed) {
					t.Errorf("%s %s: described is %v, the answer %d", method, path, described, a.status)
				}
			}
		}
	})
}

// FuzzPut sends anything as the body of a PUT: it is refused with a clear
// problem and changes nothing, or it is there afterwards as it was sent.
func FuzzPut(f *testing.F) {
	for _, s := range []string{`{"value": "x"}`, `{"value": {"a": "b"}}`, `{"value": "\u0000"}`, `{"value": "` + whole + `"}`, `{"value": 1e999}`, `{"VALUE": ""}`,
		`{"value": {"": ""}}`, `{"value": "\ud800"}`, `{"value":"x","value":{}}`, `[[[[`, "\xff", `{"value": "` + strings.Repeat("é", 2001) + `"}`} {
		f.Add(s, "note/x")
		f.Add(s, "prefs")
	}
	f.Add(`{"value": "x"}`, "gift/\x00")
	h := build(f, db.SQLite)
	id := h.hana()
	f.Fuzz(func(t *testing.T, body, path string) {
		h := *h
		h.TB = t
		before, err := h.API.Accounts.Get(t.Context(), id)
		h.ok(err)
		a := h.call("PUT", "/v1/accounts/"+id+"/facts/"+url.PathEscape(path), body)
		after, err := h.API.Accounts.Get(t.Context(), id)
		h.ok(err)
		added := after.Head - before.Head
		if a.status != http.StatusOK {
			if a.status < 400 || a.status >= 500 || added != 0 {
				t.Fatalf("%q at %q: %d, and %d changes", body, path, a.status, added)
			}
			return
		}
		var sent struct{ Value any }
		var kept struct {
			Path  string
			Value any
		}
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		a.is(http.StatusOK, &kept)
		if diff := cmp.Diff(sent.Value, kept.Value); diff != "" || kept.Path != path || added != 1 || !utf8.Valid(a.body) {
			t.Errorf("%q at %q is kept as %s in %d changes", body, path, a.body, added)
		}
	})
}
