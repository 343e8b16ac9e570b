package signin

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"takeback/internal/account"
)

// Act is something in one's own account that wants a fresh proof of who does it.
type Act string

// The acts.
const (
	ActContact  Act = "contact"  // where the holder is reached
	ActPassword Act = "password" //
	ActEnrol    Act = "enrol"    // a way in that is added: passkey, app, saved codes
	ActDrop     Act = "drop"     // a way in that goes, or is replaced
	ActGrant    Act = "grant"    // who acts for the holder, and where his mail goes
	ActExport   Act = "export"   // everything that is known of him
	ActClose    Act = "close"    // the end of the account
	ActCard     Act = "card"     // what is paid with
	ActOther    Act = "other"    // whatever else a kind calls sensitive
)

// Strength is how much a fresh proof says.
type Strength int

// The strengths, weak first.
const (
	Lately Strength = iota + 1 // the password or more, in the last minutes of this session
	Strong                     // a passkey or a code, in the last minutes of this session
)

// wanted says what every act wants: of an account without a strong factor, with
// one that is new, and with one that was in place for long enough. A new one
// may be the intruder's: it must not keep the holder from his own account. But nobody
// takes a strong factor away without presenting one.
var wanted = map[Act][3]Strength{
	ActContact:  {Lately, Lately, Strong},
	ActPassword: {Lately, Lately, Strong},
	ActEnrol:    {Lately, Lately, Strong},
	ActDrop:     {Lately, Strong, Strong},
	ActGrant:    {Lately, Lately, Strong},
	ActExport:   {Lately, Lately, Strong},
	ActClose:    {Lately, Lately, Strong},
	ActCard:     {Lately, Lately, Lately},
	ActOther:    {Lately, Lately, Lately},
}

// actOf tells which act changes a path.
func actOf(kind account.Kind, path string) Act {
	switch {
	case kind.Algebra == account.ContactOf:
		return ActContact
	case path == "password":
		return ActPassword
	case strong(path) || path == "codes":
		return ActEnrol
	case kind.Grant || kind.Pattern == "forward/*":
		return ActGrant
	case kind.Pattern == "card/*":
		return ActCard
	}
	return ActOther
}

// strong tells whether a slot holds a factor that is no mere knowledge: a
// passkey or an authenticator app. Saved codes are paper, for the day when those are lost.
func strong(slot string) bool { return slot == "totp" || strings.HasPrefix(slot, keyPath) }

// standing is what an account has of strong factors, at a time.
type standing struct {
	any         bool            // there is one
	established bool            // one that was in place for long enough
	counts      map[string]bool // versions, saved codes too, that are a strong proof when they are presented
}

// stand looks at all secrets that an account ever had. Where a factor is
// established, only such a one and what was enrolled under it counts: that could
// not have been enrolled without it.
func stand(all []account.Secret, now time.Time) (s standing) {
	s.counts = map[string]bool{}
	trusted := map[string]bool{}
	for _, x := range all {
		if !x.Until.IsZero() || !strong(x.Slot) && x.Slot != "codes" {
			continue
		}
		s.counts[x.Version] = true
		trusted[x.Version] = lifts(x, now) || enrolledUnder(all, x.From)
		s.any = s.any || strong(x.Slot)
		s.established = s.established || strong(x.Slot) && trusted[x.Version]
	}
	if s.established {
		s.counts = trusted
	}
	return s
}

// enrolledUnder tells whether a strong factor was established in an account at a time.
func enrolledUnder(all []account.Secret, at time.Time) bool {
	return slices.ContainsFunc(all, func(x account.Secret) bool {
		return strong(x.Slot) && at.Sub(x.From) >= provenSince && (x.Until.IsZero() || !x.Until.Before(at))
	})
}

// wants tells how strong a proof an act needs in an account.
func (s standing) wants(act Act) Strength {
	switch {
	case s.established:
		return wanted[act][2]
	case s.any:
		return wanted[act][1]
	}
	return wanted[act][0]
}

// mayDrop tells whether a slot may be emptied: the last strong factor only goes
// when another has come, or the password alone would open what was better kept.
func mayDrop(slots []string, slot string) bool {
	return !strong(slot) || slices.ContainsFunc(slots, func(s string) bool { return s != slot && strong(s) })
}

// keyName checks what a holder calls a passkey. It stands in letters of ours:
// whoever enrolled it must not write an address or a number to call there.
func keyName(name string) error {
	digits := 0
	for i, c := range name {
		next, _ := utf8.DecodeRuneInString(name[i+utf8.RuneLen(c):])
		if strings.ContainsRune("/:@\\<>", c) || strings.ContainsRune(".。．｡", c) && next != utf8.RuneError && !unicode.IsSpace(next) {
			return ErrCharacters.On("name")
		}
		if unicode.IsDigit(c) {
			digits++
		}
	}
	if digits > 6 {
		return ErrCharacters.On("name")
	}
	return line("name", name, 40)
}
