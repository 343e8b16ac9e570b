package oidc_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/pass"
)

func refusedBy(err error, code string) bool {
	var e *oauth2.RetrieveError
	return errors.As(err, &e) && e.ErrorCode == code
}

func letGo(tx *db.Tx, id string) error {
	_, err := account.Turn(tx, id, account.Open, time.Time{}, account.Frozen)
	return err
}

func decode(t *testing.T, part string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is wrong before the address is sure stays here; what is wrong after it goes back to the service.
func TestAWrongRequestIsRefused(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop, b := h.shop(), h.browser()
	shop.signIn(b)
	set := oauth2.SetAuthURLParam
	s256 := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	for what, options := range map[string][]oauth2.AuthCodeOption{
		"an unknown client":              {s256, set("client_id", "nobody")},
		"no client":                      {s256, set("client_id", "")},
		"an address that is not its":     {s256, set("redirect_uri", "https://evil.example/callback")},
		"an address that begins like it": {s256, set("redirect_uri", callback+"/more")},
		"its address with a query":       {s256, set("redirect_uri", callback+"?x=1")},
		"no address":                     {s256, set("redirect_uri", "")},
	} {
		if back := b.goes(shop.AuthCodeURL("s", options...)); back.Get("page") == "" {
			t.Errorf("%s: came back with %v", what, back)
		}
		res := h.get(strings.TrimPrefix(shop.AuthCodeURL("s", options...), h.server.URL), "") // a program
		if res.status != http.StatusBadRequest && res.status != http.StatusUnauthorized || res.header.Get("Location") != "" {
			t.Errorf("%s: a program hears %d %v", what, res.status, res.header)
		}
	}
	for what, c := range map[string]struct {
		want    string
		options []oauth2.AuthCodeOption
	}{
		"no challenge (PKCE)":       {"invalid_request", nil},
		"a plain challenge":         {"invalid_request", []oauth2.AuthCodeOption{set("code_challenge", strings.Repeat("a", 43)), set("code_challenge_method", "plain")}},
		"a challenge that is none":  {"invalid_request", []oauth2.AuthCodeOption{set("code_challenge", "short"), set("code_challenge_method", "S256")}},
		"the implicit flow":         {"unauthorized_client", []oauth2.AuthCodeOption{s256, set("response_type", "id_token token")}},
		"a request object":          {"request_not_supported", []oauth2.AuthCodeOption{s256, set("request", "e30.e30.")}},
		"a request by reference":    {"request_not_supported", []oauth2.AuthCodeOption{s256, set("request_uri", "https://evil.example/r")}},
		"an answer by form":         {"invalid_request", []oauth2.AuthCodeOption{s256, set("response_mode", "form_post")}},
		"an answer in the fragment": {"invalid_request", []oauth2.AuthCodeOption{s256, set("response_mode", "fragment")}},
		"no openid":                 {"invalid_request", []oauth2.AuthCodeOption{s256, set("scope", "email")}},
		"none with others":          {"invalid_request", []oauth2.AuthCodeOption{s256, set("prompt", "none login")}},
		"a hint that nobody signed": {"invalid_request", []oauth2.AuthCodeOption{s256, set("id_token_hint", "e30.e30.e30")}},
		"a nonce without an end":    {"invalid_request", []oauth2.AuthCodeOption{s256, set("nonce", strings.Repeat("n", 300))}},
	} {
		if back := b.goes(shop.AuthCodeURL("s", c.options...)); back.Get("error") != c.want || back.Get("state") != "s" || back.Get("code") != "" {
			t.Errorf("%s: came back with %v, want %s", what, back, c.want)
		}
	}
}

func TestACodeIsGoodOnceForWhoAskedForIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		shop, b := h.shop("offline_access"), h.browser()
		other := h.party("other", h.client(pass.Client{ID: "other", Name: "Other", Redirects: []string{callback}, Trusted: true}, false), callback)
		verifier := oauth2.GenerateVerifier()
		code := func() string {
			t.Helper()
			return b.goes(shop.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))).Get("code")
		}
		right := oauth2.VerifierOption(verifier)
		for what, try := range map[string]func(code string) error{
			"another verifier": func(code string) error {
				_, err := shop.Exchange(h.ctx(), code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
				return err
			},
			"no verifier":    func(code string) error { _, err := shop.Exchange(h.ctx(), code); return err },
			"another client": func(code string) error { _, err := other.Exchange(h.ctx(), code, right); return err },
			"another address": func(code string) error {
				_, err := shop.Exchange(h.ctx(), code, right, oauth2.SetAuthURLParam("redirect_uri", goodbye))
				return err
			},
			"a minute later": func(code string) error {
				h.clock.Advance(time.Minute)
				_, err := shop.Exchange(h.ctx(), code, right)
				return err
			},
			"a code that is none": func(string) error { _, err := shop.Exchange(h.ctx(), "guessed", right); return err },
		} {
			if err := try(code()); !refusedBy(err, "invalid_grant") {
				t.Errorf("%s: %v", what, err)
			}
		}
		again := code()
		token, err := shop.Exchange(h.ctx(), again, right)
		h.ok(err)
		s := shop.read(token, "")
		if !shop.active(s.AccessToken) {
			t.Fatal("the token does not count")
		}
		if _, err := shop.Exchange(h.ctx(), again, right); !refusedBy(err, "invalid_grant") {
			t.Errorf("a code used twice: %v", err)
		}
		shop.over(s, "after its code was used twice")
		if n := h.told(); n != 1 {
			t.Errorf("%d notices were sent", n)
		}
	})
}

