package rulebook

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// place is a line and a column, from 1, in characters.
type place struct{ line, column int }

// token is a word, a number, a text in quotes or a sign of an expression.
type token struct {
	place
	text string
}

var parts = regexp.MustCompile(`(?s)//[^\n]*|""".*?"""|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\pL_][\pL\pN_.]*|[0-9][\pL\pN_.]*|!=*|[=<>&|]+|\S`)

// tokens takes an expression apart more leniently than the language does, so
// that what it stumbles over can be named.
func tokens(when string) []token {
	var all []token
	line, begun := 1, 0
	for _, span := range parts.FindAllStringIndex(when, -1) {
		for {
			end := strings.IndexByte(when[begun:], '\n')
			if end < 0 || begun+end >= span[0] {
				break
			}
			line, begun = line+1, begun+end+1
		}
		if t := when[span[0]:span[1]]; !strings.HasPrefix(t, "//") {
			all = append(all, token{place{line, len([]rune(when[begun:span[0]])) + 1}, t})
		}
	}
	return all
}

// around gives the token at a place and the one before it; either may be empty.
func around(text []token, at place) (here, before token) {
	for _, t := range text {
		if t.line > at.line || t.line == at.line && t.column+len([]rune(t.text)) > at.column {
			return t, before
		}
		before = t
	}
	return token{place: at}, before
}

// meant is what somebody means who writes as in other languages.
var meant = map[string]string{
	"=":   `= compares nothing: write == for "is the same as"`,
	"===": `write ==`,
	"!==": `write !=`,
	"=!":  `write !=`,
	"<>":  `write != for "is not the same as"`,
	"=>":  `write >=`,
	"=<":  `write <=`,
	"&":   `write && for "and"`,
	"|":   `write || for "or"`,
	"and": `write && for "and"`,
	"or":  `write || for "or"`,
	"not": `write ! for "not", as in !event.tor or !(event.hour > 5)`,
	"is":  `write == for "is the same as"`,
	"in":  `write in, in small letters`,
	"≥":   `write >=`,
	"≤":   `write <=`,
	"≠":   `write !=`,
	"“":   `write texts in straight quotes, as 'JP'`,
	"”":   `write texts in straight quotes, as 'JP'`,
	"‘":   `write texts in straight quotes, as 'JP'`,
	"’":   `write texts in straight quotes, as 'JP'`,
	`"`:   `the text that begins here has no end: a " is missing`,
	"'":   `the text that begins here has no end: a ' is missing`,
}

// unread says why an expression cannot be read: by what stands where the
// language stumbled, which its own words hide behind the names of its grammar.
func unread(text []token, at place, words string) error {
	here, before := around(text, at)
	said := func(t token, words string) error { return wrong{t.place, words} }
	if w, ok := meant[strings.ToLower(here.text)]; ok && here.text != "in" {
		if next, _ := around(text, place{here.line, here.column + len(here.text)}); strings.EqualFold(here.text, "not") && next.text == "in" {
			w = `write !(… in …) for "not in"`
		}
		return said(here, w)
	}
	if strings.EqualFold(before.text, "not") {
		return said(before, meant["not"])
	}
	open := unclosed(text)
	switch {
	case strings.HasPrefix(words, "reserved"):
		return said(here, fmt.Sprintf("%q is kept by the language and means nothing in a rule: write only what must be so", here.text))
	case here.text == "" && !complete(before.text):
		return said(here, fmt.Sprintf("the rule ends too early: something must follow %s", before.text))
	case here.text == "" && open.text != "":
		return said(open, fmt.Sprintf("this %s is not closed", open.text))
	case here.text == "":
		return said(here, "the rule ends too early")
	case strings.Contains(")]}", here.text):
		if before.text == "" || !complete(before.text) {
			return said(here, fmt.Sprintf("something is missing before this %s", here.text))
		}
		return said(here, fmt.Sprintf("this %s closes nothing", here.text))
	case strings.Contains(here.text, "_") && unicode.IsDigit(rune(here.text[0])):
		return said(here, fmt.Sprintf("a number is written without _, as %s", strings.ReplaceAll(here.text, "_", "")))
	case complete(before.text) && begins(here.text):
		return said(here, fmt.Sprintf("between %s and %s something is missing: && for \"and\", || for \"or\", or a comparison", before.text, clip(here.text)))
	}
	if unicode.IsPrint([]rune(here.text)[0]) {
		return said(here, fmt.Sprintf("%s makes no sense here", clip(here.text)))
	}
	return said(here, fmt.Sprintf("%q makes no sense here", here.text))
}

// begins tells whether a value may begin with a token, complete whether it may
// end with one.
func begins(t string) bool { return t != "" && strings.ContainsAny(t[:1], `"'([{`) || value(t) }

func complete(t string) bool {
	return t != "" && !strings.HasSuffix(t, ".") && strings.ContainsAny(t[len(t)-1:], `"')]}`) || value(t) && t != "in"
}

var valued = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.]*$`)

func value(t string) bool { return valued.MatchString(t) && !strings.HasSuffix(t, ".") }

// unclosed gives the innermost bracket that was opened and not closed.
func unclosed(text []token) token {
	var open []token
	for _, t := range text {
		switch t.text {
		case "(", "[", "{":
			open = append(open, t)
		case ")", "]", "}":
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return token{}
	}
	return open[len(open)-1]
}
