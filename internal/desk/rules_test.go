package desk

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"takeback/internal/casefile"
)

func TestUrgency(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		s     standing
		level Level
		why   string
	}{
		"a stopped account that nobody works on":     {standing{step: casefile.Frozen}, Urgent, "frozen"},
		"a stopped account in work":                  {standing{step: casefile.Frozen, assigned: true}, Calm, "work"},
		"a call that is due":                         {standing{step: casefile.Reported, call: now.Add(time.Minute)}, Urgent, "call"},
		"a call whose promise is broken":             {standing{step: casefile.Verified, assigned: true, call: now.Add(-time.Hour)}, Urgent, "call"},
		"a call that is booked for tonight":          {standing{step: casefile.Verified, assigned: true, call: now.Add(8 * time.Hour)}, Calm, "booked"},
		"a person who has waited for an answer long": {standing{step: casefile.Investigating, asked: now.Add(-time.Hour)}, Urgent, "message"},
		"a person who has just written":              {standing{step: casefile.Investigating, asked: now.Add(-time.Second)}, Soon, "message"},
		"a report that has just come":                {standing{step: casefile.Reported, waiting: time.Minute}, Soon, "reported"},
		"a plan that waits for its second person":    {standing{step: casefile.Planned, assigned: true}, Soon, "approve"},
		"an account that was handed back":            {standing{step: casefile.HandedBack, assigned: true}, Calm, "watched"},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.now = now
			if got := urgency(c.s); got.Level != c.level || got.Why != c.why {
				t.Errorf("%s because of %s, want %s because of %s", got.Level, got.Why, c.level, c.why)
			}
		})
	}
}

func TestSortItems(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Item {
			step := rapid.SampledFrom([]casefile.Step{casefile.Reported, casefile.Frozen, casefile.Verified, casefile.Planned, casefile.HandedBack}).Draw(t, "step")
			wait := time.Duration(rapid.IntRange(0, 100).Draw(t, "wait")) * time.Minute
			return Item{Urgency: urgency(standing{step: step, assigned: rapid.Bool().Draw(t, "assigned"), waiting: wait}), Waiting: wait}
		})).Draw(t, "items")
		sortItems(items)
		for i := 1; i < len(items); i++ {
			a, b := items[i-1], items[i]
			if a.Urgency.rank > b.Urgency.rank || a.Urgency.rank == b.Urgency.rank && a.Waiting < b.Waiting {
				t.Fatalf("%+v stands before %+v", a, b)
			}
		}
	})
}

func TestHide(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"佐藤 花子": "佐***", " Hana": "H***", "": "", "\x01x": ""} {
		if got := hide(in); got != want {
			t.Errorf("hide(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestKeptShare(t *testing.T) {
	t.Parallel()
	if got := keptShare(0, 0); got != 100 {
		t.Errorf("with no calls %d%% of the promises are kept", got)
	}
	if got := keptShare(2, 3); got != 66 {
		t.Errorf("two of three are %d%%: a promise is not rounded up", got)
	}
}

func TestTied(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 3, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		all    []letting
		opened time.Time
		want   bool
	}{
		{"strangers", nil, ago(time.Hour), false},
		{"one let the other in", []letting{{by: "a", staff: "b", at: ago(day)}}, ago(time.Hour), true},
		{"the other way round", []letting{{by: "b", staff: "a", at: ago(day)}}, ago(time.Hour), true},
		{"by a third", []letting{{by: "c", staff: "a", at: ago(day)}, {by: "c", staff: "b", at: ago(2 * day)}}, ago(time.Hour), true},
		{"through a third", []letting{{by: "c", staff: "b", at: ago(day)}, {by: "a", staff: "c", at: ago(2 * day)}}, ago(time.Hour), true},
		{"long ago", []letting{{by: "a", staff: "b", at: ago(8 * day)}}, ago(time.Hour), false},
		{"long ago, but in the case", []letting{{by: "a", staff: "b", at: ago(8 * day)}}, ago(9 * day), true},
		{"by whoever runs the program", []letting{{staff: "a", at: now}, {staff: "b", at: now}}, ago(time.Hour), false},
	} {
		if got := tied(c.all, "a", "b", c.opened, now); got != c.want {
			t.Errorf("%s: tied = %v", c.name, got)
		}
	}
}
