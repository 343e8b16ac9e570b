package investigate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/history"
)

// street is a history of three sessions: the holder's at home, one that goes on
// from another network, and one away; and an act of the desk.
func street() []history.Change {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	home := access.Client{Device: "desk", IP: "192.0.2.10"}
	away := access.Client{Device: "other", IP: "203.0.113.66"}
	change := func(seq int64, session string, c access.Client) history.Change {
		return history.Change{Seq: seq, At: at.Add(time.Duration(seq) * time.Minute), Role: access.Holder, Session: session, Client: c, Verb: history.Set, Path: "note/a"}
	}
	h := []history.Change{change(1, "s1", home), change(2, "s2", home), change(3, "s2", away), change(4, "s3", away), change(5, "", away), change(6, "s1", home)}
	return append(h, history.Change{Seq: 7, At: at.Add(7 * time.Minute), Role: access.Agent, Actor: "ana", Session: "staff", Client: away, Verb: history.Set, Path: "note/a"})
}

func TestGroupsComeToMarks(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 1, 9, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name    string
		group   Group
		verdict Verdict
		want    []Mark
		err     error
	}{
		{"a device is all its sessions, one that went over to it from there on", Group{Device: "other"}, Intruder,
			[]Mark{{Verdict: Intruder, Change: 5}, {Verdict: Intruder, Session: "s2", From: 3}, {Verdict: Intruder, Session: "s3"}}, nil},
		{"what is mixed is not the holder's as a whole", Group{Device: "desk"}, Holder, []Mark{{Verdict: Holder, Session: "s1"}}, nil},
		{"a mark is taken back from the whole session", Group{Device: "other"}, Undecided,
			[]Mark{{Verdict: Undecided, Change: 5}, {Verdict: Undecided, Session: "s2"}, {Verdict: Undecided, Session: "s3"}}, nil},
		{"a network within a time", Group{Network: "203.0.113.0/24", From: at(4), Till: at(4)}, Intruder, []Mark{{Verdict: Intruder, Session: "s3"}}, nil},
		{"an address is a network of one", Group{Network: "192.0.2.10", Till: at(1)}, Intruder, []Mark{{Verdict: Intruder, Session: "s1"}}, nil},
		{"nothing there", Group{Network: "198.51.100.0/24"}, Intruder, nil, nil},
		{"nothing named would be everybody", Group{}, Intruder, nil, ErrGroup},
		{"no network", Group{Network: "203.0.113"}, Intruder, nil, ErrGroup},
		{"an end before the beginning", Group{From: at(5), Till: at(4)}, Intruder, nil, ErrGroup},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.group.marks(street(), Mark{Verdict: c.verdict})
			if err != c.err {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
