package investigate

import (
	"bytes"
	"encoding/json"
	"strings"

	"takeback/internal/history"
)

// things numbers secrets and addresses, from 1. What is known of one belongs to
// itself and not to its version: equal ones are one thing, in whatever slot.
type things struct {
	last      int32
	versions  versions             // by the versions they had
	addresses map[string]int32     // equal by their address,
	secrets   map[string]int32     // by their secret,
	alone     map[VersionRef]int32 // or equal only to themselves

	slots    names // the paths at which secrets and addresses were set
	contents []content
}

// content is what is in a slot.
type content struct {
	thing  int32
	hidden bool // a view of it teaches nobody anything
}

// ready begins with the next history, of so many changes.
func (t *things) ready(changes int) {
	if t.secrets == nil {
		t.addresses, t.secrets, t.alone = map[string]int32{}, map[string]int32{}, map[VersionRef]int32{}
	}
	t.last = 0
	t.versions.ready(changes / 64)
	t.slots.ready(changes / 256)
	t.contents = append(t.contents[:0], content{})
}

// forget lets go of the names of the last one.
func (t *things) forget() {
	t.versions.forget()
	t.slots.forget()
	clear(t.addresses)
	clear(t.secrets)
	clear(t.alone)
}

// in gives the thing that a change sets or shows; 0 if it does neither.
func (t *things) in(c *history.Change, a act) int32 {
	switch a {
	case setsSecret, setsContact:
		n, added := t.slots.number(c.Path)
		if added {
			t.contents = append(t.contents, content{})
		}
		// A key cannot be read out, and to see an address is not to receive at it.
		t.contents[n] = content{thing: t.named(c), hidden: a == setsContact || strings.HasPrefix(c.Path, "passkey/")}
		return t.contents[n].thing
	case drops:
		t.contents[t.slots.find(c.Path)] = content{}
	case views:
		if in := t.contents[t.slots.find(c.Path)]; !in.hidden {
			return in.thing
		}
	}
	return 0
}

// named gives the thing that a change sets.
func (t *things) named(c *history.Change) (id int32) {
	ref := VersionRef{c.Path, c.Version}
	switch {
	case c.Verb == history.Contact:
		id = equal(t, t.addresses, text(c.After))
	case c.SecretID != "":
		id = equal(t, t.secrets, c.SecretID)
	default:
		id = equal(t, t.alone, ref)
	}
	*t.versions.thing(ref) = id
	return id
}

// behind gives the thing behind a factor; one from before the history is new.
func (t *things) behind(f history.Factor) int32 {
	thing := t.versions.thing(VersionRef{f.Path, f.Version})
	if *thing == 0 {
		*thing = t.next()
	}
	return *thing
}

// equal gives the thing that has a name already, or a new one.
func equal[K comparable](t *things, known map[K]int32, name K) int32 {
	id, ok := known[name]
	if !ok {
		id = t.next()
		known[name] = id
	}
	return id
}

func (t *things) next() int32 {
	t.last++
	return t.last
}

// versions finds the thing behind a version. A label is that of one slot nearly
// always, so that looking for the label alone is enough.
type versions struct {
	names
	all   []version // by number of the label
	other map[VersionRef]*int32
}

type version struct {
	path  string // the first slot with this label
	thing int32
}

func (v *versions) ready(expected int) {
	v.names.ready(expected)
	v.all = append(v.all[:0], version{})
}

func (v *versions) forget() {
	v.names.forget()
	clear(v.all)
	v.other = nil
}

// thing gives where the thing behind a version is kept; 0 is kept there at first.
func (v *versions) thing(ref VersionRef) *int32 {
	n, added := v.number(ref.Version)
	if added {
		v.all = append(v.all, version{path: ref.Path})
	}
	if one := &v.all[n]; one.path == ref.Path {
		return &one.thing
	}
	thing := v.other[ref]
	if thing == nil {
		thing = new(int32)
		if v.other == nil {
			v.other = map[VersionRef]*int32{}
		}
		v.other[ref] = thing
	}
	return thing
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
