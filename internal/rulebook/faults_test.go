package rulebook

import (
	"strings"
	"testing"
)

// TestAWrongExpressionIsExplained has what people write who know other
// languages, what they forget, and what they mistake for one another.
func TestAWrongExpressionIsExplained(t *testing.T) {
	t.Parallel()
	const fields = `there are event.amount, event.browser`
	for _, c := range []struct {
		name, when, want string
	}{
		{"nothing", "", `line 1, column 1: the rule is empty: write what must be so`},
		{"nothing but space", " \n ", `line 1, column 1: the rule is empty`},
		{"a comparison without its end", "score >", `line 1, column 8: the rule ends too early: something must follow >`},
		{"half a condition, and the end of its line", "event.tor &&\n", `line 1, column 13: the rule ends too early: something must follow &&`},
		{"a number without its end", "score > 1.", `line 1, column 11: the rule ends too early: something must follow 1.`},
		{"one = for two", "score = 3", `line 1, column 7: = compares nothing: write ==`},
		{"one = for two, and more that follows from it", "event.kind = 'a' and score = 3", `line 1, column 12: = compares nothing: write ==`},
		{"three for two", "score === 3", `line 1, column 7: write ==`},
		{"three for two, not the same", "score !== 3", `line 1, column 7: write !=`},
		{"not the same as in SQL", "score <> 3", `line 1, column 7: write !=`},
		{"at least, the wrong way round", "score => 3", `line 1, column 7: write >=`},
		{"and", "score > 3 and event.tor", `line 1, column 11: write && for "and"`},
		{"AND", "score > 3 AND event.tor", `line 1, column 11: write && for "and"`},
		{"and on the second line", "event.kind == 'exported'\n  and event.tor", `line 2, column 3: write && for "and"`},
		{"and behind letters of more than a byte", "event.kind == '輸出' and event.tor", `line 1, column 20: write && for "and"`},
		{"or", "event.tor or event.vpn", `line 1, column 11: write || for "or"`},
		{"not", "not event.tor", `line 1, column 1: write ! for "not"`},
		{"not in the middle", "event.vpn && not event.tor", `line 1, column 14: write ! for "not"`},
		{"not like a function", "not(event.tor)", `line 1, column 1: write ! for "not"`},
		{"not in", "event.country not in ['JP']", `line 1, column 15: write !(… in …) for "not in"`},
		{"is", "event.kind is 'exported'", `line 1, column 12: write == for`},
		{"one & for two", "event.tor & event.vpn", `line 1, column 11: write && for "and"`},
		{"one | for two", "event.tor | event.vpn", `line 1, column 11: write || for "or"`},
		{"a sign of books", "score ≥ 3", `line 1, column 7: write >=`},
		{"quotes of books", "event.kind == “exported”", `line 1, column 15: write texts in straight quotes`},
		{"an open text", `event.kind == "exported`, `line 1, column 15: the text that begins here has no end: a " is missing`},
		{"an open bracket", "event.vpn && (event.tor || score > 3", `line 1, column 14: this ( is not closed`},
		{"an open list", "event.country in ['JP', 'KR'", `line 1, column 18: this [ is not closed`},
		{"a bracket too many", "(event.tor))", `line 1, column 12: this ) closes nothing`},
		{"empty brackets", "event.tor && ()", `line 1, column 15: something is missing before this )`},
		{"nothing between two conditions", "event.tor event.vpn", `line 1, column 11: between event.tor and event.vpn something is missing: && for "and"`},
		{"a word of programs", "if event.tor", `line 1, column 1: "if" is kept by the language and means nothing in a rule`},
		{"a number in groups", "event.amount > 10_000", `line 1, column 16: a number is written without _, as 10000`},
		{"a number too large", "event.amount > 99999999999999999999", `line 1, column 16: 99999999999999999999 is too large`},
		{"a sign that is none", "event.tor; event.vpn", `line 1, column 10: ; makes no sense here`},
		{"what cannot be printed", "\x00", `line 1, column 1: "\x00" makes no sense here`},
		{"brackets without end", strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500), `line 1, column 1: brackets within brackets go too deep`},
		{"a slip of the pen", "scores > 3", `line 1, column 1: "scores" is unknown: did you mean score?`},
		{"a slip in a part", "event.hour > 3 &&\n  event.contry == 'JP'", `line 2, column 3: "event.contry" is unknown: did you mean event.country?`},
		{"large letters", "event.Country == 'JP'", `line 1, column 1: "event.Country" is unknown: did you mean event.country?`},
		{"a part without what it is of", "country == 'JP'", `line 1, column 1: "country" is unknown: did you mean event.country?`},
		{"a part that is like no other", "event.colour == 'red'", `line 1, column 1: "event.colour" is unknown: ` + fields},
		{"what has parts, by itself", "event == 'exported'", `line 1, column 1: "event" alone is nothing that can be asked about`},
		{"a text without quotes", "event.kind == exported", `line 1, column 15: "exported" is unknown: a rule asks about event.…, account.… and score; if a text is meant, write it in quotes: 'exported'`},
		{"True", "event.tor == True", `line 1, column 14: "True" is unknown: write true, in small letters`},
		{"a function in small letters", "event.country.startswith('J')", `line 1, column 1: there is no function "startswith": did you mean startsWith?`},
		{"a function of other languages", "lower(event.kind) == 'x'", `line 1, column 1: there is no function "lower": texts have contains`},
		{"a part of a text", "event.kind.first == 'x'", `line 1, column 1: a text has no parts`},
		{"a text and a number", "event.kind > 3", `line 1, column 12: > cannot compare a text with a whole number: texts stand in quotes`},
		{"a number in quotes", "event.network == '65000'", `line 1, column 15: == cannot compare a whole number with a text: numbers stand without quotes`},
		{"true in quotes", "event.tor == 'true'", `line 1, column 11: == cannot compare true or false with a text: what is true or false needs no comparison`},
		{"a number where a condition stands", "event.tor && score", `line 1, column 14: what stands here must be true or false, and it is a number: compare it with something`},
		{"not of too little", "!event.country in ['JP']", `line 1, column 1: ! turns true into false, and this is a text: write brackets`},
		{"in without a list", "event.network in 65000", `line 1, column 15: in needs a list to its right, and this is a whole number: write [ and ] around it`},
		{"in a list of other things", "event.country in [81]", `line 1, column 15: in looks for a text in a list of whole numbers, where none can be: texts stand in quotes`},
		{"a text and a number added", "event.kind + 3 == 'x'", `line 1, column 12: + cannot be used on a text and a whole number`},
		{"the size of a number", "size(event.hour) > 1", `line 1, column 5: size cannot be used on a whole number`},
		{"all of a number", "event.hour.all(x, x > 1)", `line 1, column 6: all, exists, filter and map go through a list, and this is a whole number`},
		{"a pattern that is none", "event.kind.matches('(')", `line 1, column 20: matches needs a regular expression, and '(' is none`},
		{"a number", "event.hour + 1", `line 1, column 1: a rule must be true or false, and this is a whole number: compare it with something`},
		{"a text", "event.country", `line 1, column 1: a rule must be true or false, and this is a text: compare it with something`},
		{"what could run long", "[1,2,3,4,5,6,7,8,9,0].all(a, [1,2,3,4,5,6,7,8,9,0].all(b, [1,2,3,4,5,6,7,8,9,0].all(c, a + b + c < 30)))",
			`line 1, column 1: the rule may take 10551 steps, at most 1000 are allowed: lists within lists`},
		{"a very long one", strings.Repeat("true && ", 1000) + "true", `line 1, column 1: the rule has 8004 characters, at most 2000 are allowed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile([]Written{{Name: "one", When: c.when, Do: "tell"}})
			if want := `rule "one": when: ` + c.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("one fault is said more than once: %v", err)
			}
		})
	}
}

func TestEveryFaultSaysItsRule(t *testing.T) {
	t.Parallel()
	_, err := Compile([]Written{{Name: "one", When: "event.colour == 'red' && event.size > 3", Do: "tell"}, {Name: "two", When: "score >", Do: "tell"}})
	if err == nil {
		t.Fatal("it was taken")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{`rule "one": when: line 1, column 1: "event.colour"`, `rule "one": when: line 1, column 26: "event.size"`, `rule "two": when: line 1, column 8: `} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("got %q, want line %d to begin with %s", lines, i+1, want)
		}
	}
}
