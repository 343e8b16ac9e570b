package sms

import (
	"strings"
	"testing"
	"time"
)

func TestATextNamesTheServiceAndWhatItIsForAndEndsWithTheHostItIsFor(t *testing.T) {
	t.Parallel()
	for p := range purposes["en"] {
		for _, language := range []string{"en", "ja", "fr"} {
			text := words("Kumo Store", "account.kumo.example", language, p, "123456")
			lines := strings.Split(text, "\n")
			if lines[len(lines)-1] != "@account.kumo.example #123456" || lines[len(lines)-2] != "" {
				t.Errorf("the last lines of %q are not the form that telephones read", text)
			}
			if !strings.Contains(lines[0], "Kumo Store") || !strings.Contains(lines[0], "123456") {
				t.Errorf("%q does not say who writes and the code", text)
			}
			if language == "ja" != strings.Contains(lines[0], "教えないで") || language != "ja" && !strings.Contains(lines[0], "Tell nobody") {
				t.Errorf("%q does not say in the reader's language to tell nobody", text)
			}
			if n := len([]rune(text)); n > 160 || language == "ja" && n > 134 {
				t.Errorf("%q is longer than two short messages", text)
			}
		}
	}
	if len(purposes["ja"]) != len(purposes["en"]) {
		t.Error("a purpose has no Japanese words")
	}
}

func TestInternational(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"09012345678": "+819012345678", "+819012345678": "+819012345678", "+15550100000": "", // another country
		"+8190": "", "+8190123456789012": "", "9012345678": "", "+81abc": "", "": "", "+81 90": "",
	} {
		got, err := international(number, "81", []string{"81"})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q (%v), want %q", number, got, err, want)
		}
	}
}

func TestOften(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	texts := func(n int, ago time.Duration) (at []time.Time) {
		for range n {
			at = append(at, now.Add(-ago))
		}
		return at
	}
	for name, c := range map[string]struct {
		at      []time.Time
		account int
		want    bool
	}{
		"none":                        {nil, 0, false},
		"four in an hour":             {texts(4, time.Minute), 4, false},
		"five in an hour":             {texts(5, time.Minute), 5, true},
		"nine in a day":               {texts(9, 2*time.Hour), 9, false},
		"ten in a day":                {texts(10, 2*time.Hour), 10, true},
		"fifteen to other numbers":    {nil, 15, true},
		"five, but one an hour or so": {texts(5, time.Hour), 5, false},
	} {
		if got := often(c.at, c.account, now); got != c.want {
			t.Errorf("%s: often is %v", name, got)
		}
	}
}
