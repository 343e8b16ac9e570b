package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"takeback/internal/fault"
	"takeback/internal/pass"
)

// server answers what the library has read and checked. What it does not
// implement (device flow, token exchange, JWT grants) is refused by the library.
type server struct {
	op.UnimplementedServer
	*Provider
}

var _ op.Server = (*server)(nil)

// Discovery describes what there is, and no more: the library's own description
// would name flows that are not offered.
func (s *server) Discovery(context.Context, *op.Request[struct{}]) (*op.Response, error) {
	at := func(path string) string { return s.Passes.Issuer + path }
	secret := []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost}
	return op.NewResponse(&oidc.DiscoveryConfiguration{
		Issuer: s.Passes.Issuer, AuthorizationEndpoint: at(authorizePath), TokenEndpoint: at(tokenPath), IntrospectionEndpoint: at(introspectPath),
		UserinfoEndpoint: at(userinfoPath), RevocationEndpoint: at(revokePath), EndSessionEndpoint: at(endSessionPath), JwksURI: at(keysPath),
		ScopesSupported: pass.Scopes(), ResponseTypesSupported: []string{string(oidc.ResponseTypeCode)}, ResponseModesSupported: []string{string(oidc.ResponseModeQuery)},
		GrantTypesSupported: client{}.GrantTypes(), ACRValuesSupported: []string{pass.OneFactor, pass.TwoFactors}, SubjectTypesSupported: []string{"public"},
		IDTokenSigningAlgValuesSupported: []string{algorithm}, CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
		TokenEndpointAuthMethodsSupported:      append(secret, oidc.AuthMethodNone),
		RevocationEndpointAuthMethodsSupported: append(secret, oidc.AuthMethodNone), IntrospectionEndpointAuthMethodsSupported: secret,
		BackChannelLogoutSupported: true, BackChannelLogoutSessionSupported: true,
		ClaimsSupported: []string{"iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid", "epoch", "name", "locale", "updated_at", "email", "email_verified"},
	}), nil
}

// VerifyAuthRequest finds the client. The library then checks its address before anything else.
func (s *server) VerifyAuthRequest(ctx context.Context, r *op.Request[oidc.AuthRequest]) (*op.ClientRequest[oidc.AuthRequest], error) {
	c, err := s.Passes.Client(ctx, r.Data.ClientID)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return &op.ClientRequest[oidc.AuthRequest]{Request: r, Client: client{c}}, nil
}

// Authorize sends a person to our pages, with the request wrapped.
func (s *server) Authorize(ctx context.Context, r *op.ClientRequest[oidc.AuthRequest]) (*op.Redirect, error) {
	q := r.Data
	switch {
	case q.RequestParam != "" || r.Form.Get("request_uri") != "":
		return nil, oidc.ErrRequestNotSupported()
	case q.ResponseMode != "" && q.ResponseMode != oidc.ResponseModeQuery:
		return nil, oidc.ErrInvalidRequest().WithDescription("only response_mode=query is offered")
	case q.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return nil, oidc.ErrInvalidRequest().WithDescription("a code_challenge with code_challenge_method=S256 is needed")
	}
	ask := pass.Request{Client: r.Client.GetID(), Redirect: q.RedirectURI, State: q.State, Nonce: q.Nonce, Scope: known(q.Scopes), Challenge: q.CodeChallenge,
		Silent: slices.Contains(q.Prompt, oidc.PromptNone), Consent: slices.Contains(q.Prompt, oidc.PromptConsent),
		Fresh: slices.Contains(q.Prompt, oidc.PromptLogin) || slices.Contains(q.Prompt, oidc.PromptSelectAccount)}
	if q.MaxAge != nil && !ask.Fresh {
		seconds := int64(min(*q.MaxAge, 1<<31))
		ask.MaxAge = &seconds
	}
	if q.IDTokenHint != "" {
		claims, err := s.hinted(ctx, q.IDTokenHint)
		if err != nil {
			return nil, oidc.ErrInvalidRequest().WithDescription("the id_token_hint is none of ours")
		}
		ask.Account = claims.Subject
	}
	wrapped, err := s.Passes.Wrap(ask)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return op.NewRedirect(connectPage + "?" + url.Values{"request": {wrapped}}.Encode()), nil
}

