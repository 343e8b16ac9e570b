package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/seal"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestRecommend(t *testing.T) {
	t.Parallel()
	tonight := now.Add(10 * time.Hour)
	for _, tt := range []struct {
		name string
		load load
		want Channels
	}{
		{"somebody is free", load{onDuty: 2, open: 1}, Channels{Best: Call, OnDuty: 2, Ahead: 1, Call: Promise, Chat: Promise}},
		{"everybody is busy for one call", load{onDuty: 2, open: 2, average: 5 * time.Minute}, Channels{Best: Call, OnDuty: 2, Ahead: 2, Call: 10 * time.Minute, Chat: 10 * time.Minute / 3}},
		{"who must wait long had better write", load{onDuty: 1, open: 3, average: 6 * time.Minute}, Channels{Best: Chat, OnDuty: 1, Ahead: 3, Call: 24 * time.Minute, Chat: 8 * time.Minute}},
		{"nobody is there, and we know when", load{next: tonight}, Channels{Best: Letter, Next: tonight}},
		{"nobody is there, and we do not know", load{open: 4}, Channels{Best: Letter, Ahead: 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Letter = writeBack
			if diff := cmp.Diff(tt.want, recommend(tt.load)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// More people waiting never shortens the wait that is shown; more people on duty never lengthens it.
func TestTheWaitIsHonest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := load{onDuty: rapid.IntRange(1, 50).Draw(t, "on duty"), open: rapid.IntRange(0, 500).Draw(t, "open"),
			average: time.Duration(rapid.IntRange(120, 3600).Draw(t, "seconds")) * time.Second}
		longer, more := l, l
		longer.open++
		more.onDuty++
		wait := recommend(l).Call
		if wait < Promise || recommend(longer).Call < wait || recommend(more).Call > wait {
			t.Fatalf("%+v: %v; one more waiting: %v; one more on duty: %v", l, wait, recommend(longer).Call, recommend(more).Call)
		}
	})
}

func TestDue(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*3600) // it is 18:00 there
	next := now.Add(12 * time.Hour)
	for _, tt := range []struct {
		name, best string
		ways       Channels
		want       time.Time
	}{
		{"now means two minutes", "now", recommend(load{onDuty: 1}), now.Add(2 * time.Minute)},
		{"what the page promised, no sooner", "", recommend(load{onDuty: 1, open: 1}), now.Add(16 * time.Minute)},
		{"a time later today", "18:30", recommend(load{onDuty: 1}), now.Add(30 * time.Minute)},
		{"a time that has passed is tomorrow's", "17:30", recommend(load{onDuty: 1}), now.Add(23*time.Hour + 30*time.Minute)},
		{"nobody is there", "now", recommend(load{next: next}), next.Add(2 * time.Minute)},
		{"nobody is there and nobody knows", "after lunch", recommend(load{}), now.Add(2 * time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := due(tt.best, tt.ways, now, tokyo); !got.Equal(tt.want) {
				t.Errorf("due %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWayOf(t *testing.T) {
	t.Parallel()
	fresh := seal.Link{Epoch: 3, ExpiresAt: now.Add(time.Second)}
	with := func(change func(*seal.Link)) seal.Link { l := fresh; change(&l); return l }
	for _, tt := range []struct {
		name string
		link seal.Link
		open bool
		want Way
	}{
		{"a fresh link stops", fresh, false, Stops},
		{"also while a case is open: somebody only wrote to us", fresh, true, Stops},
		{"after fourteen days it does not", with(func(l *seal.Link) { l.ExpiresAt = now }), true, Expired},
		{"a used one leads to the case", with(func(l *seal.Link) { l.UsedAt = now }), true, Joins},
		{"a used one without a case leads to a person", with(func(l *seal.Link) { l.UsedAt = now }), false, Expired},
		{"one of a former epoch never stops", with(func(l *seal.Link) { l.Epoch = 2 }), false, Expired},
		{"it leads to the case", with(func(l *seal.Link) { l.Epoch = 2 }), true, Joins},
		{"one that was taken back never stops", with(func(l *seal.Link) { l.VoidAt = now }), true, Joins},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := wayOf(tt.link, account.Account{Epoch: 3}, tt.open, now); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	year := 365 * 24 * time.Hour
	old := account.Contact{Slot: "email", Version: "old", Address: "amy@old.example", SetSeq: 1, From: now.Add(-year), Until: now.Add(-time.Hour), ConfirmedAt: now.Add(-year)}
	evil := account.Contact{Slot: "email", Version: "evil", Address: "evil@new.example", SetSeq: 7, From: now.Add(-time.Hour), ConfirmedAt: now.Add(-time.Hour)}
	c := casefile.Case{OpenedAt: now, ReportedSeq: 7}
	for _, tt := range []struct {
		name, via string
		who       casefile.Reporter
		want      bool
	}{
		{"who reads the mailbox of before", "old", casefile.Reporter{}, true},
		{"not who reads the one that was put in its place", "evil", casefile.Reporter{}, false},
		{"not a stranger who gave a name", "", casefile.Reporter{Claims: "acc_1"}, false},
		{"anybody of whom the desk is sure", "", casefile.Reporter{ProvedAt: now}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := trusted(tt.who, tt.via, c, []account.Contact{old, evil}); got != tt.want {
				t.Errorf("trusted = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestStageOf(t *testing.T) {
	t.Parallel()
	steps := []casefile.Step{casefile.Reported, casefile.Frozen, casefile.Verified, casefile.Investigating, casefile.Planned,
		casefile.Approved, casefile.Restoring, casefile.Restored, casefile.HandedBack, casefile.Closed, casefile.FalseAlarm}
	want := []Stage{Received, Proving, Finding, Finding, Finding, PuttingOut, PuttingOut, PuttingOut, Back, Back, Over}
	for i, step := range steps {
		if got := stageOf(step, true); got != want[i] {
			t.Errorf("%s is shown as %s, want %s", step, got, want[i])
		}
		if got := stageOf(step, false); !step.Over() && got != Received || step.Over() && got != Over {
			t.Errorf("a stranger learns that the case is at %s: %s", step, got)
		}
	}
}

func TestPhoneLike(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"090-1234-5678": true, "+81 (90) 1234 5678": true, "12345": false, "call me": false, "0901234567890123": false, "090;rm -rf": false} {
		if got := phoneLike(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}
