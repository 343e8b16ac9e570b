package campaign

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/access"
	"takeback/internal/history"
)

func TestHowManyMayBegin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shape Shape
		begin int
		stop  string
	}{
		"nobody answers for any":                         {Shape{Planned: 500}, 0, ""},
		"one in a hundred goes first":                    {Shape{Planned: 500, Allowed: 500}, 5, ""},
		"a single one is its own pilot":                  {Shape{Planned: 1, Allowed: 1}, 1, ""},
		"the others wait until all of these ended":       {Shape{Planned: 495, Running: 2, Restored: 3, Pilots: 5, PilotsDone: 3, Allowed: 500}, 0, ""},
		"then some at a time":                            {Shape{Planned: 495, Restored: 5, Pilots: 5, PilotsDone: 5, Allowed: 500}, 20, ""},
		"no more than are not under way":                 {Shape{Planned: 480, Running: 15, Restored: 5, Pilots: 5, PilotsDone: 5, Allowed: 500}, 5, ""},
		"no more than somebody answers for":              {Shape{Planned: 495, Restored: 5, Pilots: 5, PilotsDone: 5, Allowed: 8}, 3, ""},
		"a conflict among the first stops all":           {Shape{Planned: 495, Restored: 4, Conflicts: 1, Pilots: 5, PilotsDone: 5, PilotFailed: 1, Allowed: 500}, 0, "pilot"},
		"also before all of the first have ended":        {Shape{Planned: 495, Running: 4, Conflicts: 1, Pilots: 5, PilotsDone: 1, PilotFailed: 1, Allowed: 500}, 0, "pilot"},
		"few conflicts later are borne":                  {Shape{Planned: 300, Restored: 198, Conflicts: 2, Pilots: 5, PilotsDone: 5, Allowed: 500}, 20, ""},
		"more than one in twenty are not":                {Shape{Planned: 300, Restored: 188, Conflicts: 12, Pilots: 5, PilotsDone: 5, Allowed: 500}, 0, "rest"},
		"a great pilot bears less: three in two hundred": {Shape{Planned: 19000, Restored: 980, Conflicts: 20, Pilots: 200, PilotsDone: 200, Allowed: 20000}, 0, "rest"},
		"one of the first that is set aside stops all":   {Shape{Planned: 495, Restored: 4, Asides: 1, Pilots: 5, PilotsDone: 5, PilotFailed: 1, Allowed: 500}, 0, "pilot"},
		"few set aside later are borne":                  {Shape{Planned: 300, Restored: 198, Asides: 2, Pilots: 5, PilotsDone: 5, Allowed: 500}, 20, ""},
		"more than one in twenty set aside are not":      {Shape{Planned: 300, Restored: 188, Asides: 12, Pilots: 5, PilotsDone: 5, Allowed: 500}, 0, "aside"},
		"nor together with conflicts":                    {Shape{Planned: 300, Restored: 188, Conflicts: 6, Asides: 6, Pilots: 5, PilotsDone: 5, Allowed: 500}, 0, "aside"},
		"who was set aside is answered for, too":         {Shape{Planned: 495, Restored: 98, Asides: 2, Pilots: 6, PilotsDone: 6, Allowed: 103}, 3, ""},
		"what was stopped stays so":                      {Shape{Planned: 495, Restored: 5, Pilots: 5, PilotsDone: 5, Allowed: 500, Stopped: "rest"}, 0, ""},
		"what asks people is not for many at once":       {Shape{Planned: 500, Allowed: 500, Open: true}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if begin, stop := c.shape.next(); begin != c.begin || stop != c.stop {
				t.Errorf("%d begin, stop %q, want %d and %q", begin, stop, c.begin, c.stop)
			}
		})
	}
}

// However it goes: nobody begins without an approval or beyond those at once, the rest wait for
// the pilot, and a shape whose share of failures is beyond the bound goes no further.
func TestAShapeNeverOutrunsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 600).Draw(t, "accounts")
		fails := rapid.Float64Range(0, 0.3).Draw(t, "share of failures")
		s := Shape{Planned: n, Allowed: rapid.IntRange(0, n).Draw(t, "allowed")}
		chance := rapid.Float64Range(0, 1)
		for s.Stopped == "" {
			begin, stop := s.next()
			if s.Stopped = stop; stop != "" && begin > 0 {
				t.Fatalf("%+v stops for %s and begins %d", s, stop, begin)
			}
			if begin == 0 && s.Running == 0 {
				break
			}
			if failed := s.Conflicts + s.Asides; begin > 0 && (s.PilotFailed > 0 || s.Pilots == s.Pilot() && float64(failed) > bound(s.Pilot())*float64(s.ended())) {
				t.Fatalf("%d begin after %d failures: %+v", begin, failed, s)
			}
			pilots := min(begin, max(0, s.Pilot()-s.Pilots))
			if begin > pilots && s.PilotsDone < s.Pilot() {
				t.Fatalf("%d go on before the first have ended: %+v", begin-pilots, s)
			}
			s.Planned, s.Running, s.Pilots = s.Planned-begin, s.Running+begin, s.Pilots+pilots
			if s.Running > atOnce || s.Running+s.ended() > s.Allowed {
				t.Fatalf("too many under way: %+v", s)
			}
			for range rapid.IntRange(min(1, s.Running), s.Running).Draw(t, "ended now") {
				pilot := s.PilotsDone < s.Pilots // the first ended first
				s.Running--
				if pilot {
					s.PilotsDone++
				}
				switch failed := chance.Draw(t, "how") < fails; {
				case !failed:
					s.Restored++
					continue
				case chance.Draw(t, "which") < 0.5:
					s.Conflicts++
				default:
					s.Asides++
				}
				if pilot {
					s.PilotFailed++
				}
			}
		}
	})
}

func TestForHowManyOneAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ accounts, allowed, already, want int }{
		{500, 0, 0, 500}, {5000, 0, 0, 1000}, {5000, 1000, 0, 1000}, {5000, 0, 900, 100}, {5000, 0, 1000, 0}, {500, 500, 0, 0}, {500, 0, 2000, 0},
	} {
		if got := (Shape{Planned: c.accounts, Allowed: c.allowed}).portion(c.already); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

func TestSeedsAreWhatBearsTheKeyInItsWindow(t *testing.T) {
	t.Parallel()
	at := func(n int) time.Time { return time.Date(2026, 3, 2, 9, n, 0, 0, time.UTC) }
	in := func(ses, device, ip string) history.Change {
		return history.Change{Session: ses, Verb: history.Set, Client: access.Client{Device: device, IP: ip}}
	}
	h := []history.Change{
		in("home", "pc", "192.0.2.1"),
		in("before", "bad", "203.0.113.1"), // before the window
		in("night", "bad", "203.0.113.66"),
		in("home", "bad", "203.0.113.7"), // a cookie that was carried away
		in("home", "bad", "203.0.113.7"),
		{Verb: history.Contact, Path: "email", Version: "v2", After: []byte(`"Thief@mail.example"`)},
		{Verb: history.Look, Role: access.Agent, Actor: "staff_1"},
		in("after", "bad", "203.0.113.66"),
	}
	for i := range h {
		h[i].Seq, h[i].At = int64(i+1), at(i)
	}
	lower := func(_, s string) string {
		if s == "Thief@mail.example" {
			return "thief@mail.example"
		}
		return s
	}
	for name, c := range map[string]struct {
		kind  Kind
		value string
		want  Seeds
	}{
		"a device":  {Device, "bad", Seeds{Sessions: []string{"night"}, From: map[string]int64{"home": 4}, First: at(2)}},
		"a network": {Network, "203.0.113.200", Seeds{Sessions: []string{"night"}, From: map[string]int64{"home": 4}, First: at(2)}},
		"a contact": {Contact, "Thief@mail.example", Seeds{From: map[string]int64{}, Versions: [][2]string{{"email", "v2"}}, First: at(5)}},
		"an agent":  {Agent, "staff_1", Seeds{From: map[string]int64{}, Agents: []string{"staff_1"}, First: at(6)}},
		"nobody":    {Device, "other", Seeds{From: map[string]int64{}}},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := Key{Kind: c.kind, Value: c.value, From: at(2), Until: at(7)}.normal(lower)
			if err != nil {
				t.Fatal(err)
			}
			got := k.Seeds(h, lower)
			if diff := cmp.Diff(c.want, got); diff != "" || got.None() != (name == "nobody") {
				t.Error(diff)
			}
		})
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		key  Key
		want error
	}{
		"nothing":                             {Key{Kind: Device, Value: " ", From: now, Until: now.Add(day)}, ErrValue},
		"another kind":                        {Key{Kind: "card", Value: "x", From: now, Until: now.Add(day)}, ErrValue},
		"a network that is none":              {Key{Kind: Network, Value: "home", From: now, Until: now.Add(day)}, ErrValue},
		"a window that ends before it begins": {Key{Kind: Device, Value: "x", From: now, Until: now.Add(-day)}, ErrWindow},
		"no window":                           {Key{Kind: Device, Value: "x"}, ErrWindow},
		"all of a year":                       {Key{Kind: Device, Value: "x", From: now, Until: now.Add(365 * day)}, ErrWindow},
	} {
		if _, err := c.key.normal(nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoIsLacking(t *testing.T) {
	t.Parallel()
	if got := lacking([]string{"a", "b", "c"}, []string{"c", "a"}); cmp.Diff([]string{"b"}, got) != "" {
		t.Errorf("got %v", got)
	}
}
