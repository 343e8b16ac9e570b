package web

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
)

// Words is a catalogue: what pages say, in every language, by key.
type Words struct {
	texts map[string]map[string]string // language, key
}

// LoadWords reads words.en.txt and words.ja.txt, and words-NAME.en.txt and so on,
// from each file system. What a later one says about a key goes before what an
// earlier one says; the files of one file system may not say a key twice.
// It panics if a catalogue is broken, because they are part of the program.
func LoadWords(from ...fs.FS) *Words {
	w := &Words{texts: map[string]map[string]string{}}
	for _, lang := range languages {
		w.texts[lang] = map[string]string{}
		for _, fsys := range from {
			if err := w.load(fsys, lang); err != nil {
				panic("web: " + err.Error())
			}
		}
	}
	return w
}

func (w *Words) load(fsys fs.FS, lang string) error {
	names, err := fs.Glob(fsys, "words*."+lang+".txt")
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there is no words.%s.txt", lang)
	}
	seen := map[string]bool{}
	for _, name := range names {
		err = errors.Join(err, w.read(fsys, name, lang, seen))
	}
	return err
}

// read reads one file; seen are the keys that files beside it have said.
func (w *Words) read(fsys fs.FS, name, lang string, seen map[string]bool) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, text, ok := strings.Cut(line, "=")
		key, text = strings.TrimSpace(key), strings.TrimSpace(text)
		if !ok || key == "" || text == "" {
			return fmt.Errorf("%s:%d: want key = text", name, n)
		}
		if seen[key] {
			return fmt.Errorf("%s:%d: %s was said before", name, n, key)
		}
		if strings.Count(text, "%") != strings.Count(text, "%s")+2*strings.Count(text, "%%") {
			return fmt.Errorf("%s:%d: %s: only %%s and %%%% are understood", name, n, key)
		}
		seen[key] = true
		w.texts[lang][key] = text
	}
	return lines.Err()
}

// Has tells whether the catalogue has a key.
func (w *Words) Has(lang, key string) bool { return w.texts[lang][key] != "" }

// Say gives the text of a key. A key without words is a mistake that a test
// must not survive; a person in trouble is better served by a page with one
// odd word than by none.
func (w *Words) Say(lang, key string, args ...any) string {
	text, ok := w.texts[lang][key]
	if !ok {
		if testing.Testing() {
			panic(fmt.Sprintf("web: no words in %q for key %q", lang, key))
		}
		slog.Error("no words for key", "key", key, "lang", lang)
		return key[strings.LastIndexByte(key, '.')+1:]
	}
	if strings.Count(text, "%s") != len(args) && testing.Testing() {
		panic(fmt.Sprintf("web: %q in %q takes %d arguments, not %d", key, lang, strings.Count(text, "%s"), len(args)))
	}
	if !strings.Contains(text, "%") {
		return text
	}
	for i, a := range args { // so that %s takes numbers, too
		args[i] = fmt.Sprint(a)
	}
	return fmt.Sprintf(text, args...)
}

// Differences lists how the languages disagree: keys that one lacks, and keys with
// different numbers of arguments. Nothing may be listed.
func (w *Words) Differences() (out []string) {
	for _, lang := range languages {
		for _, other := range languages {
			for key, text := range w.texts[lang] {
				theirs, ok := w.texts[other][key]
				switch {
				case !ok:
					out = append(out, fmt.Sprintf("%s is in %s but not in %s", key, lang, other))
				case lang < other && strings.Count(text, "%s") != strings.Count(theirs, "%s"):
					out = append(out, fmt.Sprintf("%s takes different arguments in %s and %s", key, lang, other))
				}
			}
		}
	}
	return out
}
