package demo

import (
	"sync"
	"time"
)

// Clock is the clock of a demo. It can stand in the past while a past is
// written, and goes with the real time, or at a distance from it, afterwards.
type Clock struct {
	mu   sync.Mutex
	held time.Time     // stands there if not zero
	late time.Duration // how far it is behind the real time while it goes
}

// Now gives the time that it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held.IsZero() {
		return c.held
	}
	return time.Now().Add(-c.late)
}

// Stand makes it stand at a time.
func (c *Clock) Stand(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = at
}

// Go lets it go on, this far behind the real time.
func (c *Clock) Go(late time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.late = time.Time{}, late
}
