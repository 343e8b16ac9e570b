package oidc

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"takeback/internal/access"
	"takeback/internal/pass"
)

// The endpoints.
const (
	discoveryPath  = oidc.DiscoveryEndpoint
	authorizePath  = "/oauth/authorize"
	tokenPath      = "/oauth/token"
	introspectPath = "/oauth/introspect"
	userinfoPath   = "/oauth/userinfo"
	revokePath     = "/oauth/revoke"
	endSessionPath = "/oauth/end-session"
	keysPath       = "/oauth/keys"
)

// The pages of the holder's face that people are sent to.
const (
	connectPage = "/connect"
	leavePage   = "/connect/leave"
)

// Provider is the face.
type Provider struct {
	Passes  *pass.Passes
	Proxies access.Proxies // peers whose X-Forwarded-For is believed
	Log     *slog.Logger
}

// Handler mounts the endpoints.
func (p *Provider) Handler() http.Handler {
	at := func(path string) *op.Endpoint { return op.NewEndpoint(path) }
	served := op.RegisterServer(&server{Provider: p}, op.Endpoints{
		Authorization: at(authorizePath), Token: at(tokenPath), Introspection: at(introspectPath), Userinfo: at(userinfoPath),
		Revocation: at(revokePath), EndSession: at(endSessionPath), JwksURI: at(keysPath),
	}, op.WithServerCORSOptions(nil)) // its own would let script of every origin ask
	mux := http.NewServeMux()
	for path, methods := range endpoints {
		mux.Handle(path, p.guard(methods, served))
	}
	return mux
}

// endpoints are the addresses and what they take. A message with a secret in it
// is posted, so that no log of addresses has it.
var endpoints = map[string]string{
	discoveryPath: "GET HEAD", keysPath: "GET HEAD", authorizePath: "GET POST", endSessionPath: "GET POST",
	tokenPath: "POST", introspectPath: "POST", revokePath: "POST", userinfoPath: "GET POST",
}

// Serves tells whether an address is one of this face.
func Serves(path string) bool { _, ok := endpoints[path]; return ok }

// page lets script of a client that is one ask, without credentials: no page
// speaks here in the name of a browser's cookie. It tells whether it has answered.
func (p *Provider) page(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || r.URL.Path == authorizePath || r.URL.Path == endSessionPath {
		return false // people come there, and no script
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	ok, err := p.Passes.FromPage(r.Context(), origin)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "openid: cannot tell whose origin it is", "error", err)
	}
	if !ok {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// rescue answers for a broken program: one call fails, in the protocol's words.
func (p *Provider) rescue(w http.ResponseWriter) {
	r := recover()
	if r == nil {
		return
	}
	if r == http.ErrAbortHandler {
		panic(r) // the server knows what it means
	}
	p.Log.Error("openid: call failed", "error", fmt.Sprintf("panic: %v\n%s", r, debug.Stack()))
	refuse(w, http.StatusInternalServerError, "server_error", "")
}

// secure sets the headers that every answer has.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer") // addresses carry codes
}
