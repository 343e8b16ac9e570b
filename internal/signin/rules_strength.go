package signin

import (
	"regexp"
	"slices"
	"strings"

	"takeback/internal/fault"

	zxcvbn "github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/match"
)

// Why a password is easy to guess, each with what would help. They come after ErrPasswordWeak.
var (
	whyCommon   = fault.New(fault.Invalid, "password.weak.common", "It is built on a password that very many people use; digits before or behind it do not help. Begin with something else.")
	whyWord     = fault.New(fault.Invalid, "password.weak.word", "It is built on one word of the dictionary. Put three or four words together that do not belong together.")
	whyName     = fault.New(fault.Invalid, "password.weak.name", "It is built on a name of a person, and lists of names are tried. Take something that nobody is called.")
	whyOwn      = fault.New(fault.Invalid, "password.weak.own", "It is built on what is known of you. Take something that has nothing to do with you.")
	whySigns    = fault.New(fault.Invalid, "password.weak.signs", "Signs in the place of letters, such as 0 for o, are tried as well. A longer password helps more.")
	whyKeys     = fault.New(fault.Invalid, "password.weak.keys", "Keys that lie side by side on a keyboard are tried first. Leave the row.")
	whySequence = fault.New(fault.Invalid, "password.weak.sequence", "A row such as abc or 123 adds next to nothing. Put words in its place.")
	whyRepeat   = fault.New(fault.Invalid, "password.weak.repeat", "The same thing over and over adds next to nothing. Put something else in its place.")
	whyDate     = fault.New(fault.Invalid, "password.weak.date", "A date or a year is among the first things that are tried. Leave it out, or add several words.")
	whyShort    = fault.New(fault.Invalid, "password.weak.length", "It is too short for what it is made of. Each further word makes it many times harder to guess.")
)

// enough is the estimator's score, of 0 to 4, from which a password is taken:
// more than a million guesses a second would need hours.
const enough = 2

// reasonsShown is how many reasons a person is given: more are a lecture.
const reasonsShown = 3

// weakness tells whether a password in small letters is easy to guess, and why.
// parts are the holder's names and addresses. Nothing of the password is in the answer.
func weakness(lower string, parts []string) (faults []*fault.Error) {
	text := head(romaji(lower), estimated)
	s := zxcvbn.PasswordStrength(text, append(slices.Clone(parts), japanese...))
	if s.Score >= enough {
		return nil
	}
	// What most of the password is made of comes first.
	found := slices.Clone(s.MatchSequence)
	slices.SortStableFunc(found, func(a, b match.Match) int { return len(b.Token) - len(a.Token) })
	var why []*fault.Error
	for _, m := range found {
		why = append(why, reasonsOf(m, text, parts)...)
	}
	if date.MatchString(text) {
		why = append(why, whyDate)
	}
	if len(why) == 0 {
		why = append(why, whyShort)
	}
	faults = []*fault.Error{ErrPasswordWeak}
	for _, f := range why {
		if len(faults) <= reasonsShown && !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	return faults
}

// date finds a year of a living person, alone or in a date. The estimator sees
// cheaper pieces in most of them, and would name none.
var date = regexp.MustCompile(`(19[2-9]|20[0-4])\d`)

// digits tells whether a piece is of digits alone.
func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// reasonsOf says what a piece of a password is to somebody who guesses.
func reasonsOf(m match.Match, text string, parts []string) []*fault.Error {
	if len(m.Token) < 3 {
		return nil
	}
	switch m.Pattern {
	case "spatial":
		if len(m.Token) < 4 || digits(m.Token) {
			return nil // any number lies somehow on a keypad
		}
		return []*fault.Error{whyKeys}
	case "sequence":
		return []*fault.Error{whySequence}
	case "repeat":
		return []*fault.Error{whyRepeat}
	case "dictionary":
		why := []*fault.Error{whyWord}
		switch list := m.DictionaryName; {
		case list == "user_inputs" && slices.Contains(parts, m.Token):
			why[0] = whyOwn
		case list == "Passwords" || list == "user_inputs":
			why[0] = whyCommon
		case strings.HasSuffix(list, "Names") || list == "Surname":
			why[0] = whyName
		}
		if text[m.I:m.J+1] != m.Token { // it was read as letters
			why = append(why, whySigns)
		}
		return why
	}
	return nil
}
