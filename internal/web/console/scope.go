package console

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"takeback/internal/finding"
	"takeback/internal/investigate"
)

// scope is how much of a timeline its reader looks at, as the address of the page says it.
type scope struct {
	From, Till time.Time // zero: whatever is best to begin with
	Session    string    // picked: why is it labelled so?
	Change     int64     // picked
	Device     string    // its sessions stand one by one
	Page       int       // of the list, from 0
	All        bool      // the plan with all its lines
	For        string    // only the questions that this addressee can answer
}

// scopeOf reads the address of a page. What it cannot read it leaves out: an
// address is no form, and there is somebody before it who wants to see the case.
func scopeOf(q url.Values) (s scope) {
	moment := func(name string) time.Time {
		t, _ := time.Parse(time.RFC3339Nano, q.Get(name))
		return t
	}
	s = scope{From: moment("from"), Till: moment("to"), Session: q.Get("session"), Device: q.Get("device"), All: q.Get("plan") == "all", For: q.Get("for")}
	s.Change, _ = strconv.ParseInt(q.Get("change"), 10, 64)
	s.Page, _ = strconv.Atoi(q.Get("page"))
	s.Page = max(0, s.Page)
	if s.Till.Before(s.From) {
		s.Till = time.Time{}
	}
	return s
}

// query is the address that scopeOf reads.
func (s scope) query() string {
	q := url.Values{}
	put := func(name, value string, some bool) {
		if some {
			q.Set(name, value)
		}
	}
	put("from", s.From.UTC().Format(time.RFC3339Nano), !s.From.IsZero())
	put("to", s.Till.UTC().Format(time.RFC3339Nano), !s.Till.IsZero())
	put("session", s.Session, s.Session != "")
	put("change", strconv.FormatInt(s.Change, 10), s.Change != 0)
	put("device", s.Device, s.Device != "")
	put("page", strconv.Itoa(s.Page), s.Page > 0)
	put("plan", "all", s.All)
	put("for", s.For, s.For != "")
	return q.Encode()
}

// whole is how many changes are shown at once to begin with. Of a longer history
// it is the incident that a reader wants to see first.
const whole = 100

// view is the part of a timeline that a scope shows.
type view struct {
	First, Last   time.Time // of everything
	Start, End    time.Time // of what is shown
	Begun, Ended  time.Time // of what is not simply the holder's; zero if all is
	changes       []investigate.Act
	Items         []item // one sheet of the list
	Sheet, Sheets int
	Count, Total  int // changes within the time, and altogether
}

// item is a line of the list: one change, or several of a kind in a row.
type item struct {
	investigate.Act
	More   []investigate.Act // all of them, if there are several
	NewDay bool
}

const (
	itemsOnPage   = 60
	changesOnPage = 240
	alike         = 4 // so many of a kind in a row are one line
)

// viewOf cuts out of a timeline what a scope asks for.
func viewOf(t investigate.Timeline, s scope, zone *time.Location) (v view) {
	if len(t.Changes) == 0 {
		return v
	}
	v.Total = len(t.Changes)
	v.First, v.Last = t.Changes[0].At, t.Changes[len(t.Changes)-1].At
	v.Begun, v.Ended = incident(t)
	v.Start, v.End = s.From, s.Till
	switch {
	case v.Start.IsZero() && v.End.IsZero() && v.Total > whole && !v.Begun.IsZero():
		v.Start, v.End = around(v.Begun, v.Ended)
	case v.Start.IsZero():
		v.Start = v.First
	}
	v.Start = later(v.Start, v.First)
	if v.End.IsZero() || v.End.After(v.Last) {
		v.End = v.Last
	}
	var listed []investigate.Act
	for _, a := range t.Changes {
		if a.At.Before(v.Start) || a.At.After(v.End) {
			continue
		}
		v.changes = append(v.changes, a)
		if s.Session == "" || a.Session == s.Session {
			listed = append(listed, a)
		}
	}
	v.Count = len(v.changes)
	v.paginate(grouped(listed), s.Page, zone)
	return v
}

