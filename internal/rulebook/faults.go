package rulebook

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
)

// wrong is one fault of an expression: where it is, and what is meant, in words
// for people who write rules and know nothing of the grammar.
type wrong struct {
	place
	words string
}

func (w wrong) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", w.line, w.column, w.words)
}

// whole is a fault of the expression as such.
func whole(format string, args ...any) []error {
	return []error{wrong{place{1, 1}, fmt.Sprintf(format, args...)}}
}

// inRule puts a rule's name before each fault of its expression.
func inRule(name string, all []error) error {
	for i, err := range all {
		all[i] = fmt.Errorf("rule %q: when: %w", name, err)
	}
	return errors.Join(all...)
}

// faults says what is wrong with an expression. Of what cannot be read only the
// first fault is said: what comes after it was read with wrong eyes.
func faults(when string, issues *cel.Issues) []error {
	text := tokens(when)
	var all []error
	for _, e := range issues.Errors() {
		at := place{max(e.Location.Line(), 1), max(e.Location.Column(), 0) + 1}
		if words, syntax := strings.CutPrefix(e.Message, "Syntax error: "); syntax || strings.HasPrefix(e.Message, "reserved identifier") {
			return []error{unread(text, at, words)}
		}
		all = append(all, mistaken(text, at, e))
	}
	return all
}

// What the checker of the language says, as far as we say it better.
var (
	unknown  = regexp.MustCompile(`^undeclared reference to '([^']*)'(?: \(did you mean '([^']*)')?`)
	unfit    = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(?:(.*)\.)?\((.*)\)'$`)
	expected = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
	ranged   = regexp.MustCompile(`^expression of type '(.*)' cannot be range`)
	partless = regexp.MustCompile(`^type '(.*)' does not support field selection`)
)

// mistaken says what is wrong with an expression that can be read.
func mistaken(text []token, at place, e *common.Error) error {
	here, before := around(text, at)
	said := func(words string) error { return wrong{at, words} }
	if m := unknown.FindStringSubmatch(e.Message); m != nil {
		if here.text == "(" { // the place of a call is its bracket
			return wrong{before.place, unknownFunction(m[1], m[2])}
		}
		return wrong{here.place, unknownName(m[1])}
	}
	if m := unfit.FindStringSubmatch(e.Message); m != nil {
		var of []string
		if m[2] != "" {
			of = append(of, m[2])
		}
		if m[3] != "" {
			of = append(of, listed(m[3])...)
		}
		return said(unfitting(m[1], of))
	}
	if m := expected.FindStringSubmatch(e.Message); m != nil {
		if m[1] == "bool" {
			return said("what stands here must be true or false, and it is " + kind(m[2]) + ": compare it with something")
		}
		return said("what stands here must be " + kind(m[1]) + ", and it is " + kind(m[2]))
	}
	if m := ranged.FindStringSubmatch(e.Message); m != nil {
		return said("all, exists, filter and map go through a list, and this is " + kind(m[1]))
	}
	if m := partless.FindStringSubmatch(e.Message); m != nil {
		return wrong{here.place, kind(m[1]) + " has no parts: nothing can follow its point"}
	}
	if e.Message == "invalid matches argument" {
		return wrong{here.place, fmt.Sprintf("matches needs a regular expression, and %s is none", clip(here.text))}
	}
	if strings.HasPrefix(e.Message, "invalid ") && strings.HasSuffix(e.Message, " literal") {
		return wrong{here.place, fmt.Sprintf("%s is too large, or no number", clip(here.text))}
	}
	if strings.HasPrefix(e.Message, "expression recursion limit") {
		return said("brackets within brackets go too deep")
	}
	return said(e.Message)
}

// unknownName says what may have been meant by a name that nobody knows.
func unknownName(name string) string {
	if w, ok := meant[strings.ToLower(name)]; ok { // not(x) looks like a function
		return w
	}
	if lower := strings.ToLower(name); lower == "true" || lower == "false" {
		return fmt.Sprintf("%q is unknown: write %s, in small letters", name, lower)
	}
	group, _, dotted := strings.Cut(name, ".")
	var known []string
	for w := range words() {
		known = append(known, w)
		if _, last, _ := strings.Cut(w, "."); last == name {
			return fmt.Sprintf("%q is unknown: did you mean %s?", name, w)
		}
	}
	slices.Sort(known)
	known = slices.DeleteFunc(known, func(w string) bool { return dotted && !strings.HasPrefix(w, group+".") })
	near := nearest(name, known)
	switch {
	case name == "event" || name == "account":
		return fmt.Sprintf("%q alone is nothing that can be asked about: name a part of it, as in %s", name, map[string]string{"event": "event.kind", "account": "account.sign_ins"}[name])
	case near != "":
		return fmt.Sprintf("%q is unknown: did you mean %s?", name, near)
	case dotted && len(known) > 0:
		return fmt.Sprintf("%q is unknown: there are %s", name, strings.Join(known, ", "))
	}
	return fmt.Sprintf("%q is unknown: a rule asks about event.…, account.… and score; if a text is meant, write it in quotes: '%s'", clip(name), clip(name))
}

