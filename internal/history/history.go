package history

import (
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
)

// Verb is what an entry did.
type Verb string

// The verbs. Those of a session say how authority came to be; those of facts
// say how a value came to be; those of the case say what we did about it.
const (
	Open     Verb = "open"     // a session was opened by presenting Factors; the first one of an account has none
	Recover  Verb = "recover"  // a session was opened by proving control of the contact in Factors
	Derive   Verb = "derive"   // a session was opened out of another one, Parent
	StepUp   Verb = "step-up"  // further Factors inside a session
	Handover Verb = "handover" // a session goes on from another client: a new segment
	SignOut  Verb = "sign-out" // a session ended; Parent is the session that was ended
	Forget   Verb = "forget"   // the device named in After counts as known no more

	Set        Verb = "set"        // total write of a register, group, element or effect
	Patch      Verb = "patch"      // partial write: Part of Path; it read the rest, set by Base
	Add        Verb = "add"        // an element of a set comes
	Remove     Verb = "remove"     // an element of a set goes
	Credential Verb = "credential" // a secret slot gets Version, equal to others by SecretID
	Contact    Verb = "contact"    // a contact slot gets Version with the address in After
	Confirm    Verb = "confirm"    // somebody proved to receive at the contact Version
	Drop       Verb = "drop"       // a secret or contact slot is emptied
	View       Verb = "view"       // the value at Path was shown in clear
	Move       Verb = "move"       // a movement of Amount on a ledger
	Order      Verb = "order"      // an effect in the outside world; Reads says which address and card it read

	Freeze   Verb = "freeze"   // the account was held still; Case says why
	Unfreeze Verb = "unfreeze" // let go: a false alarm, or handed back
	Hold     Verb = "hold"     // an effect was held
	Release  Verb = "release"  // a held effect was let go
	Look     Verb = "look"     // staff looked at the account, inside Case
	State    Verb = "state"    // the account's state moved; After is the new one

	Statement Verb = "statement" // the holder said something in Case; After is a Said
)

// Factor is an authenticator or contact that was presented, with the version it
// had. Those of an act of staff are what their caller was verified with.
type Factor struct {
	Path    string `json:"path"`    // the slot: "password", "totp", "email"
	Version string `json:"version"` // the version in that slot
	Proof   string `json:"proof"`   // how: "password", "totp", "passkey", "code", "link", "call"
}

// Read is a value that an act explicitly depended on: the address that an order
// goes to, the pointer that it followed, the element that a pointer names. What
// a partial write was built on is its Base.
type Read struct {
	Path string `json:"path"`
	Seq  int64  `json:"seq"` // the change that had set it
}

// Entry is what a room hands to Append.
type Entry struct {
	Account   string
	By        access.Actor // its Epoch fences the write; System and staff write under the account's present one
	Verb      Verb
	Path      string
	Part      string          // Patch only
	Value     json.RawMessage // the new value; nil means absent. Never a secret
	Version   string          // of a secret or contact, set or viewed; Append makes one for what is set if empty
	SecretID  string          // of a secret set or viewed (seal.SecretID); empty equals no other
	Stored    string          // for account.Secret.Stored; goes to its own table, never into the entry
	Amount    int64           // Move only
	Factors   []Factor        // of staff in a case Append adds what the caller was verified with
	Reads     []Read          // paths only; Append finds which change each saw
	Parent    string          // session a session came from or that was ended
	Confirmed bool            // Contact only: the holder proved to receive there already
	Erased    bool            // Remove and Drop only: at the holder's wish, never to come back; also of what somebody else removed before
	Device    string          // of an opened session or a handover: "new" or "established" with its id, see session
	Case      string
	Request   string // id of the request, or idempotency key of a step; By.Client.Request if empty
}

// Change is an entry as it stands in the history. It is never changed.
//
// What the rules read of every change stands first and together: they go through
// histories of a hundred thousand, and what they wait for is memory.
type Change struct {
	Seq     int64 // from 1, without gaps
	Verb    Verb
	Session string
	Segment int
	Parent  string
	Role    access.Role
	Path    string
	Factors []Factor
	Grant   Read            // by which somebody else acted for the holder, and the change that had set it; zero if nobody did
	After   json.RawMessage // nil: absent
	Actor   string
	Erased  bool // removed at the holder's wish, never to come back
	Total   bool // it needed no former value

	Account  string
	Epoch    int64
	At       time.Time
	Part     string
	Client   access.Client
	Before   json.RawMessage // nil: absent
	Base     int64           // the change whose value a partial write built on; 0 if none
	Reads    []Read
	Version  string
	SecretID string
	Amount   int64
	Device   string
	Case     string
	Request  string
	Hash     string // chain: hex SHA-256 over the former Hash and Commit
	Commit   string // hex SHA-256 over Nonce and the payload
	Nonce    string
}

// ofCase are the verbs that enter what staff and connectors do about an
// account without changing a fact; they are entered whatever its state is.
var ofCase = []Verb{View, Freeze, Unfreeze, Hold, Release, Look, State}

// ofAnswers are the verbs of a holder who has come to answer questions while
// the account is held still. None of them changes a fact: whoever got in there by
// a trick has gained a form, not the account.
var ofAnswers = []Verb{Recover, SignOut, Statement, Confirm}

// The words of statements about what was done.
const (
	Mine    = "mine"
	NotMine = "not-mine"
	Unsure  = "unsure"
)

// Said is what a Statement says.
type Said struct {
	Word  string   `json:"word"`  // one of these, or what an answer to a question about a value is called
	About []string `json:"about"` // what it is about: "session ID", "change SEQ", or a path
	Sure  []string `json:"sure"`  // how the holder was verified when it was said: the different proofs
}

// Said gives what a statement says; false if the change is none.
func (c Change) Said() (s Said, ok bool) {
	return s, c.Verb == Statement && json.Unmarshal(c.After, &s) == nil
}

// Admits lists the states in which an actor may enter a verb. While an account
// is frozen nobody writes to it but the case itself: an agent who changed a
// contact then would undo the freeze for whoever talked him into it.
func Admits(a access.Actor, v Verb) []account.State {
	switch {
	case a.Role == access.System:
		return []account.State{account.Open, account.Guarded, account.Frozen, account.Restoring}
	case (a.Role.Staff() || a.Role == access.Connector) && slices.Contains(ofCase, v):
		return []account.State{account.Open, account.Guarded, account.Frozen, account.Restoring}
	case a.Limited && slices.Contains(ofAnswers, v):
		return []account.State{account.Frozen, account.Restoring}
	case a.Limited:
		return nil
	}
	return []account.State{account.Open, account.Guarded}
}
