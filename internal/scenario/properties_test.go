package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// analyst is one for all tests: each history is read in the memory of another one.
var analyst investigate.Analyst

// drawn makes a random world that rapid can shrink.
func drawn(t *rapid.T) *world {
	n := rapid.IntRange(5, 90).Draw(t, "acts")
	return newWorld(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }).grow(n)
}

func mustKinds() account.Kinds {
	kinds, err := account.NewKinds()
	if err != nil {
		panic(err) // unreachable unless the built-in kinds are wrong
	}
	return kinds
}

var known = map[string]bool{holder: true} // the holder's device; the intruder's is new

func (w *world) analyse(m investigate.Marks) finding.Findings {
	return analyst.Analyse(w.h, m, known)
}

func (w *world) plan(f finding.Findings) restore.Plan {
	return restore.MakePlan(w.h, f, mustKinds(), w.h[len(w.h)-1].At)
}

// The seeds are the sessions the intruder opened with what the holder knew too.
// The rules must find all others, and none of the holder's.
func TestLabelsAreTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		f := w.analyse(investigate.Marks{Sessions: w.entries})
		for _, c := range w.h {
			his := w.who[c.Session] == intruder
			if tainted := f.Of(c.Seq).Label == finding.Tainted; tainted != his {
				t.Fatalf("change %d (%s %s) of %s is tainted: %v", c.Seq, c.Verb, c.Path, c.Session, tainted)
			}
		}
	})
}

func TestMoreSeedsTaintMoreAndMoreClearsLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		var some []string
		for _, s := range w.entries {
			if rapid.Bool().Draw(t, "seeded") {
				some = append(some, s)
			}
		}
		few, all := w.analyse(investigate.Marks{Sessions: some}), w.analyse(investigate.Marks{Sessions: w.entries})
		backward := slices.Clone(w.entries)
		slices.Reverse(backward)
		if again := w.analyse(investigate.Marks{Sessions: backward}); !reflect.DeepEqual(all, again) {
			t.Fatal("the order of the seeds matters")
		}
		cleared := fmt.Sprintf("%s-%d", []string{holder, intruder}[rapid.IntRange(0, 1).Draw(t, "whose")], rapid.IntRange(0, len(w.who)-1).Draw(t, "cleared"))
		less := w.analyse(investigate.Marks{Sessions: w.entries, ClearedSessions: []string{cleared}})
		for i := range w.h {
			if few.Changes[i].Label == finding.Tainted && all.Changes[i].Label != finding.Tainted {
				t.Fatalf("change %d is tainted by fewer seeds only", i+1)
			}
			if less.Changes[i].Label == finding.Tainted && all.Changes[i].Label != finding.Tainted {
				t.Fatalf("change %d is tainted by clearing %s", i+1, cleared)
			}
		}
	})
}

// naive plays a history without some changes, in the plainest way there is.
func naive(h []history.Change, without func(seq int64) bool) map[string]json.RawMessage {
	facts, balance := map[string]json.RawMessage{}, int64(0)
	for _, c := range h {
		if c.Path == "" || without(c.Seq) {
			continue
		}
		switch c.Verb {
		case history.Patch:
			parts := account.Fact{Value: facts[c.Path]}.Parts()
			if parts == nil {
				parts = map[string]string{}
			}
			parts[c.Part] = account.Fact{Value: c.After}.Parts()[c.Part]
			facts[c.Path] = encode(parts)
		case history.Move:
			balance += c.Amount
			facts[c.Path] = encode(balance)
		case history.View:
		default:
			facts[c.Path] = c.After
		}
	}
	return facts
}

func TestAppliedPlanIsTheHistoryWithoutTheIntruder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		f := w.analyse(investigate.Marks{Sessions: w.entries})
		p := w.plan(f)
		want := naive(w.h, func(seq int64) bool { return f.Of(seq).Label == finding.Tainted })
		asked := map[string]bool{}
		for _, q := range p.Questions {
			asked[q.Path] = true
		}
		w.apply(p)
		for _, path := range slices.Concat(values, groups, []string{"points"}) {
			got := w.facts[path]
			if asked[path] || got == nil && enteredAgain(w, want, path) || path == "points" && got == nil && string(want[path]) == "" {
				continue
			}
			if !equalJSON(got, want[path]) && !(path == "points" && string(got) == "0" && want[path] == nil) {
				t.Fatalf("%s is %s, want %s", path, got, want[path])
			}
		}
	})
}

// enteredAgain tells whether an equal element stands in the same set.
func enteredAgain(w *world, want map[string]json.RawMessage, path string) bool {
	set, _, _ := strings.Cut(path, "/")
	for other, value := range w.facts {
		if strings.HasPrefix(other, set+"/") && other != path && equalJSON(value, want[path]) {
			return true
		}
	}
	return false
}

func equalJSON(a, b json.RawMessage) bool {
	var x, y any
	_, _ = json.Unmarshal(a, &x), json.Unmarshal(b, &y) // nil stays nil
	return reflect.DeepEqual(x, y)
}

