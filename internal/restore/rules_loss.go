package restore

import (
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// lead is how long before its deadline an order is called back without waiting
// for the plan any longer. A call that fails is made again a dozen times in it.
const lead = 30 * time.Minute

// Loss is an order of the intruder's that can still be stopped.
type Loss struct {
	Row
	Until time.Time // its deadline; zero if it has none
}

// due tells whether the order cannot wait for the plan any longer.
func (l Loss) due(now time.Time) bool { return !l.Until.IsZero() && !now.Before(l.Until.Add(-lead)) }

// late tells whether its deadline has passed, so that a call that did not land yet would claim what is not true.
func (l Loss) late(now time.Time) bool { return !l.Until.IsZero() && !now.Before(l.Until) }

// losses lists what could still be stopped, by the table of the plan: the
// earliest deadline first, what has none last.
func losses(caseID string, h []history.Change, f finding.Findings, kinds account.Kinds, now time.Time) (all []Loss) {
	for _, s := range MakePlan(h, f, kinds, now).Steps {
		var e Effect
		if s.Op != Cancel || json.Unmarshal(s.Pre, &e) != nil {
			continue
		}
		l := Loss{Row: Row{Step: s, ID: "loss_" + digest([]string{caseID, s.Path, string(s.Pre)})[:32], State: Pending}}
		if e.Class == Window {
			l.Until = e.Until
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b Loss) int {
		if a.Until.IsZero() || b.Until.IsZero() {
			return b.Until.Compare(a.Until)
		}
		return a.Until.Compare(b.Until)
	})
	return all
}
