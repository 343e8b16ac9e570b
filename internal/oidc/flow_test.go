package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/pass"
	"takeback/internal/seal"
)

func TestAServiceHasPeopleSignInHere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, shop := h.browser(), h.shop("email", "profile", "offline_access")
		s := shop.signIn(b)
		if want := []string{"Sign in", "Going on to Kumo Store"}; !slices.Equal(b.pages, want) {
			t.Errorf("the pages were %q, want %q", b.pages, want)
		}
		c := s.Claims
		if c.Sid == "" || c.Epoch == 0 || c.Acr != pass.OneFactor || !slices.Equal(c.Amr, []string{"pwd"}) || c.Azp != "shop" || c.AuthTime != h.clock.Now().Unix() {
			t.Errorf("the ID token says %+v", c)
		}
		if s.RefreshToken == "" || s.Expiry.IsZero() {
			t.Error("no refresh token, or no end")
		}
		// Again without a word: the browser is signed in.
		if second := shop.signIn(b); len(b.pages) != 0 || second.Claims.Sid == s.Claims.Sid {
			t.Errorf("signing in again showed %q", b.pages)
		}

		info, err := shop.provider.UserInfo(h.ctx(), oauth2.StaticTokenSource(s.Token))
		h.ok(err)
		var more struct {
			Name, Locale, Sid string
		}
		h.ok(info.Claims(&more))
		if info.Subject != h.account || info.Email != hana || !info.EmailVerified || more.Name != "佐藤 花子" || more.Locale != "en" || more.Sid != c.Sid {
			t.Errorf("userinfo says %+v %+v", info, more)
		}
		var less map[string]any
		h.ok(json.Unmarshal(h.get("/oauth/userinfo", h.shop().signIn(b).AccessToken).body, &less))
		if len(less) != 2 || less["sub"] != h.account {
			t.Errorf("without a scope userinfo says %v", less)
		}

		all := h.changes()
		i := slices.IndexFunc(all, func(c history.Change) bool { return c.Session == s.Claims.Sid })
		opened := slices.IndexFunc(all, func(c history.Change) bool { return c.Verb == history.Open })
		if i < 0 || all[i].Verb != history.Derive || all[i].Parent != all[opened].Session || len(all[i].Lacks()) > 0 {
			t.Fatalf("the history has %+v", all)
		}
	})
}

// What a service holds is a session like any other where the service speaks for
// its holder, and none where the holder himself does.
func TestAnAccessTokenIsASessionOfTheServiceAndNotOfABrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop().signIn(h.browser())
		var told struct{ Account, Session string }
		res := h.get("/v1/session", s.AccessToken)
		h.ok(json.Unmarshal(res.body, &told))
		if told.Account != h.account || told.Session != s.Claims.Sid {
			t.Errorf("/v1/session says %d %s", res.status, res.body)
		}
		var key string
		h.write(func(tx *db.Tx) (err error) {
			_, key, err = access.MakeKey(tx, h.Seal, "shop")
			return err
		})
		r, err := http.NewRequestWithContext(t.Context(), "PUT", h.server.URL+"/v1/accounts/"+h.account+"/facts/note%2Fblue", strings.NewReader(`{"value": "by the shop"}`))
		h.ok(err)
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Takeback-Session", s.AccessToken)
		if res := h.send(r); res.status/100 != 2 && res.status != http.StatusUnprocessableEntity {
			t.Errorf("acting for the holder: %d %s", res.status, res.body)
		}
		b := h.browser()
		r, err = http.NewRequestWithContext(t.Context(), "GET", h.server.URL+"/security", nil)
		h.ok(err)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: s.AccessToken})
		res2, err := b.http.Do(r)
		h.ok(err)
		h.ok(res2.Body.Close())
		if res2.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res2.Header.Get("Location"), "/sign-in") {
			t.Errorf("an access token as a browser's cookie: %d", res2.StatusCode)
		}
	})
}

func TestARefreshTokenIsGoodOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop := h.shop("email", "offline_access")
		first := shop.signIn(h.browser())
		h.clock.Advance(2 * time.Hour) // the access token has run out
		if shop.active(first.AccessToken) || !shop.active(first.RefreshToken) {
			t.Fatal("after its time the access token counts, or the refresh token does not")
		}
		token, refused := shop.renew(first.RefreshToken)
		if refused != "" {
			t.Fatal(refused)
		}
		second := shop.read(token, "")
		if second.Claims.Sid != first.Claims.Sid || second.RefreshToken == first.RefreshToken || !shop.active(second.AccessToken) || shop.active(first.RefreshToken) {
			t.Errorf("the renewed tokens are %+v", second)
		}
		if second.Claims.AuthTime != first.Claims.AuthTime {
			t.Error("renewing counts as signing in")
		}
		// A narrower scope, then the whole again; more than was allowed never.
		narrow, refused := shop.renew(second.RefreshToken, "scope", "openid")
		if refused != "" || narrow.Extra("scope") != "openid" || strings.Contains(string(h.get("/oauth/userinfo", narrow.AccessToken).body), hana) {
			t.Errorf("narrowed: %s, scope %v", refused, narrow.Extra("scope"))
		}
		if _, refused := shop.renew(narrow.RefreshToken, "scope", "openid profile"); refused != "invalid_scope" {
			t.Errorf("more scope than allowed: %q", refused)
		}
		wide, refused := shop.renew(narrow.RefreshToken)
		if refused != "" || !strings.Contains(string(h.get("/oauth/userinfo", wide.AccessToken).body), hana) {
			t.Errorf("the whole scope again: %s", refused)
		}
	})
}

func TestAStolenRefreshTokenEndsAllThatCameOutOfIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop := h.shop("offline_access")
		b := h.browser()
		first, other := shop.signIn(b), shop.signIn(b)
		token, _ := shop.renew(first.RefreshToken) // the thief, or the service
		second := shop.read(token, "")
		if !shop.active(second.AccessToken) {
			t.Fatal("the renewed token does not count")
		}
		if _, refused := shop.renew(first.RefreshToken); refused != "invalid_grant" { // the other of the two
			t.Errorf("a token used twice: %q", refused)
		}
		shop.over(second, "after a token was used twice")
		if !shop.active(other.AccessToken) {
			t.Error("another sign-in of the same browser is over, too")
		}
		all := h.changes()
		if last := all[len(all)-1]; last.Verb != history.SignOut || last.Parent != first.Claims.Sid || last.Actor != "pass.replayed" || len(last.Lacks()) > 0 {
			t.Errorf("the history ends with %+v", last)
		}
		if n := h.told(); n != 1 {
			t.Errorf("%d notices were sent", n)
		}
		_, _ = shop.renew(first.RefreshToken)
		if n := h.told(); n != 1 || len(h.changes()) != len(all) {
			t.Errorf("once more: %d notices", n)
		}
	})
}

// told counts the notices of stolen tokens.
func (h *house) told() (n int) {
	h.Helper()
	h.ok(h.DB.Read(h.Context(), func(tx *db.Tx) error {
		return tx.Row(`SELECT COUNT(*) FROM notice WHERE event = 'replayed' AND letters = 1`).Scan(&n)
	}))
	return n
}

