package campaign

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/session"
)

// Kind is what the accounts of a cohort have in common.
type Kind string

// The kinds.
const (
	Device  Kind = "device"  // id of a device
	Contact Kind = "contact" // an address that was set as a contact
	Agent   Kind = "agent"   // id of staff
	Network Kind = "network" // of the addresses that clients came from
)

// Kinds lists the kinds, the surest first.
var Kinds = []Kind{Device, Contact, Agent, Network}

// Key is what all accounts of a cohort saw, and when.
type Key struct {
	Kind        Kind
	Value       string
	From, Until time.Time // Until is not in it
}

// longest is how long a window may be. A cohort of all times is a cohort of everybody.
const longest = 90 * 24 * time.Hour

// The errors of keys.
var (
	ErrWindow = fault.New(fault.Invalid, "campaign.window", "The time must begin before it ends, and be no longer than 90 days.").On("from")
	ErrValue  = fault.New(fault.Invalid, "campaign.value", "This is nothing that accounts can have in common.").On("value")
)

// normal gives the key in the form that is compared.
func (k Key) normal(addressKey func(slot, address string) string) (Key, error) {
	if !k.From.Before(k.Until) || k.Until.Sub(k.From) > longest {
		return k, ErrWindow
	}
	k.Value = strings.TrimSpace(k.Value)
	switch k.Kind {
	case Device, Agent:
	case Contact:
		k.Value = ContactKey(k.Value, addressKey).Value
	case Network:
		ip, _, _ := strings.Cut(k.Value, "/")
		if _, err := netip.ParseAddr(ip); err != nil {
			return k, ErrValue.Because(err)
		}
		k.Value = session.NetworkOf(ip)
	default:
		return k, ErrValue
	}
	if k.Value == "" {
		return k, ErrValue
	}
	return k, nil
}

// ContactKey is the key of an address, in the form that is compared.
func ContactKey(address string, addressKey func(slot, address string) string) Key {
	slot := "phone"
	if strings.Contains(address, "@") {
		slot = "email"
	}
	if addressKey != nil {
		address = addressKey(slot, address)
	}
	return Key{Kind: Contact, Value: address}
}

// names tells whether a key is about somebody himself, who then decides nothing.
func (k Key) names(staff string) bool { return k.Kind == Agent && k.Value == staff }

// Seeds are where the analysis of an account begins: what of its history bears the key.
type Seeds struct {
	Sessions []string
	From     map[string]int64 // sessions from a change on
	Versions [][2]string      // slot and version of contacts
	Agents   []string
	First    time.Time // of the first of them; zero if there are none
}

// None tells whether nothing of an account bears the key.
func (s Seeds) None() bool { return s.First.IsZero() }

// Seeds finds what of a history bears the key, in its window.
func (k Key) Seeds(h []history.Change, addressKey func(slot, address string) string) (s Seeds) {
	s.From = map[string]int64{}
	begun, seen := map[string]bool{}, map[string]bool{}
	for i := range h {
		c := &h[i]
		first := !begun[c.Session]
		begun[c.Session] = true
		if c.At.Before(k.From) || !c.At.Before(k.Until) || !k.bears(c, addressKey) {
			continue
		}
		if s.First.IsZero() {
			s.First = c.At
		}
		switch {
		case k.Kind == Contact:
			s.Versions = append(s.Versions, [2]string{c.Path, c.Version})
		case k.Kind == Agent:
			s.Agents = []string{k.Value}
		case c.Session == "" || seen[c.Session]:
		case first:
			s.Sessions = append(s.Sessions, c.Session)
		default: // it went on from there: only what came then
			s.From[c.Session] = c.Seq
		}
		seen[c.Session] = true
	}
	return s
}

func (k Key) bears(c *history.Change, addressKey func(slot, address string) string) bool {
	return k.Value != "" && bornBy(k.Kind, c, addressKey) == k.Value
}

// heard gives, by kind in the order of Kinds, what a change brings an account into
// cohorts by. Of a device and a network it is the beginning of a session or of a stretch of one that counts.
func heard(c history.Change, addressKey func(slot, address string) string) (values [4]string) {
	begins := c.Role == access.Holder && slices.Contains([]history.Verb{history.Open, history.Recover, history.Derive, history.Handover}, c.Verb)
	for i, kind := range Kinds {
		if begins || c.Role != access.System && (kind == Agent || kind == Contact) {
			values[i] = bornBy(kind, &c, addressKey)
		}
	}
	return values
}

