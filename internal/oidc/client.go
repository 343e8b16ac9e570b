package oidc

import (
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"takeback/internal/pass"
)

// client is a client as the library wants to see it.
type client struct{ pass.Client }

var _ op.Client = client{}

// GetID implements op.Client, and so do the others.
func (c client) GetID() string { return c.ID }

// RedirectURIs are compared exactly; an app's own address on its device may have any port (RFC 8252).
func (c client) RedirectURIs() []string { return c.Redirects }

// PostLogoutRedirectURIs are compared exactly.
func (c client) PostLogoutRedirectURIs() []string { return c.Leaves }

// ApplicationType decides which forms of addresses the library lets pass.
func (c client) ApplicationType() op.ApplicationType {
	if !c.Public() {
		return op.ApplicationTypeWeb
	}
	for _, u := range c.Redirects {
		if !strings.HasPrefix(u, "https://") {
			return op.ApplicationTypeNative
		}
	}
	return op.ApplicationTypeUserAgent
}

// AuthMethod is how it shows its secret: both ways are taken.
func (c client) AuthMethod() oidc.AuthMethod {
	if c.Public() {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes has the code flow alone: tokens do not go through addresses.
func (client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes are what a token can be had for.
func (client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

// LoginURL is not asked for: Authorize sends people on.
func (client) LoginURL(string) string { return connectPage }

// AccessTokenType says that access tokens tell nothing by themselves.
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }

// IDTokenLifetime is how long an ID token is good.
func (client) IDTokenLifetime() time.Duration { return pass.IDTokenFor }

// DevMode would relax the checks of addresses.
func (client) DevMode() bool { return false }

// RestrictAdditionalIdTokenScopes is not used here.
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string { return unchanged }

// RestrictAdditionalAccessTokenScopes is not used here.
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return unchanged }

// IsScopeAllowed has no scopes beside the standard's.
func (client) IsScopeAllowed(string) bool { return false }

// IDTokenUserinfoClaimsAssertion would put e-mail and name into ID tokens, which end up in logs.
func (client) IDTokenUserinfoClaimsAssertion() bool { return false }

// ClockSkew is taken off by nobody: our clock is what counts.
func (client) ClockSkew() time.Duration { return 0 }

func unchanged(scopes []string) []string { return scopes }