// nearest gives the known name with the fewest letters changed, if they are few.
// What stands before the point is the same in all of them, and counts for nothing.
func nearest(name string, known []string) string {
	_, last, dotted := strings.Cut(strings.ToLower(name), ".")
	if !dotted {
		last = strings.ToLower(name)
	}
	best, few := "", max(len(last)/3, 1)+1
	for _, w := range known {
		_, of, _ := strings.Cut(w, ".")
		if !dotted {
			of = w
		}
		if d := env.EditDistance(last, of); d < few {
			best, few = w, d
		}
	}
	return best
}

func unknownFunction(name, near string) string {
	if w, ok := meant[strings.ToLower(name)]; ok {
		return w
	}
	if near != "" {
		return fmt.Sprintf("there is no function %q: did you mean %s?", clip(name), near)
	}
	return fmt.Sprintf("there is no function %q: texts have contains, startsWith, endsWith, matches and size", clip(name))
}

// unfitting says why something cannot be done with values of these types.
func unfitting(what string, of []string) string {
	sign, operator := operators.FindReverse(what)
	if !operator {
		names := make([]string, len(of))
		for i, t := range of {
			names[i] = kind(t)
		}
		return fmt.Sprintf("%s cannot be used on %s", what, strings.Join(names, " and "))
	}
	if len(of) == 1 {
		if what == operators.LogicalNot {
			return "! turns true into false, and this is " + kind(of[0]) + ": write brackets around what it is meant for, as in !(event.hour > 5)"
		}
		return fmt.Sprintf("%s cannot be used on %s", sign, kind(of[0]))
	}
	if len(of) != 2 {
		return fmt.Sprintf("%s cannot be used on these values", sign)
	}
	left, right := of[0], of[1]
	switch what {
	case operators.In:
		if !strings.HasPrefix(right, "list(") && !strings.HasPrefix(right, "map(") {
			return "in needs a list to its right, and this is " + kind(right) + ": write [ and ] around it"
		}
		return fmt.Sprintf("in looks for %s in %s, where none can be%s", kind(left), kind(right), quoting(left, strings.TrimSuffix(strings.TrimPrefix(right, "list("), ")")))
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return fmt.Sprintf("%s cannot compare %s with %s%s", sign, kind(left), kind(right), quoting(left, right))
	}
	return fmt.Sprintf("%s cannot be used on %s and %s", sign, kind(left), kind(right))
}

// quoting says how the right side of a comparison should have been written.
func quoting(left, right string) string {
	switch number := func(t string) bool { return t == "int" || t == "uint" || t == "double" }; {
	case number(left) && right == "string":
		return ": numbers stand without quotes"
	case left == "string" && number(right):
		return ": texts stand in quotes"
	case left == "bool":
		return ": what is true or false needs no comparison, and ! before it means \"not\""
	}
	return ""
}

// listed takes a list of types apart: "string, list(int)".
func listed(list string) []string {
	var all []string
	depth, from := 0, 0
	for i, c := range list {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				all, from = append(all, strings.TrimSpace(list[from:i])), i+1
			}
		}
	}
	return append(all, strings.TrimSpace(list[from:]))
}

// kind says a type in words.
func kind(t string) string {
	if of, ok := strings.CutPrefix(t, "list("); ok {
		if many := map[string]string{"string": "texts", "int": "whole numbers", "double": "numbers"}[strings.TrimSuffix(of, ")")]; many != "" {
			return "a list of " + many
		}
		return "a list"
	}
	if strings.HasPrefix(t, "map(") {
		return "a map"
	}
	if words, ok := map[string]string{"string": "a text", "int": "a whole number", "uint": "a whole number", "double": "a number", "bool": "true or false",
		"null": "nothing", "null_type": "nothing", "bytes": "bytes", "dyn": "a value of any kind", "timestamp": "a time", "google.protobuf.Timestamp": "a time", "google.protobuf.Duration": "a length of time"}[t]; ok {
		return words
	}
	return "of type " + t
}