func TestWhatEndsASessionEndsWhatCameOutOfIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop := h.shop("offline_access")
		who := func(s signed) access.Actor {
			t.Helper()
			all := h.changes()
			i := slices.IndexFunc(all, func(c history.Change) bool { return c.Session == s.Claims.Sid })
			return access.Actor{Role: access.Holder, ID: h.account, Account: h.account, Session: all[i].Parent, Segment: 1, Epoch: all[i].Epoch, Client: access.Client{Request: "r", Device: "d"}}
		}
		s := shop.signIn(h.browser())
		h.ok(h.Life.SignOut(t.Context(), who(s)))
		shop.over(s, "signed out")

		s = shop.signIn(h.browser())
		h.ok(h.Life.EndOthers(t.Context(), who(shop.signIn(h.browser()))))
		shop.over(s, "ended from another session")

		s = shop.signIn(h.browser())
		h.ok(h.Life.ChangePassword(t.Context(), who(s), seal.NewSecret(password), seal.NewSecret("otter.4.violin.bay")))
		shop.over(s, "the password was changed")
		h.ok(h.Life.ChangePassword(t.Context(), who(s), seal.NewSecret("otter.4.violin.bay"), seal.NewSecret("marble-9-Kettle-run")))
	})
}

func TestAFreezeEndsEverythingWithItsCommit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop, b := h.shop("offline_access"), h.browser()
		s := shop.signIn(b)
		verifier := oauth2.GenerateVerifier()
		back := b.goes(shop.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)))
		if !shop.active(s.AccessToken) || back.Get("code") == "" {
			t.Fatal("nothing to freeze")
		}
		h.freeze()
		shop.over(s, "frozen")
		if _, err := shop.Exchange(h.ctx(), back.Get("code"), oauth2.VerifierOption(verifier)); !refusedBy(err, "invalid_grant") {
			t.Errorf("a code from before the freeze: %v", err)
		}
		// Let go: what was given before stays over.
		h.write(func(tx *db.Tx) error { return letGo(tx, h.account) })
		shop.over(s, "let go")
		shop.signIn(h.browser())
	})
}

func TestARevokedClientHoldsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop := h.shop("offline_access")
		s := shop.signIn(h.browser())
		h.write(func(tx *db.Tx) error { return pass.RevokeClient(tx, "shop") })
		h.ok(h.Runner.Drain(t.Context()))
		if res := h.get("/v1/session", s.AccessToken); res.status != http.StatusUnauthorized {
			t.Errorf("/v1/session answers %d", res.status)
		}
		if res := shop.post("/oauth/introspect", "token", s.AccessToken); res.status != http.StatusUnauthorized {
			t.Errorf("introspection answers %d %s", res.status, res.body)
		}
		if _, refused := shop.renew(s.RefreshToken); refused != "invalid_client" {
			t.Errorf("the refresh is answered by %q", refused)
		}
	})
}

func TestAServiceGivesItsTokensBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop, b := h.shop("offline_access"), h.browser()
		for _, token := range []func(signed) string{func(s signed) string { return s.AccessToken }, func(s signed) string { return s.RefreshToken }} {
			s := shop.signIn(b)
			if res := shop.post("/oauth/revoke", "token", token(s)); res.status != http.StatusOK {
				t.Errorf("giving back: %d %s", res.status, res.body)
			}
			shop.over(s, "given back")
		}
		other := h.party("other", h.client(pass.Client{ID: "other", Name: "Other", Redirects: []string{callback}}, false), callback, "offline_access")
		s := shop.signIn(b)
		if res := other.post("/oauth/revoke", "token", s.RefreshToken); res.status != http.StatusOK {
			t.Errorf("another's token: %d", res.status)
		}
		if other.active(s.AccessToken) {
			t.Error("a third party's service is told of another's token")
		}
		if !shop.active(s.AccessToken) {
			t.Error("another client gave it back")
		}
		if _, refused := other.renew(s.RefreshToken); refused != "invalid_grant" || !shop.active(s.RefreshToken) {
			t.Errorf("another client's refresh: %q", refused)
		}
	})
}

