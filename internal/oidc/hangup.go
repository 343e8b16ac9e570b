package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"takeback/internal/pass"
	"takeback/internal/seal"
)

const (
	hangupIn  = 5 * time.Second // a client that is slow must not keep others waiting
	logoutFor = 2 * time.Minute
)

// caller reaches clients. It follows no redirects: the address is the operator's, what stands behind it is not.
func caller() *http.Client {
	return &http.Client{Timeout: hangupIn, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Hangup tells a client that a session is over (OpenID Connect Back-Channel
// Logout). It implements pass.Caller.
func (p *Provider) Hangup(ctx context.Context, c pass.Client, over pass.Pass) error {
	now := p.Passes.DB.Now()
	claims := oidc.NewLogoutTokenClaims(p.Passes.Issuer, over.Account, oidc.Audience{c.ID}, now.Add(logoutFor), seal.ID("lgt"), over.Session, 0)
	claims.IssuedAt = oidc.FromTime(now)
	token, err := p.sign(ctx, claims, "logout+jwt")
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Hangup, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := caller().Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // nothing of it is read
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusBadRequest: // it says that it does not want this one, which no repetition changes
		p.Log.WarnContext(ctx, "openid: a client refused to hear that a session is over", "client", c.ID)
		return nil
	}
	return fmt.Errorf("client %s answered %d to the end of a session", c.ID, res.StatusCode)
}
