package mail

import "time"

// Body is what a letter says: one of the structs of this file. Its strings are
// plain text in the letter's language, already masked where the reader may not
// see the whole; links are paths ("/confirm/…") or URLs of the same site. Times
// are UTC; the letter shows them in the reader's zone too. What carries authority
// says so: letter:"link" and letter:"code" are for the reader of the letter alone
// and in no copy of it; letter:"page" is a page that anybody may open.
type Body interface{ Kind() Kind }

// Kind names a letter; its templates are templates/KIND.LANGUAGE.txt and .html.
type Kind string

// The kinds.
const (
	KindConfirmAddress    Kind = "confirm-address"
	KindAlreadyRegistered Kind = "already-registered"
	KindConfirmChange     Kind = "confirm-change"
	KindNotice            Kind = "notice"
	KindFrozen            Kind = "frozen"
	KindCode              Kind = "code"
	KindReset             Kind = "reset"
	KindRecover           Kind = "recover"
	KindRecovering        Kind = "recovering"
	KindResetDone         Kind = "reset-done"
	KindCallbackBooked    Kind = "callback-booked"
	KindAnswer            Kind = "answer"
	KindFalseAlarm        Kind = "false-alarm"
	KindUndone            Kind = "undone"
	KindQuestions         Kind = "questions"
	KindHandBack          Kind = "hand-back"
	KindInvitation        Kind = "invitation"
	KindClosing           Kind = "closing"
)

// ConfirmAddress asks whoever registered to prove that he receives here.
type ConfirmAddress struct {
	Link  string `letter:"link"`
	Until time.Time
}

// AlreadyRegistered goes out when somebody tries to register with an address
// that has an account: the page tells him nothing, the letter tells the holder.
type AlreadyRegistered struct {
	At    time.Time
	IP    string
	Place string // rough; may be empty
}

// ConfirmChange goes to the new address of an account. It must not tell the old
// one: the new address may be a stranger's, mistyped.
type ConfirmChange struct {
	Link  string `letter:"link"`
	Until time.Time
}

// Event is what a Notice reports.
type Event string

// The events.
const (
	Changed   Event = "changed"
	Added     Event = "added"
	Removed   Event = "removed"
	Requested Event = "requested" // asked for; takes effect at Notice.Due unless stopped
	Cancelled Event = "cancelled" // a requested change was taken back
	SignedIn  Event = "signed-in" // from a device not seen before
	// WrongSecond is a right password whose second step failed: nobody is in, but somebody may know the password.
	WrongSecond Event = "wrong-second"
	// Listed is a right password that is on a list which intruders try. It was nobody's change.
	Listed Event = "listed"
	// Replayed is a token of the service What that was used twice: somebody may have copied it. It is over.
	Replayed Event = "replayed"
	// CopiedKey is a passkey of which there seem to be two; it was refused.
	CopiedKey Event = "copied-key"
)

// Notice tells the holder of a sensitive change or of a sign-in from a new device.
type Notice struct {
	Event      Event
	What       string // a noun: "e-mail address", "メールアドレス"; empty for SignedIn, WrongSecond, Listed and CopiedKey
	From       string // masked as given; empty: not shown
	To         string // masked; empty: not shown
	At         time.Time
	Due        time.Time // Requested only
	IP         string
	Place      string    // rough: "near Osaka, Japan"; may be empty
	Device     string    // in words: "Chrome on Windows"; may be empty
	ByStaff    bool      // done by our own people, not inside the account
	NotMe      string    `letter:"link"`
	NotMeUntil time.Time // when the link ends
	Recovers   time.Time // the reader's address was given up: until when the account can still be recovered there; else zero
}

// Closing tells of the end of an account: that it was asked for (Requested), was
// taken back (Cancelled), or has come (Changed).
type Closing struct {
	Event      Event
	At         time.Time
	Due        time.Time // Requested only: when the account ends
	IP         string
	Place      string    // may be empty
	Device     string    // may be empty
	NotMe      string    `letter:"link"`
	NotMeUntil time.Time // when the link ends
}

// Frozen tells the holder that his account is held still.
type Frozen struct {
	Case string // number people can read out
	At   time.Time
	Held []string // orders that were stopped, in words; may be empty
	Link string   `letter:"link"` // the contact page of the case
}

// Code carries a six-digit code.
type Code struct {
	Code    string `letter:"code"`
	Until   time.Time
	Purpose string // "to show that the account is yours"; may be empty
}

// Reset carries the link to set a new password.
type Reset struct {
	Link  string `letter:"link"`
	Until time.Time
	IP    string // who asked
	Place string
}

// Recover carries the link to the way back in for somebody who lost his second factor.
type Recover struct {
	Link  string `letter:"link"`
	Until time.Time
	IP    string // who asked; may be empty
	Ready bool   // the wait is over: the link sets a new password
}

// Recovering tells that somebody wants back in without a second factor and
// waits, or that it was stopped.
type Recovering struct {
	At         time.Time
	Due        time.Time // when it goes on
	Stopped    bool
	IP         string
	Device     string    // may be empty
	Stop       string    `letter:"link"` // stops it; empty once it is stopped
	NotMe      string    `letter:"link"`
	NotMeUntil time.Time // when that link ends
}

