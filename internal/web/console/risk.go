package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/judge"
	"takeback/internal/knowledge"
	"takeback/internal/wave"
	"takeback/internal/web"
)

var riskPage = web.NewView[riskView](pages, "risk")

// riskDays are the times that the page of decisions offers to look back.
var riskDays = []string{"14", "30", "90"}

type riskView struct {
	web.Page
	judge.Overview
	Back   string // days looked back
	Charts []Chart
	Files  []knowledge.Source
	Waves  []wave.Wave // of guessed passwords, the newest first
}

// Waves tells of waves of guessed passwords. Room wave is one.
type Waves interface {
	Open(ctx context.Context, most int) ([]wave.Wave, error)
}

// wavesShown is how many waves the page on risk tells of.
const wavesShown = 10

func (p *Pages) waves(ctx context.Context) ([]wave.Wave, error) {
	if p.Waves == nil {
		return nil, nil
	}
	return p.Waves.Open(ctx, wavesShown)
}

func (p *Pages) riskRoutes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/desk/risk", Permission: access.Manage, Handler: p.showRisk}}
}

func (p *Pages) showRisk(w http.ResponseWriter, r *http.Request) error {
	v := riskView{Page: web.NewPage(r, "risk.title"), Back: web.FormOf(r).Optional("days", 4)}
	days, err := strconv.Atoi(v.Back)
	if err != nil || days != 30 && days != 90 {
		v.Back, days = riskDays[0], 14
	}
	if v.Overview, err = p.Judge.Look(r.Context(), web.ActorOf(r), days); err != nil {
		return err
	}
	if v.Waves, err = p.waves(r.Context()); err != nil {
		return err
	}
	v.Charts = []Chart{
		v.chart("challenged", func(d judge.Day) (bright, dim, of int64) {
			return d.Challenged - d.ShadowChallenged, d.ShadowChallenged, d.SignIns
		}),
		v.chart("held", func(d judge.Day) (bright, dim, of int64) { return d.Held - d.ShadowHeld, d.ShadowHeld, d.Changes }),
		v.chart("stopped", func(d judge.Day) (bright, dim, of int64) { return d.Frozen, d.Ended, ofNothing }),
		v.chart("outcome", func(d judge.Day) (bright, dim, of int64) { return d.Confirmed, d.False, ofNothing }),
	}
	v.Files, v.Wide = p.Known.Sources(), true
	return riskPage.Render(w, r, v)
}

// Chart is a row of bars, one for each day.
type Chart struct {
	Name   string // of its words
	Bars   []Bar
	Most   int64  // what the highest bar counts
	Sum    string // what all of them come to, in words
	Spoken string // the same for whoever hears it
}

// Bar is one day: what was done, and above it what was only seen or said.
type Bar struct {
	X, W               Share
	Bright, Dim        float64 // heights
	BrightTop, DimTop  float64 // where they begin
	Day                time.Time
	CountBright, Count int64
}

// chartHeight is how high the highest bar is drawn, in pixels.
const chartHeight = 80

// ofNothing says that a figure is no part of another.
const ofNothing = -1

// chart draws one figure of all days. of is what it is a part of, or ofNothing.
func (v riskView) chart(name string, figure func(judge.Day) (bright, dim, of int64)) Chart {
	c := Chart{Name: name}
	var bright, dim, of int64
	for _, d := range v.Days {
		b, s, all := figure(d)
		c.Most = max(c.Most, b+s)
		bright, dim, of = bright+b, dim+s, of+all
	}
	step := 100 / float64(max(len(v.Days), 1))
	for i, d := range v.Days {
		b, s, _ := figure(d)
		bar := Bar{X: Share(float64(i)*step + step*.1), W: Share(step * .8), Day: d.Day, CountBright: b, Count: b + s}
		if c.Most > 0 {
			bar.Bright, bar.Dim = chartHeight*float64(b)/float64(c.Most), chartHeight*float64(s)/float64(c.Most)
		}
		bar.BrightTop = chartHeight - bar.Bright
		bar.DimTop = bar.BrightTop - bar.Dim
		c.Bars = append(c.Bars, bar)
	}
	words := []any{strconv.FormatInt(bright, 10), strconv.FormatInt(dim, 10)}
	if of >= 0 {
		words = append(words, share(bright+dim, of))
	}
	c.Sum = v.T("risk.sum."+name, words...)
	c.Spoken = v.T("risk.chart."+name) + ": " + c.Sum
	return c
}

// share is a part in percent as people read it.
func share(part, of int64) string {
	if of == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*float64(part)/float64(of), 'f', 2, 64) + " %"
}

// Since offers how far to look back.
func (v riskView) Since() web.Field {
	return v.Choose("days", v.Back, v.Offer("risk.days", riskDays...))
}

// State says whether decisions count, and from when.
func (v riskView) State() string {
	switch {
	case v.Acting:
		return v.T("risk.acting")
	case v.Mode == judge.Shadow:
		return v.T("risk.shadow")
	}
	return v.T("risk.shadow-until", v.When(v.ActsFrom))
}

// Budget says a budget in percent.
func (v riskView) Budget(s judge.Share) string {
	return strconv.FormatFloat(100*float64(s), 'f', -1, 64) + " %"
}

// Kind says what was judged.
func (v riskView) Kind(name string) string { return v.Or("risk.kind."+name, name) }

// Act says what was decided.
func (v riskView) Act(j judge.Judged) string { return v.T("risk.act." + j.Decision.Action.String()) }

// Why gives the reasons in words.
func (v riskView) Why(j judge.Judged) []string { return reasons(j, v.Lang) }

// Came says what came of it.
func (v riskView) Came(o judge.Outcome) string {
	if o == judge.Unsaid {
		return "–"
	}
	return v.T("risk.outcome." + string(o))
}

// Holds says what a file of local knowledge is read for.
func (v riskView) Holds(f knowledge.Source) string { return v.T("risk.file." + f.Key) }

// Use says whether what lies there is in use.
func (v riskView) Use(f knowledge.Source) web.Badge {
	if f.Trouble != "" {
		return v.Badge("risk-file", "failed")
	}
	return v.Badge("risk-file", "ok")
}

// Asks says what a rule asks for.
func (v riskView) Asks(o judge.Own) string {
	if o.Shadow {
		return v.T("risk.only-watched", v.T("risk.act."+o.Do))
	}
	return v.T("risk.act." + o.Do)
}

// Short is an account's number as people say it.
func (v riskView) Short(id string) string { return short(id) }

// Doing says what was judged.
func (v caseView) Doing(j judge.Judged) string { return v.Or("risk.kind."+j.Kind, j.Kind) }

// Act says what was decided.
func (v caseView) Act(j judge.Judged) string { return v.T("risk.act." + j.Decision.Action.String()) }

// Reasons gives the reasons in words.
func (v caseView) Reasons(j judge.Judged) []string { return reasons(j, v.Lang) }

// reasons are why a decision was made, and the operator's rules that fired.
func reasons(j judge.Judged, lang string) []string {
	all := j.Why(lang)
	if len(j.Rules) > 0 {
		all = append(all, strings.Join(j.Rules, ", "))
	}
	return all
}