func TestAnUnknownClientAndAWrongSecretLookAlikeAndAreCounted(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop := h.shop()
	h.client(pass.Client{ID: "app", Name: "App", Redirects: []string{"jp.example.app:/cb"}, Trusted: true}, true)
	wrong, unknown, tooMany := *shop, *shop, *shop
	wrong.ClientSecret = "tbs_guessed"
	unknown.ClientID = "nobody"
	tooMany.ClientID = "app"
	ask := []string{"grant_type", "refresh_token", "refresh_token", "x"}
	first := wrong.post("/oauth/token", ask...)
	for what, p := range map[string]*party{"unknown": &unknown, "a secret of who has none": &tooMany} {
		if got := p.post("/oauth/token", ask...); got.status != http.StatusUnauthorized || got.status != first.status || string(got.body) != string(first.body) {
			t.Errorf("%s: %d %s, and a wrong secret %d %s", what, got.status, got.body, first.status, first.body)
		}
	}
	for range 80 {
		if first = wrong.post("/oauth/token", ask...); first.status == http.StatusTooManyRequests {
			break
		}
	}
	if first.status != http.StatusTooManyRequests {
		t.Errorf("after 80 tries: %d", first.status)
	}
	if res := shop.post("/oauth/introspect", "token", "x"); res.status != http.StatusOK {
		t.Errorf("the right secret is refused after wrong ones of others: %d", res.status)
	}
	h.clock.Advance(time.Minute)
	if res := wrong.post("/oauth/token", ask...); res.status != http.StatusUnauthorized {
		t.Errorf("a minute later: %d", res.status)
	}
}

// The client's library is told another time than ours, another nonce, another client.
func TestACarefulClientRefusesWhatIsNotForItNow(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop := h.shop()
	s := shop.signIn(h.browser())
	if _, err := shop.verifier(4*time.Minute).Verify(h.ctx(), s.raw); err != nil {
		t.Errorf("four minutes later: %v", err)
	}
	if _, err := shop.verifier(6*time.Minute).Verify(h.ctx(), s.raw); err == nil {
		t.Error("an ID token is good after its time")
	}
	other := *shop
	other.ClientID = "other"
	if _, err := other.verifier(0).Verify(h.ctx(), s.raw); err == nil {
		t.Error("an ID token is good for another client")
	}
	if s.ID.Nonce != "once" {
		t.Errorf("the nonce came back as %q", s.ID.Nonce)
	}
}

