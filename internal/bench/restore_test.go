package bench

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// A plan for a history has to grow with its length and no faster.
func BenchmarkRestore(b *testing.B) {
	kinds, err := account.NewKinds()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{100, 1_000, 10_000, 100_000} {
		l := live(n)
		f := investigate.Analyse(l.changes, l.marks, l.established)
		each := func(name string, do func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/change")
			})
		}
		each("analysis", func() { investigate.Analyse(l.changes, l.marks, l.established) })
		each("plan", func() { restore.MakePlan(l.changes, f, kinds, l.end) })
		each("both", func() {
			restore.MakePlan(l.changes, investigate.Analyse(l.changes, l.marks, l.established), kinds, l.end)
		})
		each("limit", func() { l.touch() })
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
	f := investigate.Analyse(l.changes, l.marks, l.established)
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
	f := investigate.Analyse(l.changes, l.marks, l.established)
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
