package risk

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allSignals are the signals that signal.go names.
func allSignals(t *testing.T) (list []Signal) {
	t.Helper()
	text, err := os.ReadFile("signal.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\t\w+\s+Signal = "(\w+)"`).FindAllSubmatch(text, -1) {
		list = append(list, Signal(m[1]))
	}
	if len(list) < 50 {
		t.Fatalf("signal.go names %d signals", len(list))
	}
	return list
}

func TestWords(t *testing.T) {
	t.Parallel()
	signals := allSignals(t)
	places := regexp.MustCompile(`\{[a-z]+\}`)
	for _, lang := range []string{"en", "ja"} {
		words := catalogues()[lang]
		for _, s := range signals {
			said := Reason{Signal: s, Name: "Opera", Number: 42, Share: .0002, Odds: 31}.Words(lang)
			if said == string(s) || strings.Contains(said, "{") || !strings.HasSuffix(said, "×31") {
				t.Errorf("%s says of %s: %q", lang, s, said)
			}
			in, of := places.FindAllString(catalogues()["en"][s], -1), places.FindAllString(words[s], -1)
			slices.Sort(in)
			slices.Sort(of)
			if !slices.Equal(in, of) {
				t.Errorf("%s of %s names %v, English %v", lang, s, of, in)
			}
		}
		for s := range words {
			if !slices.Contains(signals, s) {
				t.Errorf("%s has words for %s, which is no signal", lang, s)
			}
		}
	}
	for _, tt := range []struct {
		reason Reason
		lang   string
		want   string
	}{
		{Reason{Signal: NewNetwork, Number: 64500, Share: .0002, Odds: 31.2}, "en", "network AS64500 never used by this account, used by 0.02 % of sign-ins here: ×31"},
		{Reason{Signal: NewNetwork, Number: 64500, Share: .0002, Odds: 31.2}, "ja", "このアカウントが初めて使うネットワーク AS64500（当サイトのサインインの 0.02 %）：×31"},
		{Reason{Signal: KnownDevice, Odds: 1. / 2000}, "en", "a device that this account knows: ÷2000"},
		{Reason{Signal: UnusualHour, Number: 21, Odds: 2}, "en", "how usual the hours from 21 to 24 (UTC) are for this account: ×2.0"},
		{Reason{Signal: BreachedPassword, Odds: 1}, "en", "the password is known from a breach"},
		{Reason{Signal: BreachedPassword, Odds: 1}, "xx", "the password is known from a breach"},
		{Reason{Signal: NewOS, Name: "X\u202eY\n" + strings.Repeat("z", 99), Share: 0, Odds: 1e9}, "en",
			"system XY" + strings.Repeat("z", 58) + "… never used by this account, used by 0 % of sign-ins here: ×10000"},
	} {
		if got := tt.reason.Words(tt.lang); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
