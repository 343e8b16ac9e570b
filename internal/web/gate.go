package web

import (
	"context"
	"net/http"
	"time"
)

// Gate stands in front of what programs send in masses. Picture puzzle and proof
// of work are two; an installation chooses.
type Gate interface {
	// Ask gives what the block "gate" shows in a form, for a purpose: what was
	// answered for one form opens no other. Nothing is kept until it is answered.
	Ask(purpose string) (GateView, error)
	// Check reads the answer in a form and uses it up, right or wrong.
	Check(r *http.Request, f *Form, purpose string) error
}

// GateView is what the block "gate" needs in a view: a field named Gate. The
// zero value asks for nothing.
type GateView struct {
	Puzzle string // what the picture shows, sealed
	Proof  string // where the browser finds what it shall work out; empty: only the puzzle will do
}

// SpentStore remembers what was answered, so that it counts once, on whichever
// process. A room implements it.
type SpentStore interface {
	// Spend tells whether an answer is used for the first time. It may be
	// forgotten after a time, when it would be too late anyway.
	Spend(ctx context.Context, id string, until time.Time) (first bool, err error)
}
