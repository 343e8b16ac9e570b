package pass

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/fault"
	"takeback/internal/history"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestWhatComesNextForARequest(t *testing.T) {
	t.Parallel()
	hour := int64(3600)
	own, theirs := Client{ID: "shop", Trusted: true}, Client{ID: "blog"}
	now := noon.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		r       Request
		c       Client
		in      bool
		want    Step
		refusal string
	}{
		"a stranger signs in":                          {Request{}, own, false, SignIn, "login_required"},
		"who is signed in goes on":                     {Request{}, own, true, GoOn, ""},
		"somebody else's service asks":                 {Request{}, theirs, true, Ask, "consent_required"},
		"it has asked":                                 {Request{Allowed: "ses_1"}, theirs, true, GoOn, ""},
		"it has asked in another session":              {Request{Allowed: "ses_2"}, theirs, true, Ask, "consent_required"},
		"the operator's own asks if it wants to":       {Request{Consent: true}, own, true, Ask, "consent_required"},
		"a sign-in two hours ago is too old":           {Request{MaxAge: &hour}, own, true, Again, "login_required"},
		"one from before the request is not fresh":     {Request{Fresh: true, At: now}, own, true, Again, "login_required"},
		"one from after it is":                         {Request{Fresh: true, At: noon.Add(-time.Minute)}, own, true, GoOn, ""},
		"the client expects somebody else":             {Request{Account: "acc_2"}, own, true, Again, "login_required"},
		"the client expects who is there":              {Request{Account: "acc_1"}, own, true, GoOn, ""},
		"a stranger signs in before anything is asked": {Request{Consent: true, Fresh: true}, theirs, false, SignIn, "login_required"},
	} {
		if got := c.r.next(c.c, c.in, "acc_1", "ses_1", noon, now); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		c.r.Silent = true
		if got := c.r.refusal(c.want); got != c.refusal {
			t.Errorf("%s, and nobody may be asked: %q, want %q", name, got, c.refusal)
		}
	}
}

func TestARequestIsChecked(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("verifier"))
	good := Request{Client: "shop", Redirect: "https://shop.example/", Scope: []string{OpenID}, Challenge: base64.RawURLEncoding.EncodeToString(sum[:])}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*Request){
		"code_challenge": func(r *Request) { r.Challenge = "" },
		"scope":          func(r *Request) { r.Scope = []string{Email} },
		"state":          func(r *Request) { r.State = strings.Repeat("s", stateMost+1) },
		"nonce":          func(r *Request) { r.Nonce = strings.Repeat("n", nonceMost+1) },
		"redirect_uri":   func(r *Request) { r.Redirect = strings.Repeat("u", uriMost+1) },
	} {
		r := good
		spoil(&r)
		if err := r.check(); !errors.Is(err, ErrRequest) || fault.Public(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAVerifierProvesItsChallengeAndNoOther(t *testing.T) {
	t.Parallel()
	// The example of RFC 7636, appendix B.
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	if !proves(verifier, challenge) {
		t.Error("the example of the standard does not pass")
	}
	rapid.Check(t, func(t *rapid.T) {
		if other := rapid.String().Draw(t, "verifier"); other != verifier && proves(other, challenge) {
			t.Errorf("%q passes", other)
		}
	})
}

// Whatever happens to a code or a refresh token, in whatever order: it is good at
// most once, for its client alone, and only while the browser's session lives.
func TestACodeAndARefreshTokenAreGoodAtMostOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
		p := Pass{Client: "shop", Redirect: "https://shop.example/", challenge: challenge, codeUntil: noon.Add(codeFor), Until: noon.Add(time.Hour)}
		now, times := noon, 0
		for range rapid.IntRange(1, 8).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			client := rapid.SampledFrom([]string{"shop", "other"}).Draw(t, "client")
			x := Exchange{Redirect: rapid.SampledFrom([]string{p.Redirect, "https://evil.example/"}).Draw(t, "redirect"), Verifier: rapid.SampledFrom([]string{verifier, ""}).Draw(t, "verifier")}
			lives := rapid.Bool().Draw(t, "lives")
			v := p.redeem(client, x, lives, now)
			right := client == p.Client && x.Redirect == p.Redirect && x.Verifier == verifier && lives && now.Before(p.codeUntil)
			switch {
			case p.Session != "" && v != stolen:
				t.Fatalf("a code that was exchanged is %d", v)
			case p.Session == "" && (v == good) != right:
				t.Fatalf("a code is %d", v)
			}
			if v == good {
				times, p.Session = times+1, "ses_2"
			}
		}
		if times > 1 {
			t.Fatalf("a code was good %d times", times)
		}
		var used time.Time
		times = 0
		for range rapid.IntRange(1, 8).Draw(t, "tries") {
			client, renewable := rapid.SampledFrom([]string{"shop", "other"}).Draw(t, "client"), rapid.Bool().Draw(t, "renewable")
			v := p.renew(client, used, renewable, true, now)
			if client == "other" && v != wrong || client == "shop" && !used.IsZero() && v != stolen {
				t.Fatalf("a refresh token is %d for %s", v, client)
			}
			if v == good {
				times, used = times+1, now
			}
		}
		if times > 1 {
			t.Fatalf("a refresh token was good %d times", times)
		}
	})
}

