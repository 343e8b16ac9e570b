package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
)

// Version of the API, as its description says it.
const Version = "1.0.0"

// Life is ordinary life, on behalf of a holder or of the service itself. It has
// one method for each way in which a service writes; splitting it would only
// give one room two names.
type Life interface {
	Put(ctx context.Context, by access.Actor, accountID, path string, value json.RawMessage) (waits bool, err error)
	Delete(ctx context.Context, by access.Actor, accountID string, r signin.Removal) (waits bool, err error)
	Move(ctx context.Context, by access.Actor, accountID string, m signin.Movement) (again bool, err error)
	PlaceOrder(ctx context.Context, by access.Actor, accountID, path string, o signin.Order) error
}

// Registrar makes accounts for a service that vouches for their addresses.
type Registrar interface {
	Create(ctx context.Context, by access.Actor, email string, password seal.Secret, name, language string) (id string, err error)
}

// Freezer stops accounts.
type Freezer interface {
	StopAccount(ctx context.Context, accountID, story string, by access.Actor) (casefile.Case, error)
}

// Cards tells which cards must be entered again before they can pay.
type Cards interface {
	Unusable(ctx context.Context, accountID string) (map[string]bool, error)
}

// Orders tells which orders are held.
type Orders interface {
	HeldPaths(ctx context.Context, accountID string) (map[string]bool, error)
}

// API is the face. All fields but Proxies are needed.
type API struct {
	Sessions  *session.Sessions
	Keys      access.KeyRing
	Accounts  account.Reader
	History   history.Reader
	Cases     casefile.Reader
	Life      Life
	Registrar Registrar
	Freezer   Freezer
	Cards     Cards
	Orders    Orders
	Judge     Judge
	Site      string         // the address that browsers know us by
	Proxies   access.Proxies // peers whose X-Forwarded-For is believed
	Log       *slog.Logger
}

// kind tells what a path is, by the book that every change goes through.
func (a *API) kind(path string) account.Algebra {
	kind, _ := a.Sessions.Book.Kinds.Of(path)
	return kind.Algebra
}

// Handler mounts the API: everything under /v1, and its description.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	h := a.mount(mux)
	mux.HandleFunc("GET "+sessionPath, a.serveSession)
	serveText(mux, "/openapi.json", h.OpenAPI().MarshalJSON)
	serveText(mux, "/openapi-3.0.json", h.OpenAPI().Downgrade)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { elsewhere(mux, w, r) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = nosniff
		h["Cache-Control"] = noStore
		h["Content-Security-Policy"] = noContent
		if path.Clean(r.URL.Path) != r.URL.Path {
			write(w, problem(errNowhere, asItIs)) // the mux would send a page that leads elsewhere
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var nosniff, noStore, noContent = []string{"nosniff"}, []string{"no-store"}, []string{"default-src 'none'; frame-ancestors 'none'"}

// mount registers and describes every operation.
func (a *API) mount(mux humago.Mux) huma.API {
	ownErrors()
	c := huma.DefaultConfig("Takeback", Version)
	// The page of documentation would load script from elsewhere, and we answer with no links to schemas.
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Info.Description = "Takes a hijacked account back. Errors are problems (RFC 9457): tell them apart by their code. " +
		"They name the field that is wrong, and never repeat what was sent."
	c.Info.License = &huma.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"}
	c.Servers = []*huma.Server{{URL: "/"}}
	c.Tags = []*huma.Tag{
		{Name: "accounts", Description: "The holders' accounts, and what happened in them."},
		{Name: "facts", Description: "What is true of an account now: its values, ledgers and orders."},
		{Name: "cases", Description: "Stopping an account, and what becomes of it."},
		{Name: "events", Description: "What happened at a service that keeps its own sign-in, and what we think of it."},
		{Name: "sessions", Description: "Whether somebody who is signed in may act."},
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":           {Type: "http", Scheme: "bearer", Description: "A key of the service, made with: takeback key create"},
		"session":       {Type: "apiKey", In: "header", Name: SessionHeader, Description: "Token of a holder's session"},
		"sessionCookie": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "The same, as the browser sends it"},
		"sessionBearer": {Type: "http", Scheme: "bearer", Description: "The same, as the bearer"},
	}
	h := humago.New(mux, c)
	h.UseMiddleware(a.rescue, a.authenticate, sound)
	a.accounts(h)
	a.facts(h)
	a.orders(h)
	a.cases(h)
	a.events(h)
	a.describeSession(h)
	for _, s := range c.Components.Schemas.Map() {
		for _, field := range s.Properties {
			field.PatternDescription = "" // huma has its words from it by now; no version of OpenAPI knows it
		}
	}
	return h
}

// operation fills in what all operations with a key have in common. Its errors
// are those that the ways in to the rooms can have; huma adds 422 and 500.
func operation(method, path, id, tag, summary string) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{"key": {}}}, MaxBodyBytes: maxBody + 1, // sound is before huma
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity}}
	if strings.Contains(path, "{") {
		o.Errors = append(o.Errors, http.StatusNotFound)
	}
	if method != http.MethodGet {
		o.Errors = append(o.Errors, http.StatusConflict)
	}
	if method == http.MethodPost || method == http.MethodPut {
		o.Errors = append(o.Errors, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return needs(o, access.API)
}

// needs names the permission of an operation. It is checked by authenticate,
// and told by the description.
func needs(o huma.Operation, p access.Permission) huma.Operation {
	o.Metadata = map[string]any{"permission": p}
	o.Extensions = map[string]any{"x-permission": p}
	return o
}

// serveText serves a text that is the same for everybody.
func serveText(mux *http.ServeMux, path string, make func() ([]byte, error)) {
	text, err := make()
	if err != nil {
		panic("api: unreachable unless an operation is described wrongly: " + err.Error())
	}
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // the client has gone: nobody to tell
	})
}

var (
	errNowhere = fault.New(fault.NotFound, "address.none", "There is nothing at this address.")
	methods    = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}
)

// elsewhere answers what no operation takes. The mux says it in plain text, and
// says nothing of other methods where it has a pattern for every address.
func elsewhere(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range methods {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if allowed == nil {
		write(w, problem(errNowhere, asItIs))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	write(w, &Problem{Type: blank, Title: http.StatusText(http.StatusMethodNotAllowed), Status: http.StatusMethodNotAllowed,
		Detail: "This method has no meaning at this address.", Code: "method.none"})
}
