package investigate

import "hash/maphash"

// names numbers texts as they come up, from 1. It is a hash table without
// removal: half the cost of a map for what the rules do most, and the numbers
// find everything else in slices.
type names struct {
	all   []string // by number; the first stands for none
	slots []slot   // a power of two of them, more than half of them empty
	seed  maphash.Seed
}

// slot holds a number, and enough of the text's hash to tell most others apart without reading them.
type slot struct {
	hash   uint32
	number int32 // 0: empty
}

// ready empties the table. It expects about so many texts, and takes more.
func (n *names) ready(expected int) {
	size := 16
	for size < 2*expected {
		size *= 2
	}
	if n.slots == nil {
		n.seed = maphash.MakeSeed()
	}
	n.slots = ready(n.slots, size)
	n.all = append(n.all[:0], "")
}

// forget lets go of the texts.
func (n *names) forget() { clear(n.all) }

// number gives the number of a text, and whether it is new.
func (n *names) number(text string) (number int32, added bool) {
	at, hash := n.look(text)
	if known := n.slots[at].number; known != 0 {
		return known, false
	}
	number = int32(len(n.all))
	n.all = append(n.all, text)
	n.slots[at] = slot{hash, number}
	if 2*len(n.all) > len(n.slots) {
		n.grow()
	}
	return number, true
}

// find gives the number of a text; 0 if it has none.
func (n *names) find(text string) int32 {
	at, _ := n.look(text)
	return n.slots[at].number
}

// look gives the slot of a text, or the empty one where it belongs.
func (n *names) look(text string) (at int, hash uint32) {
	hash = uint32(maphash.String(n.seed, text))
	mask := len(n.slots) - 1
	for at = int(hash) & mask; ; at = (at + 1) & mask {
		if s := n.slots[at]; s.number == 0 || s.hash == hash && n.all[s.number] == text {
			return at, hash
		}
	}
}

func (n *names) grow() {
	old := n.slots
	n.slots = make([]slot, 2*len(old))
	mask := len(n.slots) - 1
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := int(s.hash) & mask
		for n.slots[at].number != 0 {
			at = (at + 1) & mask
		}
		n.slots[at] = s
	}
}
