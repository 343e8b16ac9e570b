package mail

import (
	"strings"
	"unicode"
)

// The attack: "раураl@example.jp" with Cyrillic а, р and у reads as somebody
// else's address, in a letter as well as on the desk's screen. Scripts that
// share shapes may therefore not stand in one part of an address.

// scripts are told apart; a letter of any other script is of script "other",
// which may stand alone but in no mixture.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"latin", unicode.Latin}, {"han", unicode.Han}, {"hiragana", unicode.Hiragana}, {"katakana", unicode.Katakana},
	{"bopomofo", unicode.Bopomofo}, {"hangul", unicode.Hangul}, {"cyrillic", unicode.Cyrillic}, {"greek", unicode.Greek},
	{"armenian", unicode.Armenian}, {"cherokee", unicode.Cherokee}, {"thai", unicode.Thai}, {"arabic", unicode.Arabic},
	{"hebrew", unicode.Hebrew}, {"devanagari", unicode.Devanagari},
}

// together are the mixtures that people really write.
var together = [][]string{
	{"latin", "han", "hiragana", "katakana"},
	{"latin", "han", "bopomofo"},
	{"latin", "han", "hangul"},
}

// twins are the Cyrillic and Greek letters that read as Latin ones, in both cases.
const twins = "асеіјорѕухһԁԛԝӏԍгвкмнтзь" + "АВЕЅІЈКМНОРСТУХԌԚԜҮү" + "αινορτυχγκηω" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"

// lookalike tells whether an address could be read as another one.
func lookalike(local, domain string) bool {
	labels := strings.Split(domain, ".")
	top := scriptsOf(labels[len(labels)-1])
	for _, part := range append(labels, local) {
		of := scriptsOf(part)
		if !mayStandTogether(of) {
			return true
		}
		// A part wholly of twins is as bad as a mixture, unless the address is
		// at home in that script: "оса@почта.рф" is a wasp, not "oca".
		if (of["cyrillic"] && !top["cyrillic"] || of["greek"] && !top["greek"]) && allTwins(part) {
			return true
		}
	}
	return false
}

func scriptsOf(s string) map[string]bool {
	found := map[string]bool{}
	for _, r := range s {
		if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		name := "other"
		for _, k := range scripts {
			if unicode.Is(k.table, r) {
				name = k.name
				break
			}
		}
		found[name] = true
	}
	return found
}

func mayStandTogether(found map[string]bool) bool {
	if len(found) <= 1 {
		return true
	}
	for _, set := range together {
		n := 0
		for _, name := range set {
			if found[name] {
				n++
			}
		}
		if n == len(found) {
			return true
		}
	}
	return false
}

func allTwins(part string) bool {
	for _, r := range part {
		if unicode.IsLetter(r) && !strings.ContainsRune(twins, r) {
			return false
		}
	}
	return true
}
