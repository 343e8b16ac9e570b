package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	answerIn = 5 * time.Minute
	answer   = 32 << 10 // bytes that a browser's answer may have; none has a tenth of it
	idMost   = 1023     // bytes of a credential's id (WebAuthn, 7.1)
)

// The faults of this package.
var (
	ErrOver      = fault.New(fault.Conflict, "passkey.over", "This took too long, or was begun elsewhere. Please try again.")
	ErrWrong     = fault.New(fault.Invalid, "passkey.wrong", "This passkey was not accepted here. Please try another one, or another way.")
	ErrCloned    = fault.New(fault.Invalid, "passkey.cloned", "This passkey was not accepted: it looks as if there were a second copy of it. Please use another way, and remove this passkey.")
	ErrMalformed = fault.New(fault.Invalid, "passkey.malformed", "Your browser's answer could not be read. Please try again.")
)

// Party is the site that passkeys are made for ("relying party"): a browser
// presents them to this site and to no other, which is why nobody can be
// tricked out of one. A nil Party has no passkeys.
type Party struct {
	site *webauthn.WebAuthn
	seal *seal.Keeper
}

// New makes the party of a site such as https://account.example.jp. It gives
// nil for a site at an address of numbers: passkeys are bound to names.
func New(site, service string, keeper *seal.Keeper) (*Party, error) {
	u, err := url.Parse(site)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("passkey: the site's address %q has no host", site)
	}
	if protocol.ValidateRPID(u.Hostname()) != nil {
		return nil, nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: service, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:      protocol.ResidentKeyRequirementRequired, // signing in without typing a name
			UserVerification: protocol.VerificationRequired,           // a found telephone is not enough
		},
		Timeouts: webauthn.TimeoutsConfig{Login: webauthn.TimeoutConfig{Timeout: answerIn}, Registration: webauthn.TimeoutConfig{Timeout: answerIn}},
		// Some password managers tell more than they were asked. We read nothing of it.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: the site %s: %w", site, err)
	}
	return &Party{site: w, seal: keeper}, nil
}

// Binding is what a ceremony is begun for. Whoever brings the answer must say
// the same, or there was no such ceremony.
type Binding struct {
	Purpose string // what the answer will be good for
	Account string // empty while nobody knows whose passkey it will be
	Epoch   int64  // of that account
	To      string // the session, first step or case that it is part of; may be empty
	Device  string // the browser
}

// Owner is for whom a new passkey is made.
type Owner struct {
	Account string
	Name    string // what the authenticator shows beside it: the sign-in name
	Keys    []Key  // he has already: one authenticator holds one
}

