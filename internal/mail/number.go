package mail

import (
	"crypto/rand"
	"strings"

	"golang.org/x/text/width"
)

// numerals are the 32 signs of notice numbers: no I, L, O or U, which people
// mistake for others when they read a number out.
const numerals = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewNumber makes a notice number, "TB-7F3K-92QD": 40 random bits. Together
// with the address it was sent to that is more than anybody can try out.
func NewNumber() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	for i := range b {
		b[i] = numerals[b[i]%32]
	}
	return "TB-" + string(b[:4]) + "-" + string(b[4:])
}

// normalNumber gives a number as NewNumber writes it, however a person typed
// it: small letters, no or other dashes, fullwidth forms, O for 0. It gives
// the empty text if it is none.
func normalNumber(s string) string {
	if len(s) > 64 {
		return ""
	}
	s = strings.ToUpper(width.Fold.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		case r < 128 && strings.ContainsRune(numerals, r):
			return r
		case strings.ContainsRune(" -_.‐‑–—ー−　\t", r):
			return -1
		}
		return '?'
	}, s)
	s = strings.TrimPrefix(s, "TB")
	if len(s) != 8 || strings.Contains(s, "?") {
		return ""
	}
	return "TB-" + s[:4] + "-" + s[4:]
}
