package web_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"takeback/internal/web"
	"takeback/internal/web/webtest"
)

func catalogue(en, ja string) fstest.MapFS {
	return fstest.MapFS{"words.en.txt": {Data: []byte(en)}, "words.ja.txt": {Data: []byte(ja)}}
}

func TestDifferencesBetweenLanguagesAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		en, ja string
		want   int
	}{
		"alike":                      {"a = x %s", "a = %s x", 0},
		"one lacks a key":            {"a = x\nb = y", "a = x", 1},
		"the other lacks a key":      {"a = x", "a = x\nb = y", 1},
		"arguments differ":           {"a = x %s", "a = x", 1},
		"comments and a percent are": {"# x\n\na = 100%%", "a = 100%%", 0},
	} {
		if got := web.LoadWords(catalogue(c.en, c.ja)).Differences(); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestABrokenCatalogueDoesNotLoad(t *testing.T) {
	t.Parallel()
	for name, en := range map[string]string{
		"no text": "a =", "no key": "= x", "no sign": "a", "said twice": "a = x\na = y", "another verb": "a = %d", "a bare percent": "a = 5%",
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p, _ := recover().(string); !strings.Contains(p, "words.en.txt:") {
					t.Errorf("no panic that names the line: %q", p)
				}
			}()
			web.LoadWords(catalogue(en, "a = x"))
		})
	}
}

func TestWordsTakeArguments(t *testing.T) {
	t.Parallel()
	w := web.LoadWords(catalogue("a = %s of %s, 100%%", "a = %s／%s、100%%"), catalogue("b = later", "b = あと"), catalogue("b = last", "b = 最後"))
	if got := w.Say("en", "a", 1, "two"); got != "1 of two, 100%" {
		t.Error(got)
	}
	if got := w.Say("ja", "b"); got != "最後" {
		t.Error("the last catalogue goes first:", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a missing key must not survive a test")
		}
	}()
	w.Say("en", "c")
}

func TestTheShellSaysItsOwnFaultsInJapanese(t *testing.T) {
	t.Parallel()
	webtest.Faults(t, holderPages, ".")
}