func TestSomebodyElsesServiceAsks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		secret := h.client(pass.Client{ID: "blog", Name: "Tea Blog", Redirects: []string{callback + "?from=takeback"}}, false)
		blog, b := h.party("blog", secret, callback+"?from=takeback", "email"), h.browser()
		s := blog.signIn(b)
		if want := []string{"Sign in", "Sign in at Tea Blog?", "Going on to Tea Blog"}; !slices.Equal(b.pages, want) {
			t.Errorf("the pages were %q, want %q", b.pages, want)
		}
		if !blog.active(s.AccessToken) {
			t.Error("it does not know its own token")
		}
		s256 := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
		b.says = "no"
		if back := b.goes(blog.AuthCodeURL("s", s256)); back.Get("error") != "access_denied" || back.Get("state") != "s" || back.Get("from") != "takeback" || back.Get("code") != "" {
			t.Errorf("after a no: %v", back)
		}
		silent := oauth2.SetAuthURLParam("prompt", "none")
		if back := b.goes(blog.AuthCodeURL("s", s256, silent)); back.Get("error") != "consent_required" {
			t.Errorf("without asking: %v", back)
		}
		if back := h.browser().goes(blog.AuthCodeURL("s", s256, silent)); back.Get("error") != "login_required" {
			t.Errorf("without asking, signed out: %v", back)
		}
		if back := b.goes(h.shop().AuthCodeURL("s", s256, silent)); back.Get("code") == "" {
			t.Errorf("the operator's own, without asking: %v", back)
		}
	})
}

func TestAServiceWantsAFreshSignIn(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop, b := h.shop(), h.browser()
	first := shop.signIn(b)
	h.clock.Advance(time.Hour)
	set, s256 := oauth2.SetAuthURLParam, oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	if back := b.goes(shop.AuthCodeURL("s", s256, set("max_age", "7200"))); back.Get("code") == "" || len(b.pages) != 0 {
		t.Errorf("two hours would do: %v by %q", back, b.pages)
	}
	for _, o := range []oauth2.AuthCodeOption{set("max_age", "60"), set("prompt", "login")} {
		if back := b.goes(shop.AuthCodeURL("s", s256, o, set("prompt", "none"), set("max_age", "60"))); back.Get("error") != "login_required" {
			t.Errorf("fresh, and nobody asked: %v", back)
		}
		back := b.goes(shop.AuthCodeURL("s", s256, o))
		if back.Get("code") == "" || len(b.pages) < 2 || b.pages[0] != "Please sign in again" || b.pages[1] != "Sign in" {
			t.Errorf("fresh: %v by %q", back, b.pages)
		}
		h.clock.Advance(time.Hour)
	}
	if shop.active(first.AccessToken) {
		t.Error("the first sign-in counts after its browser signed in anew")
	}
}

