package console

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"takeback/internal/investigate"
)

// Picture is the timeline as it is drawn. Everything across is said in percent of
// the picture's width, so that its words keep their size on a telephone.
type Picture struct {
	Height int
	Rulers []Ruler
	Lanes  []Drawn
}

// Share is a place or a width across the picture, in percent.
type Share float64

// String is the form that SVG reads.
func (s Share) String() string { return strconv.FormatFloat(float64(s), 'f', 2, 64) + "%" }

// Ruler is a stretch of time in which something was done. Idle time between two
// of them is cut out, or one bad night in a year would be a hair's breadth.
type Ruler struct {
	From, Till time.Time
	X, W       Share
	changes    int
	Words      string // its date
	Clock      string // its time of day
	Address    string // zooms into it
	Cut        bool   // time was cut out before it
}

// Mid is its middle.
func (r Ruler) Mid() Share { return r.X + r.W/2 }

// Gap is the middle of what was cut out before it.
func (r Ruler) Gap() Share { return r.X - cutWide/2 }

// Drawn is one lane of the picture, or a heading above some.
type Drawn struct {
	Y, Line int // of its words, of its line
	Words   string
	Address string // picks it
	Class   string // its label
	Heading bool
	Picked  bool
	X1, X2  Share // of the line
	Dots    []Dot
}

// Dot is one change, or several that lie too close to be told apart.
type Dot struct {
	X     Share
	Class string
	Many  bool
}

const (
	rulerHigh         = 40 // pixels of the words above the lanes
	headingHigh       = 26
	laneHigh          = 42
	rulersMost        = 5
	idle              = 20 * time.Minute // shorter gaps are never cut out
	apart       Share = 1.25             // of dots
	margin      Share = 1.5              // at either end
	cutWide     Share = 3
)

// rulers cuts a stretch of time at its longest idle times.
func rulers(changes []investigate.Act) (all []Ruler) {
	if len(changes) == 0 {
		return nil
	}
	from := 0
	for _, end := range append(cuts(changes), len(changes)) {
		all = append(all, Ruler{From: changes[from].At, Till: changes[end-1].At, changes: end - from, Cut: from > 0})
		from = end
	}
	// As wide as much was done there, but nothing so narrow that it is not seen.
	total, share := 0.0, func(r Ruler) float64 { return math.Sqrt(float64(r.changes)) + 1.5 }
	for _, r := range all {
		total += share(r)
	}
	room, x := 100-2*margin-cutWide*Share(len(all)-1), margin
	for i := range all {
		all[i].X, all[i].W = x, room*Share(share(all[i])/total)
		x += all[i].W + cutWide
	}
	return all
}

// cuts gives the changes before which time is cut out.
func cuts(changes []investigate.Act) (all []int) {
	type gap struct {
		before int
		wide   time.Duration
	}
	gaps := make([]gap, 0, len(changes))
	for i := 1; i < len(changes); i++ {
		gaps = append(gaps, gap{i, changes[i].At.Sub(changes[i-1].At)})
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return cmp.Compare(b.wide, a.wide) })
	busy := changes[len(changes)-1].At.Sub(changes[0].At)
	for _, g := range gaps {
		if len(all) == rulersMost-1 || g.wide < idle || g.wide < busy/6 {
			break
		}
		all, busy = append(all, g.before), busy-g.wide
	}
	slices.Sort(all)
	return all
}

// across gives where a moment is.
func across(all []Ruler, t time.Time) Share {
	x := margin
	for _, r := range all {
		length := r.Till.Sub(r.From)
		switch {
		case t.Before(r.From):
			return x // in idle time that was cut out
		case !t.After(r.Till) && length == 0:
			return r.Mid()
		case !t.After(r.Till):
			return r.X + r.W*Share(.03+.94*float64(t.Sub(r.From))/float64(length))
		}
		x = r.X + r.W
	}
	return x
}

// strength orders labels: of dots that lie too close it is the gravest that is seen.
var strength = map[string]int{"ours": 1, "clean": 2, "unknown": 2, "affected": 3, "suspect": 4, "tainted": 5}

// dots draws the changes of a lane, which are in the order of time.
func dots(all []Ruler, changes []investigate.Act, class func(investigate.Act) string) (out []Dot) {
	for _, a := range changes {
		d := Dot{X: across(all, a.At), Class: class(a)}
		if n := len(out) - 1; n >= 0 && d.X-out[n].X < apart {
			out[n].Many = true
			if strength[d.Class] > strength[out[n].Class] {
				out[n].Class = d.Class
			}
			continue
		}
		out = append(out, d)
	}
	return out
}

// picture draws what is shown.
func (v TimelineView) picture() (p Picture) {
	p.Rulers = rulers(v.changes)
	for i := range p.Rulers {
		r := &p.Rulers[i]
		r.Words, r.Clock = v.Day(r.From), r.From.In(v.Zone).Format("15:04")
		if end := r.Till.In(v.Zone); v.Day(end) != v.Day(r.From) {
			r.Clock = "– " + v.Day(end)
		} else if to := end.Format("15:04"); to != r.Clock {
			r.Clock += "–" + to
		}
		r.Address = v.zoomTo(around(r.From, r.Till))
	}
	of := map[string][]investigate.Act{}
	for _, a := range v.changes {
		of[v.laneOf(a)] = append(of[v.laneOf(a)], a)
	}
	y := rulerHigh
	for _, d := range v.Devices {
		p.Lanes = append(p.Lanes, Drawn{Heading: true, Y: y + 18, Words: v.DeviceName(d)})
		y += headingHigh
		for _, r := range d.Rows {
			changes := of[r.Session]
			if r.Folded > 0 {
				changes = v.folded(d, r)
			}
			p.Lanes = append(p.Lanes, v.drawn(p.Rulers, changes, Drawn{Y: y + 13, Line: y + 28, Words: v.RowName(r), Address: v.RowLink(r), Class: r.Class, Picked: r.Session == v.scope.Session && r.Folded == 0}))
			y += laneHigh
		}
	}
	if others := of[""]; len(others) > 0 {
		p.Lanes = append(p.Lanes, v.drawn(p.Rulers, others, Drawn{Y: y + 16, Line: y + 30, Words: v.T("heart.lane.ours"), Class: "ours"}))
		y += laneHigh
	}
	p.Height = y + 6
	return p
}

func (v TimelineView) drawn(all []Ruler, changes []investigate.Act, d Drawn) Drawn {
	d.Dots = dots(all, changes, v.Class)
	if n := len(d.Dots); n > 0 {
		d.X1, d.X2 = d.Dots[0].X, d.Dots[n-1].X
	}
	return d
}

// laneOf is the session in whose lane a change stands; empty for what nobody did in one.
func (v TimelineView) laneOf(a investigate.Act) string {
	if _, some := v.lanes[a.Session]; some {
		return a.Session
	}
	return ""
}

// folded gives the changes of the sessions that fold into one row of a device.
func (v TimelineView) folded(d Device, row Row) (all []investigate.Act) {
	alone := map[string]bool{}
	for _, r := range d.Rows {
		alone[r.Session] = r.Folded == 0
	}
	for _, a := range v.changes {
		if l, some := v.lanes[a.Session]; some && l.Device == d.ID && l.Label == row.Label && !alone[a.Session] {
			all = append(all, a)
		}
	}
	return all
}
