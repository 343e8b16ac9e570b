package risk

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

//go:embed words.en.txt
var wordsEnglish string

//go:embed words.ja.txt
var wordsJapanese string

var catalogues = sync.OnceValue(func() map[string]map[Signal]string {
	return map[string]map[Signal]string{"en": catalogue(wordsEnglish), "ja": catalogue(wordsJapanese)}
})

func catalogue(text string) map[Signal]string {
	words := map[Signal]string{}
	for line := range strings.Lines(text) {
		key, said, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") {
			words[Signal(strings.TrimSpace(key))] = strings.TrimSpace(said)
		}
	}
	return words
}

// mostName is how much of a value a sentence repeats: it was chosen by whoever
// signed in, and a page of it says nothing more.
const mostName = 60

// Words says a reason as a sentence with its odds, in English or Japanese:
// "network AS64500 never used by this account, used by 0.02 % of sign-ins here: ×31".
// What a client sent stands in it as it came; whoever shows it escapes it.
func (r Reason) Words(language string) string {
	words := catalogues()[language]
	if words == nil {
		words = catalogues()["en"]
	}
	said, ok := words[r.Signal]
	if !ok {
		return string(r.Signal)
	}
	name := strings.Map(printable, r.Name)
	if len(name) > mostName {
		name = cut(name, mostName) + "…"
	}
	if name == "" {
		name = "?"
	}
	said = r.fill(said, name)
	if odds := times(r.Odds); odds != "" {
		if language == "ja" {
			return said + "：" + odds
		}
		return said + ": " + odds
	}
	return said
}

// fill puts the values in their places, in one pass: a name may itself look like a place.
func (r Reason) fill(said, name string) string {
	var b strings.Builder
	b.Grow(len(said) + len(name))
	for {
		before, rest, found := strings.Cut(said, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		place, after, _ := strings.Cut(rest, "}")
		switch place {
		case "name":
			b.WriteString(name)
		case "number", "hour":
			b.WriteString(strconv.FormatInt(r.Number, 10))
		case "share":
			b.WriteString(percent(r.Share))
		case "to":
			b.WriteString(strconv.FormatInt(r.Number+24/hourBins, 10))
		default:
			b.WriteString("{" + place + "}")
		}
		said = after
	}
}

// printable drops what would break a line or turn its direction.
func printable(c rune) rune {
	if c < ' ' || c == 0x7f || c >= 0x80 && c <= 0x9f || c >= 0x2028 && c <= 0x202e || c >= 0x2066 && c <= 0x2069 || c == 0x200e || c == 0x200f || c == 0x61c || c == 0xfeff {
		return -1
	}
	return c
}

// percent writes a share with as many places as it needs.
func percent(share float64) string {
	p := share * 100
	switch {
	case share < 0 || math.IsNaN(share):
		return "?"
	case p == 0:
		return "0 %"
	case p < .01:
		return "<0.01 %"
	case p < 1:
		return fmt.Sprintf("%.2f %%", p)
	case p < 10:
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// times writes odds: ×31 speaks against the holder, ÷20 for them. Odds of one,
// of a rule that is no likelihood, are not written.
func times(odds float64) string {
	sign := "×"
	if odds > 0 && odds < 1 {
		sign, odds = "÷", 1/odds
	}
	switch {
	case !(odds > 1.05):
		return ""
	case odds < 9.5:
		return sign + strconv.FormatFloat(odds, 'f', 1, 64)
	case odds < 9999.5:
		return sign + strconv.FormatFloat(odds, 'f', 0, 64)
	}
	return sign + "10000"
}
