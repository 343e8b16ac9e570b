package bench

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// A plan for a history has to grow with its length and no faster.
func BenchmarkRestore(b *testing.B) {
	analyst := new(investigate.Analyst)
	kinds, err := account.NewKinds()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		l := live(n)
		f := analyst.Analyse(l.changes, l.marks, l.established)
		each := func(name string, do func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/change")
			})
		}
		each("analysis", func() { analyst.Analyse(l.changes, l.marks, l.established) })
		each("plan", func() { restore.MakePlan(l.changes, f, kinds, l.end) })
		each("both", func() {
			restore.MakePlan(l.changes, analyst.Analyse(l.changes, l.marks, l.established), kinds, l.end)
		})
		each("limit", func() { l.touch() })
	}
}

// Likewise where each session came out of the one before: every one of them has the
// whole chain for its evidence.
func BenchmarkRestoreOfAChain(b *testing.B) {
	analyst := new(investigate.Analyst)
	kinds, err := account.NewKinds()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 4_000, 16_000} {
		l := chain(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				restore.MakePlan(l.changes, analyst.Analyse(l.changes, l.marks, l.established), kinds, l.end)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/session")
		})
	}
}

// chain is a history of sessions that came out of one another, from one that is
// marked on. In each of them an address is set.
func chain(n int) *life {
	l := &life{end: beginning, marks: investigate.Marks{Sessions: []string{"s0"}}}
	add := func(c history.Change) {
		l.end = l.end.Add(time.Minute)
		c.Seq, c.At, c.Role = int64(len(l.changes)+1), l.end, access.Holder
		l.changes = append(l.changes, c)
	}
	add(history.Change{Verb: history.Open, Session: "s0"})
	for i := range n {
		session := fmt.Sprintf("s%d", i+1)
		add(history.Change{Verb: history.Derive, Session: session, Parent: fmt.Sprintf("s%d", i)})
		add(history.Change{Verb: history.Set, Session: session, Path: fmt.Sprintf("address/a%d", i), After: json.RawMessage(`"x"`)})
	}
	return l
}

func TestAPlanForALongChainIsNotAsLongAsItsSquare(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	const n = 3000
	l := chain(n)
	p := restore.MakePlan(l.changes, new(investigate.Analyst).Analyse(l.changes, l.marks, l.established), kinds, l.end)
	if len(p.Steps) != n {
		t.Fatalf("%d steps for %d sessions", len(p.Steps), n)
	}
	for _, s := range p.Steps {
		if len(s.Because) > finding.Longest || s.Because[0] != 1 || s.Path != l.changes[s.Because[len(s.Because)-1]-1].Path {
			t.Fatalf("%s has %d changes of evidence, from %d on", s.Path, len(s.Because), s.Because[0])
		}
	}
}

// What is measured must be a takeover: without tainted changes a plan is made of nothing.
func TestALifeHasAnIntruderInIt(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	l := live(1000)
	f := new(investigate.Analyst).Analyse(l.changes, l.marks, l.established)
	found := map[finding.Label]int{}
	for _, c := range f.Changes {
		found[c.Label]++
	}
	p := restore.MakePlan(l.changes, f, kinds, l.end)
	if len(l.changes) != 1000 || found[finding.Tainted] == 0 || found[finding.Suspect] == 0 || len(p.Steps) < 3 || len(p.Questions) == 0 {
		t.Errorf("%d changes, labels %v, %d steps, %d questions", len(l.changes), found, len(p.Steps), len(p.Questions))
	}
}

// In a long history nobody looks at most paths, as nothing is to be decided there.
func TestALongHistoryIsPlannedForAsIfAllOfItWereDoubted(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	l := live(6000)
	f := new(investigate.Analyst).Analyse(l.changes, l.marks, l.established)
	some := restore.MakePlan(l.changes, f, kinds, l.end)
	f.Changes = slices.Clone(f.Changes)
	for i := range f.Changes {
		f.Changes[i].System = true // so that every path is looked at
	}
	all := restore.MakePlan(l.changes, f, kinds, l.end)
	if diff := cmp.Diff(all, some); diff != "" || len(all.Steps) == 0 || len(all.Questions) == 0 {
		t.Errorf("%d steps, %d questions; %s", len(all.Steps), len(all.Questions), diff)
	}
}
