package mail

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a letter takes from outside, in characters.
const (
	maxLine = 300
	maxText = 20_000
	maxName = 60
)

// plain makes a string one short line without anything invisible: an intruder
// may have chosen it (a name, a device, a new value), and it must not add
// lines or headers to our letter.
func plain(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r != '\u3000':
			return ' '
		case !visible(r):
			return -1
		}
		return r
	}, s)
	s = defang(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " "))
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return s
}

// visible tells whether a character may stand in a letter: no control, format
// (bidirectional overrides, zero widths), private or unassigned ones.
func visible(r rune) bool {
	return unicode.IsPrint(r) || r == '\u3000'
}

// defangs keep mail programs from making links of what is no link of ours, and
// text in a header from passing for an encoded word.
var defangs = strings.NewReplacer("=?", "= ?", "://", "[:]//", "www.", "www[.]", "WWW.", "WWW[.]", "Www.", "Www[.]", "mailto:", "mailto[:]", "tel:", "tel[:]")

func defang(s string) string { return defangs.Replace(s) }

// paragraphs cleans a text of several lines, which one of our own people wrote.
func paragraphs(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if r == '\n' || visible(r) {
			return r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return -1
	}, s)
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	s = strings.TrimSpace(strings.Join(lines, "\n"))
	if utf8.RuneCountInString(s) > maxText {
		s = string([]rune(s)[:maxText-1]) + "…"
	}
	return s
}

// greeting gives the name a letter may greet by. A name that looks like an
// address or a link was chosen to be clicked on: such a reader is not greeted.
func greeting(name string) string {
	name = plain(name, maxName)
	if strings.ContainsAny(name, "/@[]<>:\\…") {
		return ""
	}
	// "evil.example" becomes a link in many programs; "St. John" does not.
	for i := 1; i+1 < len(name); i++ {
		if name[i] == '.' && name[i-1] != ' ' && name[i+1] != ' ' {
			return ""
		}
	}
	return name
}

// cleaned gives a copy of a body whose strings are plain. Fields tagged
// letter:"link" or "page" are left for view.URL to judge, letter:"text" keep their lines.
func cleaned(b Body) (Body, error) {
	v := reflect.ValueOf(b)
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("mail: a body is one of the structs of this package, not a %T", b)
	}
	c := reflect.New(v.Type()).Elem()
	cleanInto(c, v, "")
	return c.Interface().(Body), nil // unreachable to fail: it is a copy of a Body
}

func cleanInto(to, from reflect.Value, tag string) {
	switch from.Kind() {
	case reflect.String:
		switch tag {
		case "link", "page":
			to.SetString(from.String())
		case "text":
			to.SetString(paragraphs(from.String()))
		default:
			to.SetString(plain(from.String(), maxLine))
		}
	case reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			cleanInto(to.Index(i), from.Index(i), tag)
		}
	case reflect.Struct:
		to.Set(from) // times and the like as they are
		for i := range from.NumField() {
			if f := from.Type().Field(i); f.IsExported() {
				cleanInto(to.Field(i), from.Field(i), f.Tag.Get("letter"))
			}
		}
	default:
		to.Set(from)
	}
}
