package trial

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Where a published figure comes from.
const (
	fromPaper  = "Wiefling et al. 2022, 4.1"
	fromCard   = "full scan of the data set"
	fromSubset = "50,000 users of the data set"
	fromReadme = "das-group/rba-dataset"
	fromReport = "report on countries of the data set"
)

// Shares that are drawn directly.
const (
	listedHome     = 0.0845 // of the holders' sign-ins come from a listed address
	listedTakeover = 0.546  // of the takeovers
	listedStranger = 0.114  // of everybody else's tries: with these 9.9 % of all rows
	nobodyShare    = 0.449  // of all rows are tries on names that do not exist
	successShare   = 0.401
	existingShare  = 0.25 // of the failures are tries on names that exist
	roundTripShare = 0.041
)

// Marginal is a figure of a generated file beside the published one.
type Marginal struct {
	Figure string  `json:"figure"`
	Got    float64 `json:"got"`
	Target float64 `json:"target"`
	Source string  `json:"source"`
}

// PrintMarginals prints how close each came.
func PrintMarginals(out io.Writer, all []Marginal) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "figure\tgot\ttarget\toff by\t  source\t")
	for _, m := range all {
		fmt.Fprintf(w, "%s\t%.4g\t%.4g\t%+.1f %%\t  %s\t\n", m.Figure, m.Got, m.Target, 100*(m.Got/m.Target-1), m.Source)
	}
	return w.Flush()
}

// tally counts what the marginals are made of: holders' sign-ins account by
// account, and every row as it is written. What intruders do is left out.
type tally struct {
	perUser []int
	mine    []attempt // successes of the account that is drawn now
	logins  int
	seen    map[string]int
	failed  [2]int // in the day before a success: of holders, of intruders
	won     [2]int
	listed  int // takeovers from a listed address

	rows, success, nobody, existing, rowsListed, roundTrip, artificial int
	country, countrySuccess                                            [len(countryNames)]int
	device, system, browser                                            map[string]int
}

func newTally() *tally {
	return &tally{seen: map[string]int{}, device: map[string]int{}, system: map[string]int{}, browser: map[string]int{}}
}

// draw takes what life emits, in the order of one account.
func (t *tally) draw(a attempt) {
	who := 0
	if a.kind.intruder() {
		who = 1
	}
	switch {
	case a.kind == stolen:
		return
	case a.failed:
		t.failed[who]++
		return
	}
	t.won[who]++
	if who == 1 {
		if a.place.listed() {
			t.listed++
		}
		return
	}
	t.logins++
	seen := func(figure string, same func(b attempt) bool) {
		if slices.ContainsFunc(t.mine, same) {
			t.seen[figure]++
		}
	}
	seen("address", func(b attempt) bool { return a.place == b.place })
	seen("network", func(b attempt) bool { return a.place.inNetwork(b.place) })
	seen("country", func(b attempt) bool { return a.place.country == b.place.country })
	seen("browser", func(b attempt) bool {
		return a.client.device == b.client.device && a.client.system == b.client.system && a.client.browser == b.client.browser
	})
	seen("OS", func(b attempt) bool { return a.client.device == b.client.device && a.client.system == b.client.system })
	seen("device type", func(b attempt) bool { return a.client.device == b.client.device })
	seen("hour", func(b attempt) bool { return hour(a) == hour(b) })
	t.mine = append(t.mine, a)
}

// hour of the day: the begin of the data set's time is not at midnight.
func hour(a attempt) int { return begin.Add(millis(a.at)).Hour() }

// drawn ends an account.
func (t *tally) drawn() {
	t.perUser = append(t.perUser, len(t.mine))
	t.mine = t.mine[:0]
}

// wrote takes a row of whoever is no intruder.
func (t *tally) wrote(a attempt, r *Row) {
	t.rows++
	t.country[a.place.country]++
	if r.Listed {
		t.rowsListed++
	}
	if len(r.RoundTrip) > 0 {
		t.roundTrip++
	}
	if r.Address[0] == '1' && r.Address[1] == '0' && r.Address[2] == '.' {
		t.artificial++
	}
	switch {
	case a.nobody:
		t.nobody++
	case a.failed:
		t.existing++
	default:
		t.success++
		t.countrySuccess[a.place.country]++
		t.device[deviceNames[a.client.device]]++
		system, _, _ := strings.Cut(string(r.System), " ")
		t.system[deviceNames[a.client.device]+" "+system]++
		for _, family := range []string{"Chrome", "Safari", "Edge", "Firefox"} {
			if strings.Contains(string(r.Browser), family) {
				t.browser[family]++
			}
		}
	}
}

