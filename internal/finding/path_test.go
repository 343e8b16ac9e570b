package finding

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A path that is shortened has its beginning and its end as the whole one has them,
// in whatever order paths are asked for.
func TestALongPathKeepsItsSeedAndItsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{3, Longest - 1, Longest, Longest + 1, 3 * Longest}).Draw(t, "changes")
		f := Findings{First: 1, Changes: make([]Change, n)}
		seeds := rapid.IntRange(1, 3).Draw(t, "seeds")
		for i := range f.Changes {
			why := Reason{Rule: Seed, Confidence: 1}
			if i >= seeds {
				before := max(i-rapid.IntRange(1, 3).Draw(t, "before"), 0)
				why = Reason{Rule: H5, From: int64(before + 1), Confidence: 1}
			}
			f.Changes[i] = Change{Label: Tainted, Reason: why}
		}
		paths := f.Paths()
		for _, seq := range rapid.Permutation(numbers(n)).Draw(t, "order")[:min(n, 40)] {
			whole := []int64{seq}
			for f.Of(whole[0]).Reason.From != 0 {
				whole = append([]int64{f.Of(whole[0]).Reason.From}, whole...)
			}
			want := whole
			if more := len(whole) - Longest; more > 0 {
				want = append(slices.Clone(whole[:1]), whole[1+more:]...)
			}
			if got := paths.Because(seq); !slices.Equal(got, want) {
				t.Fatalf("the path to %d is %v, want %v", seq, got, want)
			}
		}
	})
}

func numbers(n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

// What is exposed backward in time may come round. A path ends there, however far it was.
func TestAPathThatComesRoundHasAnEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, Longest - 2, Longest - 1, Longest, 5 * Longest} {
		f := Findings{First: 1, Changes: make([]Change, n)}
		for i := range f.Changes {
			f.Changes[i] = Change{Label: Suspect, Reason: Reason{Rule: S4, From: int64(i), Confidence: .5}}
		}
		f.Changes[0].Reason.From = int64(n)
		paths := f.Paths()
		for seq := int64(1); seq <= int64(n); seq++ {
			if path := paths.Because(seq); len(path) != min(n, Longest) || path[len(path)-1] != seq {
				t.Fatalf("of %d in a ring, the path to %d is %v", n, seq, path)
			}
		}
	}
}
