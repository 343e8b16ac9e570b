package judge

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/risk"
)

func TestShare(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"2%": .02, "20/1000": .02, "20 / 1000": .02, "0.02": .02, "0": 0, "100%": 1} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || math.Abs(float64(s)-want) > 1e-12 {
			t.Errorf("%q is %v (%v), want %v", text, s, err, want)
		}
	}
	for _, text := range []string{"", "2 percent", "-1%", "101%", "2/0", "1/-5", "NaN", "3/2", "%", "/"} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %v", text, s)
		}
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		mode  Mode
		after time.Duration
		want  bool
	}{
		{Auto, 0, false}, {Auto, shadowFor - 1, false}, {Auto, shadowFor, true}, {Shadow, 2 * shadowFor, false}, {Act, 0, true},
	} {
		if got := c.mode.acting(began, began.Add(c.after)); got != c.want {
			t.Errorf("mode %q after %v: acting %v", c.mode, c.after, got)
		}
	}
}

// Of the scores that were added, no more than the share may lie at or above the threshold.
func TestAMeterKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var scores []float64
		for len(scores) < needs {
			score := rapid.Float64Range(-30, 30).Draw(t, "score")
			scores = append(scores, slices.Repeat([]float64{score}, rapid.IntRange(1, needs).Draw(t, "times"))...)
		}
		raised := rapid.IntRange(0, 50).Draw(t, "raised")
		share := Share(rapid.Float64Range(0, .3).Draw(t, "share"))
		var m Meter
		for _, s := range scores {
			m.Add(s, false)
		}
		for range raised {
			m.Add(0, true)
		}
		at := m.Over(share, 0)
		above := raised
		for _, s := range scores {
			if s >= at {
				above++
			}
		}
		all := float64(len(scores) + raised)
		if float64(above) > float64(share)*all && above > raised {
			t.Fatalf("%d of %v lie above %v, the budget is %v", above, all, at, share)
		}
		b, _ := m.MarshalBinary()
		var again Meter
		if err := again.UnmarshalBinary(b); err != nil || again.Over(share, 0) != at {
			t.Fatalf("read back it says %v (%v), not %v", again.Over(share, 0), err, at)
		}
	})
}

func TestAMeterWithoutScoresSaysWhatItIsTold(t *testing.T) {
	t.Parallel()
	var m Meter
	for range needs - 1 {
		m.Add(3, false)
	}
	if got := m.Over(.02, 7); got != 7 {
		t.Errorf("it says %v", got)
	}
	m.Add(math.NaN(), false)
	if got := m.Over(.02, 7); got != 7 {
		t.Errorf("what is no number was counted: %v", got)
	}
}

func TestAMeterForgets(t *testing.T) {
	t.Parallel()
	var m Meter
	for range forgets {
		m.Add(0, false)
	}
	for range forgets {
		m.Add(5, false)
	}
	if at := m.Over(.5, 0); at < 5 {
		t.Errorf("half of the scores of late lie above %v", at)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		verb   history.Verb
		path   string
		before string
		want   risk.Kind
	}{
		{history.Open, "", "", risk.SignedIn},
		{history.Recover, "", "", risk.SignedIn},
		{history.Handover, "", "", risk.Seen},
		{history.Contact, "email", `"a@b.example"`, risk.EmailChanged},
		{history.Drop, "phone", `"+81"`, risk.PhoneChanged},
		{history.Contact, "email/second", "", risk.RecoveryChanged},
		{history.Credential, "password", `"v1"`, risk.PasswordChanged},
		{history.Credential, "totp", "", risk.FactorChanged},
		{history.Drop, "passkey/a", `"v"`, risk.FactorChanged},
		{history.Credential, "token/a", "", risk.KeyMade},
		{history.Add, "address/a", "", risk.AddressAdded},
		{history.Set, "address/a", `{}`, 0},
		{history.Add, "card/a", "", risk.CardChanged},
		{history.Add, "forward/a", "", risk.NoticeChanged},
		{history.Order, "order/a", "", risk.OrderPlaced},
		{history.Set, "name", `"x"`, 0},
		{history.View, "email", "", 0},
		{history.Freeze, "", "", 0},
	} {
		kind, _ := kinds.Of(c.path)
		change := history.Change{Verb: c.verb, Path: c.path}
		if c.before != "" {
			change.Before = []byte(c.before)
		}
		got, ok := kindOf(change, kind.Algebra)
		if got != c.want || ok != (c.want != 0) {
			t.Errorf("%s %s is %q (%v), want %q", c.verb, c.path, got, ok, c.want)
		}
	}
}

func TestAMeterRefusesBrokenBytes(t *testing.T) {
	t.Parallel()
	var m Meter
	for _, b := range [][]byte{nil, make([]byte, 7), slices.Repeat([]byte{0xff}, 4*bins)} {
		if err := m.UnmarshalBinary(b); err == nil {
			t.Errorf("%d bytes were taken", len(b))
		}
	}
}
