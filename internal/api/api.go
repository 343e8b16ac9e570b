package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

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

// maxBody is how many bytes a request may have.
const maxBody = 64 << 10

// Life is ordinary life, on behalf of a holder or of the service itself.
type Life interface {
	Put(ctx context.Context, by access.Actor, accountID, path string, value json.RawMessage) (waits bool, err error)
	Delete(ctx context.Context, by access.Actor, accountID, path string) (waits bool, err error)
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

// API is the face. All fields are needed.
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
	Log       *slog.Logger
}

// Handler mounts the API: everything under /v1, and /openapi.json.
func (a *API) Handler() http.Handler {
	ownErrors()
	mux := http.NewServeMux()
	c := huma.DefaultConfig("Takeback", Version)
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil // the page of documentation would load script from elsewhere
	c.Info.Description = "Takes a hijacked account back. Errors are problems (RFC 9457)."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "A key made with: takeback key create"},
		"session": {Type: "apiKey", In: "header", Name: "Takeback-Session", Description: "Token of a holder's session"},
	}
	h := humago.New(mux, c)
	h.UseMiddleware(a.authenticate(h))
	a.accounts(h)
	a.facts(h)
	a.cases(h)
	a.describeSession(h)
	mux.HandleFunc("GET "+sessionPath, a.serveSession)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		write(w, problem(fault.New(fault.NotFound, "path.none", "There is nothing here.")))
	})
	return wholesome(mux)
}

// wholesome refuses bodies that are too large or no text before anybody reads
// them: a JSON decoder would put other characters in place of broken ones.
func wholesome(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if r.Body == nil || r.Method == http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			write(w, problem(errTooLarge))
			return
		}
		if !utf8.Valid(body) {
			write(w, problem(errNoText))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

var (
	errTooLarge = fault.New(fault.TooLarge, "body.too-large", "The request has more than 64 KiB.").On("body")
	errNoText   = fault.New(fault.Invalid, "body.not-utf8", "The request is not valid UTF-8.").On("body")
)

func write(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone: nobody to tell
}

type actorKey struct{}

// authenticate lets a call through if its key may do what the operation needs.
func (a *API) authenticate(h huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who, err := a.who(ctx)
		if err == nil {
			need, named := ctx.Operation().Metadata["permission"].(access.Permission)
			if !named || !who.May(need) {
				err = fault.New(fault.Forbidden, "key.forbidden", "This key may not do this.")
			}
		}
		if err != nil {
			p := problem(err)
			if p.Status == http.StatusUnauthorized {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="takeback"`)
			}
			_ = huma.WriteErr(h, ctx, p.Status, p.Detail) // the client has gone: nobody to tell
			return
		}
		next(huma.WithValue(ctx, actorKey{}, who))
	}
}

func (a *API) who(ctx huma.Context) (access.Actor, error) {
	token, ok := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
	if !ok {
		return access.Actor{}, access.ErrNoKey
	}
	who, err := a.Keys.Check(ctx.Context(), token)
	if err != nil {
		return who, err
	}
	who.Client = access.Client{Request: seal.ID("req"), IP: ctx.RemoteAddr(), UserAgent: ctx.Header("User-Agent"), Language: "en"}
	return who, nil
}

// behalf is the actor of a call: the holder whose session is named, or the
// service itself. A session of another account is as unknown as a wrong one.
func (a *API) behalf(ctx context.Context, accountID, token string) (access.Actor, error) {
	service, _ := ctx.Value(actorKey{}).(access.Actor)
	if token == "" {
		service.Account = accountID
		return service, nil
	}
	s, err := a.Sessions.Check(ctx, token)
	if err == nil && s.Account != accountID {
		err = session.ErrOver
	}
	if err != nil {
		return service, fault.Public(err).On("header.Takeback-Session")
	}
	return s.Actor(service.Client), nil
}

// needs is the permission of an operation, checked by authenticate.
func needs(p access.Permission) map[string]any { return map[string]any{"permission": p} }

func retryAfter(e *fault.Error) string { return strconv.Itoa(int(e.RetryAfter.Seconds() + 1)) }
