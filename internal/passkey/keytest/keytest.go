package keytest

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"

	"takeback/internal/db"
	"takeback/internal/passkey"
	"takeback/internal/seal"

	"github.com/descope/virtualwebauthn"
)

// coseBytes is how long a public key of the curve P-256 is in COSE.
const coseBytes = 77

// Authenticator makes and presents passkeys. Origin, Site, Verified and the
// counts may be changed by a test that plays a liar.
type Authenticator struct {
	t        testing.TB
	Origin   string // which site the browser says it is on
	Site     string // which site the authenticator signs for
	Verified bool   // it asks for a fingerprint or a PIN
	Synced   bool   // its keys are copied to other devices of its holder
	keys     []virtualwebauthn.Credential
	owner    []byte
}

// New gives an authenticator whose browser is on a site.
func New(t testing.TB, site string) *Authenticator {
	t.Helper()
	u, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	return &Authenticator{t: t, Origin: u.Scheme + "://" + u.Host, Site: u.Hostname(), Verified: true}
}

// Make answers a site that asks for a new passkey.
func (a *Authenticator) Make(options json.RawMessage) string {
	a.t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		a.t.Fatal(err)
	}
	var user struct {
		User struct{ ID string }
	}
	if err := json.Unmarshal(options, &user); err != nil {
		a.t.Fatal(err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(user.User.ID)
	if err != nil {
		a.t.Fatal(err)
	}
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != coseBytes { // the library drops zeros in front of a coordinate, which is no COSE
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	key.Counter = 1
	if a.Synced {
		key.Counter = 0
	}
	a.keys, a.owner = append(a.keys, key), handle
	return virtualwebauthn.CreateAttestationResponse(a.party(), a.device(), key, *o)
}

// Enrol makes a passkey for an account outside any page, and gives what is stored of it.
func (a *Authenticator) Enrol(tx *db.Tx, site *passkey.Party, account string) (secret seal.Secret, stored string) {
	a.t.Helper()
	b := passkey.Binding{Purpose: "enrolled in a test", Account: account}
	options, err := site.BeginNew(tx, b, passkey.Owner{Account: account, Name: account})
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := site.TakeNew(tx, b, a.Make(options))
	if err != nil {
		a.t.Fatal(err)
	}
	key, err := made.Check()
	if err != nil {
		a.t.Fatal(err)
	}
	if stored, err = key.Stored(); err != nil {
		a.t.Fatal(err)
	}
	return key.Secret(), stored
}

// Present answers a site that asks for a passkey, with the newest that fits, and
// counts on.
func (a *Authenticator) Present(options json.RawMessage) string {
	a.t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		a.t.Fatal(err)
	}
	for i := len(a.keys) - 1; i >= 0; i-- {
		key := &a.keys[i]
		if len(o.AllowCredentials) > 0 && !key.IsAllowedForAssertion(*o) {
			continue
		}
		if !a.Synced {
			key.Counter++
		}
		return virtualwebauthn.CreateAssertionResponse(a.party(), a.device(), *key, *o)
	}
	a.t.Fatal("keytest: none of the keys is asked for")
	return ""
}

// Rewind sets the counts of all keys, as on a copy that was made earlier.
func (a *Authenticator) Rewind(count uint32) {
	for i := range a.keys {
		a.keys[i].Counter = count
	}
}

func (a *Authenticator) party() virtualwebauthn.RelyingParty {
	return virtualwebauthn.RelyingParty{ID: a.Site, Origin: a.Origin}
}

func (a *Authenticator) device() virtualwebauthn.Authenticator {
	return virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
		UserHandle: a.owner, UserNotVerified: !a.Verified, BackupEligible: a.Synced, BackupState: a.Synced})
}
