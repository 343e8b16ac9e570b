package connector

import (
	"context"
	"encoding/json"
	"time"

	"takeback/internal/access"
	"takeback/internal/fault"
)

// Port is a system that holds facts of an account.
//
// An error says that nothing is known: the call may have landed or not. Whoever
// gets one reads what is there, or comes again with the same key.
type Port interface {
	// Read gives the present value at a path; one without JSON if there is none.
	Read(ctx context.Context, account, path string) (Value, error)
	// CompareAndSet writes, if what is there is what the call expects.
	CompareAndSet(ctx context.Context, c Call) (Outcome, error)
	// Kill ends whatever carries authority that was given before the fence's epoch.
	Kill(ctx context.Context, account string, f Fence) error
}

// Prober is a port that can prove a Kill by trying.
type Prober interface {
	// Probe counts what still carries authority from before the fence's epoch.
	Probe(ctx context.Context, account string, f Fence) (alive int, err error)
}

// Bounder is a port whose calls under way may land later than their answer.
type Bounder interface {
	// Bound is the longest time that a call under way may still land.
	Bound() time.Duration
}

// Forgetful is a port that may not know the key of an earlier call, so that a
// call whose answer was lost must not be made again where the value cannot tell.
type Forgetful interface {
	Forgets() bool
}

// Value is what a path holds.
type Value struct {
	JSON    json.RawMessage // nil: nothing. A secret is the label of its version
	Version string          // of a secret
}

// Fence says whose turn it is: the account's epoch, and within it the number of
// the lease. A port refuses whoever comes with less than it has seen.
type Fence struct {
	Epoch int64
	Lease int64
}

// Below tells whether f has lost its turn to g.
func (f Fence) Below(g Fence) bool {
	return f.Epoch < g.Epoch || f.Epoch == g.Epoch && f.Lease < g.Lease
}

// Call is one conditional write.
type Call struct {
	Account string
	Path    string
	Pre     json.RawMessage // what must be there; nil: nothing
	Want    json.RawMessage // what is there afterwards; nil: nothing
	Version string          // of a secret or contact that returns: the one it had
	Key     string          // the same key is the same act
	Fence   Fence
	By      access.Actor // for the history
	Case    string       // for the history
}

// Outcome is what became of a call.
type Outcome string

// The outcomes.
const (
	Applied  Outcome = "applied"  // what was wanted was written, now or by an earlier call of this key
	Conflict Outcome = "conflict" // something else was there; nothing was written
)

// ErrFence says that somebody else's turn has come.
var ErrFence = fault.New(fault.Conflict, "connector.fence", "Somebody else is working on this account by now.")
