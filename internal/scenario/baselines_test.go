package scenario

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
)

// tally counts paths whose value is not what it would be without the intruder.
type tally struct{ lost, left, asked, paths int }

// count compares what a method left behind with the truth. A wrong value that
// the intruder wrote is one left; any other wrong value means that one of the
// holder's was lost. What waits for a person is counted apart.
func (c *tally) count(w *world, got map[string]json.RawMessage, writer map[string]int64, asked map[string]bool, truth map[string]json.RawMessage) {
	for _, path := range slices.Concat(values, groups) {
		if len(w.shown[path]) == 0 {
			continue
		}
		c.paths++
		switch {
		case asked[path]:
			c.asked++
		case equalJSON(got[path], truth[path]):
		case writer[path] != 0 && w.who[w.h[writer[path]-1].Session] == intruder:
			c.left++
		default:
			c.lost++
		}
	}
}

func (c tally) line(name string) string {
	share := func(n int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(c.paths)) }
	return fmt.Sprintf("%-45s %10s %10s %10s", name, share(c.lost), share(c.left), share(c.asked))
}

// writers tells who wrote each path last when some changes are left out.
func writers(h []history.Change, without func(seq int64) bool) map[string]int64 {
	last := map[string]int64{}
	for _, c := range h {
		if c.Path != "" && c.Verb != history.View && !without(c.Seq) {
			last[c.Path] = c.Seq
		}
	}
	return last
}

// devices gives the device of every session, of a derived one that of its parent.
func devices(h []history.Change) map[string]string {
	of := map[string]string{}
	for _, c := range h {
		switch c.Verb {
		case history.Open, history.Recover:
			of[c.Session] = c.Device
		case history.Derive:
			of[c.Session] = of[c.Parent]
		}
	}
	return of
}

// baselines are what people do today: each leaves out some changes of a history.
var baselines = []struct {
	name    string
	without func(w *world) func(seq int64) bool
}{
	{"roll back to before the intrusion", func(w *world) func(int64) bool {
		first := int64(len(w.h) + 1)
		for _, c := range slices.Backward(w.h) {
			if w.who[c.Session] == intruder {
				first = c.Seq
			}
		}
		return func(seq int64) bool { return seq >= first }
	}},
	{"undo only the sessions that were marked", func(w *world) func(int64) bool {
		return func(seq int64) bool { return slices.Contains(w.entries, w.h[seq-1].Session) }
	}},
	{"undo everything from new devices", func(w *world) func(int64) bool {
		of := devices(w.h)
		return func(seq int64) bool { return !known[of[w.h[seq-1].Session]] }
	}},
}

// TestBaselines plays the same histories by what is done today and by the
// rules. Run it with -v, or `make baselines`, for the table.
func TestBaselines(t *testing.T) {
	t.Parallel()
	const histories = 400
	r := rand.New(rand.NewPCG(7, 11))
	counts, rules, changes, his := make([]tally, len(baselines)), tally{}, 0, 0
	for range histories {
		w := newWorld(r.IntN).grow(20 + r.IntN(100))
		changes += len(w.h)
		truth := naive(w.h, func(seq int64) bool { return w.who[w.h[seq-1].Session] == intruder })
		for _, c := range w.h {
			if w.who[c.Session] == intruder {
				his++
			}
		}
		for i, b := range baselines {
			without := b.without(w)
			counts[i].count(w, naive(w.h, without), writers(w.h, without), nil, truth)
		}
		f := w.analyse(investigate.Marks{Sessions: w.entries})
		p := w.plan(f)
		asked := map[string]bool{}
		for _, q := range p.Questions {
			asked[q.Path] = true
		}
		n := int64(len(w.h))
		last := writers(w.h, func(seq int64) bool { return f.Of(seq).Label == finding.Tainted })
		w.apply(p)
		for path := range last {
			if w.facts[path] == nil && enteredAgain(w, truth, path) {
				truth[path] = nil // the holder has it under another name
			}
		}
		w.h = w.h[:n]
		rules.count(w, w.facts, last, asked, truth)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d histories, %d changes, %d of them the intruder's, %d values and elements\n", histories, changes, his, rules.paths)
	fmt.Fprintf(&table, "%-45s %10s %10s %10s\n", "", "lost", "left", "asked")
	for i, b := range baselines {
		fmt.Fprintln(&table, counts[i].line(b.name))
		if counts[i].lost+counts[i].left == 0 {
			t.Errorf("%s does no harm, so the histories are too tame", b.name)
		}
	}
	fmt.Fprintln(&table, rules.line("by who knew what, when"))
	t.Log("wrong values: the holder's lost, the intruder's left\n" + table.String())
	if rules.lost+rules.left != 0 {
		t.Errorf("the rules lose %d values of the holder's and leave %d of the intruder's", rules.lost, rules.left)
	}
}