// bornBy gives what of a kind a change bears; empty if nothing.
func bornBy(kind Kind, c *history.Change, addressKey func(slot, address string) string) string {
	switch {
	case kind == Device:
		return c.Client.Device
	case kind == Network && c.Session != "":
		return session.NetworkOf(c.Client.IP)
	case kind == Agent && c.Role.Staff():
		return c.Actor
	case kind == Contact && c.Verb == history.Contact:
		address := account.Fact{Value: c.After}.Text()
		if addressKey != nil {
			address = addressKey(c.Path, address)
		}
		return address
	}
	return ""
}

// State is what became of an account.
type State string

// The states.
const (
	Clean    State = "clean"    // nothing was found: let go
	Taken    State = "taken"    // it has a case, and no plan yet
	Planned  State = "planned"  // its plan waits with others of its shape
	Aside    State = "aside"    // people must look at it by itself
	Running  State = "running"  // steps are being carried out
	Restored State = "restored" // every step was read back
	Conflict State = "conflict" // something was not as it was thought to be
)

// sampleOf is how many plans of a shape are looked at before it is approved.
const sampleOf = 5

// answersFor is for how many accounts one person may answer in a day. With more, a second one must look.
const answersFor = 1000

// atOnce is how many accounts of a shape are under way together.
const atOnce = 20

// Shape is a group of plans that do the same to the same kinds of things.
type Shape struct {
	ID      string
	Lines   []string
	Open    bool   // it asks people
	Stopped string // why it went no further: pilot, rest, aside; empty if it was not stopped

	Planned, Running, Restored, Conflicts int // accounts
	Asides                                int // whose plan was another one, or somebody's, when its turn came
	Pilots, PilotsDone, PilotFailed       int // of these; failed are conflicts and those set aside
	Allowed                               int // accounts that people answer for
}

// Accounts counts the accounts of a shape.
func (s Shape) Accounts() int { return s.Planned + s.Running + s.ended() }

// ended counts those that came to their end, whichever it was.
func (s Shape) ended() int { return s.Restored + s.Conflicts + s.Asides }

// Pilot is how many go first: one in a hundred, and at least one.
func (s Shape) Pilot() int { return max(1, (s.Accounts()+99)/100) }

// bound is the share of failures that the pilot does not rule out. After n
// without any, three in n is the most that may be there with 95 % certainty
// (the rule of three); more than one in twenty is not borne, however small the pilot.
func bound(pilot int) float64 { return min(3/float64(pilot), 0.05) }

// next tells how many accounts of a shape may begin now, and why it must stop; empty if it need not.
// An account that had to be set aside is no better a sign than one in conflict:
// either way the shape that somebody approved is not what is found.
func (s Shape) next() (begin int, stop string) {
	allowed := min(s.Allowed-s.Running-s.ended(), s.Planned)
	most := bound(s.Pilot()) * float64(s.ended())
	switch pilot := s.Pilot(); {
	case s.Stopped != "" || s.Open || allowed <= 0 && s.Running == 0 && s.Conflicts+s.Asides == 0:
		return 0, ""
	case s.PilotFailed > 0:
		return 0, "pilot"
	case s.Pilots < pilot:
		return max(0, min(pilot-s.Pilots, allowed)), ""
	case s.PilotsDone < s.Pilots:
		return 0, ""
	case float64(s.Conflicts) > most:
		return 0, "rest"
	case float64(s.Conflicts+s.Asides) > most:
		return 0, "aside"
	}
	return max(0, min(atOnce-s.Running, allowed)), ""
}

// portion is for how many more accounts somebody answers, who answers for so many already today.
func (s Shape) portion(already int) int {
	return max(0, min(s.Accounts()-s.Allowed, answersFor-already))
}

// few is how many accounts are asked for one by one whether they are in a campaign.
const few = 16

// lacking gives the accounts that are not among the members yet.
func lacking(found, members []string) (more []string) {
	slices.Sort(members)
	for _, id := range found {
		if _, in := slices.BinarySearch(members, id); !in {
			more = append(more, id)
		}
	}
	return more
}

// day is how far back it counts for how many accounts somebody answers.
const day = 24 * time.Hour
