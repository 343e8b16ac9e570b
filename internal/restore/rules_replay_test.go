package restore

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// anyBook makes a history of n changes with whatever labels, whether anybody could have found them or not.
func anyBook(n int, pick func(n int) int) *book {
	b := newBook()
	for range n {
		who := "own"
		if i := pick(12) - 9; i >= 0 {
			who = []string{"maybe", "thief", "thief"}[i]
		}
		address := fmt.Sprint("address/", pick(6))
		value := []string{`{"to":"Mika","line":"1"}`, `{"to":"Mika","line":"2"}`}[pick(2)]
		switch pick(12) {
		default:
			b.does(who, history.Add, address, value)
		case 1:
			b.does(who, history.Remove, address, "")
		case 2:
			b.erases(who, address)
		case 3:
			b.does(who, history.Patch, address, value).Affected = who == "own" && pick(2) == 0
		case 4:
			b.does(who, history.Set, []string{"name", "note/1", "default/address", "nobody/declared/it"}[pick(4)], []string{`"a"`, `"b"`}[pick(2)])
		case 5:
			b.does(who, history.Credential, []string{"password", "passkey/1"}[pick(2)], `"v"`)
			b.knows([]string{"thief", "both", "holder"}[pick(3)])
		case 6:
			b.does(who, history.Contact, "email", `"mika@example.org"`)
			b.knows([]string{"thief", "both", "holder"}[pick(3)])
		case 7:
			b.move(who, int64(pick(5)), int64(pick(50)))
		case 8:
			b.does(who, history.Order, fmt.Sprint("order/", pick(4)), `{"effect":"undo"}`).Affected = who == "own" && pick(2) == 0
		}
		switch c := &b.h[len(b.h)-1]; pick(8) {
		case 6:
			c.Role, c.Actor = access.System, []string{ActorID, "shop"}[pick(2)]
		case 7:
			b.f.Contradictions = append(b.f.Contradictions, finding.Contradiction{Seq: c.Seq, Path: c.Path, Reason: finding.Reason{From: 1}})
		}
	}
	return b
}

// What the intruder never touched has no step, so that it need not be played:
// the plan is the same as if everything had been.
func TestWhatNobodyDoubtsChangesNoPlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := anyBook(rapid.IntRange(1, 80).Draw(r, "changes"), func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "pick") })
		got := b.plan(t)
		for i := range b.f.Changes {
			b.f.Changes[i].System = true // which makes somebody look at the path
		}
		kinds, _ := account.NewKinds()
		if diff := cmp.Diff(MakePlan(b.h, b.f, kinds, noon), got); diff != "" {
			r.Fatalf("(-all is played +as it is):\n%s", diff)
		}
	})
}

// A long history is played by two at once, each path by one of them.
func TestTwoPlayAHistoryAsOneDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		playTwice(t, anyBook(long, rand.New(rand.NewPCG(1, seed)).IntN))
	}
}

func playTwice(t *testing.T, b *book) {
	t.Helper()
	b.plan(t)
	chosen := func() planner {
		kinds, _ := account.NewKinds()
		p := planner{findings: &b.f, history: b.h, kinds: kinds, now: noon}
		p.choose()
		return p
	}
	two, one := chosen(), chosen()
	two.playFrom(0)
	alone := player{planner: &one, of: 1}
	alone.play()
	if one.erased = alone.wished; !reflect.DeepEqual(one.fields, two.fields) || !reflect.DeepEqual(one.erased, two.erased) || len(one.erased) == 0 {
		t.Errorf("two play %d paths otherwise than one, or nothing was erased: %v, %v", len(two.fields), one.erased, two.erased)
	}
	if i := slices.IndexFunc(two.fields, func(fd field) bool { return fd.path == "" }); i >= 0 {
		t.Errorf("field %d was not played", i)
	}
}
