package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a trial found.
type Report struct {
	About   []string     `json:"about"`
	Count   Count        `json:"count"`
	Split   Split        `json:"split"`
	Scorers []ScorerPart `json:"scorers"`
}

// Split says which part of the file set the thresholds and which was judged.
type Split struct {
	WarmUp  time.Time `json:"thresholds_from"` // before it, profiles are too thin to be typical
	At      time.Time `json:"judged_from"`
	Earlier int       `json:"holders_earlier"`
	Later   int       `json:"holders_later"`
	Seed    uint64    `json:"bootstrap_seed"`
	Rounds  int       `json:"bootstrap_rounds"`
}

// Share is a part of n, with the interval that 95 of 100 bootstraps over accounts lie in.
type Share struct {
	N     int     `json:"n"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ScorerPart is what one scorer did.
type ScorerPart struct {
	Scorer     string      `json:"scorer"`
	Challenges []Challenge `json:"challenges"`
	Reauths    []Reauth    `json:"reauthentication"`
	Curves     []Curve     `json:"curves"`
}

// Challenge is what a threshold does that was to challenge a share of holders.
type Challenge struct {
	Aim       float64 `json:"aim"`
	Threshold float64 `json:"threshold"`
	Precision float64 `json:"precision_at_7_in_a_million"` // of a challenge, at the published rate of takeovers
	Reached   []Cell  `json:"reached"`                     // of holders, by depth, and of their hard cases
	Blocked   []Cell  `json:"blocked"`                     // of takeovers, by kind and depth
}

// Cell is the challenged share of one kind at one depth of history.
type Cell struct {
	Kind  string `json:"kind"`
	Depth string `json:"depth"`
	Share
}

// Reauth is Wiefling's axis: at the threshold that catches a share of takeovers,
// how often holders must prove themselves in their first n sign-ins, in the median.
type Reauth struct {
	Kind      string        `json:"kind"`
	TPR       float64       `json:"tpr"`
	Threshold float64       `json:"threshold"`
	Earlier   int           `json:"takeovers_earlier"`
	Reached   float64       `json:"tpr_later"`
	Challenge float64       `json:"challenged_later"`
	At        []ReauthPoint `json:"at"`
}

// ReauthPoint is the median over accounts with so many sign-ins.
type ReauthPoint struct {
	Logins int `json:"logins"`
	Share
}

// Curve is which share of a kind is blocked (Y) when a share of holders is
// challenged (X), both in the later part.
type Curve struct {
	Kind string    `json:"kind"`
	X    []float64 `json:"challenged"`
	Y    []float64 `json:"blocked"`
}

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Text writes the report as tables, the scorers side by side.
func (r *Report) Text(out io.Writer) error {
	c, s := r.Count, r.Split
	fmt.Fprintf(out, "%d rows, %d broken, %d out of time order; %d accounts; %d on unknown names, %d failed, %d marked as takeovers, %d first sign-ins without a score\n",
		c.Rows, c.Broken, c.Unordered, c.Accounts, c.UnknownName, c.Failed, c.Takeovers, c.First)
	if c.Unordered > 0 {
		fmt.Fprintln(out, "Rows of a pipe are taken as they stand: a profile knows then what came later. Give the file itself, or sort it by \"Login Timestamp\".")
	}
	if s.Earlier == 0 {
		_, err := fmt.Fprintln(out, "nothing is judged: between a fifth of the time and the split no holder signed in a second time, so there is nothing to set thresholds on")
		return err
	}
	fmt.Fprintf(out, "thresholds set on %d sign-ins of holders from %s on, judged on %d from %s on\nintervals: 95 of 100 of %d bootstraps over accounts, seed %d\n",
		s.Earlier, s.WarmUp.Format(time.DateOnly), s.Later, s.At.Format(time.DateOnly), s.Rounds, s.Seed)
	for _, line := range r.About {
		fmt.Fprintln(out, line)
	}
	for i := range r.Scorers[0].Challenges {
		if err := r.challenge(out, i); err != nil {
			return err
		}
	}
	return r.reauth(out)
}

func (r *Report) challenge(out io.Writer, i int) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%g %% of holders challenged\tdepth\tn\t", 100*r.Scorers[0].Challenges[i].Aim)
	for _, s := range r.Scorers {
		fmt.Fprintf(w, "%s\t(95 %%)\t", s.Scorer)
	}
	fmt.Fprintln(w)
	rows := func(of func(c *Challenge) []Cell) {
		for j, first := range of(&r.Scorers[0].Challenges[i]) {
			fmt.Fprintf(w, "%s\t%s\t%d\t", first.Kind, first.Depth, first.N)
			for k := range r.Scorers {
				x := of(&r.Scorers[k].Challenges[i])[j]
				fmt.Fprintf(w, "%.4f\t(%.4f–%.4f)\t", x.Value, x.Low, x.High)
			}
			fmt.Fprintln(w)
		}
	}
	rows(func(c *Challenge) []Cell { return c.Blocked })
	rows(func(c *Challenge) []Cell { return c.Reached })
	fmt.Fprint(w, "challenges that are right, at 7 takeovers in a million\t\t\t")
	for _, s := range r.Scorers {
		fmt.Fprintf(w, "%.3f %%\t\t", 100*s.Challenges[i].Precision)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

func (r *Report) reauth(out io.Writer) error {
	if len(r.Scorers[0].Reauths) == 0 {
		_, err := fmt.Fprintf(out, "\ntoo few takeovers before %s to set a threshold by them\n", r.Split.At.Format(time.DateOnly))
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\nre-authentications in the first n sign-ins, median\tscorer\tTPR\treached\tchallenged\t")
	for _, n := range reauthLogins {
		fmt.Fprintf(w, "n = %d\t", n)
	}
	fmt.Fprintln(w)
	for i := range r.Scorers[0].Reauths {
		for _, s := range r.Scorers {
			x := s.Reauths[i]
			fmt.Fprintf(w, "%s\t%s\t%g\t%.4f\t%.4f\t", x.Kind, s.Scorer, x.TPR, x.Reached, x.Challenge)
			for _, p := range x.At {
				if p.N == 0 {
					fmt.Fprint(w, "–\t")
					continue
				}
				fmt.Fprintf(w, "%s (%s–%s)\t", short(p.Value), short(p.Low), short(p.High))
			}
			fmt.Fprintln(w)
		}
	}
	return w.Flush()
}

func short(x float64) string { return strings.TrimPrefix(fmt.Sprintf("%.3f", x), "0") }
