package signin

import (
	"sync"
	"time"

	"takeback/internal/fault"
)

// ErrSlow says that somebody tries too often. It carries how long to wait.
var ErrSlow = fault.New(fault.TooMany, "signin.slow", "Too many tries. Please wait a little before you try again.")

// most is how many names tries remembers.
const most = 100_000

// looked is how many names are looked at to find the one to forget.
const looked = 16

// tries counts attempts by name ("sign-in a@b.jp from 192.0.2.1"). It lies in
// the memory of one process: after a restart, or on a second machine, counting
// begins anew, which lets an attacker have a few more tries and never locks a
// holder out for good. What must hold across processes (five tries for a code,
// a link used once) is counted in the database. The zero value is ready.
type tries struct {
	mu   sync.Mutex
	seen map[string]*count
}

type count struct {
	n     int
	since time.Time
	until time.Time
}

// limit is how many attempts a name has within a time.
type limit struct {
	most int
	per  time.Duration
}

// take uses up one attempt, or gives ErrSlow.
func (t *tries) take(now time.Time, name string, l limit) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]*count{}
	}
	c := t.seen[name]
	if c == nil || !now.Before(c.until) {
		if c == nil && len(t.seen) >= most {
			t.makeRoom(now)
		}
		c = &count{since: now, until: now.Add(l.per)}
		t.seen[name] = c
	}
	if c.n >= l.most {
		return ErrSlow.After(c.until.Sub(now))
	}
	c.n++
	return nil
}

// forget gives the attempts of a name back, after it was right.
func (t *tries) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.seen, name)
}

// full tells whether a name has no attempts left, without using one up.
func (t *tries) full(now time.Time, name string, l limit) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.seen[name]
	return c != nil && now.Before(c.until) && c.n >= l.most
}

// giveBack gives one attempt of a name back: it was right.
func (t *tries) giveBack(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.seen[name]; c != nil && c.n > 0 {
		c.n--
	}
}

// makeRoom forgets one name at least. A flood of names, each tried once, must
// neither fill the memory nor make us forget who has tried often: of a few names
// met by chance those that are over go, or else the one with the fewest attempts.
func (t *tries) makeRoom(now time.Time) {
	left, least := looked, ""
	for name, c := range t.seen {
		if !now.Before(c.until) {
			delete(t.seen, name)
		} else if l := t.seen[least]; l == nil || c.n < l.n || c.n == l.n && c.since.Before(l.since) {
			least = name
		}
		if left--; left == 0 {
			break
		}
	}
	if len(t.seen) >= most {
		delete(t.seen, least)
	}
}
