package freeze

import (
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
)

func TestMayUndo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	by := func(r access.Role) []casefile.Entry {
		return []casefile.Entry{{What: "step.frozen", Role: r, At: now.Add(-time.Hour)}}
	}
	undone := func(ago time.Duration) []casefile.Entry {
		return []casefile.Entry{{What: Undone, At: now.Add(-ago)}}
	}
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		step            casefile.Step
		source          string
		entries, former []casefile.Entry
		want            bool
	}{
		"a stranger's click":                     {casefile.Frozen, "not-me", by(access.Nobody), nil, true},
		"the program's own doubt":                {casefile.Frozen, "risk", by(access.Holder), nil, true},
		"with the holder proved":                 {casefile.Verified, "not-me", by(access.Nobody), nil, true},
		"by an agent":                            {casefile.Frozen, "contact", by(access.Agent), nil, false},
		"by the service":                         {casefile.Frozen, "api", by(access.Service), nil, false},
		"once somebody investigates":             {casefile.Investigating, "not-me", by(access.Nobody), nil, false},
		"once there is a plan":                   {casefile.Planned, "not-me", by(access.Nobody), nil, false},
		"after it is over":                       {casefile.FalseAlarm, "not-me", by(access.Nobody), nil, false},
		"a second time within a month":           {casefile.Frozen, "not-me", by(access.Nobody), undone(30*day - 1), false},
		"a second time after a month":            {casefile.Frozen, "not-me", by(access.Nobody), undone(30 * day), true},
		"stopped anew by an agent":               {casefile.Frozen, "not-me", append(by(access.Nobody), by(access.Agent)...), nil, false},
		"a false alarm that the desk ended then": {casefile.Frozen, "not-me", by(access.Nobody), []casefile.Entry{{What: "step.false-alarm", At: now}}, true},
	} {
		if got := mayUndo(casefile.Case{Step: c.step, Source: c.source}, c.entries, c.former, now); got != c.want {
			t.Errorf("%s: may undo is %v", name, got)
		}
	}
}
