package trial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
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

// TestABrokenRowKeepsItsLine: people look for it in their file, where it stands
// as they wrote it. So do rows without an index, which are known by their number.
func TestABrokenRowKeepsItsLine(t *testing.T) {
	t.Parallel()
	header, _, _ := strings.Cut(header, "\n")
	_, columns, _ := strings.Cut(header, ",") // there is no index
	sound := strings.SplitAfter(strings.TrimPrefix(generate(t, 20, 3, 0).rows, header+"\n"), "\n")
	sound = slices.DeleteFunc(sound, func(s string) bool { return s == "" })
	for i, row := range sound {
		_, sound[i], _ = strings.Cut(row, ",")
	}
	at, rest, _ := strings.Cut(sound[2], ",")
	user, rest, _ := strings.Cut(rest, ",")
	quoted, open := at+",\""+user+"\","+rest, at+",\""+user+","+strings.ReplaceAll(rest, "\"", "") // the quote closes if a quoted row comes to stand behind it
	lines := append(slices.Clip(sound[:5]), quoted, open, "broken,row\n", "\n", strings.Replace(quoted, user, user+"\n", 1), strings.Repeat("x", longest+10)+"\n")
	rapid.Check(t, func(t *rapid.T) {
		file := columns + "\n" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 1, 30).Draw(t, "lines"), "")
		if rapid.Bool().Draw(t, "it ends without a line feed") {
			file = strings.TrimSuffix(file, "\n")
		}
		ordered, _, err := Ordered(strings.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(met(t, strings.NewReader(file)), met(t, ordered)); diff != "" {
			t.Fatalf("what is read (-file +ordered):\n%.2000s", diff)
		}
	})
}

// FuzzOrdered looks for bytes that are read otherwise when they are put in order.
func FuzzOrdered(f *testing.F) {
	text, err := os.ReadFile("testdata/rows.csv")
	if err != nil {
		f.Fatal(err)
	}
	_, body, _ := bytes.Cut(text, []byte("\n"))
	f.Add(body[:min(len(body), 4000)])
	f.Add([]byte("0,2020-02-03 12:00:00.000,1,\"\n\"\",\n,,,\"\r\n"))
	lines := bytes.SplitAfter(body, []byte("\n"))
	lines = slices.Insert(lines[:min(len(lines), 6)], 3, []byte("broken,row\n"))
	slices.Reverse(lines)
	f.Add(bytes.TrimSuffix(bytes.Join(lines, nil), []byte("\n"))) // none stands where it belongs
	f.Fuzz(func(t *testing.T, b []byte) {
		file := header + string(b)
		ordered, _, err := Ordered(strings.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(met(t, strings.NewReader(file)), met(t, ordered)); diff != "" {
			t.Fatalf("what is read (-file +ordered):\n%.2000s", diff)
		}
	})
}

// met gives the rows of a file by their lines and numbers, in the order of lines.
func met(t interface{ Fatal(...any) }, from io.Reader) []string {
	r, err := NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for {
		var row Row
		err := r.Read(&row)
		var broken *Broken
		switch {
		case err == io.EOF:
			slices.Sort(all)
			return all
		case errors.As(err, &broken):
			all = append(all, fmt.Sprintf("%04d: %v", broken.Line, broken))
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, fmt.Sprintf("%04d: %s of %s at %v", r.Line(), row.Index, row.User, row.At))
		}
	}
}