func TestAnAppKeepsNoSecret(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.client(pass.Client{ID: "app", Name: "Kumo App", Redirects: []string{"jp.example.app:/cb", "https://page.example/cb"}, Trusted: true}, true)
		app := h.party("app", "", "jp.example.app:/cb", "offline_access")
		s := app.signIn(h.browser())
		token, refused := app.renew(s.RefreshToken)
		if refused != "" || token.RefreshToken == "" {
			t.Errorf("renewing: %q", refused)
		}
		if res := app.post("/oauth/introspect", "token", s.AccessToken); res.status == http.StatusOK {
			t.Errorf("who has no secret may ask of tokens: %s", res.body)
		}
		for origin, want := range map[string]string{"https://page.example": "https://page.example", "https://evil.example": "", "https://shop.example": ""} {
			r, err := http.NewRequestWithContext(t.Context(), "OPTIONS", h.server.URL+"/oauth/token", nil)
			h.ok(err)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "POST")
			res := h.send(r)
			if got := res.header.Get("Access-Control-Allow-Origin"); got != want || res.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("script of %s: %d %v", origin, res.status, res.header)
			}
		}
	})
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	shop := h.shop()
	send := func(method, path, kind, body string) reply {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, h.server.URL+path, strings.NewReader(body))
		h.ok(err)
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		r.SetBasicAuth("shop", h.secret)
		return h.send(r)
	}
	const form = "application/x-www-form-urlencoded"
	for what, c := range map[string]struct {
		res  reply
		want int
	}{
		"a body without an end":      {send("POST", "/oauth/token", form, "grant_type="+strings.Repeat("x", 70<<10)), http.StatusRequestEntityTooLarge},
		"an address without an end":  {send("GET", "/oauth/authorize?state="+strings.Repeat("x", 9<<10), "", ""), http.StatusRequestURITooLong},
		"a secret in an address":     {send("POST", "/oauth/token?refresh_token=x&grant_type=refresh_token", form, ""), http.StatusBadRequest},
		"a token by GET":             {send("GET", "/oauth/token", "", ""), http.StatusMethodNotAllowed},
		"JSON":                       {send("POST", "/oauth/token", "application/json", "{}"), http.StatusUnsupportedMediaType},
		"a parameter twice":          {send("POST", "/oauth/token", form, "grant_type=refresh_token&refresh_token=a&refresh_token=b"), http.StatusBadRequest},
		"characters that are none":   {send("POST", "/oauth/token", form, "grant_type=%ff"), http.StatusBadRequest},
		"a broken escape":            {send("POST", "/oauth/token", form, "grant_type=%zz"), http.StatusBadRequest},
		"a grant that is not there":  {send("POST", "/oauth/token", form, "grant_type=password&username=a&password=b"), http.StatusBadRequest},
		"a client's own credentials": {send("POST", "/oauth/token", form, "grant_type=client_credentials"), http.StatusBadRequest},
		"no grant":                   {send("POST", "/oauth/token", form, ""), http.StatusBadRequest},
		"userinfo without a token":   {h.get("/oauth/userinfo", ""), http.StatusUnauthorized},
		"nowhere":                    {send("GET", "/oauth/device", "", ""), http.StatusNotFound},
		"two ways of showing a secret": {send("POST", "/oauth/token", form, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"},
			"client_id": {"shop"}, "client_secret": {h.secret}}.Encode()), http.StatusBadRequest},
	} {
		if c.res.status != c.want {
			t.Errorf("%s: %d %s, want %d", what, c.res.status, c.res.body, c.want)
		}
		if c.res.status != http.StatusNotFound && c.res.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", what, c.res.header)
		}
	}
	posted := *shop // the secret in the body, which is the other way
	posted.ClientSecret = ""
	if res := posted.post("/oauth/introspect", "client_id", "shop", "client_secret", h.secret, "token", "x"); res.status != http.StatusOK {
		t.Errorf("a secret in the body: %d %s", res.status, res.body)
	}
}

func FuzzMessages(f *testing.F) {
	for _, s := range []string{"grant_type=authorization_code&code=x&redirect_uri=y&code_verifier=z", "grant_type=refresh_token&refresh_token=x", "token=x&token_type_hint=y",
		"client_id=shop&redirect_uri=https://shop.example/callback&response_type=code&scope=openid&max_age=-1&ui_locales=xx&prompt=none", "id_token_hint=e30.e30.e30", "client_assertion=x&client_assertion_type=y"} {
		f.Add(s)
	}
	h := build(f, db.SQLite)
	f.Fuzz(func(t *testing.T, message string) {
		h := &house{TB: t, server: h.server}
		for _, path := range []string{"/oauth/authorize", "/oauth/token", "/oauth/introspect", "/oauth/userinfo", "/oauth/revoke", "/oauth/end-session"} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", h.server.URL+path, strings.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if res := h.send(r); res.status >= http.StatusInternalServerError || res.status == http.StatusOK && path == "/oauth/token" {
				t.Errorf("%s: %d %s", path, res.status, res.body)
			}
		}
	})
}
