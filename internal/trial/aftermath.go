package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Aftermath is what a trial of sequences found.
type Aftermath struct {
	About     []string    `json:"about"`
	Heard     Heard       `json:"heard"`
	Budget    Spent       `json:"budget"`
	From      time.Time   `json:"judged_from"`
	Seed      uint64      `json:"bootstrap_seed"`
	Rounds    int         `json:"bootstrap_rounds"`
	Besides   int         `json:"sign_ins_while_an_intruder_was_in"` // holders' own, counted nowhere else
	Takeovers []Takeovers `json:"takeovers"`
	Holders   []Holders   `json:"holders"`
	Moving    Holders     `json:"holders_if_limits_move"` // with their scores, as a server's do
	Aims      []Aimed     `json:"budgets_of_holding"`
	Curves    [][2]Curve  `json:"curves"` // by kind: held, ended or frozen alone, and with the challenge counted
}

// Spent is a budget and the limits that it set on the earlier part.
type Spent struct {
	Challenge float64 `json:"challenge"`
	Hold      float64 `json:"hold"`
	StepUp    float64 `json:"step_up_from"`
	HoldFrom  float64 `json:"hold_from"`
}

// Takeovers is what became of the takeovers of one kind.
type Takeovers struct {
	Kind          string `json:"kind"`
	Stopped       Share  `json:"stopped"`                 // held, ended or frozen before value moved
	Ended         Share  `json:"ended_or_frozen"`         // of those, by more than a hold
	Asked         Share  `json:"challenged"`              // before
	WithChallenge Share  `json:"stopped_with_challenge"`  // a challenge counted as the share that it stops
	Seconds       Middle `json:"seconds_to_the_decision"` // from the intruder's first event, of the stopped
	Events        Middle `json:"events_to_the_decision"`
}

// Middle is what half and what 95 of 100 lie below.
type Middle struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// Holders is what holders bore. Ended and Frozen are shares of their sign-ins in
// whose wake it happened.
type Holders struct {
	Kind   string `json:"kind"`
	Asked  Share  `json:"challenged"`
	Held   Share  `json:"changes_held"`
	Ended  Share  `json:"ended"`
	Frozen Share  `json:"frozen"`
}

// JSON writes the report as one object.
func (a *Aftermath) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(a)
}

// Text writes the report as tables.
func (a *Aftermath) Text(out io.Writer) error {
	h, s := a.Heard, a.Budget
	fmt.Fprintf(out, "%d events, %d broken, %d out of time order; %d accounts; %d sign-ins, %d failed, %d changes, %d disowned\n",
		h.Events, h.Broken, h.Unordered, h.Accounts, h.SignIns, h.Failed, h.Changes, h.Disowned)
	fmt.Fprintf(out, "budget: %g %% of sign-ins challenged, %g of 1000 changes held; set on the earlier part: from %.2f and %.2f on; judged from %s on\n",
		100*s.Challenge, 1000*s.Hold, s.StepUp, s.HoldFrom, a.From.Format(time.DateOnly))
	fmt.Fprintf(out, "intervals: 95 of 100 of %d bootstraps over accounts, seed %d; %d sign-ins of holders while an intruder was in are counted nowhere\n", a.Rounds, a.Seed, a.Besides)
	for _, line := range a.About {
		fmt.Fprintln(out, line)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\nstopped before value moves\tn\theld/ended/frozen\t(95 %)\tended/frozen\t(95 %)\tchallenged\twith the challenge\t(95 %)\tseconds: median\tp95\tevents: median\tp95\t\n")
	for _, t := range a.Takeovers {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%.4f\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t\n", t.Kind, t.Stopped.N, per(t.Stopped, 1), per(t.Ended, 1),
			t.Asked.Value, per(t.WithChallenge, 1), t.Seconds.Median, t.Seconds.P95, t.Events.Median, t.Events.P95)
	}
	fmt.Fprint(w, "\nholders\tsign-ins\tchallenged of 1000\t(95 %)\tchanges\theld of 1000\t(95 %)\tended of a million sign-ins\t(95 %)\tfrozen of a million\t(95 %)\t\n")
	row := func(name string, h Holders) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t\n", name, h.Frozen.N, per(h.Asked, 1e3), h.Held.N, per(h.Held, 1e3), per(h.Ended, 1e6), per(h.Frozen, 1e6))
	}
	for _, h := range a.Holders {
		row(h.Kind, h)
	}
	row("all, if limits move as a server's", a.Moving)
	a.budgets(w)
	a.trade(w)
	return w.Flush()
}

// trade is the curve as a table: stopped by what is held of holders' changes.
func (a *Aftermath) trade(w io.Writer) {
	fmt.Fprint(w, "\nheld of 1000 changes\t")
	for _, c := range a.Curves {
		fmt.Fprintf(w, "%s\t", c[0].Kind)
	}
	fmt.Fprintln(w)
	for i := range a.Curves[0][0].X {
		fmt.Fprintf(w, "%.1f\t", 1000*a.Curves[0][0].X[i])
		for _, c := range a.Curves {
			fmt.Fprintf(w, "%.4f\t", c[0].Y[i])
		}
		fmt.Fprintln(w)
	}
}

// per writes a share of so many, and its interval in the next column.
func per(s Share, of float64) string {
	if of == 1 {
		return fmt.Sprintf("%.4f\t(%.4f–%.4f)", s.Value, s.Low, s.High)
	}
	return fmt.Sprintf("%.1f\t(%.1f–%.1f)", of*s.Value, of*s.Low, of*s.High)
}

// Plot writes the curves as an SVG picture: across, the share of holders' changes
// that are held, up, the share of takeovers that are stopped.
func (a *Aftermath) Plot(out io.Writer) error {
	p := picture{title: "Takeovers stopped by the share of holders' changes held", about: a.About, lines: []string{"held, ended or frozen", "a challenge counted, too"}, strokes: strokes[:],
		axes: "across: holders' changes held, up: takeovers stopped before value moves; sign-ins from " + a.From.Format(time.DateOnly) + " on"}
	for _, c := range a.Curves {
		p.panels = append(p.panels, c[:])
	}
	return p.draw(out)
}
