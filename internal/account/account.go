package account

import (
	"encoding/json"
	"strings"
	"time"

	"takeback/internal/fault"
)

// State is what an account may be used for.
type State string

// The states, in the order of the story.
const (
	Open      State = "open"      // ordinary life
	Frozen    State = "frozen"    // nobody writes but the case itself
	Restoring State = "restoring" // the plan writes, and the holder in a limited session
	Guarded   State = "guarded"   // ordinary life again, with holds, for 30 days
	Closed    State = "closed"    // ended by its holder
)

// Account is one holder's account.
type Account struct {
	ID           string
	State        State // Frozen, too, while a scope that it stands in is held
	Own          State // what it is of itself, whatever its scopes are
	Epoch        int64 // whatever carries authority carries the epoch it was given in
	Head         int64 // seq of the newest entry of its history
	HeadHash     string
	Language     string    // "ja" or "en": the language its holder reads
	CreatedAt    time.Time // UTC
	GuardedUntil time.Time // zero unless Guarded
}

// Fact is a current value at a path.
type Fact struct {
	Path  string
	Value json.RawMessage // string, object of strings, integer, by the kind's algebra; never a secret
	Seq   int64           // the change that set it
	Since time.Time
}

// TextValue gives the value of a fact that is a text.
func TextValue(s string) json.RawMessage {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return b
}

// Text gives a register's or contact's value; empty if it is none.
func (f Fact) Text() string {
	var s string
	_ = json.Unmarshal(f.Value, &s) // a group has no text: empty is the answer
	return s
}

// Parts gives a group's or element's parts; nil if it has none.
func (f Fact) Parts() map[string]string {
	var m map[string]string
	_ = json.Unmarshal(f.Value, &m)
	return m
}

// Contact is one version of a contact: an address that a slot held from one change to another.
// It is kept after it was replaced, because notice and recovery go by what was held, never by what is.
type Contact struct {
	Account     string
	Slot        string // "email", "phone", "email/work"
	Version     string
	Address     string // as given
	SetSeq      int64
	From        time.Time
	Until       time.Time // zero while current
	ConfirmedAt time.Time // zero if nobody ever proved to receive there
	BadAt       time.Time // when a case found it to be the intruder's, or in his hands; zero if none did
}

// Mail tells whether letters go there; else it is a telephone.
func (c Contact) Mail() bool { return c.Slot == "email" || strings.HasPrefix(c.Slot, "email/") }

// Secret is one version of a secret: what a slot held from one change to another.
// The secret itself is not here but as a hash (password) or sealed (TOTP seed).
type Secret struct {
	Account  string
	Slot     string // "password", "totp", "passkey/k1", "codes"
	Version  string
	SecretID string // keyed hash: tells equal secrets apart from different ones
	Stored   string // PHC string, sealed seed or public key; never shown
	SetSeq   int64
	From     time.Time
	Until    time.Time // zero while current
}

// The errors of this package.
var (
	ErrNone   = fault.New(fault.NotFound, "account.none", "There is no such account.")
	ErrNoFact = fault.New(fault.NotFound, "path.none", "There is nothing at this path.")
	ErrFrozen = fault.New(fault.Frozen, "account.frozen", "This account is held still at the moment. Nothing was changed.")
)
