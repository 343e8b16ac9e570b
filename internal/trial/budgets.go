package trial

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"takeback/internal/risk"
)

// Aimed is what came of a budget of holding: its limit was set on the earlier
// part, as the server sets it, and here is what the later part made of it.
type Aimed struct {
	Hold     float64 `json:"hold"` // of holders' changes, at most
	HoldFrom float64 `json:"hold_from"`
	Held     Share   `json:"held"`
	Stopped  Share   `json:"stopped"`
}

// aims of holding that are tried beside the one that was asked for.
var holdAims = []float64{0.005, 0.010, 0.015, 0.020, 0.030, 0.050}

// aimed tries budgets of holding.
func (b *bench) aimed() (all []Aimed) {
	for _, hold := range holdAims {
		l := b.within(risk.Budget{Challenge: b.Budget.Challenge, Hold: hold})
		a := Aimed{Hold: hold, HoldFrom: l.Hold}
		var held, stopped sample
		for _, x := range b.holders {
			for i := range x.steps {
				if s := &x.steps[i]; s.changes() {
					held.add(x.account, part(s.under(&l) >= risk.Hold), 1)
				}
			}
		}
		for _, x := range b.intruders {
			stopped.add(x.account, x.fate(&l).stopped(x.kind, false), 1)
		}
		a.Held, a.Stopped = b.share(held), b.share(stopped)
		all = append(all, a)
	}
	return all
}

// moved gives the actions that limits would have had which go with the holders'
// later steps, as those of a server do.
func (b *bench) moved() map[*step]risk.Action {
	var steps []*step
	for _, a := range b.holders {
		for i := range a.steps {
			steps = append(steps, &a.steps[i])
		}
	}
	slices.SortStableFunc(steps, func(x, y *step) int { return cmp.Compare(x.at, y.at) })
	server, actions := *b, make(map[*step]risk.Action, len(steps)) // whose meters go on
	for _, s := range steps {
		l := server.within(b.Budget)
		actions[s] = s.under(&l)
		server.measure(s)
	}
	return actions
}

// budgets writes what came of them.
func (a *Aftermath) budgets(w io.Writer) {
	fmt.Fprint(w, "\nbudget, of 1000 changes\tlimit\theld of 1000\t(95 %)\tstopped\t(95 %)\t\n")
	for _, x := range a.Aims {
		fmt.Fprintf(w, "%g\t%.2f\t%s\t%s\t\n", 1000*x.Hold, x.HoldFrom, per(x.Held, 1e3), per(x.Stopped, 1))
	}
}
