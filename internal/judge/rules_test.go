package judge

import (
	"math"
	"testing"
	"time"

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

// A password alone vouches for nobody.
func TestMarksOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		proofs []string
		want   risk.Marks
	}{{nil, 0}, {[]string{"password"}, 0}, {[]string{"password", "code"}, risk.Proved}, {[]string{"passkey"}, risk.Proved}, {[]string{"link"}, risk.Proved}} {
		var c history.Change
		for _, p := range tt.proofs {
			c.Factors = append(c.Factors, history.Factor{Proof: p})
		}
		if got := marksOf(c); got != tt.want {
			t.Errorf("%v: %b, want %b", tt.proofs, got, tt.want)
		}
	}
}
