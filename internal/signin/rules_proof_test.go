package signin

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/fault"

	"pgregory.net/rapid"
)

// The factors of a table are written as slot and age in hours, apart by spaces: "totp@80".
func factors(now time.Time, text string) (all []account.Secret) {
	for i, word := range strings.Fields(text) {
		slot, span, _ := strings.Cut(word, "@")
		from, until, ended := strings.Cut(span, "-")
		s := account.Secret{Slot: slot, Version: string(rune('a' + i)), From: now.Add(-hours(from))}
		if ended {
			s.Until = now.Add(-hours(until))
		}
		all = append(all, s)
	}
	return all
}

func hours(s string) time.Duration {
	d, err := time.ParseDuration(s + "h")
	if err != nil {
		panic(err)
	}
	return d
}

func TestWhatAnActWants(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name, factors       string
		contact, drop, card Strength
		counts              string // versions, in order
	}{
		{"a password alone", "password@900", Lately, Lately, Lately, ""},
		{"saved codes alone are no strong factor", "password@900 codes@900", Lately, Lately, Lately, "b"},
		{"a passkey of today may be the intruder's", "password@900 passkey/k1@1", Lately, Strong, Lately, "b"},
		{"one hour short of three days", "password@900 totp@71", Lately, Strong, Lately, "b"},
		{"three days", "password@900 totp@72", Strong, Strong, Lately, "b"},
		{"a passkey as well as an app", "password@900 passkey/k1@72", Strong, Strong, Lately, "b"},
		{"what was enrolled under an established one counts", "totp@900 passkey/k1@1 codes@2", Strong, Strong, Lately, "abc"},
		{"what was there before it was established does not", "totp@80 passkey/k1@20 codes@1", Strong, Strong, Lately, "ac"},
		{"the app that took the place of an old one", "totp@900-1 totp@1", Strong, Strong, Lately, "b"},
		{"one that went long before the next came", "totp@900-500 totp@1", Lately, Strong, Lately, "b"},
		{"what was removed counts no more", "totp@900-1 password@900", Lately, Lately, Lately, ""},
		{"a token for programs is no factor", "password@900 token/t1@900", Lately, Lately, Lately, ""},
	}
	for _, c := range tests {
		s := stand(factors(now, c.factors), now)
		if s.wants(ActContact) != c.contact || s.wants(ActDrop) != c.drop || s.wants(ActCard) != c.card {
			t.Errorf("%s: contact %d, drop %d, card %d", c.name, s.wants(ActContact), s.wants(ActDrop), s.wants(ActCard))
		}
		got := ""
		for _, v := range "abc" {
			if s.counts[string(v)] {
				got += string(v)
			}
		}
		if got != c.counts {
			t.Errorf("%s: %q counts, want %q", c.name, got, c.counts)
		}
	}
}

func TestEveryActHasItsStrength(t *testing.T) {
	for act, want := range wanted {
		for i, s := range want {
			if s == 0 || i > 0 && s < want[i-1] {
				t.Errorf("%s: %v, weaker with a stronger factor", act, want)
			}
		}
	}
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Act{"email": ActContact, "phone": ActContact, "email/work": ActContact, "password": ActPassword, "totp": ActEnrol,
		"codes": ActEnrol, "passkey/k1": ActEnrol, "card/c1": ActCard, "delegate/d1": ActGrant, "household/h1": ActGrant, "forward/f1": ActGrant, "wallet": ActOther} {
		kind, ok := kinds.Of(path)
		if got := actOf(kind, path); !ok || got != want || wanted[got][0] == 0 {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestTheLastStrongFactorStays(t *testing.T) {
	for _, c := range []struct {
		slots, slot string
		want        bool
	}{
		{"password totp", "totp", false},
		{"password totp codes", "totp", false},
		{"password passkey/k1", "passkey/k1", false},
		{"password passkey/k1 codes", "passkey/k1", false},
		{"password totp passkey/k1", "totp", true},
		{"password totp passkey/k1", "passkey/k1", true},
		{"password passkey/k1 passkey/k2", "passkey/k1", true},
		{"password totp token/t1 link/l1", "totp", false},
		{"password totp codes", "codes", true},
	} {
		if got := mayDrop(strings.Fields(c.slots), c.slot); got != c.want {
			t.Errorf("of %s, %s may go: %v", c.slots, c.slot, got)
		}
	}
}

// However factors come and go, an account that ever had a strong one keeps one.
func TestWhoHasAStrongFactorKeepsOne(t *testing.T) {
	slots := []string{"password", "totp", "codes", "passkey/a", "passkey/b"}
	rapid.Check(t, func(t *rapid.T) {
		var have []string
		had := false
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			slot := rapid.SampledFrom(slots).Draw(t, "slot")
			if i := slices.Index(have, slot); i < 0 {
				have, had = append(have, slot), had || strong(slot)
			} else if mayDrop(have, slot) {
				have = slices.Delete(have, i, i+1)
			}
			if had && !slices.ContainsFunc(have, strong) {
				t.Fatalf("only %v is left", have)
			}
		}
	})
}

func TestNamesOfPasskeysCannotLureAReader(t *testing.T) {
	for _, good := range []string{"phone", "花子のスマホ", "MacBook Pro (2)", "YubiKey 5C", "Dr. Sato's key", "iPhone 17"} {
		if err := keyName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " ", "evil.example", "https://evil", "call +81 3 1234 5678", "a@b", "shop／evil。example", "x\u202ey", strings.Repeat("a", 41), "www.evil", "a\nb"} {
		var f *fault.Error
		if err := keyName(bad); !errors.As(err, &f) || f.Field != "name" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
