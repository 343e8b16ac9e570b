package oidc

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/crypto"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"takeback/internal/pass"
)

// algorithm is the one that every client knows.
const algorithm = string(jose.RS256)

// tokens makes the answer to an exchange.
func (s *server) tokens(ctx context.Context, t pass.Tokens, nonce string) (*op.Response, error) {
	now := s.Passes.DB.Now()
	hash, err := oidc.ClaimHash(t.Access, jose.RS256)
	if err != nil {
		return nil, err
	}
	c := oidc.NewIDTokenClaims(s.Passes.Issuer, t.Pass.Account, []string{t.Pass.Client}, now.Add(pass.IDTokenFor), t.Pass.AuthAt, nonce, t.Pass.ACR, t.Pass.AMR, t.Pass.Client, 0)
	c.IssuedAt, c.AccessTokenHash, c.SessionID = oidc.FromTime(now), hash, t.Pass.Session
	c.Claims = map[string]any{"epoch": t.Pass.Epoch}
	signed, err := s.sign(ctx, c, "JWT")
	if err != nil {
		return nil, err
	}
	return op.NewResponse(&oidc.AccessTokenResponse{AccessToken: t.Access, TokenType: oidc.BearerToken, RefreshToken: t.Refresh,
		ExpiresIn: uint64(max(t.Until.Sub(now).Seconds(), 0)), IDToken: signed, Scope: t.Pass.Scope}), nil
}

// sign signs with the key whose turn it is.
func (p *Provider) sign(ctx context.Context, claims any, kind jose.ContentType) (string, error) {
	k, err := p.Passes.Signer(ctx)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: &jose.JSONWebKey{Key: k.Secret, KeyID: k.ID}}, (&jose.SignerOptions{}).WithType(kind))
	if err != nil {
		return "", err
	}
	return crypto.Sign(claims, signer)
}

// Keys publishes the public halves.
func (s *server) Keys(ctx context.Context, _ *op.Request[struct{}]) (*op.Response, error) {
	all, err := s.Passes.Published(ctx)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range all {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Secret.Public(), KeyID: k.ID, Algorithm: algorithm, Use: "sig"})
	}
	return op.NewResponse(set), nil
}

// hinted reads an ID token of ours that a client sends back. One that has run out
// still names its session: people sign out hours after they signed in.
func (s *server) hinted(ctx context.Context, token string) (*oidc.IDTokenClaims, error) {
	v := op.NewIDTokenHintVerifier(s.Passes.Issuer, ownKeys{s.Passes}, op.WithSupportedIDTokenHintSigningAlgorithms(algorithm))
	claims, err := op.VerifyIDTokenHint[*oidc.IDTokenClaims](ctx, token, v)
	if err != nil && !errors.As(err, &op.IDTokenHintExpiredError{}) {
		return nil, err
	}
	return claims, nil
}

// ownKeys are all keys that are kept, also those that are published no more.
type ownKeys struct{ *pass.Passes }

// VerifySignature implements oidc.KeySet.
func (k ownKeys) VerifySignature(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	all, err := k.Passes.Keys(ctx)
	if err != nil {
		return nil, err
	}
	id, _ := oidc.GetKeyIDAndAlg(jws)
	key, ok := pass.Named(all, id)
	if !ok {
		return nil, fmt.Errorf("no key %q", id)
	}
	return jws.Verify(key.Secret.Public())
}

func (s *server) introspection(h pass.Holding) *oidc.IntrospectionResponse {
	kind := oidc.BearerToken
	if h.Refresh {
		kind = "refresh_token"
	}
	return &oidc.IntrospectionResponse{Active: true, Scope: h.Pass.Scope, ClientID: h.Pass.Client, TokenType: kind, Expiration: oidc.FromTime(h.Until),
		AuthTime: oidc.FromTime(h.Pass.AuthAt), Subject: h.Pass.Account, Audience: oidc.Audience{h.Pass.Client}, AuthenticationMethodsReferences: h.Pass.AMR,
		Issuer: s.Passes.Issuer, Claims: map[string]any{"sid": h.Pass.Session, "epoch": h.Pass.Epoch, "acr": h.Pass.ACR}}
}

func userinfo(h pass.Holding, who pass.Person) *oidc.UserInfo {
	u := &oidc.UserInfo{Subject: who.Account}
	u.Name, u.UpdatedAt, u.Email = who.Name, oidc.FromTime(who.UpdatedAt), who.Email
	if tag, err := language.Parse(who.Language); err == nil {
		u.Locale = oidc.NewLocale(tag)
	}
	if who.Email != "" {
		u.AppendClaims("email_verified", who.EmailConfirmed) // said also when it is false
	}
	u.AppendClaims("sid", h.Pass.Session)
	return u
}
