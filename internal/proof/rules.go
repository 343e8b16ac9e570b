package proof

import (
	"slices"
	"time"
)

// Method is a way to show that one is the holder.
type Method string

// The methods.
const (
	Link     Method = "not-me"     // came by a link in a letter to a contact
	Code     Method = "email-code" // typed a code that was mailed to a contact
	Text     Method = "text-code"  // typed a code that came by text message
	Callback Method = "call-back"  // answered at a number that was on file before
	Saved    Method = "saved-code" // typed one of the codes kept on paper
	Passkey  Method = "passkey"    // presented a passkey
	App      Method = "app-code"   // typed a code of the authenticator app
	Password Method = "password"   // knew the password
	Question Method = "question"   // knew something from the history
)

// Class is what a method shows that a person has. Two methods of one class are one proof: whoever
// reads a mailbox has every letter in it.
type Class string

// The classes.
const (
	Mailbox   Class = "mailbox"
	Phone     Class = "phone"
	Paper     Class = "paper"
	Key       Class = "key"
	Device    Class = "app"
	Knowledge Class = "knowledge" // what one knows another one can know
)

// Row is what one method counts for.
type Row struct {
	Method  Method
	Class   Class
	Returns bool // with one of another class it returns an account that was taken, and gets a holder back in at once
	Alone   bool // alone it undoes a freeze that was a mistake: it cannot be talked out of anybody
	Half    bool // two of these of different classes undo one
}

// Table is what every method counts for. docs/proofs.md says why.
var Table = []Row{
	{Method: Link, Class: Mailbox, Returns: true},
	{Method: Code, Class: Mailbox, Returns: true},
	{Method: Text, Class: Phone, Returns: true},
	{Method: Callback, Class: Phone, Returns: true},
	{Method: Saved, Class: Paper, Returns: true},
	{Method: Passkey, Class: Key, Returns: true, Alone: true},
	{Method: App, Class: Device, Returns: true, Half: true},
	{Method: Password, Class: Knowledge, Half: true},
	{Method: Question, Class: Knowledge},
}

// Row gives the line of a method; what is not in the table counts for nothing.
func (m Method) Row() Row {
	i := slices.IndexFunc(Table, func(r Row) bool { return r.Method == m })
	if i < 0 {
		return Row{Method: m, Class: Knowledge}
	}
	return Table[i]
}

// Class tells what a method shows.
func (m Method) Class() Class { return m.Row().Class }

// Classes lists the different things that good proofs show which count for a return.
func Classes(good []Method) (all []Class) {
	for _, m := range good {
		if r := m.Row(); r.Returns && !slices.Contains(all, r.Class) {
			all = append(all, r.Class)
		}
	}
	slices.Sort(all)
	return all
}

// Undoes tells whether good proofs suffice to undo a freeze that was a mistake.
func Undoes(good []Method) bool {
	var halves []Class
	for _, m := range good {
		r := m.Row()
		if r.Alone {
			return true
		}
		if r.Half && !slices.Contains(halves, r.Class) {
			halves = append(halves, r.Class)
		}
	}
	return len(halves) >= 2
}

// How long a holder waits who has lost his second factor and has less than two
// proofs. It is time for the letters about it to be read: whoever did not ask stops it.
const (
	WithPassword = 72 * time.Hour
	OneMailbox   = 7 * 24 * time.Hour
)

// Wait tells how long somebody waits who wants to get back into an account by
// good proofs, and false if they do not suffice at all. factors says whether the
// account has a second factor: without one a mailbox has always been enough, and
// with one a reset must not be a way around it.
func Wait(good []Method, factors bool) (time.Duration, bool) {
	classes := Classes(good)
	switch {
	case len(classes) == 0:
		return 0, false
	case len(classes) >= 2 || !factors:
		return 0, true
	case slices.Contains(good, Password):
		return WithPassword, true
	}
	return OneMailbox, true
}
