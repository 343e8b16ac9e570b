package investigate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBackToWhatWasMarkedBeforeATime(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	said := func(day int, v Verdict, m Mark) Marked {
		m.Verdict = v
		return Marked{Mark: m, At: then.AddDate(0, 0, day)}
	}
	s1, s2, c5, email := Mark{Session: "s1"}, Mark{Session: "s2", From: 7}, Mark{Change: 5}, Mark{Version: VersionRef{"email", "v1"}}
	as := func(v Verdict, m Mark) Mark { m.Verdict = v; return m }
	for _, tt := range []struct {
		name string
		all  []Marked
		want []Mark
	}{
		{"nothing was marked", nil, nil},
		{"what was marked before stays", []Marked{said(-1, Intruder, s1)}, nil},
		{"what was marked since is taken back", []Marked{said(-1, Intruder, s1), said(0, Intruder, email), said(1, Intruder, s2)},
			[]Mark{as(Undecided, email), as(Undecided, s2)}},
		{"what was taken back already is not taken back again", []Marked{said(0, Intruder, c5), said(0, Undecided, c5)}, nil},
		{"what was called the holder's is taken back, too", []Marked{said(0, Intruder, s1), said(0, Holder, s1)}, []Mark{as(Undecided, s1)}},
		{"what stood before stands again", []Marked{said(-1, Intruder, s1), said(-1, Intruder, c5), said(0, Holder, s1), said(0, Undecided, c5)},
			[]Mark{as(Intruder, s1), as(Intruder, c5)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var back []Mark
			for _, m := range backTo(tt.all, then) {
				back = append(back, m.Mark)
			}
			if d := cmp.Diff(tt.want, back); d != "" {
				t.Error(d)
			}
			before := marksOf(tt.all[:len(tt.all)-len(backed(tt.all, then))])
			for _, m := range back {
				tt.all = append(tt.all, Marked{Mark: m, At: then.AddDate(0, 0, 2)})
			}
			if d := cmp.Diff(before, marksOf(tt.all)); d != "" {
				t.Errorf("it is not as it was before: %s", d)
			}
		})
	}
}

// backed gives the marks since a time.
func backed(all []Marked, since time.Time) []Marked {
	for i, m := range all {
		if !m.At.Before(since) {
			return all[i:]
		}
	}
	return nil
}
