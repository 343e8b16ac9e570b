package handback

import (
	"encoding/json"
	"strings"
	"testing"

	"takeback/internal/account"
)

func TestPersonalWordsLeadNowhere(t *testing.T) {
	t.Parallel()
	for words, fine := range map[string]bool{
		"": true,
		"お待たせいたしました。またのご利用をお待ちしております。":               true,
		"Please call us at any time, e.g. at 3 a.m.": true,
		strings.Repeat("あ", 500):                     true,
		strings.Repeat("あ", 501):                     false,
		"See https://evil.example/":                  false,
		"See www.evil.example":                       false,
		"See evil.com/reset":                         false,
		"Write to me@evil.example":                   false,
		"javascript://x":                             false,
	} {
		if _, err := checkSentence(words); (err == nil) != fine {
			t.Errorf("%.40q: %v", words, err)
		}
	}
}

func TestShownTellsNothingThatMustNotBeSeen(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, value, want string }{
		{"email", `"hanako@example.jp"`, "h***@e***.jp"},
		{"password", `"v_1"`, dots},
		{"card/c1", `{"token":"tok_1","brand":"Visa","last4":"4242424242424242"}`, "Visa •••• 4242"},
		{"address/a1", `{"to":"佐藤","post":"153-0063","line":"東京都目黒区目黒1-2-3"}`, "佐藤 153-0063 東京都目黒区…"},
		{"forward/f1", `{"to":"x@y.example"}`, dots},
		{"wallet", `-1234567`, "−1,234,567"},
		{"points", `999`, "999"},
		{"order/o1", `{"amount":4980,"currency":"JPY","ship_to":"address/a1"}`, "¥4,980 address/a1"},
		{"order/o2", `{"amount":4980,"currency":"EUR"}`, "49.80 EUR"},
		{"order/o3", `{"amount":4980}`, "4,980"},
		{"name", `"佐藤 花子"`, "佐藤 花子"},
		{"name", ``, ""},
	} {
		kind, _ := kinds.Of(c.path)
		var value json.RawMessage
		if c.value != "" {
			value = json.RawMessage(c.value)
		}
		if got := Shown(kind, value, "en"); got != c.want {
			t.Errorf("%s %s is shown as %q, want %q", c.path, c.value, got, c.want)
		}
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	en, ja := wordsOf["en"], wordsOf["ja"]
	for pattern := range en.nouns {
		if ja.nouns[pattern] == "" {
			t.Errorf("no noun for %s in Japanese", pattern)
		}
	}
	for verb, s := range en.did {
		if strings.Count(s, "%s") != 1 || strings.Count(ja.did[verb], "%s") != 1 {
			t.Errorf("%s takes one argument: %q, %q", verb, s, ja.did[verb])
		}
	}
	for op := range en.states {
		if ja.states[op] == "" {
			t.Errorf("no words for %s in Japanese", op)
		}
	}
}