func TestPlansAreMinimal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		f := w.analyse(investigate.Marks{Sessions: w.entries})
		p := w.plan(f)
		touched := map[string]bool{}
		for _, c := range w.h {
			if f.Of(c.Seq).Label == finding.Tainted || c.Verb == history.Order && f.Of(c.Seq).Affected {
				touched[c.Path] = true
			}
		}
		for _, s := range p.Steps {
			exposed := s.Op == restore.Revoke || s.Op == restore.Drop
			if !touched[s.Path] && !exposed {
				t.Fatalf("%s %s, which no tainted change touched", s.Op, s.Path)
			}
			if len(s.Because) == 0 {
				t.Fatalf("%s %s without a reason", s.Op, s.Path)
			}
		}
		if none := w.plan(w.analyse(investigate.Marks{})); len(none.Steps)+len(none.Questions) != 0 {
			t.Fatalf("nothing is marked, and the plan has %v", none)
		}
	})
}

func TestAnAppliedPlanIsDone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		m := investigate.Marks{Sessions: w.entries}
		first := w.plan(w.analyse(m))
		w.apply(first)
		second := w.plan(w.analyse(m))
		if len(second.Steps) != 0 {
			t.Fatalf("after the plan was applied there are steps: %v", second.Steps)
		}
		if !slices.Equal(first.Held, second.Held) || !slices.Equal(first.Enrol, second.Enrol) {
			t.Fatalf("held %v then %v, to enrol %v then %v", first.Held, second.Held, first.Enrol, second.Enrol)
		}
	})
}

func TestNothingTheIntruderKnowsComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		f := w.analyse(investigate.Marks{Sessions: w.entries})
		seen := map[string]bool{} // by the intruder: set, shown or presented
		labels, slot := map[string]string{}, map[string]string{}
		for _, c := range w.h {
			his := w.who[c.Session] == intruder
			for _, fa := range c.Factors {
				seen[labels[fa.Version]] = seen[labels[fa.Version]] || his
			}
			switch c.Verb {
			case history.Credential:
				labels[c.Version], slot[c.Path] = c.SecretID, c.SecretID
				seen[c.SecretID] = seen[c.SecretID] || his
			case history.Contact:
				address := account.Fact{Value: c.After}.Text()
				labels[c.Version] = address
				seen[address] = seen[address] || his
			case history.View:
				seen[slot[c.Path]] = seen[slot[c.Path]] || his && !w.passkey[slot[c.Path]]
			}
		}
		p := w.plan(f)
		w.apply(p)
		for _, path := range secrets {
			if v := (account.Fact{Value: w.facts[path]}).Text(); v != "" && seen[labels[v]] {
				t.Fatalf("%s holds %s, which the intruder knows", path, labels[v])
			}
		}
		for _, path := range contacts {
			if v := (account.Fact{Value: w.facts[path]}).Text(); seen[v] {
				t.Fatalf("%s holds %s, where the intruder receives", path, v)
			}
		}
		for _, s := range p.Steps {
			if text := (account.Fact{Value: s.Want}).Text(); seen[text] || seen[labels[text]] {
				t.Fatalf("%s %s wants %s", s.Op, s.Path, text)
			}
		}
	})
}

func TestNoValueIsWrittenThatNobodySaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		p := w.plan(w.analyse(investigate.Marks{Sessions: w.entries}))
		for _, s := range p.Steps {
			if slices.ContainsFunc(p.Questions, func(q restore.Question) bool {
				return q.Path == s.Path && (q.Why == restore.PartialOnTaintedBase || q.Why == restore.AddedThenEdited)
			}) {
				t.Fatalf("%s is written before a person has answered", s.Path)
			}
			if s.Op == restore.Put && !slices.ContainsFunc(w.shown[s.Path], func(v json.RawMessage) bool { return equalJSON(v, s.Want) }) {
				t.Fatalf("%s becomes %s, which it never was", s.Path, s.Want)
			}
		}
	})
}

func TestEveryTaintHasAPathFromASeed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		if len(w.entries) == 0 {
			return
		}
		seed := w.entries[rapid.IntRange(0, len(w.entries)-1).Draw(t, "seed")]
		f := w.analyse(investigate.Marks{Sessions: []string{seed}})
		from := f.Sessions[seed].TaintedFrom
		for _, c := range w.h {
			if f.Of(c.Seq).Label == finding.Clean {
				continue
			}
			path := f.Paths().Because(c.Seq)
			if path[0] != from || path[len(path)-1] != c.Seq {
				t.Fatalf("change %d is %s by %v, which does not begin at the only seed, %d", c.Seq, f.Of(c.Seq).Label, path, from)
			}
			for _, step := range path[1:] {
				if r := f.Of(step).Reason; r.Rule == finding.NoRule || r.Rule == finding.Seed {
					t.Fatalf("change %d: no rule leads to %d on its path %v", c.Seq, step, path)
				}
			}
		}
	})
}

