package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/proof"
	"takeback/internal/risk"
)

// shadowFor is how long a new installation only watches: by then most of those
// who sign in every week have a profile, and the budgets have scores to go by.
const shadowFor = 14 * 24 * time.Hour

// Mode says whether decisions count.
type Mode string

// The modes.
const (
	Auto   Mode = ""       // in shadow for the first 14 days, then acting
	Shadow Mode = "shadow" // decide, show, and do nothing
	Act    Mode = "act"    // from the first event on
)

// acting tells whether decisions count at a time.
func (m Mode) acting(since, now time.Time) bool {
	return m == Act || m == Auto && now.Sub(since) >= shadowFor
}

// Share is a part of all, as the operator writes it: "2%", "20/1000", "0.02".
type Share float64

// UnmarshalText reads a share.
func (s *Share) UnmarshalText(text []byte) error {
	t := strings.ReplaceAll(string(text), " ", "")
	of := 1.0
	if n, ok := strings.CutSuffix(t, "%"); ok {
		t, of = n, 100
	} else if n, d, ok := strings.Cut(t, "/"); ok {
		whole, err := strconv.ParseFloat(d, 64)
		if err != nil || !(whole > 0) {
			return fmt.Errorf("%q is no share: write 2%%, 20/1000 or 0.02", text)
		}
		t, of = n, whole
	}
	part, err := strconv.ParseFloat(t, 64)
	if err != nil || !(part >= 0 && part <= of) {
		return fmt.Errorf("%q is no share: write 2%%, 20/1000 or 0.02", text)
	}
	*s = Share(part / of)
	return nil
}

// kindOf tells what a change is to risk; false if it is nothing to it.
func kindOf(c history.Change, algebra account.Algebra) (risk.Kind, bool) {
	switch c.Verb {
	case history.Open, history.Recover:
		return risk.SignedIn, true
	case history.Handover:
		return risk.Seen, true
	case history.Order:
		return risk.OrderPlaced, true
	case history.Set, history.Patch, history.Add, history.Remove, history.Credential, history.Contact, history.Drop:
		return kindAt(c.Path, c.Before == nil, algebra)
	}
	return 0, false
}

// kindAt tells what a change at a path is. Where letters are sent to or hidden
// is a matter of notice: who reads the holder's mail does that first.
func kindAt(path string, fresh bool, algebra account.Algebra) (risk.Kind, bool) {
	slot, _, _ := strings.Cut(path, "/")
	switch {
	case path == "email":
		return risk.EmailChanged, true
	case path == "phone":
		return risk.PhoneChanged, true
	case algebra == account.ContactOf:
		return risk.RecoveryChanged, true
	case path == "password":
		return risk.PasswordChanged, true
	case slot == "token":
		return risk.KeyMade, true
	case algebra == account.SecretOf:
		return risk.FactorChanged, true
	case slot == "forward" || slot == "filter":
		return risk.NoticeChanged, true
	case path == "export":
		return risk.Exported, true
	case slot == "address" && fresh:
		return risk.AddressAdded, true
	case slot == "card":
		return risk.CardChanged, true
	case slot == "payee" || slot == "payout":
		return risk.PayoutChanged, true
	}
	return 0, false
}

// marksOf are the marks of a change. A password alone is what an intruder has as
// well; whoever showed anything besides has proved to be the holder.
func marksOf(c history.Change) risk.Marks {
	if slices.ContainsFunc(c.Factors, func(f history.Factor) bool { return f.Proof != string(proof.Password) }) {
		return risk.Proved
	}
	return 0
}

// Outcome is what came of a decision.
type Outcome string

// The outcomes.
const (
	Unsaid    Outcome = ""
	Confirmed Outcome = "confirmed" // it was an intruder
	False     Outcome = "false"     // it was the holder
)

// The errors of this room besides those of events (package risk).
var (
	ErrUnknown = fault.New(fault.Invalid, "event.account", "There is no such account.").On("account")
	ErrBatch   = fault.New(fault.Invalid, "events.many", "Please send 1 to 100 events at once.").On("events")
)