// incident gives when the first and the last change happened that are not simply
// the holder's; while nobody marked anything, those that the report points at.
func incident(t investigate.Timeline) (begun, ended time.Time) {
	for _, a := range t.Changes {
		odd := a.Label != "clean"
		if m := t.Suggests; m != nil {
			odd = odd || m.Change == a.Seq || m.Session != "" && m.Session == a.Session && a.Seq >= m.From
		}
		if !odd {
			continue
		}
		if begun.IsZero() {
			begun = a.At
		}
		ended = a.At
	}
	return begun, ended
}

// around gives a stretch of time with a margin, so that its ends are seen.
func around(from, till time.Time) (time.Time, time.Time) {
	margin := max(till.Sub(from)/10, time.Minute)
	return from.Add(-margin), till.Add(margin)
}

// grouped makes one item of changes of a kind that follow one another.
func grouped(all []investigate.Act) (items []item) {
	type kind struct {
		session, label, verb, place, actor string
		marked                             bool
	}
	of := func(a investigate.Act) kind {
		place, _, _ := strings.Cut(a.Path, "/")
		return kind{a.Session, a.Label, string(a.Verb), place, a.Actor, a.Mark != nil || a.VersionMark != nil}
	}
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(a investigate.Act) bool { return of(a) != of(all[0]) })
		if n < 0 {
			n = len(all)
		}
		if n < alike || of(all[0]).marked {
			n = 1
		}
		one := item{Act: all[0]}
		if n > 1 {
			one.More = all[:n]
		}
		items, all = append(items, one), all[n:]
	}
	return items
}

// paginate keeps the items of one page, and says which of them begin a day.
func (v *view) paginate(items []item, page int, zone *time.Location) {
	starts, changes := []int{0}, 0
	for i, one := range items {
		n := max(1, len(one.More))
		if begun := starts[len(starts)-1]; i > begun && (i-begun >= itemsOnPage || changes+n > changesOnPage) {
			starts, changes = append(starts, i), 0
		}
		changes += n
	}
	v.Sheets = len(starts)
	v.Sheet = min(page, v.Sheets-1)
	end := len(items)
	if v.Sheet+1 < v.Sheets {
		end = starts[v.Sheet+1]
	}
	v.Items = slices.Clone(items[starts[v.Sheet]:end])
	day := ""
	for i := range v.Items {
		its := v.Items[i].At.In(zone).Format(time.DateOnly)
		v.Items[i].NewDay, day = its != day, its
	}
}

// holds tells whether a moment is shown.
func (v view) holds(t time.Time) bool { return !t.Before(v.Start) && !t.After(v.End) }

// Zoom is a link to another stretch of time.
type Zoom struct {
	Key, Address string
	Here         bool
}

// zooms are the links by which a reader moves along the time.
func (v view) zooms(to func(from, till time.Time) string) (all []Zoom) {
	add := func(key string, from, till time.Time) {
		all = append(all, Zoom{Key: key, Address: to(from, till)})
	}
	whole := v.Start.Equal(v.First) && v.End.Equal(v.Last)
	add("heart.zoom.all", v.First, v.Last)
	all[0].Here = whole
	if !v.Begun.IsZero() {
		from, till := around(v.Begun, v.Ended)
		add("heart.zoom.incident", from, till)
		all[1].Here = !whole && later(from, v.First).Equal(v.Start) && sooner(till, v.Last).Equal(v.End)
	}
	wide := v.End.Sub(v.Start)
	add("heart.zoom.closer", v.Start.Add(wide/4), v.End.Add(-wide/4))
	if whole {
		return all
	}
	add("heart.zoom.wider", later(v.Start.Add(-wide/2), v.First), sooner(v.End.Add(wide/2), v.Last))
	add("heart.zoom.earlier", v.Start.Add(-wide/2), v.End.Add(-wide/2))
	add("heart.zoom.later", v.Start.Add(wide/2), v.End.Add(wide/2))
	return all
}

