package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"takeback/internal/pass"
)

// A service that keeps sessions of its own is told which of them are over.
func TestAServiceIsToldThatASessionIsOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var mu sync.Mutex
		var heard []string
		answer := http.StatusServiceUnavailable
		line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, r.PostFormValue("logout_token"))
			w.WriteHeader(answer)
		}))
		t.Cleanup(line.Close)
		secret := h.client(pass.Client{ID: "forum", Name: "Forum", Redirects: []string{callback}, Hangup: line.URL + "/hangup", Trusted: true}, false)
		forum, b := h.party("forum", secret, callback, "offline_access"), h.browser()
		one, two := forum.signIn(b), forum.signIn(h.browser())

		if res := forum.post("/oauth/revoke", "token", one.RefreshToken); res.status != http.StatusOK {
			t.Fatal(res.status)
		}
		h.ok(h.Runner.Drain(t.Context()))
		if len(heard) == 0 {
			t.Fatal("nobody was told")
		}
		mu.Lock()
		answer, heard = http.StatusOK, nil
		mu.Unlock()
		h.clock.Advance(pass.AccessFor / 2) // until it is tried again
		h.ok(h.Runner.Drain(t.Context()))
		if len(heard) != 1 {
			t.Fatalf("after the service was down it was told %d times", len(heard))
		}
		token, err := forum.verifier(0).Verify(h.ctx(), heard[0])
		h.ok(err)
		var c struct {
			Sid, Nonce string
			Events     map[string]any
		}
		h.ok(token.Claims(&c))
		if _, ok := c.Events["http://schemas.openid.net/event/backchannel-logout"]; !ok || c.Sid != one.Claims.Sid || c.Nonce != "" || token.Subject != h.account {
			t.Errorf("it was told %+v", c)
		}
		if head, _, _ := strings.Cut(heard[0], "."); !strings.Contains(string(decode(t, head)), `"logout+jwt"`) {
			t.Errorf("the token is of the kind %s", decode(t, head))
		}

		h.freezeByCase()
		h.ok(h.Runner.Drain(t.Context()))
		if len(heard) != 2 {
			t.Fatalf("after the freeze it was told %d times in all", len(heard))
		}
		token, err = forum.verifier(0).Verify(h.ctx(), heard[1])
		h.ok(err)
		h.ok(token.Claims(&c))
		if c.Sid != two.Claims.Sid {
			t.Errorf("the freeze told of %s, want %s", c.Sid, two.Claims.Sid)
		}
	})
}
