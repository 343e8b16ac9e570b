package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// guessed draws marks of every kind, each with some confidence.
func guessed(t *rapid.T, w *world) investigate.Marks {
	m := investigate.Marks{Sessions: w.entries, From: map[string]int64{}, Unsure: map[string]finding.Confidence{}}
	sure := func(node string) {
		m.Unsure[node] = rapid.SampledFrom([]finding.Confidence{1, finding.Automatic, 0.8, 0.5, 0.1}).Draw(t, "sure")
	}
	for _, s := range w.entries {
		sure("session " + s)
	}
	froms := map[int64]bool{}
	for range rapid.IntRange(0, 4).Draw(t, "more") {
		c := w.h[rapid.IntRange(0, len(w.h)-1).Draw(t, "marked")]
		switch n := rapid.IntRange(0, 2).Draw(t, "as"); {
		case n == 0 && !slices.Contains(m.Sessions, c.Session) && m.From[c.Session] == 0 && !slices.Contains(m.Changes, c.Seq):
			m.From[c.Session], froms[c.Seq] = c.Seq, true
			sure("session " + c.Session)
		case n == 1 && c.Path != "" && !froms[c.Seq]:
			m.Changes = append(m.Changes, c.Seq)
			sure(fmt.Sprintf("change %d", c.Seq))
		case n == 2 && (c.Verb == history.Credential || c.Verb == history.Contact):
			m.Versions = append(m.Versions, investigate.VersionRef{Path: c.Path, Version: c.Version})
			sure("version " + c.Path + " " + c.Version)
		}
	}
	return m
}

// least keeps only the seeds of at least a confidence, and all of those without doubt.
func least(m investigate.Marks, sure finding.Confidence) investigate.Marks {
	under := func(node string) bool { return m.Unsure[node] < sure }
	only := investigate.Marks{From: map[string]int64{}}
	only.Sessions = slices.DeleteFunc(slices.Clone(m.Sessions), func(s string) bool { return under("session " + s) })
	only.Changes = slices.DeleteFunc(slices.Clone(m.Changes), func(seq int64) bool { return under(fmt.Sprintf("change %d", seq)) })
	only.Versions = slices.DeleteFunc(slices.Clone(m.Versions), func(v investigate.VersionRef) bool { return under("version " + v.Path + " " + v.Version) })
	for s, from := range m.From {
		if !under("session " + s) {
			only.From[s] = from
		}
	}
	return only
}

// Tainted is whatever any seed leads to by hard rules, however sure it is; certain
// is whatever the certain ones lead to by themselves, so that no guess undoes anything.
func TestAGuessTaintsAndUndoesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		m := guessed(t, w)
		f, all, only := w.analyse(m), w.analyse(least(m, 0)), w.analyse(least(m, finding.Automatic))
		for i, c := range f.Changes {
			if (c.Label == finding.Tainted) != (all.Changes[i].Label == finding.Tainted) {
				t.Fatalf("change %d is %s, and %s if all seeds are certain", i+1, c.Label, all.Changes[i].Label)
			}
			if c.Certain() != (only.Changes[i].Label == finding.Tainted) {
				t.Fatalf("change %d is %s by %v, and %s by the certain seeds alone", i+1, c.Label, c.Reason, only.Changes[i].Label)
			}
		}
		p, q := w.plan(f), w.plan(only)
		data := func(p restore.Plan) (all []string) {
			for _, s := range p.Steps {
				if s.Phase != restore.WaysIn && s.Phase < restore.Contacts && s.Op != restore.CorrectShipTo { // an order that is asked about itself is not corrected
					all = append(all, fmt.Sprint(s.Op, s.Path, string(s.Want), s.Amount))
				}
			}
			return all
		}
		if got, want := data(p), data(q); !slices.Equal(got, want) {
			t.Fatalf("guesses change the plan: %v, without them %v", got, want)
		}
		asked := map[string]bool{}
		for _, q := range p.Questions {
			asked[q.Path] = true
		}
		last := map[string]int64{}
		for _, c := range w.h {
			if c.Path != "" && c.Verb != history.View {
				last[c.Path] = c.Seq
			}
		}
		for path, seq := range last {
			if f.Of(seq).Label == finding.Tainted && f.Asked(seq) && !asked[path] {
				t.Fatalf("%s was left as a guess of an intruder left it, and nobody is asked", path)
			}
		}
	})
}

func TestConfidenceIsThatOfTheShownPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		f := w.analyse(guessed(t, w))
		for i, c := range f.Changes {
			seq := int64(i + 1)
			sure := f.Why(seq).Confidence
			if sure < 0 || sure > 1 || (sure == 0) != (f.Why(seq).Rule == finding.NoRule) {
				t.Fatalf("change %d has the confidence %v by %v", seq, sure, c.Reason)
			}
			if c.Label == finding.Suspect && sure >= finding.Automatic {
				t.Fatalf("change %d is suspect and undone without asking", seq)
			}
			if sure == 0 {
				continue
			}
			path := f.Paths().To(seq)
			if path[0].Reason.Rule != finding.Seed || path[len(path)-1].Seq != seq {
				t.Fatalf("change %d: no path from a seed: %v", seq, path)
			}
			product := path[0].Reason.Confidence
			for _, s := range path[1:] {
				if s.Reason.Rule == finding.S3 {
					product *= investigate.Weight(s.Reason.Through)
				}
				if product *= investigate.Weight(s.Reason.Rule); product != s.Reason.Confidence {
					t.Fatalf("change %d: the path %v comes to %v at %d", seq, path, product, s.Seq)
				}
			}
			if product != sure {
				t.Fatalf("change %d has %v, its path %v comes to %v", seq, sure, path, product)
			}
		}
	})
}

func TestASurerSeedMakesNothingLessSure(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		m := guessed(t, w)
		if len(m.Unsure) == 0 {
			return
		}
		surer := m
		surer.Unsure = maps.Clone(m.Unsure)
		node := rapid.SampledFrom(slices.Sorted(maps.Keys(m.Unsure))).Draw(t, "node")
		surer.Unsure[node] = min(1, m.Unsure[node]+0.3)
		f, g := w.analyse(m), w.analyse(surer)
		for i := range f.Changes {
			if seq := int64(i + 1); g.Why(seq).Confidence < f.Why(seq).Confidence {
				t.Fatalf("%s is surer, and change %d is less so: %v, before %v", node, seq, g.Why(seq), f.Why(seq))
			}
		}
		for s, before := range f.Sessions {
			was, _ := before.Why()
			is, _ := g.Sessions[s].Why()
			if is.Confidence < was.Confidence {
				t.Fatalf("%s is surer, and session %s is less so", node, s)
			}
		}
		for _, list := range [][]string{m.Sessions} {
			slices.Reverse(list)
		}
		slices.Reverse(m.Changes)
		slices.Reverse(m.Versions)
		if again := w.analyse(m); !reflect.DeepEqual(f, again) {
			t.Fatal("the order of the seeds matters")
		}
	})
}