func BenchmarkAnalyseAndPlan(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			w := newWorld(r.IntN).grow(n)
			w.h = w.h[:min(n, len(w.h))]
			kinds, m := mustKinds(), investigate.Marks{Sessions: w.entries}
			b.ReportAllocs()
			for b.Loop() {
				f := analyst.Analyse(w.h, m, known)
				restore.MakePlan(w.h, f, kinds, w.h[len(w.h)-1].At)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(w.h)), "ns/change")
		})
	}
}

// Without a seed the same change is the intruder's only where another seed leads to it.
func TestWithoutItsSeedATaintNeedsAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		if len(w.entries) == 0 {
			return
		}
		all := w.analyse(investigate.Marks{Sessions: w.entries})
		without := rapid.IntRange(0, len(w.entries)-1).Draw(t, "without")
		others := slices.Delete(slices.Clone(w.entries), without, without+1)
		less := w.analyse(investigate.Marks{Sessions: others})
		seeds := map[int64]bool{}
		for _, s := range others {
			seeds[less.Sessions[s].TaintedFrom] = true
		}
		for i, c := range less.Changes {
			if c.Label != finding.Tainted {
				continue
			}
			if path := less.Paths().Because(int64(i + 1)); !seeds[path[0]] {
				t.Fatalf("change %d is tainted by %v, which begins at no seed", i+1, path)
			}
			if all.Changes[i].Label != finding.Tainted {
				t.Fatalf("change %d is tainted only without the seed %s", i+1, w.entries[without])
			}
		}
	})
}

func TestLedgersHoldWhatTheHolderMoved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		var own, his int64
		for _, c := range w.h {
			if c.Verb == history.Move && w.who[c.Session] == holder {
				own += c.Amount
			} else if c.Verb == history.Move {
				his += c.Amount
			}
		}
		p := w.plan(w.analyse(investigate.Marks{Sessions: w.entries}))
		var ours int64
		for _, s := range p.Steps {
			if s.Op == restore.Move {
				ours += s.Amount
			}
		}
		w.apply(p)
		balance, err := history.Balance(w.facts["points"])
		if err != nil || ours != -his || balance != own {
			t.Fatalf("the holder moved %d, the intruder %d, the plan %d, and %d is there (%v)", own, his, ours, balance, err)
		}
	})
}

// Every order of the intruder's is answered for once, and none of the holder's is undone.
func TestEffectsAreAnsweredForOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		p := w.plan(w.analyse(investigate.Marks{Sessions: w.entries}))
		ops := map[string][]restore.Op{}
		for _, s := range p.Steps {
			ops[s.Path] = append(ops[s.Path], s.Op)
		}
		for _, c := range w.h {
			if c.Verb != history.Order {
				continue
			}
			did := ops[c.Path]
			if w.who[c.Session] == intruder && (len(did) != 1 || did[0] == restore.CorrectShipTo) {
				t.Fatalf("%s of the intruder: %v", c.Path, did)
			}
			if w.who[c.Session] == holder && len(did) > 0 && (len(did) > 1 || did[0] != restore.CorrectShipTo) {
				t.Fatalf("%s of the holder: %v", c.Path, did)
			}
		}
	})
}

// A false alarm: what a plan did is undone by the next one, but for secrets, which are enrolled anew, and
// for what was done outside.
func TestAFalseAlarmIsUndone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		before := maps.Clone(w.facts)
		w.apply(w.plan(w.analyse(investigate.Marks{Sessions: w.entries})))
		w.apply(w.plan(w.analyse(investigate.Marks{Sessions: w.entries, ClearedSessions: slices.Collect(maps.Keys(w.who))})))
		for _, path := range slices.Concat(values, groups, contacts, []string{"points"}) {
			got, want := w.facts[path], before[path]
			if path == "points" && string(got) == "0" && want == nil {
				continue // nothing is as good as 0
			}
			if !equalJSON(got, want) {
				t.Fatalf("%s is %s after the false alarm and was %s before", path, got, want)
			}
		}
	})
}

// Whatever a holder claims, nothing less is the intruder's, and nothing more is suspect.
func TestTheHoldersWordNeverClearsWhatTheRulesAreSureOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		m := investigate.Marks{Sessions: w.entries}
		before := w.analyse(m)
		for _, s := range slices.Sorted(maps.Keys(w.who)) {
			if rapid.Bool().Draw(t, "claimed") {
				m.ClaimedSessions = append(m.ClaimedSessions, s)
			}
		}
		m.ClaimedChanges = rapid.SliceOfN(rapid.Int64Range(1, int64(len(w.h))), 0, 5).Draw(t, "changes")
		after := w.analyse(m)
		for i := range w.h {
			was, is := before.Changes[i].Label, after.Changes[i].Label
			if was == finding.Tainted && is != was || is > was {
				t.Fatalf("change %d was %s and is %s after the holder claimed %v and %v", i+1, was, is, m.ClaimedSessions, m.ClaimedChanges)
			}
		}
	})
}