func TestSigningOutAtTheServiceSignsOutHere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop, b := h.shop("offline_access"), h.browser()
		leave := func(pairs ...string) url.Values {
			q := url.Values{}
			for i := 0; i+1 < len(pairs); i += 2 {
				q.Set(pairs[i], pairs[i+1])
			}
			return b.goes(h.server.URL + "/oauth/end-session?" + q.Encode())
		}
		s := shop.signIn(b)
		h.clock.Advance(time.Hour / 2) // the ID token has run out, and still names its session
		if back := leave("id_token_hint", s.raw, "post_logout_redirect_uri", goodbye, "state", "x&y"); back.Get("state") != "x&y" || len(b.pages) != 0 {
			t.Errorf("came back with %v by the pages %q", back, b.pages)
		}
		shop.over(s, "signed out at the service")
		if shop.signIn(b); b.pages[0] != "Sign in" {
			t.Errorf("signing in afterwards showed %q", b.pages)
		}
		// Without an ID token anybody could sign people out by a link: they are asked.
		if leave("client_id", "shop", "post_logout_redirect_uri", goodbye); b.pages[0] != "Sign out here, too?" {
			t.Errorf("without a hint the pages were %q", b.pages)
		}
		for what, back := range map[string]url.Values{
			"an address that is not the client's": leave("client_id", "shop", "post_logout_redirect_uri", "https://evil.example/"),
			"an address without a client":         leave("post_logout_redirect_uri", goodbye),
			"a hint that nobody signed":           leave("id_token_hint", s.raw[:len(s.raw)-8]+"AAAAAAAA", "post_logout_redirect_uri", goodbye),
			"another client's hint":               leave("id_token_hint", s.raw, "client_id", "other"),
		} {
			if back.Get("page") == "" {
				t.Errorf("%s: came back with %v", what, back)
			}
		}
	})
}

func TestKeysChangeWhileServicesGoOn(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop, b := h.shop(), h.browser() // one provider with one memory of keys, as a service that runs for months
	s := shop.signIn(b)
	kids := map[string]bool{}
	for range 40 {
		h.ok(h.Runner.Drain(t.Context()))
		last := s
		h.clock.Advance(24 * time.Hour)
		h.ok(h.Runner.Drain(t.Context()))
		s = shop.signIn(h.browser())
		kids[kid(t, s.raw)] = true
		if last.ID != nil && kid(t, last.raw) != kid(t, s.raw) {
			var set struct{ Keys []struct{ Kid string } }
			h.ok(json.Unmarshal(h.get("/oauth/keys", "").body, &set))
			if len(set.Keys) < 2 {
				t.Errorf("on the day of the change %d keys are published", len(set.Keys))
			}
		}
	}
	if len(kids) != 2 {
		t.Errorf("%d keys signed in 40 days", len(kids))
	}
	var sealed string
	h.ok(h.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Row(`SELECT sealed FROM signing_key ORDER BY from_at LIMIT 1`).Scan(&sealed)
	}))
	if strings.Contains(sealed, "MII") || len(sealed) < 1000 {
		t.Error("the key lies open in the database")
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	var of struct{ Kid, Alg string }
	if err := json.Unmarshal(decode(t, head), &of); err != nil || of.Kid == "" || of.Alg != "RS256" {
		t.Fatalf("the head of a token is %+v (%v)", of, err)
	}
	return of.Kid
}

// Two processes of a service, or a service and a thief, come at the same moment.
func TestOfManyWhoRefreshAtOnceOneIsServed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop := h.shop("offline_access")
		s := shop.signIn(h.browser())
		answers := make(chan string, 6)
		for range cap(answers) {
			go func() {
				_, refused := shop.renew(s.RefreshToken)
				answers <- refused
			}()
		}
		served := 0
		for range cap(answers) {
			switch refused := <-answers; refused {
			case "":
				served++
			case "invalid_grant":
			default:
				t.Errorf("refused by %q", refused)
			}
		}
		if served != 1 {
			t.Errorf("%d were served", served)
		}
		shop.over(s, "after many came at once")
		if n := h.told(); n != 1 {
			t.Errorf("%d notices were sent", n)
		}
	})
}