// The job comes once a day, more or less, for a year. There is always one key that
// signs; every other but the first was published two days before; and what a key
// signed can be verified as long as it is good.
func TestKeysTakeTurns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []Key
		now := noon
		seen := map[string]time.Time{} // since when a key is published
		signed := map[string]time.Time{}
		for day := range 200 {
			if from, due := nextKey(all, now); due {
				all = append(all, Key{ID: string(rune('a' + day)), From: from})
			}
			for _, k := range over(all, now) {
				if last, ok := signed[k.ID]; ok && now.Sub(last) < kept-2*daily {
					t.Fatalf("a key is dropped %s after it signed", now.Sub(last))
				}
				all = slices.DeleteFunc(all, func(o Key) bool { return o.ID == k.ID })
			}
			public := published(all, now)
			for _, k := range public {
				if _, ok := seen[k.ID]; !ok {
					seen[k.ID] = now
				}
			}
			i := signing(all, now)
			if i < 0 {
				t.Fatal("no key signs")
			}
			if _, ok := Named(public, all[i].ID); !ok || len(seen) > 1 && all[i].From.Sub(seen[all[i].ID]) < before && all[i].From != noon {
				t.Fatalf("the key that signs was not published in time")
			}
			signed[all[i].ID] = now
			for id, at := range signed {
				if _, ok := Named(public, id); !ok && now.Sub(at) < IDTokenFor {
					t.Fatal("a key is not published, and an ID token of it is good")
				}
			}
			now = now.Add(time.Duration(rapid.IntRange(20, 28).Draw(t, "hours")) * time.Hour)
		}
		if len(seen) < 6 || len(all) > 4 {
			t.Fatalf("%d keys in 200 days, %d are kept", len(seen), len(all))
		}
	})
}

func TestHowSomebodySignedIn(t *testing.T) {
	t.Parallel()
	factor := func(path, proof string) history.Factor { return history.Factor{Path: path, Proof: proof} }
	for name, c := range map[string]struct {
		factors []history.Factor
		amr     []string
		acr     string
	}{
		"a password":               {[]history.Factor{factor("password", "password")}, []string{"pwd"}, OneFactor},
		"twice the same":           {[]history.Factor{factor("password", "password"), factor("password", "password")}, []string{"pwd"}, OneFactor},
		"a password and an app":    {[]history.Factor{factor("password", "password"), factor("totp", "totp")}, []string{"pwd", "otp", "mfa"}, TwoFactors},
		"a passkey":                {[]history.Factor{factor("passkey/k1", "passkey")}, []string{"swk", "mfa"}, TwoFactors},
		"a link to the mailbox":    {[]history.Factor{factor("email", "link")}, []string{"otp"}, OneFactor},
		"something of another day": {[]history.Factor{factor("x", "new")}, []string{"otp"}, OneFactor},
	} {
		amr, acr := methods(c.factors)
		if diff := cmp.Diff(c.amr, amr); diff != "" || acr != c.acr {
			t.Errorf("%s: %s %s", name, acr, diff)
		}
	}
}

func TestScopesOnlyBecomeNarrower(t *testing.T) {
	t.Parallel()
	allowed := []string{OpenID, Email}
	for _, c := range []struct {
		asked, want []string
		err         error
	}{{nil, allowed, nil}, {[]string{OpenID}, []string{OpenID}, nil}, {[]string{OpenID, Profile}, nil, ErrScope}} {
		if got, err := narrowed(allowed, c.asked); !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v (%v)", c.asked, got, err)
		}
	}
}

func TestAClientsAddressesAreSafe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{ // for a service, for an app
		"https://shop.example/cb":             {true, true},
		"https://shop.example/cb?a=b":         {true, true},
		"http://127.0.0.1:3000/cb":            {true, true},
		"http://[::1]/cb":                     {true, true},
		"http://localhost/cb":                 {true, true},
		"jp.example.app:/cb":                  {false, true},
		"app:/cb":                             {false, false},
		"http://shop.example/cb":              {false, false},
		"http://127.0.0.1.evil.example/":      {false, false},
		"https://shop.example/cb#fragment":    {false, false},
		"https://shop.example/cb#":            {false, false},
		"https://*.shop.example/cb":           {false, false},
		"https://user@shop.example/cb":        {false, false},
		"https://shop.example\\@evil.example": {false, false},
		"https:///cb":                         {false, false},
		"javascript:alert(1)":                 {false, false},
		"/cb":                                 {false, false},
		"":                                    {false, false},
		"https://shop.example/" + strings.Repeat("x", uriMost): {false, false},
	} {
		for i, app := range []bool{false, true} {
			if err := checkURI("redirect", text, app); (err == nil) != want[i] || err != nil && fault.Public(err).Field != "redirect" {
				t.Errorf("%.60q, app %v: %v", text, app, err)
			}
		}
	}
	good := Client{ID: "shop", Name: "Shop", Redirects: []string{"https://shop.example/cb"}}
	for want, spoil := range map[*fault.Error]func(*Client){
		errClientID:   func(c *Client) { c.ID = "Shop!" },
		errClientName: func(c *Client) { c.Name = " " },
		errNoRedirect: func(c *Client) { c.Redirects = nil },
	} {
		c := good
		if spoil(&c); !errors.Is(c.check(), want) {
			t.Errorf("%+v: %v, want %v", c, c.check(), want)
		}
	}
}
