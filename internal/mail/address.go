package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"takeback/internal/fault"
)

// The errors of addresses. All of them name the field "email".
var (
	ErrNoAddress = fault.New(fault.Invalid, "email.missing", "Please give an e-mail address.").On("email")
	ErrTooLong   = fault.New(fault.Invalid, "email.too-long", "This e-mail address is too long.").On("email")
	ErrMalformed = fault.New(fault.Invalid, "email.malformed", "This is not an e-mail address.").On("email")
	ErrLookalike = fault.New(fault.Invalid, "email.lookalike",
		"This e-mail address mixes letters of different scripts that look alike. Please type it again on one keyboard.").On("email")
)

// Limits of RFC 5321. The whole address is counted with its domain in ASCII,
// as it travels.
const (
	maxAddress = 254
	maxLocal   = 64
)

// Address is an e-mail address that ParseAddress found good. The zero Address is none.
type Address struct {
	local  string // as typed, apart from fullwidth forms
	domain string // lower case, in ASCII (punycode)
	key    string
}

// domains maps a domain as people type it to how it travels.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false))

// ParseAddress reads an address as a person types it into a form. It takes
// internationalised addresses and what a Japanese keyboard makes of ASCII
// (fullwidth letters, ＠, 。), and refuses display names, comments, quoted local
// parts, domain literals, invisible characters and mixed scripts.
func ParseAddress(s string) (Address, error) {
	// The bound comes first, so that no later step works on a megabyte.
	if len(s) > 4*maxAddress {
		return Address{}, ErrTooLong
	}
	if !utf8.ValidString(s) {
		return Address{}, ErrMalformed
	}
	s = width.Fold.String(strings.TrimSpace(s))
	if s == "" {
		return Address{}, ErrNoAddress
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || !goodLocal(local, domain) {
		return Address{}, ErrMalformed
	}
	if len(local) > maxLocal {
		return Address{}, ErrTooLong
	}
	ascii, err := domains.ToASCII(norm.NFC.String(domain))
	if err != nil && len(domain) > maxAddress-maxLocal {
		return Address{}, ErrTooLong.Because(err)
	}
	if err != nil || !goodDomain(ascii) {
		return Address{}, ErrMalformed.Because(err)
	}
	if len(local)+1+len(ascii) > maxAddress {
		return Address{}, ErrTooLong
	}
	shown := unicodeDomain(ascii)
	if lookalike(local, shown) {
		return Address{}, ErrLookalike
	}
	folded := fold(local)
	if !goodLocal(folded, ascii) || len(folded) > 2*maxLocal {
		return Address{}, ErrMalformed // its normal form is no local part: "ﷺ" hides spaces, "⒈" a dot
	}
	return Address{local: local, domain: ascii, key: folded + "@" + ascii}, nil
}

// fold gives the normal form of a local part. Compatibility forms and case are
// undone until nothing moves: one round can open work for the next.
func fold(local string) string {
	for range 4 {
		next := norm.NFKC.String(strings.ToLower(norm.NFKC.String(local)))
		next = strings.ReplaceAll(next, "ς", "σ") // which of them a Σ becomes depends on the way it is written
		if next == local {
			break
		}
		local = next
	}
	return local
}

// dotted are the domains of Japanese carriers that handed out addresses like
// "a..b@" and "ab.@" for years. Their holders still have them; on the wire such
// a local part is quoted.
var dotted = map[string]bool{"docomo.ne.jp": true, "ezweb.ne.jp": true, "au.com": true}

func goodLocal(local, domain string) bool {
	if local == "" || local[0] == '.' {
		return false
	}
	if !dotAtom(local) && !dotted[strings.ToLower(domain)] {
		return false
	}
	for _, r := range local {
		if !localRune(r) {
			return false
		}
	}
	return true
}

func dotAtom(local string) bool {
	return !strings.HasSuffix(local, ".") && !strings.Contains(local, "..")
}

// localRune tells whether a character may stand in a local part. Outside ASCII
// only letters, their marks and digits may: no invisible, directional, private
// or symbol characters.
func localRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			r > ' ' && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)
	}
	if unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r) {
		return false // Hangul fillers and their like are letters that nobody sees
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// goodDomain wants two labels or more and a top level that is no number, so
// that IP addresses and bare host names are refused.
func goodDomain(ascii string) bool {
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func unicodeDomain(ascii string) string {
	if u, err := domains.ToUnicode(ascii); err == nil {
		return u
	}
	return ascii
}

// String gives the address as it is shown and stored.
func (a Address) String() string {
	if a.local == "" {
		return ""
	}
	return a.local + "@" + unicodeDomain(a.domain)
}

// Key is equal for addresses that reach the same person: lower case, without
// compatibility forms, the domain in punycode.
func (a Address) Key() string { return a.key }

// IsZero tells whether the Address is none.
func (a Address) IsZero() bool { return a.local == "" }

// utf8 tells whether the address needs a server that speaks SMTPUTF8.
func (a Address) utf8() bool {
	for i := range len(a.local) {
		if a.local[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// wire gives the address as it travels in an envelope and a header.
func (a Address) wire() string {
	if !dotAtom(a.local) {
		return `"` + a.local + `"@` + a.domain // needs no escapes: localRune admits neither quote nor backslash
	}
	return a.local + "@" + a.domain
}

// Mask hides an address or a telephone number so that its owner knows it again
// and nobody else learns it: "h***@m***.jp", "********12". The number of stars
// says nothing about what they hide.
func Mask(s string) string {
	s = strings.TrimSpace(s)
	if local, domain, found := strings.Cut(s, "@"); found {
		shown := unicodeDomain(strings.ToLower(domain))
		top := shown[strings.LastIndexByte(shown, '.')+1:]
		if top == shown {
			return first(local) + "***@***"
		}
		return first(local) + "***@" + first(shown) + "***." + top
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, width.Fold.String(s))
	if len(digits) < 6 {
		return "********"
	}
	return "********" + digits[len(digits)-2:]
}

// first gives the first character of s with its marks.
func first(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return ""
	}
	for n < len(s) {
		r, m := utf8.DecodeRuneInString(s[n:])
		if !unicode.Is(unicode.M, r) {
			break
		}
		n += m
	}
	return s[:n]
}
