package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Ablation is what the score is worth with less than it has, and against more
// than it was made for.
type Ablation struct {
	About   []string  `json:"about"`
	Users   int       `json:"users"`
	Seeds   int       `json:"seeds"`
	Attacks float64   `json:"attacks"`
	All     []Ablated `json:"ablations"`
}

var aboutAblation = []string{
	"Synthetic: worlds made from published marginals of one Norwegian sign-in service. They say what hangs on what, not what happens on a live site.",
	"Limits are set on the earlier part of each world, so that 5 of 100 sign-ins of holders are challenged, and judged on the later one. Of the first 30 days there is no earlier part: their limit is their own.",
	"Every intruder passes his challenge and teaches until he is disowned, but for the quiet sign-ins: there a challenge stops him. Stopped is before value moves, at the usual budgets.",
}

// JSON writes it as one object.
func (a *Ablation) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(a)
}

// Text writes it as tables.
func (a *Ablation) Text(out io.Writer) error {
	fmt.Fprintf(out, "%d worlds of %d accounts, %g takeovers of each kind per later sign-in; intervals: 95 of 100 of 200 bootstraps over accounts\n", a.Seeds, a.Users, a.Attacks)
	for _, line := range a.About {
		fmt.Fprintln(out, line)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nchallenged of 100\tholders\t")
	for _, k := range signingIn {
		fmt.Fprintf(w, "%v\t", k)
	}
	fmt.Fprint(w, "scores made lower\tstopped of 100\theld of 1000\t\n")
	for _, x := range a.All {
		fmt.Fprintf(w, "%s\t%s\t", x.Name, hundred(x.Challenged))
		for _, c := range x.Caught {
			fmt.Fprintf(w, "%s\t", hundred(c.Share))
		}
		fmt.Fprintf(w, "%.1f\t%s\t%.1f (%.1f–%.1f)\t\n", 100*x.Fell, hundred(x.Stopped), 1000*x.Held.Value, 1000*x.Held.Low, 1000*x.Held.High)
	}
	full, depths := a.All[0], len(depthNames)-1
	fmt.Fprintf(w, "\n%s, by sign-ins before\t\t", full.Name)
	for _, k := range signingIn {
		fmt.Fprintf(w, "%v\t", k)
	}
	fmt.Fprintln(w)
	for d := range depths {
		fmt.Fprintf(w, "%s\t\t", depthNames[d+1])
		for k := range signingIn {
			fmt.Fprintf(w, "%s\t", hundred(full.ByDepth[k*depths+d].Share))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// hundred writes a share of a hundred with its interval, or that there is none.
func hundred(s Share) string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)", 100*s.Value, 100*s.Low, 100*s.High)
}
