package wave

import (
	"testing"
	"unicode/utf8"

	"takeback/internal/access"

	"pgregory.net/rapid"
)

func TestHowTheDoorStands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, source        string
		names, tries, usual int
		want                Level
	}{
		{"a quiet shop", "", 59, 70, 0, Calm},
		{"many names at a quiet shop", "", 60, 70, 0, Rising},
		{"as many as always at a large one", "", 290, 400, 25, Calm},
		{"four times as many", "", 300, 400, 25, Rising},
		{"far more than the proof can slow", "", 600, 700, 0, High},
		{"a few names, again and again", "", 80, 900, 0, Calm},
		{"one network", "net 192.0.2.0/24", 20, 20, 0, Rising},
		{"a household", "net 192.0.2.0/24", 19, 20, 0, Calm},
		{"one kind of client", "agent python-requests/2", 40, 41, 0, Rising},
		{"the browser of most people", "agent Mozilla/5.0", 119, 150, 10, Calm},
	} {
		if got := standing(c.source, c.names, c.tries, c.usual); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestUsuallyIsTheMiddle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		counted []int
		minutes int
		want    int
	}{
		{nil, 5, 0}, {[]int{9, 9}, 5, 0}, {[]int{9, 8, 7}, 5, 7}, {[]int{5, 1, 900, 4, 3}, 5, 4}, {[]int{2}, 1, 2},
	} {
		if got := usually(c.counted, c.minutes); got != c.want {
			t.Errorf("%v of %d minutes: %d, want %d", c.counted, c.minutes, got, c.want)
		}
	}
}

func TestNothingAClientSaysIsTooMuch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range sourcesOf(access.Client{IP: rapid.String().Draw(t, "ip"), UserAgent: string(rapid.SliceOf(rapid.Byte()).Draw(t, "agent"))}) {
			if !utf8.ValidString(s) {
				t.Fatalf("%q is no text", s)
			}
		}
	})
}
