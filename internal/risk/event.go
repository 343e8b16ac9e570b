package risk

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"takeback/internal/fault"
)

// Event is something that happened in an account, or at its door.
type Event struct {
	ID      string // chosen by whoever reports it; the same one again is the same event
	Account string // as signed in to or tried; with NameUnknown a name that is no account
	At      int64  // microseconds since 1970, UTC
	Kind    Kind
	Name    string // of a Custom kind
	Session string // in which it happened; for SignedIn the one that it opened
	Device  Device
	Place   Place
	Client  Client
	Setting Setting
	Amount  int64  // what an order or a payout moves, in minor units
	Target  string // where value or letters go from now on: an address, a payee, the new contact
	Like    string // the domain that the one of a new contact looks like, with ContactLookalike; empty if nobody says
	Marks   Marks
}

// Kind is what happened.
type Kind uint8

// The kinds of events.
const (
	SignedIn        Kind = iota + 1 // a sign-in succeeded
	SignInFailed                    // a sign-in failed
	EmailChanged                    // A01
	PasswordChanged                 // A02
	PhoneChanged                    // A03
	FactorChanged                   // A04: a factor was added, replaced or removed
	RecoveryChanged                 // A05
	NoticeChanged                   // letters of notice were turned off or sent elsewhere
	AddressAdded                    // A06
	PayoutChanged                   // A07
	CardChanged                     // A07
	OrderPlaced                     // A08
	Exported                        // A09: data was taken away
	KeyMade                         // A09: a key for programs was made
	Seen                            // a session was used and nothing changed
	PromptRefused                   // V12: a request to confirm a sign-in was refused
	HolderDenied                    // H01: the holder says that an event was not theirs
	HolderConfirmed                 // H02
	NoticeBounced                   // H03: the holder cannot be warned
	Custom                          // the operator's own; Name says what
)

// kinds are the names of the kinds in events from outside.
var kinds = [...]string{
	SignedIn: "sign-in", SignInFailed: "sign-in-failed", EmailChanged: "email-changed", PasswordChanged: "password-changed",
	PhoneChanged: "phone-changed", FactorChanged: "factor-changed", RecoveryChanged: "recovery-changed",
	NoticeChanged: "notice-changed", AddressAdded: "address-added", PayoutChanged: "payout-changed", CardChanged: "card-changed",
	OrderPlaced: "order-placed", Exported: "exported", KeyMade: "key-made", Seen: "seen", PromptRefused: "prompt-refused",
	HolderDenied: "holder-denied", HolderConfirmed: "holder-confirmed", NoticeBounced: "notice-bounced", Custom: "custom",
}

// String names a kind; empty for one that does not exist.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return ""
}

// ParseKind reads the name of a kind.
func ParseKind(name string) (Kind, bool) {
	for k, s := range kinds {
		if s == name && s != "" {
			return Kind(k), true
		}
	}
	return 0, false
}

// MovesChannel tells whether an event moves a way by which the holder is warned
// or proved: contact, password, factor, notice.
func (k Kind) MovesChannel() bool { return k >= EmailChanged && k <= NoticeChanged }

// MovesValue tells whether an event moves something worth stealing.
func (k Kind) MovesValue() bool { return k >= AddressAdded && k <= KeyMade }

// Marks are facts about an event that tables know.
type Marks uint16

// The marks.
const (
	NameUnknown       Marks = 1 << iota // the name that was tried is no account
	PasswordBreached                    // V11
	ContactDisposable                   // I11: the new contact is at a disposable domain
	ContactLookalike                    // I11l: or at a domain that looks like a known one
	DeviceCopied                        // L24: the cookie of a device that keeps a key came without the key
	Proved                              // the holder was proved at it by more than a password: a challenge passed, a strong factor
)

// Device is what a client showed of a device cookie or an app's id.
type Device struct {
	Asked bool   // false: the service has no such thing, and nothing follows from it
	Token string // what the client showed; empty if it showed none
	Given string // what a sign-in that succeeded gave the client to show next time
}

// Place is where an event came from. What no table knows is zero, and is no risk.
type Place struct {
	Address netip.Addr
	Network uint32 // number of the autonomous system
	Country string // two letters
	Located bool   // Lat, Lon and ErrorKM are known
	Lat     float32
	Lon     float32
	ErrorKM float32 // how far the true place may be away
	Flags   PlaceFlags
}

// PlaceFlags say what kind of place it is.
type PlaceFlags uint16

// The flags.
const (
	Tor           PlaceFlags = 1 << iota // I01
	Hosting                              // I02
	VPN                                  // I03
	Relay                                // I04: a private relay
	Residential                          // I05: a proxy behind a household
	BadNetwork                           // I06
	Denied                               // I07: on the operator's own list
	BadReputation                        // I08
	Mobile                               // a carrier: where its addresses are says nothing
)

