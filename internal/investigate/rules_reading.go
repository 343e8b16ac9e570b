package investigate

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"

	"takeback/internal/access"
	"takeback/internal/history"
)

// reading is what a history says whoever the intruder is: who did what to what,
// with numbers for names. The rules go over numbers alone, and come back to the
// history for what people will read. Of every kind of number 0 stands for none.
type reading struct {
	h []history.Change

	seen     []sight // by change
	sessions names

	lines     []line // by change
	places    int32  // the highest number of a path
	things    int32  // and of a secret or address
	presented []int32
	followed  []int32
}

// sight is in which session a change was made.
type sight struct {
	visit   int32 // number of the session
	parent  int32 // of the one it came out of, if that was there before
	segment int32
}

// line is what a change did.
type line struct {
	act            act
	system         bool  // a job of ours did it
	staff          bool  // or somebody who answers
	place          int32 // number of its path
	thing          int32 // the secret or address that it set or showed
	grant          int32 // number of the path of the grant it was made by
	from, to       int32 // what it presented, in reading.presented
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

// long is from how many changes on a history is read and planned for by two at once: half of
// the time goes into waiting for memory.
const long = 2000

// read reads a history, which is in the order of seq.
func read(h []history.Change) *reading {
	r := &reading{h: h, seen: make([]sight, len(h)), lines: make([]line, len(h))}
	if len(h) < long {
		r.readWho()
		r.readWhat()
		return r
	}
	var other sync.WaitGroup
	other.Go(r.readWho)
	r.readWhat()
	other.Wait()
	return r
}

// readWho numbers the sessions.
func (r *reading) readWho() {
	r.sessions = newNames(len(r.h) / 4)
	latest, number := "", int32(0) // most changes follow one of the same session
	for i := range r.h {
		c, s := &r.h[i], &r.seen[i]
		if c.Parent != "" {
			s.parent = r.sessions.find(c.Parent)
		}
		if c.Session == "" {
			continue
		}
		if c.Session != latest {
			latest = c.Session
			number, _ = r.sessions.number(latest)
		}
		s.visit, s.segment = number, int32(c.Segment)
	}
}

// readWhat numbers paths, and the things that were in their slots.
func (r *reading) readWhat() {
	w := what{reading: r, paths: newNames(len(r.h) / 4), slots: make([]content, 1, 1+len(r.h)/4),
		versions:  versions{names: newNames(0), all: make([]version, 1)},
		addresses: map[string]int32{}, secrets: map[string]int32{}, alone: map[VersionRef]int32{}}
	r.presented = make([]int32, 0, len(r.h)/2)
	for i := range r.h {
		w.read(&r.h[i], &r.lines[i])
	}
	r.places = int32(len(w.slots) - 1)
}

// what is the state of one readWhat.
type what struct {
	*reading
	paths names
	slots []content // by number of path

	versions  versions             // things by the versions they had
	addresses map[string]int32     // things that are equal by their address,
	secrets   map[string]int32     // by their secret,
	alone     map[VersionRef]int32 // or equal only to themselves
}

// content is what is in a slot.
type content struct {
	thing   int32
	key     bool // it holds a key bound to a device, which cannot be read out
	contact bool
}

func (w *what) read(c *history.Change, l *line) {
	l.act, l.system, l.staff = actOf(c.Verb), c.Role == access.System, c.Role.Staff()
	l.from = int32(len(w.presented))
	for _, f := range c.Factors {
		w.presented = append(w.presented, w.behind(f))
	}
	l.to = int32(len(w.presented))
	if c.Grant.Path != "" {
		l.grant = w.paths.find(c.Grant.Path)
	}
	if c.Path == "" {
		return
	}
	l.place = w.place(c.Path)
	slot := &w.slots[l.place]
	switch l.act {
	case setsSecret, setsContact:
		slot.thing = w.named(c)
		slot.key, slot.contact = strings.HasPrefix(c.Path, "passkey/"), l.act == setsContact
		l.thing = slot.thing
	case drops:
		slot.thing = 0
	case views:
		// A key cannot be read out, and to see an address is not to receive at it:
		// a view of either teaches nobody anything.
		if !slot.key && !slot.contact {
			l.thing = slot.thing
		}
	case orders:
		l.reads = int32(len(w.followed))
		for _, read := range c.Reads {
			w.followed = append(w.followed, w.paths.find(read.Path))
		}
		l.readsTo = int32(len(w.followed))
	}
}

// place gives the number of a path.
func (w *what) place(path string) int32 {
	n, added := w.paths.number(path)
	if added {
		w.slots = append(w.slots, content{})
	}
	return n
}

// named gives the thing that a change sets. Knowledge belongs to the secret or
// the address and not to its version: equal ones are one thing, in whatever slot.
func (w *what) named(c *history.Change) (id int32) {
	ref := VersionRef{c.Path, c.Version}
	switch {
	case c.Verb == history.Contact:
		id = equal(w, w.addresses, text(c.After))
	case c.SecretID != "":
		id = equal(w, w.secrets, c.SecretID)
	default:
		id = equal(w, w.alone, ref)
	}
	*w.versions.thing(ref) = id
	return id
}

// behind gives the thing behind a factor; one from before the history is new.
func (w *what) behind(f history.Factor) int32 {
	thing := w.versions.thing(VersionRef{f.Path, f.Version})
	if *thing == 0 {
		*thing = w.newThing()
	}
	return *thing
}

// equal gives the thing that has a name already, or a new one.
func equal[K comparable](w *what, things map[K]int32, name K) int32 {
	id, ok := things[name]
	if !ok {
		id = w.newThing()
		things[name] = id
	}
	return id
}

func (w *what) newThing() int32 {
	w.things++
	return w.things
}

// text gives the text of a JSON string; most need no unescaping.
func text(raw json.RawMessage) string {
	if n := len(raw); n >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : n-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw) // what is no text equals only itself
	}
	return s
}
