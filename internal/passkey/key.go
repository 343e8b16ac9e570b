package passkey

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"takeback/internal/seal"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Key is a passkey as an account keeps it: the public half, and what its
// authenticator said of itself. Path and Version say where it is kept, and are
// not part of what is stored.
type Key struct {
	Path    string `json:"-"`
	Version string `json:"-"`

	ID         []byte    `json:"id"`
	Public     []byte    `json:"public"`               // COSE
	Count      uint32    `json:"count"`                // the authenticator's own, of signatures; 0 where it counts none
	Flags      byte      `json:"flags"`                // of the last answer: whether it can be, and is, copied to other devices
	Transports []string  `json:"transports,omitempty"` // how browsers reach it: "internal", "usb", "hybrid"
	Model      []byte    `json:"model,omitempty"`      // AAGUID
	Used       time.Time `json:"used,omitzero"`        // last presented
}

// Read gives the key that Stored wrote.
func Read(path, version, stored string) (k Key, err error) {
	err = json.Unmarshal([]byte(stored), &k)
	k.Path, k.Version = path, version
	return k, err
}

// Stored is the key as it is kept.
func (k Key) Stored() (string, error) {
	text, err := json.Marshal(k)
	return string(text), err
}

// Secret is what makes this key this key and no other, for seal.SecretID.
func (k Key) Secret() seal.Secret {
	return seal.NewSecret(base64.RawURLEncoding.EncodeToString(k.ID) + " " + base64.RawURLEncoding.EncodeToString(k.Public))
}

// Synced tells whether the key is copied to other devices of its holder.
func (k Key) Synced() bool { return protocol.AuthenticatorFlags(k.Flags).HasBackupState() }

// newKey takes from a checked answer what must be kept.
func newKey(c *webauthn.Credential) Key {
	k := Key{ID: c.ID, Public: c.PublicKey, Count: c.Authenticator.SignCount, Flags: byte(c.Flags.ProtocolValue()), Model: c.Authenticator.AAGUID}
	for _, t := range c.Transport {
		k.Transports = append(k.Transports, string(t))
	}
	return k
}

// credential is the key as the library reads it.
func (k Key) credential() webauthn.Credential {
	c := webauthn.Credential{ID: k.ID, PublicKey: k.Public, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags)),
		Authenticator: webauthn.Authenticator{AAGUID: k.Model, SignCount: k.Count}}
	for _, t := range k.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

func credentials(keys []Key) (all webauthn.Credentials) {
	for _, k := range keys {
		all = append(all, k.credential())
	}
	return all
}

// owner is the holder of keys as the library reads him.
type owner struct {
	id, name string
	keys     []Key
}

// WebAuthnID implements webauthn.User.
func (o owner) WebAuthnID() []byte { return []byte(o.id) }

// WebAuthnName implements webauthn.User.
func (o owner) WebAuthnName() string { return o.name }

// WebAuthnDisplayName implements webauthn.User.
func (o owner) WebAuthnDisplayName() string { return o.name }

// WebAuthnCredentials implements webauthn.User.
func (o owner) WebAuthnCredentials() []webauthn.Credential { return credentials(o.keys) }
