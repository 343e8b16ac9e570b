package notice

import (
	"slices"
	"time"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// eventOf tells what a change is to a reader; empty if nobody is told of it.
// known is whether the device of a session was used before, first whether the
// session is the one that follows a registration.
func eventOf(c history.Change, tell account.Tell, known, first bool) mail.Event {
	if quiet(c) {
		return ""
	}
	switch c.Verb {
	case history.Open, history.Recover, history.Handover:
		if !known && !first {
			return mail.SignedIn
		}
		return ""
	case history.Add:
		return told(tell, mail.Added)
	case history.Remove, history.Drop:
		return told(tell, mail.Removed)
	case history.Set, history.Patch, history.Credential, history.Contact, history.Move, history.Order:
		if c.Before == nil && c.Path != account.Closing {
			return told(tell, mail.Added)
		}
		return told(tell, mail.Changed)
	}
	return ""
}

const (
	firstFor       = 24 * time.Hour // how long after a registration its holder may come for the first time
	registrationIn = time.Minute    // how long the facts of a registration take to be written
)

// firstOf tells whether the first session of an account, at a time, is its
// holder's who has just registered: the account is young, and has nothing but what it began with. An account that a service made and filled has a holder
// who may never have come here, and its first session may be anybody's.
func firstOf(created, at time.Time, facts []account.Fact) bool {
	return at.Sub(created) < firstFor && !slices.ContainsFunc(facts, func(f account.Fact) bool {
		return f.Since.Sub(created) >= registrationIn
	})
}

func told(tell account.Tell, e mail.Event) mail.Event {
	if tell == account.TellAll {
		return e
	}
	return ""
}

// quiet tells whether a change has letters of its own: a registration, what a
// case does to put things back, and a session that was opened in one by a link in
// a letter to its holder, of which the intruder's addresses need not hear. What a person of ours changes is told like
// anything else: an insider is an intruder, too.
func quiet(c history.Change) bool {
	return c.Role == access.System && (c.Actor == "register" || c.Actor == "restore" || c.Case != "") || c.Verb == history.Recover && c.Case != ""
}

// reader is an address that is told, and the contact version it is told as.
type reader struct {
	to      mail.Address
	version string
}

// readers picks who is told of the change with number seq, out of every version
// of every contact the account had and of those it held lately. untold are the
// slots that cannot be written to.
//
// Not told are the version that this change brings in, and one that nobody ever
// confirmed and that took the place of another: it may be a stranger's, mistyped.
func readers(all, held []account.Contact, replaced account.Contact, seq int64) (to []reader, untold []string) {
	if replaced.Address != "" && !slices.ContainsFunc(held, func(c account.Contact) bool {
		return c.Slot == replaced.Slot && c.Address == replaced.Address && c.SetSeq != seq
	}) {
		held = append(slices.Clip(held), replaced)
	}
	for _, c := range held {
		if seq != 0 && c.SetSeq == seq || c.ConfirmedAt.IsZero() && replacedAnother(all, c) {
			continue
		}
		address, err := mail.ParseAddress(c.Address)
		if err != nil {
			if !slices.Contains(untold, c.Slot) {
				untold = append(untold, c.Slot) // a telephone, or an address that no letter can go to
			}
			continue
		}
		i := slices.IndexFunc(to, func(r reader) bool { return r.to.Key() == address.Key() })
		if i < 0 {
			to = append(to, reader{address, c.Version})
			continue
		}
		to[i].version = better(all, to[i].version, c.Version)
	}
	return to, untold
}

// heldLately picks, of every version of every contact, those that are told of a change: whatever was held in the last account.ToldFor.
func heldLately(all []account.Contact, now time.Time) (held []account.Contact) {
	for _, c := range all {
		if c.HeldSince(now.Add(-account.ToldFor)) {
			held = append(held, c)
		}
	}
	return held
}

// replacedAnother tells whether a slot had held another contact before c.
func replacedAnother(all []account.Contact, c account.Contact) bool {
	return slices.ContainsFunc(all, func(o account.Contact) bool { return o.Slot == c.Slot && o.SetSeq < c.SetSeq && o.Address != c.Address })
}

// better gives the version of an address that was set first: by it the desk knows how long it was held.
func better(all []account.Contact, a, b string) string {
	for _, c := range all {
		if c.Version == a || c.Version == b {
			return c.Version
		}
	}
	return a
}

// recovers tells until when a contact that was given up is still good for
// recovery; zero for one that is held, and for one that never was.
func recovers(contacts []account.Contact, version string, now time.Time) (until time.Time) {
	i := slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Version == version })
	if i < 0 || contacts[i].Until.IsZero() {
		return until
	}
	for _, s := range account.Standings(contacts, now) {
		if s.Version == version && s.Good {
			until = s.Until
		}
	}
	return until
}

// masked shows a value so that its owner knows it again and nobody else learns it.
func masked(kind account.Kind, f account.Fact) string {
	if f.Value == nil {
		return ""
	}
	switch kind.Algebra {
	case account.ContactOf:
		return mail.Mask(f.Text())
	case account.Register:
		return initial(f.Text())
	case account.Group, account.Element:
		p := f.Parts()
		if p["last4"] != "" {
			return p["brand"] + " •••• " + p["last4"]
		}
		return initial(p["line"])
	}
	return "" // a secret has nothing to show; money has its own letters
}

func initial(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" || r == utf8.RuneError {
		return ""
	}
	return string(r) + "***"
}
