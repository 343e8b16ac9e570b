package console

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
)

// busy is a timeline of sessions of ten changes each, every fifth of them the
// intruder's, a day apart from one another.
func busy(sessions int) (t investigate.Timeline) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for s := range sessions {
		l := investigate.Lane{Session: fmt.Sprintf("s%d", s), No: s + 1, Device: fmt.Sprintf("device%d", s%3)}
		word := "clean"
		if s%5 == 4 {
			l.Label, l.Since, word = finding.Tainted, int64(len(t.Changes)+1), "tainted"
		}
		t.Lanes = append(t.Lanes, l)
		for i := range 10 {
			c := history.Change{Seq: int64(len(t.Changes) + 1), At: at.Add(time.Duration(s)*24*time.Hour + time.Duration(i)*time.Minute), Role: access.Holder, Session: l.Session, Verb: history.Set, Path: "note/a"}
			if i == 0 {
				c.Verb, c.Path = history.Open, ""
			}
			t.Changes = append(t.Changes, investigate.Act{Change: c, Label: word})
		}
	}
	return t
}

func TestEveryChangeIsOnOneSheet(t *testing.T) {
	all := busy(200)
	s, seen := scope{From: all.Changes[0].At}, map[int64]int{}
	for {
		v := viewOf(all, s, time.UTC)
		changes := 0
		for _, i := range v.Items {
			for _, a := range append([]investigate.Act{}, i.More...) {
				seen[a.Seq]++
			}
			if i.More == nil {
				seen[i.Seq]++
			}
			changes += max(1, len(i.More))
		}
		if len(v.Items) > itemsOnPage || changes > changesOnPage+10 {
			t.Errorf("sheet %d has %d lines of %d changes", s.Page, len(v.Items), changes)
		}
		if s.Page++; s.Page >= v.Sheets {
			break
		}
	}
	if len(seen) != len(all.Changes) {
		t.Errorf("%d of %d changes can be reached", len(seen), len(all.Changes))
	}
	for seq, n := range seen {
		if n != 1 {
			t.Errorf("change %d is on %d sheets", seq, n)
		}
	}
}

func TestALongHistoryBeginsWithItsIncident(t *testing.T) {
	all := busy(20)
	v := viewOf(all, scope{}, time.UTC)
	if v.Start.After(v.Begun) || v.Start.Before(all.Changes[0].At) || v.Count == v.Total {
		t.Errorf("it begins at %s with %d of %d changes; the incident began at %s", v.Start, v.Count, v.Total, v.Begun)
	}
	if short := viewOf(busy(4), scope{}, time.UTC); short.Count != short.Total {
		t.Errorf("of a short one %d of %d changes are shown", short.Count, short.Total)
	}
}

func TestSessionsFoldByDeviceAndLabel(t *testing.T) {
	all := busy(100)
	v := viewOf(all, scope{From: all.Changes[0].At}, time.UTC)
	devices, left := v.devices(all.Lanes, scope{})
	sessions, rows := 0, 0
	for _, d := range devices {
		for _, r := range d.Rows {
			sessions += max(1, r.Folded)
			rows++
		}
	}
	if len(devices) != 3 || rows > mostLanes || sessions != 100 || left != 0 {
		t.Errorf("%d devices, %d rows for %d sessions, %d left out", len(devices), rows, sessions, left)
	}
	picked, _ := v.devices(all.Lanes, scope{Session: "s50"})
	found := false
	for _, d := range picked {
		for _, r := range d.Rows {
			found = found || r.Session == "s50" && r.Folded == 0
		}
	}
	if !found {
		t.Error("a session that was picked does not stand alone")
	}
	if _, left := v.devices(all.Lanes, scope{Device: "device1"}); left == 0 {
		t.Error("a device of 33 sessions is shown without any end")
	}
}

func TestIdleTimeIsCutOut(t *testing.T) {
	changes := busy(3).Changes
	all := rulers(changes)
	if len(all) != 3 || all[0].Cut || !all[1].Cut {
		t.Fatalf("three days with a night between them are %+v", all)
	}
	last := Share(-1)
	for _, a := range changes {
		x := across(all, a.At)
		if x <= last || x < margin || x > 100-margin {
			t.Errorf("change %d is at %s, after %s", a.Seq, x, last)
		}
		last = x
	}
}

func TestAnAddressSaysItsScope(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	want := scope{From: at, Till: at.Add(time.Hour), Session: "ses_1", Device: "d", Change: 7, Page: 2, All: true}
	q, err := url.ParseQuery(want.query())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, scopeOf(q)); d != "" {
		t.Error(d)
	}
	q, _ = url.ParseQuery("from=yesterday&to=2026-01-01T00:00:00Z&page=-3&change=x&session=%00")
	if s := scopeOf(q); s.Page != 0 || s.Change != 0 || !s.From.IsZero() {
		t.Errorf("nonsense is %+v", s)
	}
}
