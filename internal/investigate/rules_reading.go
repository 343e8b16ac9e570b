package investigate

import (
	"sync"

	"takeback/internal/access"
	"takeback/internal/history"
)

// reading is what a history says whoever the intruder is: who did what to what,
// with numbers for names. The rules go over numbers alone, and come back to the
// history for what people will read. Of every kind of number 0 stands for none.
//
// Its two halves know nothing of one another, so that two can read at once.
type reading struct {
	h []history.Change

	// Who was there, and with what.
	lines     []line  // by change
	sessions  names   // in the order in which they are first seen
	begins    []int32 // by number of session: the change in which that is
	things    things
	presented []int32 // things

	// Where.
	spots    []spot // by change
	paths    names
	followed []int32 // numbers of paths
}

// line is who made a change, and with what.
type line struct {
	act      act
	system   bool  // a job of ours did it
	staff    bool  // or somebody who answers
	visit    int32 // number of the session
	parent   int32 // of the one it came out of, if that was there before
	segment  int32
	thing    int32 // the secret or address that it set or showed
	from, to int32 // what it presented, in reading.presented
}

// spot is where a change was made.
type spot struct {
	place          int32 // number of its path
	grant          int32 // number of the path of the grant it was made by
	reads, readsTo int32 // the paths that an order followed, in reading.followed
}

// act is a verb as the rules tell verbs apart.
type act uint8

const (
	other    act = iota // nothing that the rules go by
	opens               // a session
	recovers            // one, through a contact
	derives             // one, out of another
	stepsUp             // in a session
	views
	moves // those from here on change a fact
	orders
	patches
	writes // a whole value
	drops
	setsSecret
	setsContact
)

func actOf(v history.Verb) act {
	switch v {
	case history.Open:
		return opens
	case history.Recover:
		return recovers
	case history.Derive:
		return derives
	case history.StepUp:
		return stepsUp
	case history.View:
		return views
	case history.Move:
		return moves
	case history.Order:
		return orders
	case history.Patch:
		return patches
	case history.Set, history.Add, history.Remove:
		return writes
	case history.Drop:
		return drops
	case history.Credential:
		return setsSecret
	case history.Contact:
		return setsContact
	}
	return other
}

// changesFacts tells whether an act changes a fact, so that people can be asked about it.
func (a act) changesFacts() bool { return a >= moves }

// long is from how many changes on a history is read by two at once: most of the
// time goes into waiting for memory.
const long = 2000

// read reads a history, which is in the order of seq, into the memory of the one before.
func (r *reading) read(h []history.Change) {
	r.h = h
	r.lines, r.spots = ready(r.lines, len(h)), ready(r.spots, len(h))
	if len(h) < long {
		r.readWho()
		r.readWhere()
		return
	}
	var other sync.WaitGroup
	other.Go(r.readWho)
	r.readWhere()
	other.Wait()
}

// readWho numbers sessions, and the secrets and addresses that were set, shown and presented.
func (r *reading) readWho() {
	r.sessions.ready(len(r.h) / 4)
	r.begins = append(r.begins[:0], 0)
	r.things.ready(len(r.h))
	r.presented = r.presented[:0]
	latest, number := "", int32(0) // most changes follow one of the same session
	for i := range r.h {
		c, l := &r.h[i], &r.lines[i]
		l.act, l.system, l.staff = actOf(c.Verb), c.Role == access.System, c.Role.Staff()
		if c.Parent != "" {
			l.parent = r.sessions.find(c.Parent)
		}
		if c.Session != latest {
			latest = c.Session
			number = r.session(latest, i)
		}
		l.visit, l.segment = number, int32(c.Segment)
		l.from = int32(len(r.presented))
		for _, f := range c.Factors {
			r.presented = append(r.presented, r.things.behind(f))
		}
		l.to = int32(len(r.presented))
		if c.Path != "" {
			l.thing = r.things.in(c, l.act)
		}
	}
}

// session gives the number of a session that is seen in change i.
func (r *reading) session(name string, i int) int32 {
	if name == "" {
		return 0
	}
	number, added := r.sessions.number(name)
	if added {
		r.begins = append(r.begins, int32(i))
	}
	return number
}

// readWhere numbers paths.
func (r *reading) readWhere() {
	r.paths.ready(len(r.h) / 4)
	r.followed = r.followed[:0]
	for i := range r.h {
		c, s := &r.h[i], &r.spots[i]
		if c.Grant.Path != "" {
			s.grant = r.paths.find(c.Grant.Path)
		}
		if c.Path == "" {
			continue
		}
		s.place, _ = r.paths.number(c.Path)
		if c.Verb == history.Order {
			s.reads = int32(len(r.followed))
			for _, read := range c.Reads {
				r.followed = append(r.followed, r.paths.find(read.Path))
			}
			s.readsTo = int32(len(r.followed))
		}
	}
}

// forget lets go of whatever the history said; only memory to read the next one into is left.
func (r *reading) forget() {
	r.h = nil
	r.sessions.forget()
	r.paths.forget()
	r.things.forget()
}

// ready gives n zero values in memory that is there already, if there is enough of it.
func ready[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	clear(s[:n])
	return s[:n]
}
