package risk

// A ways is how many entries share a row of a table.
const ways = 8

// popular counts how often values occur, for more values than there is room for:
// space-saving, in rows of eight. A value that is not in its row takes the place of
// the row's rarest and inherits its count as a possible error, so a count is never
// too low, and too high by at most an eighth of what its row has seen. A look-up
// touches one row and allocates nothing; the table never grows.
type popular struct {
	Rows []row
}

type row [ways]entry

type entry struct {
	Key   uint64
	Count uint32
	Error uint32 // of Count, at most
	// Kin are the coarser values seen together with this one: networks and countries
	// of an address, browsers, systems and types of an agent. Freeman's second
	// smoothing factor asks how many there are; six are told apart.
	Kin [6]uint16
}

func newPopular(entries int) popular {
	rows := 1
	for rows*ways < entries {
		rows *= 2
	}
	return popular{Rows: make([]row, rows)}
}

func (t *popular) row(key uint64) *row { return &t.Rows[mix(key, 2)&uint64(len(t.Rows)-1)] }

// find gives the entry of a value; nil if it has none.
func (t *popular) find(key uint64) *entry {
	if key == 0 {
		return nil
	}
	r := t.row(key)
	for i := range r {
		if r[i].Key == key {
			return &r[i]
		}
	}
	return nil
}

// count gives what is certain: a value that pushed out another counts from one.
func (e *entry) count() int {
	if e == nil {
		return 0
	}
	return int(e.Count - e.Error)
}

// add counts a value once, with its coarser ones.
func (t *popular) add(key uint64, kin ...uint64) {
	if key == 0 {
		return
	}
	e := t.find(key)
	if e == nil {
		r := t.row(key)
		e = &r[0]
		for i := range r {
			if r[i].Count < e.Count {
				e = &r[i]
			}
		}
		*e = entry{Key: key, Count: e.Count, Error: e.Count}
	}
	if e.Count < 1<<32-1 {
		e.Count++
	}
	for at, k := range kin {
		e.meet(uint16(mix(k, uint64(at)))|1, k)
	}
}

func (e *entry) meet(short uint16, value uint64) {
	if value == 0 {
		return
	}
	for i, k := range e.Kin {
		if k == short {
			return
		}
		if k == 0 {
			e.Kin[i] = short
			return
		}
	}
}

// kin tells how many coarser values were seen with a value.
func (e *entry) kin() (n int) {
	if e == nil {
		return 0
	}
	for _, k := range e.Kin {
		if k != 0 {
			n++
		}
	}
	return n
}

// drop takes one count back. The coarser values stay: nobody knows who else brought them.
func (t *popular) drop(key uint64) {
	if e := t.find(key); e != nil && e.Count > e.Error {
		e.Count--
	}
}

// census counts values exactly while there are few of them, as there are of
// networks, countries and browsers. What comes when it is full is not counted, so
// that made-up names cannot fill the memory.
type census struct {
	Most   int
	Counts map[uint64]tally
}

// tally is how many sign-ins showed a value, and of how many accounts. Popularity
// is asked of accounts: nobody makes a network popular by signing in often.
type tally struct{ SignIns, Accounts uint32 }

func newCensus(most int) census { return census{Most: most, Counts: map[uint64]tally{}} }

func (c *census) add(value uint64) {
	if value == 0 {
		return
	}
	t, known := c.Counts[value]
	if !known && len(c.Counts) >= c.Most {
		return
	}
	t.SignIns++
	c.Counts[value] = t
}

// own counts one more account that has a value of its own.
func (c *census) own(value uint64) {
	if t, known := c.Counts[value]; known {
		t.Accounts++
		c.Counts[value] = t
	}
}

func (c *census) drop(value uint64, fresh bool) {
	t, known := c.Counts[value]
	if !known {
		return
	}
	t.SignIns -= min(t.SignIns, 1)
	if fresh {
		t.Accounts -= min(t.Accounts, 1)
	}
	if t.SignIns == 0 {
		delete(c.Counts, value)
		return
	}
	c.Counts[value] = t
}
