package account

import (
	"fmt"
	"strings"
	"time"
)

// Algebra is what a path is: how values come to be and how they are put back.
type Algebra string

// The algebras.
const (
	Register  Algebra = "register" // last write wins
	Group     Algebra = "group"    // a register whose parts make sense together
	Element   Algebra = "element"  // of a set: it exists or not, and has parts
	ContactOf Algebra = "contact"  // where the holder is reached
	SecretOf  Algebra = "secret"   // never put back
	Ledger    Algebra = "ledger"   // only movements
	Effect    Algebra = "effect"   // something done in the outside world
)

// Tell says who hears of a change.
type Tell string

// Who is told.
const (
	TellNobody Tell = ""    // ordinary: the history page shows it
	TellAll    Tell = "all" // every contact held in the last 30 days
)

// Kind is what a path is. A shop declares its own in the configuration file.
type Kind struct {
	Pattern   string        // "email", "address/*": a trailing * stands for one or more characters without a slash
	Algebra   Algebra       //
	Parts     []string      // of a group or element; nil allows any
	Sensitive bool          // reading it in clear is an entry; changing it wants the password again
	Tell      Tell          // who hears of a change
	Hold      time.Duration // how long a change waits while the account is guarded; 0 for not at all
	Grant     bool          // of an element: it lets somebody else act in the account
	Points    string        // of a register that names an element: the set it is of
	Label     map[string]string
}

// guardedHold is how long contacts, payees and exports wait after a hand-back:
// time for the letter about it to be read and answered.
const guardedHold = 72 * time.Hour

// Closing is the path at which stands that an account was closed at its holder's wish.
const Closing = "closing"

// builtIn are the kinds every account has.
var builtIn = []Kind{
	{Pattern: "name", Algebra: Register, Tell: TellAll},
	{Pattern: "language", Algebra: Register},
	{Pattern: "default/address", Algebra: Register, Points: "address"},
	{Pattern: "default/card", Algebra: Register, Points: "card"},
	{Pattern: "note/*", Algebra: Register},
	{Pattern: "profile", Algebra: Group, Parts: []string{"family", "given", "kana"}},
	{Pattern: "prefs", Algebra: Group},
	{Pattern: "address/*", Algebra: Element, Parts: []string{"to", "post", "line"}, Tell: TellAll},
	{Pattern: "card/*", Algebra: Element, Parts: []string{"token", "brand", "last4", "expiry"}, Sensitive: true, Tell: TellAll},
	{Pattern: "forward/*", Algebra: Element, Sensitive: true, Tell: TellAll, Hold: guardedHold},
	{Pattern: "filter/*", Algebra: Element, Tell: TellAll},
	{Pattern: "delegate/*", Algebra: Element, Sensitive: true, Tell: TellAll, Hold: guardedHold, Grant: true},
	{Pattern: "household/*", Algebra: Element, Sensitive: true, Tell: TellAll, Hold: guardedHold, Grant: true},
	{Pattern: "email", Algebra: ContactOf, Sensitive: true, Tell: TellAll, Hold: guardedHold},
	{Pattern: "phone", Algebra: ContactOf, Sensitive: true, Tell: TellAll, Hold: guardedHold},
	{Pattern: "email/*", Algebra: ContactOf, Sensitive: true, Tell: TellAll, Hold: guardedHold},
	{Pattern: "password", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "totp", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "passkey/*", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "passkey-name/*", Algebra: Register}, // what the holder calls it
	{Pattern: "codes", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "token/*", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "link/*", Algebra: SecretOf, Sensitive: true, Tell: TellAll},
	{Pattern: "export", Algebra: Register, Sensitive: true, Tell: TellAll, Hold: guardedHold}, // that the holder may take a copy of everything
	{Pattern: Closing, Algebra: Register, Sensitive: true, Tell: TellAll},
	{Pattern: "points", Algebra: Ledger},
	{Pattern: "wallet", Algebra: Ledger, Sensitive: true},
	{Pattern: "order/*", Algebra: Effect},
}

// Kinds knows what every path is. The zero Kinds knows nothing; see NewKinds.
type Kinds struct {
	exact  map[string]Kind
	prefix map[string]Kind // by what stands before the "*"
}

// NewKinds gives the built-in kinds and those a configuration declares. It
// refuses two kinds for one pattern, so that a shop cannot make a password a register.
func NewKinds(own ...Kind) (Kinds, error) {
	k := Kinds{map[string]Kind{}, map[string]Kind{}}
	for _, kind := range append(builtIn[:len(builtIn):len(builtIn)], own...) {
		in, key := k.exact, kind.Pattern
		if p, ok := strings.CutSuffix(kind.Pattern, "*"); ok {
			in, key = k.prefix, p
		}
		if err := kind.check(); err != nil {
			return Kinds{}, err
		}
		if _, taken := in[key]; taken {
			return Kinds{}, fmt.Errorf("kind %q: declared twice", kind.Pattern)
		}
		in[key] = kind
	}
	return k, nil
}

func (k Kind) check() error {
	prefix, _ := strings.CutSuffix(k.Pattern, "*")
	if strings.HasSuffix(k.Pattern, "*") && !strings.HasSuffix(prefix, "/") || strings.Contains(prefix, "*") || prefix == "" {
		return fmt.Errorf("kind %q: the path is words joined by slashes, with a * only as the last word", k.Pattern)
	}
	switch k.Algebra {
	case Register, Group, Element, ContactOf, SecretOf, Ledger, Effect:
	default:
		return fmt.Errorf("kind %q: algebra %q is none of register, group, element, contact, secret, ledger, effect", k.Pattern, k.Algebra)
	}
	if k.Tell != TellNobody && k.Tell != TellAll {
		return fmt.Errorf("kind %q: tell is %q, not empty or \"all\"", k.Pattern, k.Tell)
	}
	if k.Grant && k.Algebra != Element {
		return fmt.Errorf("kind %q: only an element can be a grant", k.Pattern)
	}
	if k.Hold < 0 {
		return fmt.Errorf("kind %q: hold is negative", k.Pattern)
	}
	return nil
}

// Of tells what a path is; false if nobody declared it.
func (k Kinds) Of(path string) (Kind, bool) {
	if kind, ok := k.exact[path]; ok {
		return kind, true
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 || i == len(path)-1 || len(path) > 200 {
		return Kind{}, false
	}
	kind, ok := k.prefix[path[:i+1]]
	return kind, ok
}
