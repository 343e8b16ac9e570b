package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/casefile"
)

const (
	sessionFor  = 12 * time.Hour
	idleFor     = time.Hour
	seenAtLeast = time.Minute // how exact "last seen" is
	promise     = 2 * time.Minute
	lookFor     = 10 * time.Minute // how long an entry lets one look
	clearFor    = 5 * time.Minute  // how long an unmasked field stays in clear
	clearQuota  = 20               // fields in clear per hour, without a supervisor's leave
	nameQuota   = 10               // tries at finding an account per hour
	linkFor     = 7 * 24 * time.Hour
)

// rates are how many tries at signing in are let through in a quarter of an hour.
const (
	tryFor     = 15 * time.Minute
	tryPerPair = 6  // for one address from one place
	tryPerName = 40 // for one address from anywhere: more would lock a person out, not an attacker
	tryPerIP   = 40
)

// Duty is whether somebody answers now.
type Duty string

// The duties.
const (
	On    Duty = "on"
	Break Duty = "break"
	Off   Duty = "off"
)

// Level is how urgent something is.
type Level string

// The levels, most urgent first.
const (
	Urgent Level = "urgent"
	Soon   Level = "soon"
	Calm   Level = "calm"
)

// Urgency says how urgent a case is, and why in a code.
type Urgency struct {
	Level Level
	Why   string
	rank  int
}

// standing is what urgency is decided from.
type standing struct {
	step     casefile.Step
	assigned bool
	call     time.Time // due time of the open call; zero if none
	asked    time.Time // oldest message of a person that waits for an answer; zero if none
	waiting  time.Duration
	now      time.Time
}

// urgency decides what comes first: a stopped account that nobody works on
// keeps its holder out; then the call that is promised; then who only wrote.
func urgency(s standing) Urgency {
	switch {
	case s.step == casefile.Frozen && !s.assigned:
		return Urgency{Urgent, "frozen", 0}
	case !s.call.IsZero() && s.call.Sub(s.now) <= promise:
		return Urgency{Urgent, "call", 1}
	case !s.asked.IsZero() && s.now.Sub(s.asked) >= 10*time.Minute:
		return Urgency{Urgent, "message", 2}
	case s.step == casefile.Reported && s.waiting >= 10*time.Minute:
		return Urgency{Soon, "reported", 3}
	case !s.asked.IsZero():
		return Urgency{Soon, "message", 4}
	case s.step == casefile.Planned:
		return Urgency{Soon, "approve", 5}
	case s.step == casefile.Reported:
		return Urgency{Soon, "reported", 6}
	case !s.call.IsZero():
		return Urgency{Calm, "booked", 7}
	case s.step == casefile.HandedBack:
		return Urgency{Calm, "watched", 9}
	}
	return Urgency{Calm, "work", 8}
}

// sortItems puts what is most urgent first, and of equals who waits longest.
func sortItems(items []Item) {
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Urgency.rank, b.Urgency.rank), cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.ID, b.ID))
	})
}

// keptShare tells how many of a hundred calls were taken in time.
func keptShare(kept, all int) int {
	if all == 0 {
		return 100
	}
	return kept * 100 / all
}

// worthALook tells whether a look needs a reason in words: work in an open case is one by itself.
func worthALook(step casefile.Step, reason string) bool { return !step.Over() || reason != "" }

// newFor is how long two people are no two pairs of eyes after one let the other in:
// as long as the link of an invitation lasts, and long enough for the others to see who is new.
const newFor = 7 * 24 * time.Hour

// letting is that somebody was let in, or in again, or to another office.
type letting struct {
	staff, by string // ids; by is empty for whoever runs the program, who is nobody's second pair of eyes
	how       string
	at        time.Time
}

// How somebody was let in.
const (
	invited   = "invited"
	renewed   = "renewed"
	appointed = "appointed"
	began     = "began" // used the link: from here on he can act
)

// tied tells whether one of two people may have the other in his hand: he let
// him in within newFor, or since the case was opened. It follows through others
// too, for who makes one puppet makes a second one to approve what the first did.
func tied(all []letting, one, other string, opened, now time.Time) bool {
	near := map[string]bool{one: true}
	for grown := true; grown; {
		grown = false
		for _, l := range all {
			recent := !l.at.Before(opened) || now.Sub(l.at) < newFor
			if l.by != "" && recent && near[l.by] != near[l.staff] {
				near[l.by], near[l.staff], grown = true, true, true
			}
		}
	}
	return near[other]
}

// mayBe tells which roles staff can have.
func mayBe(r access.Role) bool { return r.Staff() }

// hide masks what is neither an address nor a number: who knows it knows it again.
func hide(s string) string {
	s = strings.TrimSpace(s)
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" || r == utf8.RuneError || !unicode.IsPrint(r) {
		return ""
	}
	return string(r) + "***"
}

// weak says whether a password of staff is too weak to guard other people's
// accounts: length counts, not signs. score is an estimate from 0 to 4.
func weak(password string, score int) bool {
	return utf8.RuneCountInString(password) < 12 || score < 3
}

// isID tells an account's id from an address.
func isID(s string) bool { return !strings.Contains(s, "@") }