// marginals compares. Where two sources disagree, both are printed.
func (t *tally) marginals() []Marginal {
	slices.Sort(t.perUser)
	n, logins, rows := float64(len(t.perUser)), float64(t.logins), float64(t.rows)
	quantile := func(q float64) float64 { return float64(t.perUser[int(q*(n-1))]) }
	share := func(of func(k int) bool) (x float64) {
		for _, k := range t.perUser {
			if of(k) {
				x++
			}
		}
		return x / n
	}
	squares := 0.0
	for _, k := range t.perUser {
		squares += math.Pow(float64(k)-logins/n, 2)
	}
	failures := float64(t.nobody + t.existing)
	desktop, mobile := float64(t.device["desktop"]), float64(t.device["mobile"])
	all := []Marginal{
		{"sign-ins per account, mean", logins / n, 3.8, fromPaper},
		{"… median", quantile(0.5), 2, fromPaper},
		{"… standard deviation", math.Sqrt(squares / n), 9.35, fromPaper},
		{"… 90 of 100", quantile(0.9), 9, fromCard},
		{"… 99 of 100", quantile(0.99), 28.5, fromCard},
		{"… one only", share(func(k int) bool { return k == 1 }), 0.397, fromCard},
		{"… ten or more", share(func(k int) bool { return k >= 10 }), 0.085, fromCard},
	}
	for _, s := range []struct {
		figure string
		target float64
	}{{"address", 0.452}, {"network", 0.682}, {"country", 0.747}, {"browser", 0.501}, {"OS", 0.608}, {"device type", 0.701}, {"hour", 0.397}} {
		all = append(all, Marginal{s.figure + " seen before", float64(t.seen[s.figure]) / logins, s.target, fromSubset})
	}
	all = append(all,
		Marginal{"failures before a success: holders", float64(t.failed[0]) / float64(t.won[0]), 0.277, fromSubset},
		Marginal{"… intruders", float64(t.failed[1]) / float64(t.won[1]), 0.184, fromSubset},
		Marginal{"rows that succeed", float64(t.success) / rows, successShare, fromCard},
		Marginal{"rows on unknown names", float64(t.nobody) / rows, nobodyShare, fromCard},
		Marginal{"failures on known names", float64(t.existing) / failures, existingShare, fromPaper},
		Marginal{"success on known names", float64(t.success) / float64(t.success+t.existing), 0.78, fromCard},
		Marginal{"rows from listed addresses", float64(t.rowsListed) / rows, 0.099, fromCard},
		Marginal{"takeovers from listed addresses", float64(t.listed) / float64(t.won[1]), listedTakeover, fromCard},
		Marginal{"rows with a round-trip time", float64(t.roundTrip) / rows, roundTripShare, fromCard},
		Marginal{"rows from 10.0.0.0/8", float64(t.artificial) / rows, 0.233, fromCard},
	)
	for i, target := range attemptsFrom {
		all = append(all, Marginal{"rows from " + countryNames[i], float64(t.country[i]) / rows, target, fromCard})
	}
	all = append(all,
		Marginal{"success from NO", float64(t.countrySuccess[0]) / float64(t.country[0]), 0.65, fromReport},
		Marginal{"success from RU", float64(t.countrySuccess[2]) / float64(t.country[2]), 0.006, fromReport},
		Marginal{"mobile", mobile / logins, 0.653, fromPaper},
	)
	for _, s := range []struct {
		system string
		of     float64
		target float64
	}{{"desktop Windows", desktop, 0.792}, {"desktop Mac", desktop, 0.194}, {"desktop Linux", desktop, 0.014}, {"mobile Android", mobile, 0.649}, {"mobile iOS", mobile, 0.351}} {
		all = append(all, Marginal{s.system, float64(t.system[s.system]) / s.of, s.target, fromPaper})
	}
	for _, s := range []family{{"Chrome", 0.598}, {"Safari", 0.274}, {"Edge", 0.059}, {"Firefox", 0.030}} {
		all = append(all, Marginal{s.name, float64(t.browser[s.name]) / logins, s.share, fromPaper})
	}
	return all
}

// attemptsFrom are the published shares of the first countries among all rows.
var attemptsFrom = [...]float64{0.423, 0.278, 0.054, 0.038, 0.029}