func later(a, b time.Time) time.Time  { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
func sooner(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }

// Row is a line of the lanes: a session, or those of a device that have nothing to show one by one.
type Row struct {
	investigate.Lane
	Folded int    // how many sessions it stands for; 0 for one
	Class  string // its label as it is shown
}

// Device is a device with its rows.
type Device struct {
	ID    string
	No    int // how people call it; 0 if nobody knows the device
	Known bool
	Rows  []Row
}

const (
	fewLanes  = 8  // so many sessions are never folded
	fewOdd    = 4  // so many of a device and label stand alone
	mostLanes = 32 // so many are drawn and listed at most
)

// devices sorts the sessions that were used within the time by device, those of
// each by time. If they are many, they fold, and of the rows
// those come first that are not simply the holder's.
func (v view) devices(lanes []investigate.Lane, s scope) (all []Device, left int) {
	used := map[string]bool{}
	for _, a := range v.changes {
		used[a.Session] = true
	}
	var within []investigate.Lane
	for _, l := range lanes {
		if used[l.Session] || l.Session == s.Session {
			within = append(within, l)
		}
	}
	no := numbers(lanes)
	at := map[string]int{}
	for _, r := range fold(within, s) {
		i, some := at[r.Device]
		if !some {
			i = len(all)
			at[r.Device] = i
			all = append(all, Device{ID: r.Device, No: no[r.Device], Known: r.Known})
		}
		all[i].Rows = append(all[i].Rows, r)
	}
	rows := 0
	for i := range all {
		keep := min(len(all[i].Rows), max(0, mostLanes-rows))
		left += len(all[i].Rows) - keep
		all[i].Rows = all[i].Rows[:keep]
		rows += keep
	}
	all = slices.DeleteFunc(all, func(d Device) bool { return len(d.Rows) == 0 })
	for _, d := range all {
		slices.SortFunc(d.Rows, func(a, b Row) int { return cmp.Compare(a.No, b.No) })
	}
	slices.SortStableFunc(all, func(a, b Device) int { return cmp.Compare(a.No, b.No) })
	return all, left
}

// numbers calls the devices 1, 2, 3, as they first appear.
func numbers(lanes []investigate.Lane) map[string]int {
	no := map[string]int{}
	for _, l := range lanes {
		if l.Device != "" && no[l.Device] == 0 {
			no[l.Device] = len(no) + 1
		}
	}
	return no
}

// fold gives the rows, those first that are not simply the holder's. If there are
// many, the sessions of a device that have the same label become one row; but the
// first few that are not the holder's stand alone, since it is with them that it began.
func fold(lanes []investigate.Lane, s scope) []Row {
	type kind struct {
		device string
		label  finding.Label
	}
	alone := map[string]bool{}
	of, folds := map[kind]int{}, map[kind]int{}
	for _, l := range lanes {
		k := kind{l.Device, l.Label}
		of[k]++
		first := l.Label != finding.Clean && of[k] <= fewOdd
		if alone[l.Session] = first || l.Mark != nil || l.Session == s.Session || s.Device != "" && l.Device == s.Device; !alone[l.Session] {
			folds[k]++
		}
	}
	var odd, rest []Row
	for _, l := range lanes {
		k, r := kind{l.Device, l.Label}, Row{Lane: l}
		if n := folds[k]; !alone[l.Session] && n > 1 && len(lanes) > fewLanes {
			folds[k], r.Folded = 0, n // the first stands for all
		} else if !alone[l.Session] && n == 0 {
			continue
		}
		if l.Label == finding.Clean {
			rest = append(rest, r)
		} else {
			odd = append(odd, r)
		}
	}
	return append(odd, rest...)
}