// known drops scopes that there are none of, as the standard wants.
func known(scopes []string) (all []string) {
	for _, s := range scopes {
		if slices.Contains(pass.Scopes(), s) && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// VerifyClient checks who asks.
func (s *server) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	c, err := s.prove(ctx, r.Data)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

func (s *server) prove(ctx context.Context, cc *op.ClientCredentials) (pass.Client, error) {
	if cc.ClientAssertion != "" {
		return pass.Client{}, oidc.ErrInvalidClient().WithDescription("client_assertion is not offered")
	}
	c, err := s.Passes.Prove(ctx, cc.ClientID, cc.ClientSecret, from(ctx))
	if err != nil {
		return c, s.told(ctx, err)
	}
	return c, nil
}

// CodeExchange gives tokens for a code.
func (s *server) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	t, err := s.Passes.Redeem(ctx, r.Client.(client).Client, pass.Exchange{Code: r.Data.Code, Redirect: r.Data.RedirectURI, Verifier: r.Data.CodeVerifier}, from(ctx).Request)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return s.tokens(ctx, t, t.Pass.Nonce)
}

// RefreshToken gives new tokens for a refresh token.
func (s *server) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	t, err := s.Passes.Renew(ctx, r.Client.(client).Client, r.Data.RefreshToken, r.Data.Scopes, from(ctx).Request)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return s.tokens(ctx, t, "")
}

// Introspect tells a client of a token.
func (s *server) Introspect(ctx context.Context, r *op.Request[op.IntrospectionRequest]) (*op.Response, error) {
	asker, err := s.prove(ctx, r.Data.ClientCredentials)
	if err != nil {
		return nil, err
	}
	h, err := s.Passes.Inspect(ctx, asker, r.Data.Token)
	if errors.Is(err, pass.ErrToken) {
		return op.NewResponse(&oidc.IntrospectionResponse{}), nil
	}
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return op.NewResponse(s.introspection(h)), nil
}

// UserInfo tells what the scope of an access token lets its client know.
func (s *server) UserInfo(ctx context.Context, r *op.Request[oidc.UserInfoRequest]) (*op.Response, error) {
	h, err := s.Passes.Of(ctx, r.Data.AccessToken)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	who, err := s.Passes.Person(ctx, h.Pass)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return op.NewResponse(userinfo(h, who)), nil
}

// Revocation ends what a client gives back.
func (s *server) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	if err := s.Passes.Drop(ctx, r.Client.(client).Client, r.Data.Token, from(ctx).Request); err != nil {
		return nil, s.told(ctx, err)
	}
	return op.NewResponse(nil), nil
}

// EndSession signs somebody out who signed out at a client, and sends him to our
// page, which has his cookie.
func (s *server) EndSession(ctx context.Context, r *op.Request[oidc.EndSessionRequest]) (*op.Redirect, error) {
	q := r.Data
	l := pass.Leaving{Client: q.ClientID}
	if q.IdTokenHint != "" {
		claims, err := s.hinted(ctx, q.IdTokenHint)
		if err != nil || q.ClientID != "" && q.ClientID != claims.AuthorizedParty {
			return nil, oidc.ErrInvalidRequest().WithDescription("the id_token_hint is none of ours, or another client's")
		}
		l.Client = claims.AuthorizedParty
		if l.Parent, err = s.Passes.Leave(ctx, l.Client, claims.SessionID, from(ctx).Request); err != nil {
			return nil, s.told(ctx, err)
		}
	}
	if q.PostLogoutRedirectURI != "" {
		c, err := s.Passes.Client(ctx, l.Client)
		if err != nil || !slices.Contains(c.Leaves, q.PostLogoutRedirectURI) {
			return nil, oidc.ErrInvalidRequest().WithDescription("post_logout_redirect_uri is not one of the client's")
		}
		l.To = withState(q.PostLogoutRedirectURI, q.State)
	}
	wrapped, err := s.Passes.WrapLeaving(l)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return op.NewRedirect(leavePage + "?" + url.Values{"request": {wrapped}}.Encode()), nil
}

func withState(to, state string) string {
	if state == "" {
		return to
	}
	mark := "?"
	if strings.Contains(to, "?") {
		mark = "&"
	}
	return to + mark + url.Values{"state": {state}}.Encode()
}

// told puts an error into the protocol's words. What is our own trouble says nothing more.
func (s *server) told(ctx context.Context, err error) error {
	if known := (*oidc.Error)(nil); errors.As(err, &known) {
		return err
	}
	public := fault.Public(err)
	words := public.Words
	if public.Field != "" {
		words = public.Field + ": " + words
	}
	e := oidc.ErrInvalidRequest().WithDescription("%s", words)
	switch {
	case public.Kind == fault.TooMany:
		return op.NewStatusError(oidc.ErrSlowDown().WithDescription("%s", words), http.StatusTooManyRequests)
	case errors.Is(err, pass.ErrClient):
		return op.NewStatusError(oidc.ErrInvalidClient(), http.StatusUnauthorized)
	case errors.Is(err, pass.ErrToken):
		e.ErrorType = "invalid_token"
		return op.NewStatusError(e, http.StatusUnauthorized)
	case errors.Is(err, pass.ErrGrant):
		return oidc.ErrInvalidGrant().WithDescription("%s", words)
	case errors.Is(err, pass.ErrScope):
		return oidc.ErrInvalidScope().WithDescription("%s", words)
	case public.Kind == fault.Invalid:
		return e
	}
	s.Log.ErrorContext(ctx, "openid: call failed", "error", err)
	return oidc.ErrServerError()
}
