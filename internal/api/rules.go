package api

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"takeback/internal/signin"
)

// plain tells whether a part of an address is text that somebody could have typed.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// fieldName is how fields and parts are called. What a program sends in place
// of a name may be anything, a secret too, and is not repeated.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,39}[0-9]{0,3}(\[[0-9]{1,3}\])?$`)

// place gives a location without what may not be repeated: "body.value.<junk>"
// becomes "body.value".
func place(location string) string {
	words := strings.Split(location, ".")
	for i, w := range words {
		if i > 0 && !fieldName.MatchString(w) && w != SessionHeader && w != GrantHeader && w != onceHeader {
			return strings.Join(words[:i], ".")
		}
	}
	return location
}

// cardlike tells whether a name is a whole card number: 13 to 19 digits, with or
// without gaps, that begin as those of the great brands do and pass the check of
// card numbers. Names are kept for ever, as values are, which room signin looks at.
func cardlike(name string) bool {
	digits := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -._", c) {
			return -1
		}
		return c
	}, name)
	return len(digits) >= 13 && len(digits) <= 19 && strings.Trim(digits, "0123456789") == "" && strings.Contains("3456", digits[:1]) && signin.CardCheck(digits)
}
