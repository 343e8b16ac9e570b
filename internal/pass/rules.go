package pass

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"takeback/internal/fault"
	"takeback/internal/history"
)

// The scopes there are.
const (
	OpenID  = "openid"
	Email   = "email"
	Profile = "profile"
	Offline = "offline_access"
)

// Scopes lists them.
func Scopes() []string { return []string{OpenID, Email, Profile, Offline} }

// Bounds of what a client sends along. All of it comes back in an address, which browsers and proxies cut.
const (
	stateMost = 512
	nonceMost = 256
	uriMost   = 512
)

// The refusals of requests. The first word of each code is the protocol's.
var (
	ErrRequest = fault.New(fault.Invalid, "invalid_request", "This request is not well formed.")
	ErrGrant   = fault.New(fault.Invalid, "invalid_grant", "This code or token does not count, or not any more.")
	ErrScope   = fault.New(fault.Invalid, "invalid_scope", "More was asked for than was allowed.").On("scope")
	ErrClient  = fault.New(fault.Unauthenticated, "invalid_client", "The client is not known, or its secret is wrong.")
	ErrToken   = fault.New(fault.Unauthenticated, "invalid_token", "This access token does not count, or not any more.")
)

// Request is what a client asks of a holder who signs in.
type Request struct {
	Client    string    `json:"c"`
	Redirect  string    `json:"r"`
	State     string    `json:"s,omitempty"`
	Nonce     string    `json:"n,omitempty"`
	Scope     []string  `json:"o"`
	Challenge string    `json:"h"`
	Silent    bool      `json:"q,omitempty"` // nobody may be asked anything
	MaxAge    *int64    `json:"a,omitempty"` // seconds since the holder signed in; nil: any
	Fresh     bool      `json:"f,omitempty"` // he must sign in after this request was made
	Consent   bool      `json:"k,omitempty"` // he must be asked, whoever the client is
	Account   string    `json:"u,omitempty"` // whose sign-in the client expects; empty: anybody's
	Allowed   string    `json:"l,omitempty"` // the session in which the holder said yes
	At        time.Time `json:"t"`
}

// check refuses what the protocol leaves open and this provider does not take.
func (r Request) check() error {
	field := func(name string) error { return ErrRequest.On(name) }
	challenge, err := base64.RawURLEncoding.DecodeString(r.Challenge)
	switch {
	case err != nil || len(challenge) != sha256.Size:
		return field("code_challenge") // for every client: a code that was read on its way is worth nothing
	case !slices.Contains(r.Scope, OpenID):
		return field("scope")
	case len(r.State) > stateMost:
		return field("state")
	case len(r.Nonce) > nonceMost:
		return field("nonce")
	case len(r.Redirect) > uriMost:
		return field("redirect_uri")
	}
	return nil
}

// Step is what comes next for a request that somebody arrives with.
type Step int

// The steps.
const (
	GoOn   Step = iota // give the code
	SignIn             // nobody is signed in
	Again              // somebody is, but too long ago, or somebody else
	Ask                // may this client know who you are?
)

// refusal is what a client hears that wanted nobody to be asked, where there is
// something to ask; empty if it may go on.
func (r Request) refusal(s Step) string {
	switch {
	case !r.Silent || s == GoOn:
		return ""
	case s == Ask:
		return "consent_required"
	}
	return "login_required"
}

// next decides for a request. signedIn is whether there is a session, proved
// when the holder proved in it who he is.
func (r Request) next(c Client, signedIn bool, account, session string, proved, now time.Time) Step {
	switch {
	case !signedIn:
		return SignIn
	case r.Account != "" && r.Account != account:
		return Again
	case r.Fresh && proved.Before(r.At.Truncate(time.Second)), r.MaxAge != nil && now.Sub(proved) > time.Duration(*r.MaxAge)*time.Second+slack:
		return Again
	case (!c.Trusted || r.Consent) && r.Allowed != session:
		return Ask
	}
	return GoOn
}

// slack is how long it takes to come back from the sign-in: max_age=0 would never be met.
const slack = 30 * time.Second

// proves tells whether a verifier is the one that a challenge was made from (PKCE, S256).
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// verdict is what becomes of a code or a refresh token.
type verdict int

const (
	good   verdict = iota
	wrong          // it does not count; nothing follows
	stolen         // it was used before: somebody else has it
)

// Exchange is what a client sends to get tokens for a code.
type Exchange struct{ Code, Redirect, Verifier string }

// redeem judges a code. A code that was exchanged is stolen whoever shows it and
// whatever else is wrong: two have it, and one of them is not the client.
func (p Pass) redeem(client string, x Exchange, parentLives bool, now time.Time) verdict {
	switch {
	case p.Session != "":
		return stolen
	case p.Client != client, p.Redirect != x.Redirect, !now.Before(p.codeUntil), !proves(x.Verifier, p.challenge), !parentLives:
		return wrong
	}
	return good
}

// renew judges a refresh token. Another client's is wrong and no theft: a client
// must not be able to end the passes of another by showing what it found.
func (p Pass) renew(client string, used time.Time, renewable, parentLives bool, now time.Time) verdict {
	switch {
	case p.Client != client:
		return wrong
	case !used.IsZero():
		return stolen
	case !renewable, !parentLives, !now.Before(p.Until):
		return wrong
	}
	return good
}

// narrowed gives the scope of a new access token: what is asked for, if all of it was allowed.
func narrowed(allowed, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return allowed, nil
	}
	for _, s := range asked {
		if !slices.Contains(allowed, s) {
			return nil, ErrScope
		}
	}
	return asked, nil
}

// mayInspect tells whether a client may ask about the token of another: the
// operator's own services about all, others about their own.
func mayInspect(asker, of Client) bool { return asker.ID == of.ID || asker.Trusted && !asker.Public() }

// The classes of how surely somebody signed in.
const (
	OneFactor  = "aal1"
	TwoFactors = "aal2"
)

// methods says in the protocol's words (RFC 8176) how somebody signed in.
func methods(factors []history.Factor) (amr []string, acr string) {
	words := map[string]string{"password": "pwd", "totp": "otp", "code": "otp", "codes": "otp", "saved": "otp", "passkey": "swk", "link": "otp"}
	kinds := map[string]bool{}
	for _, f := range factors {
		word := words[f.Proof]
		if word == "" {
			word = "otp" // something else that was sent or kept, and typed in
		}
		if !slices.Contains(amr, word) {
			amr = append(amr, word)
		}
		slot, _, _ := strings.Cut(f.Path, "/")
		kinds[slot] = true
	}
	acr = OneFactor
	if len(kinds) > 1 || kinds["passkey"] { // a passkey asks for a finger or a number itself
		acr = TwoFactors
		amr = append(amr, "mfa")
	}
	return amr, acr
}