// ResetDone tells that a new password was set by a mailed link.
type ResetDone struct {
	At         time.Time
	IP         string
	Place      string
	Device     string
	NotMe      string `letter:"link"`
	NotMeUntil time.Time
}

// CallbackBooked says that a person will call.
type CallbackBooked struct {
	Case   string
	Phone  string        // masked
	At     time.Time     // zero: as soon as somebody is free
	Within time.Duration // what we promise when At is zero; zero promises nothing
	Link   string        `letter:"link"` // the contact page of the case
}

// Answer is a reply of the desk.
type Answer struct {
	Case   string
	Text   string `letter:"text"` // paragraphs parted by empty lines
	Signed string // the person who wrote it
	Link   string `letter:"link"` // where to answer
}

// FalseAlarm is the letter at the end of a story without an intruder: the account
// was stopped, it was the holder all along, and what was held or undone is let go
// or as he left it. A person signs it.
type FalseAlarm struct {
	Case     string
	Personal string    `letter:"text"` // words of the person who signs; may be empty
	Stopped  time.Time // when the account was stopped
	At       time.Time // when it is the holder's again
	Held     []string  // orders that waited and go on, in words
	Lost     []Charge  // orders that were called back or made good, which stays so
	PutBack  []string  // what we had changed and is again as the holder left it: "delivery address"
	Open     []string  // what could not be put back or must be asked, in words
	Password bool      // it was made void and must be set anew
	Enrol    []string  // what else was made void: "authenticator app"
	Watched  time.Time // until when the account is watched; zero: it is not
	Signed   string    // the person; may be empty
	SignedAs string    // that person's office; may be empty
	Link     string    `letter:"link"` // where to ask; empty: /contact
}

// Undone tells that an account which was stopped was let go by its holder himself.
type Undone struct {
	Case       string
	Stopped    time.Time
	At         time.Time
	By         []string  // what was presented: "passkey"
	NotMe      string    `letter:"link"`
	NotMeUntil time.Time // when the link ends
}

// Questions leads a proved holder to the page on which she answers what only she can know.
type Questions struct {
	Case  string
	Link  string `letter:"link"`
	Until time.Time
}

// Invitation carries the link with which a member of staff sets up how he signs
// in at the desk. It goes to his own address and is shown to nobody else.
type Invitation struct {
	By    string // who invites
	Link  string `letter:"link"`
	Until time.Time
}

// HandBack is the letter at the end of the story: what happened, what was put
// back, and how to come back in. A person signs it.
type HandBack struct {
	Case     string
	Personal string        `letter:"text"` // words of the person who signs; may be empty
	Story    []Moment      // oldest first
	PutBack  []PutBack     // as the intruder left it, as it is again
	Open     []string      // what could not be put back or must be asked, in words
	Charges  []Charge      // empty: nothing was charged
	Cards    []string      // "Visa •••• 4242": must be entered again before the next payment
	Enrol    []string      // what must be set up again: "authenticator app"
	Password string        `letter:"page"` // the reset page; empty: /reset
	TwoStep  string        `letter:"page"` // where two-step sign-in is set up; empty: /security
	Watched  time.Time     // until when the account is watched
	Hold     time.Duration // how long the things in Waits wait; zero: 72 hours
	Waits    []string      // "a new e-mail address"; empty: contacts, payees and exports
	Signed   string        // the person
	SignedAs string        // that person's office: "Account protection desk"; may be empty
}

// Moment is one event of a story.
type Moment struct {
	At    time.Time
	Words string
}

// PutBack is one thing that was restored.
type PutBack struct{ What, Before, After string }

// Charge is one amount of money that moved.
type Charge struct{ What, Amount, State string }

// Kind implements Body.
func (ConfirmAddress) Kind() Kind { return KindConfirmAddress }

// Kind implements Body.
func (AlreadyRegistered) Kind() Kind { return KindAlreadyRegistered }

// Kind implements Body.
func (ConfirmChange) Kind() Kind { return KindConfirmChange }

// Kind implements Body.
func (Notice) Kind() Kind { return KindNotice }

// Kind implements Body.
func (Closing) Kind() Kind { return KindClosing }

// Kind implements Body.
func (Frozen) Kind() Kind { return KindFrozen }

// Kind implements Body.
func (Code) Kind() Kind { return KindCode }

// Kind implements Body.
func (Reset) Kind() Kind { return KindReset }

// Kind implements Body.
func (Recover) Kind() Kind { return KindRecover }

// Kind implements Body.
func (Recovering) Kind() Kind { return KindRecovering }

// Kind implements Body.
func (ResetDone) Kind() Kind { return KindResetDone }

// Kind implements Body.
func (CallbackBooked) Kind() Kind { return KindCallbackBooked }

// Kind implements Body.
func (Answer) Kind() Kind { return KindAnswer }

// Kind implements Body.
func (FalseAlarm) Kind() Kind { return KindFalseAlarm }

// Kind implements Body.
func (Invitation) Kind() Kind { return KindInvitation }

// Kind implements Body.
func (Undone) Kind() Kind { return KindUndone }

// Kind implements Body.
func (Questions) Kind() Kind { return KindQuestions }

// Kind implements Body.
func (HandBack) Kind() Kind { return KindHandBack }