// BeginNew asks the browser for a new passkey. The options are the JSON that
// PublicKeyCredential.parseCreationOptionsFromJSON reads.
func (p *Party) BeginNew(tx *db.Tx, b Binding, o Owner) (options json.RawMessage, err error) {
	creation, s, err := p.site.BeginRegistration(owner{o.Account, o.Name, nil}, webauthn.WithExclusions(credentials(o.Keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return p.begin(tx, b, s, creation.Response)
}

// Begin asks the browser to present one of the keys; any that it has for this
// site, if the binding names no account. The options are the JSON that
// PublicKeyCredential.parseRequestOptionsFromJSON reads.
func (p *Party) Begin(tx *db.Tx, b Binding, keys []Key) (options json.RawMessage, err error) {
	verified := webauthn.WithUserVerification(protocol.VerificationRequired)
	var assertion *protocol.CredentialAssertion
	var s *webauthn.SessionData
	if b.Account == "" {
		assertion, s, err = p.site.BeginDiscoverableLogin(verified)
	} else {
		assertion, s, err = p.site.BeginLogin(owner{b.Account, "", keys}, verified)
	}
	if err != nil {
		return nil, err
	}
	return p.begin(tx, b, s, assertion.Response)
}

func (p *Party) begin(tx *db.Tx, b Binding, s *webauthn.SessionData, response any) (json.RawMessage, error) {
	hash := p.hash(s.Challenge)
	s.Challenge = "" // the answer brings it; whoever reads the table shall not have it
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if err := insert(tx, hash, b, string(body), tx.Now.Add(answerIn)); err != nil {
		return nil, err
	}
	return json.Marshal(response)
}

func (p *Party) hash(challenge string) string { return p.seal.Hash("passkey", challenge) }

// Made is an answer with a new passkey, whose ceremony is used up.
type Made struct {
	party   *Party
	account string
	session webauthn.SessionData
	parsed  *protocol.ParsedCredentialCreationData
}

// TakeNew finds the ceremony that an answer is for and uses it up, whatever
// comes of it: the caller commits before he goes on.
func (p *Party) TakeNew(tx *db.Tx, b Binding, text string) (m Made, err error) {
	if len(text) > answer {
		return m, ErrMalformed
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(text))
	if err != nil {
		return m, ErrMalformed.Because(explained(err))
	}
	s, err := p.take(tx, b, parsed.Response.CollectedClientData.Challenge)
	return Made{p, b.Account, s, parsed}, err
}

// Check gives the new key, or ErrWrong.
func (m Made) Check() (Key, error) {
	c, err := m.party.site.CreateCredential(owner{id: m.account}, m.session, m.parsed)
	if err == nil && (len(c.ID) == 0 || len(c.ID) > idMost) {
		err = errors.New("the credential's id is empty or too long")
	}
	if err != nil {
		return Key{}, ErrWrong.Because(explained(err))
	}
	return newKey(c), nil
}

// Presented is an answer with one of the keys that there are, whose ceremony is used up.
type Presented struct {
	party   *Party
	session webauthn.SessionData
	parsed  *protocol.ParsedCredentialAssertionData
}

// Take is TakeNew for an answer that presents a key.
func (p *Party) Take(tx *db.Tx, b Binding, text string) (a Presented, err error) {
	if len(text) > answer {
		return a, ErrMalformed
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(text))
	if err != nil {
		return a, ErrMalformed.Because(explained(err))
	}
	s, err := p.take(tx, b, parsed.Response.CollectedClientData.Challenge)
	return Presented{p, s, parsed}, err
}

// Account is whose key it is as the authenticator says: true only after Check with that account's keys.
func (a Presented) Account() string { return string(a.parsed.Response.UserHandle) }

// Check tells which of an account's keys was presented, and gives it as it must
// be kept from now on. ErrCloned says that the key is right and its count went
// back, as only that of a copy does; the key is given with it.
func (a Presented) Check(account string, keys []Key, now time.Time) (k Key, err error) {
	var c *webauthn.Credential
	who := owner{account, "", keys}
	if len(a.session.UserID) == 0 {
		_, c, err = a.party.site.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return who, nil }, a.session, a.parsed)
	} else {
		c, err = a.party.site.ValidateLogin(who, a.session, a.parsed)
	}
	if err != nil {
		return k, ErrWrong.Because(explained(err))
	}
	for _, known := range keys {
		if string(known.ID) == string(c.ID) {
			k = known
		}
	}
	if c.Authenticator.CloneWarning {
		return k, ErrCloned.Because(fmt.Errorf("%s: the count went from %d to %d", k.Path, k.Count, a.parsed.Response.AuthenticatorData.Counter))
	}
	k.Count, k.Flags, k.Used = c.Authenticator.SignCount, byte(c.Flags.ProtocolValue()), now
	return k, nil
}

func (p *Party) take(tx *db.Tx, b Binding, challenge string) (s webauthn.SessionData, err error) {
	s, err = take(tx, p.hash(challenge), b)
	if errors.Is(err, db.ErrNone) {
		err = ErrOver
	}
	s.Challenge = challenge
	return s, err
}

// explained adds what the library keeps for developers; it goes to the log and to nobody else.
func explained(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.DevInfo != "" {
		return fmt.Errorf("%w: %s", err, e.DevInfo)
	}
	return err
}
