package seal

import (
	"context"
	"slices"
	"sync"
	"time"

	"takeback/internal/fault"
)

// ErrBusy says that more passwords wait to be checked than can be in a time
// that anybody waits. It comes before any work was done for them.
var ErrBusy = fault.New(fault.Unavailable, "signin.busy", "Very many people are signing in at this moment. Please try again in a few seconds.").After(5 * time.Second)

// waitsPerSlot is how many passwords may wait for each that is hashed at once:
// one to two seconds' worth. Of each kind of person there are as many.
const waitsPerSlot = 48

// turns hands out the right to hash, to so many at once. A hash takes 19 MiB and
// all of a core, so a flood of sign-ins must neither fill the memory nor leave
// the processor no time for the page that stops an account. Whoever waits waits
// in line; who comes when the line is full hears it at once. Those whom we know
// have a line of their own, and it goes first, three times of four.
type turns struct {
	mu        sync.Mutex
	free      int
	most      int // of each line
	known     []chan struct{}
	strangers []chan struct{}
	given     int
}

func newTurns(slots int) *turns { return &turns{free: slots, most: slots * waitsPerSlot} }

type aheadKey struct{}

// Ahead marks work for somebody whom we know: a device that signed in before, a
// session, a link of ours. Its passwords are checked before those of strangers.
func Ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

// take waits for a turn. done gives it back.
func (t *turns) take(ctx context.Context) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	line := &t.strangers
	if ctx.Value(aheadKey{}) != nil {
		line = &t.known
	}
	if len(*line) >= t.most {
		t.mu.Unlock()
		return ErrBusy
	}
	mine := make(chan struct{})
	*line = append(*line, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(*line, mine)
	if i >= 0 {
		*line = slices.Delete(*line, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 {
		t.done() // the turn came at the same moment: the next one has it
	}
	return ctx.Err()
}

// full tells whether a stranger who came now would be refused.
func (t *turns) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.free == 0 && len(t.strangers) >= t.most
}

// done hands the turn on.
func (t *turns) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given++
	line := &t.known
	if len(t.known) == 0 || len(t.strangers) > 0 && t.given%4 == 0 {
		line = &t.strangers
	}
	if len(*line) == 0 {
		t.free++
		return
	}
	close((*line)[0])
	*line = slices.Delete(*line, 0, 1)
}
