package freeze

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestWithheld(t *testing.T) {
	t.Parallel()
	alarms := func(n int, ago time.Duration) (all []casefile.Case) {
		for range n {
			all = append(all, casefile.Case{Step: casefile.FalseAlarm, ClosedAt: now.Add(-ago)})
		}
		return all
	}
	day := 24 * time.Hour
	for _, tt := range []struct {
		name   string
		by     access.Actor
		former []casefile.Case
		want   bool
	}{
		{"a first report is heard", access.Actor{}, nil, false},
		{"three false alarms are borne", access.Actor{}, alarms(3, day), false},
		{"after four the desk looks first", access.Actor{}, alarms(4, day), true},
		{"after thirty days they are forgotten", access.Actor{}, alarms(9, 30*day), false},
		{"real cases never count", access.Actor{}, append(alarms(3, day), casefile.Case{Step: casefile.Closed, ClosedAt: now}), false},
		{"an agent is never barred", access.Actor{Role: access.Agent}, alarms(9, day), false},
		{"nor is a job of ours", access.Do("risk"), alarms(9, day), false},
		{"a session counts as a stranger", access.Actor{Role: access.Holder}, alarms(4, day), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := withheld(tt.by, tt.former, now); got != tt.want {
				t.Errorf("withheld = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestToHold(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds(account.Kind{Pattern: "payout/*", Algebra: account.Effect})
	if err != nil {
		t.Fatal(err)
	}
	facts := []account.Fact{
		{Path: "order/old", Since: now.Add(-24 * time.Hour)},
		{Path: "order/new", Since: now.Add(-23 * time.Hour)},
		{Path: "payout/p1", Since: now},
		{Path: "name", Since: now},
		{Path: "unheard/of", Since: now},
	}
	if diff := cmp.Diff([]string{"order/new", "payout/p1"}, toHold(facts, kinds, now, 24*time.Hour)); diff != "" {
		t.Error(diff)
	}
}

func TestMayLetGo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		by       access.Actor
		verified bool
		want     bool
	}{
		{"an agent lets go a verified holder's account", access.Actor{Role: access.Agent}, true, true},
		{"an agent's belief alone does not do", access.Actor{Role: access.Agent}, false, false},
		{"nor a supervisor's", access.Actor{Role: access.Supervisor}, false, false},
		{"a stranger never may", access.Actor{}, true, false},
		{"nor may a session", access.Actor{Role: access.Holder}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mayLetGo(tt.by, tt.verified); got != tt.want {
				t.Errorf("mayLetGo = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestVerified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		steps []casefile.Step
		want  bool
	}{
		{"not by being stopped", []casefile.Step{casefile.Reported, casefile.Frozen, casefile.Investigating}, false},
		{"before the investigation", []casefile.Step{casefile.Frozen, casefile.Verified, casefile.Investigating}, true},
		{"not by what was proved before a second takeover", []casefile.Step{casefile.Frozen, casefile.Verified, casefile.HandedBack, casefile.Frozen}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var entries []casefile.Entry
			for _, s := range tt.steps {
				entries = append(entries, casefile.Entry{What: "step." + string(s)}, casefile.Entry{What: "note", Text: "step.verified"})
			}
			if got := verified(entries); got != tt.want {
				t.Errorf("verified = %v, want %v", got, tt.want)
			}
		})
	}
}
