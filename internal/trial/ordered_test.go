package trial

import (
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// However the rows of a file stand, its scores are those of the same rows in the order of time.
func TestRowsAreGoneThroughInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	m := generate(t, 50, 9, 0)
	_, want := eval(t, m.rows, nil, ours)
	lines := strings.SplitAfter(strings.TrimPrefix(m.rows, header), "\n")
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
	shuffled := header + strings.Join(lines, "")
	rows, astray, err := Ordered(strings.NewReader(shuffled), int64(len(shuffled)))
	if err != nil || astray < int64(len(lines))/2 {
		t.Fatalf("%d of %d rows are astray, %v", astray, len(lines), err)
	}
	text, err := io.ReadAll(rows)
	if err != nil {
		t.Fatal(err)
	}
	report, got := eval(t, string(text), nil, ours)
	if diff := cmp.Diff(want, got); diff != "" || report.Count.Unordered != 0 {
		t.Errorf("%d rows are out of order still; scores (-sorted +shuffled):\n%.2000s", report.Count.Unordered, diff)
	}
}

func TestOrderingLosesNothing(t *testing.T) {
	t.Parallel()
	sound := strings.SplitAfter(strings.TrimPrefix(generate(t, 20, 3, 0).rows, header), "\n")
	sound = slices.DeleteFunc(sound, func(s string) bool { return s == "" })
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom(append(slices.Clip(sound), "broken,row\n", "\n")), 1, 30).Draw(t, "lines")
		file := header + strings.Join(lines, "")
		if rapid.Bool().Draw(t, "it ends without a line feed") {
			file = strings.TrimSuffix(file, "\n")
		}
		rows, astray, err := Ordered(strings.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(rows)
		if err != nil {
			t.Fatal(err)
		}
		if astray == 0 && string(text) != file {
			t.Fatalf("nothing was astray, and it reads\n%s", text)
		}
		whole := func(s string) []string {
			all := slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" })
			slices.Sort(all)
			return all
		}
		if diff := cmp.Diff(whole(file), whole(string(text))); diff != "" {
			t.Fatalf("rows (-file +ordered):\n%s", diff)
		}
		again, astray, err := Ordered(strings.NewReader(string(text)), int64(len(text)))
		if err != nil || astray != 0 || again == nil {
			t.Fatalf("%d rows are astray still, %v", astray, err)
		}
	})
}