// Client is the program an event came from.
type Client struct {
	Agent   string // the whole user agent
	Browser string // name and version
	OS      string // name and version
	Type    string // "mobile", "desktop", …
}

// Setting is how a client is set up: what it says without being asked. What is not
// known is zero.
type Setting struct {
	Language string `json:",omitzero"` // that the client asks for, as "ja"
	Usual    string `json:",omitzero"` // that the account is kept in
	Clocked  bool   `json:",omitzero"` // Clock is known
	Clock    int16  `json:",omitzero"` // minutes that its clock is ahead of UTC
}

// maxClock is the most that a clock is ahead of UTC anywhere, and behind it, in minutes.
const maxClock = 14 * 60

// The bounds of an event's texts, in bytes. A longer user agent is cut, because
// clients of holders send absurd ones too; anything else longer is refused.
const (
	MaxID    = 128
	MaxText  = 256
	MaxAgent = 1024
)

// The faults of events. Each is returned with the field it is about.
var (
	ErrMissing  = fault.New(fault.Invalid, "event.missing", "This is missing.")
	ErrLong     = fault.New(fault.Invalid, "event.long", "This is too long.")
	ErrText     = fault.New(fault.Invalid, "event.text", "This is not text in UTF-8 without zero bytes.")
	ErrKind     = fault.New(fault.Invalid, "event.kind", "There is no such kind of event.")
	ErrFuture   = fault.New(fault.Invalid, "event.future", "This lies in the future. Please check the clock.")
	ErrAncient  = fault.New(fault.Invalid, "event.ancient", "This is too long ago to be decided on.")
	ErrPosition = fault.New(fault.Invalid, "event.position", "There is no such place on Earth.")
	ErrCountry  = fault.New(fault.Invalid, "event.country", "Please give the two letters of the country.")
	ErrClock    = fault.New(fault.Invalid, "event.clock", "No clock on Earth is that far from UTC.")
	ErrAmount   = fault.New(fault.Invalid, "event.amount", "This must not be negative.")
)

// How far the time of an event may lie from now.
const (
	maxAhead  = 5 * time.Minute
	maxBehind = 2 * 366 * 24 * time.Hour
)

// Bounded checks an event that came from outside and gives it with a user agent
// of bearable length. Now is microseconds; zero leaves out what is about now,
// for a replay of the past.
func (e Event) Bounded(now int64) (Event, error) {
	if len(e.Client.Agent) > MaxAgent {
		e.Client.Agent = cut(e.Client.Agent, MaxAgent)
	}
	for _, f := range []struct {
		name, text string
		most       int
		needed     bool
	}{
		{"id", e.ID, MaxID, true}, {"account", e.Account, MaxText, true}, {"name", e.Name, MaxText, e.Kind == Custom},
		{"session", e.Session, MaxID, false}, {"device", e.Device.Token, MaxText, false}, {"device", e.Device.Given, MaxText, false},
		{"agent", e.Client.Agent, MaxAgent, false}, {"browser", e.Client.Browser, MaxText, false}, {"os", e.Client.OS, MaxText, false},
		{"type", e.Client.Type, MaxText, false}, {"target", e.Target, MaxText, false}, {"like", e.Like, MaxText, false},
		{"language", e.Setting.Language, MaxText, false},
	} {
		switch {
		case f.needed && f.text == "":
			return Event{}, ErrMissing.On(f.name)
		case len(f.text) > f.most:
			return Event{}, ErrLong.On(f.name)
		case !utf8.ValidString(f.text) || strings.IndexByte(f.text, 0) >= 0: // no database of text keeps a zero byte
			return Event{}, ErrText.On(f.name)
		}
	}
	switch {
	case e.Kind.String() == "":
		return Event{}, ErrKind.On("kind")
	case e.At <= 0, now != 0 && e.At < now-maxBehind.Microseconds():
		return Event{}, ErrAncient.On("at")
	case e.At > maxTime, now != 0 && e.At > now+maxAhead.Microseconds():
		return Event{}, ErrFuture.On("at")
	case e.Setting.Clock < -maxClock, e.Setting.Clock > maxClock:
		return Event{}, ErrClock.On("utc_offset")
	case e.Amount < 0:
		return Event{}, ErrAmount.On("amount")
	}
	return e, e.Place.check()
}

// dayMicros is a day in the unit of Event.At.
const dayMicros = 24 * int64(time.Hour/time.Microsecond)

// maxTime is the end of the year 2140: days since 1970 fit a profile's 16 bits.
const maxTime = 62_000 * dayMicros

// check refuses a place that is on no map. Comparisons with NaN are false, so
// the coordinates are asked to be inside and not to be outside.
func (p Place) check() error {
	if p.Located && !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180 && p.ErrorKM >= 0 && p.ErrorKM <= 20_100) {
		return ErrPosition.On("place")
	}
	if c := p.Country; c != "" && (len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z') {
		return ErrCountry.On("country")
	}
	return nil
}

// cut shortens text to at most n bytes without tearing a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
