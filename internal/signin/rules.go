package signin

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/risk"

	"golang.org/x/text/unicode/norm"
)

// The faults of values. Each is returned with the field it is about.
var (
	ErrMissing    = fault.New(fault.Invalid, "value.missing", "Please fill this in.")
	ErrLong       = fault.New(fault.Invalid, "value.long", "This is too long.")
	ErrCharacters = fault.New(fault.Invalid, "value.characters", "This has characters that cannot be used here.")
	ErrCardNumber = fault.New(fault.Invalid, "card.number", "This looks like a whole card number. We never keep one: please take it out.")
	ErrToken      = fault.New(fault.Invalid, "card.token", "This is not a token of a payment provider.")
	ErrBrand      = fault.New(fault.Invalid, "card.brand", "Please choose one of the brands offered.")
	ErrLast4      = fault.New(fault.Invalid, "card.last4", "Please give the last four digits of the card.")
	ErrExpiry     = fault.New(fault.Invalid, "card.expiry", "Please give month and year as MM/YY. A card that has expired cannot be used.")
	ErrPhone      = fault.New(fault.Invalid, "phone.malformed", "This is not a telephone number. Please begin with 0, or with + and the country.")
	ErrLanguage   = fault.New(fault.Invalid, "language.unknown", "Please choose one of the languages offered.")
)

// line checks text of one line: there, not too long, nothing that only serves
// to deceive a reader, and no card number.
func line(field, s string, most int) error {
	switch {
	case !strings.ContainsFunc(s, visible) && utf8.ValidString(s) && !strings.ContainsFunc(s, deceives):
		return ErrMissing.On(field)
	case utf8.RuneCountInString(s) > most:
		return ErrLong.On(field)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, deceives):
		return ErrCharacters.On(field)
	case looksLikeCard(s):
		return ErrCardNumber.On(field)
	}
	return nil
}

// visible tells a character that leaves a mark. A name of zero-width spaces or
// of Hangul fillers would be a gap on every page and in every letter.
func visible(c rune) bool {
	return unicode.In(c, unicode.L, unicode.N, unicode.P, unicode.S) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c)
}

// deceives tells characters that nobody types and that change how a line reads:
// controls, the marks that turn the direction of writing, and half a pair.
func deceives(c rune) bool {
	return unicode.IsControl(c) || c == utf8.RuneError || c == '\u2028' || c == '\u2029' || c == '\ufeff' ||
		c == '\u061c' || c == '\u200e' || c == '\u200f' || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069'
}

// looksLikeCard tells whether 12 to 19 digits that pass the check of card
// numbers stand in s, with or without gaps, in ASCII or fullwidth. A person who
// types the number into the wrong field must not have it stored for ever. One
// number in ten passes the check by chance; for those the message says what to do.
func looksLikeCard(s string) bool {
	var groups []string // of one run: digits with at most a gap between them
	for _, part := range runs(norm.NFKC.String(s)) {
		groups = strings.FieldsFunc(part, func(c rune) bool { return c < '0' || c > '9' })
		for from := range groups {
			digits := ""
			for to := from; to < len(groups) && len(digits) <= 19; to++ {
				digits += groups[to]
				whole := from == 0 && to == len(groups)-1
				// A part of a longer run counts only if it is as long and begins as cards of the great
				// brands do: a house number before a telephone number is no card.
				if CardCheck(digits) && (whole || len(digits) >= 13 && strings.ContainsRune("3456", rune(digits[0]))) {
					return true
				}
			}
		}
	}
	return false
}

// runs cuts s into its stretches of digits; a single gap of a usual kind does not end one.
func runs(s string) (found []string) {
	var b strings.Builder
	gap := rune(0)
	end := func() {
		if b.Len() > 0 {
			found = append(found, b.String())
		}
		b.Reset()
		gap = 0
	}
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			if gap != 0 {
				b.WriteRune(' ')
			}
			b.WriteRune(c)
			gap = 0
		case b.Len() > 0 && gap == 0 && strings.ContainsRune(" -._/‐‑–−ー、,", c):
			gap = c
		default:
			end()
		}
	}
	end()
	return found
}

// CardCheck tells whether 12 to 19 digits pass the check that card numbers are
// made to pass (ISO/IEC 7812). Every tenth number does.
func CardCheck(digits string) bool {
	if len(digits) < 12 || len(digits) > 19 || strings.Trim(digits, "0") == "" {
		return false
	}
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// parsePhone gives a telephone number as it is kept: an optional plus, and 6 to
// 15 digits. It begins with + or 0 as telephone numbers do and card numbers do not.
func parsePhone(s string) (string, error) {
	if utf8.RuneCountInString(s) > 40 || !utf8.ValidString(s) {
		return "", ErrPhone.On("phone")
	}
	var b strings.Builder
	for i, c := range norm.NFKC.String(strings.TrimSpace(s)) {
		switch {
		case c >= '0' && c <= '9', c == '+' && i == 0:
			b.WriteRune(c)
		case strings.ContainsRune(" -()./‐‑–−ー", c):
		default:
			return "", ErrPhone.On("phone")
		}
	}
	phone := b.String()
	if p, ok := strings.CutPrefix(phone, "00"); ok {
		phone = "+" + p
	}
	digits := strings.TrimPrefix(phone, "+")
	if phone == "" || phone[0] != '+' && phone[0] != '0' || len(digits) < 6 || len(digits) > 15 {
		return "", ErrPhone.On("phone")
	}
	if len(digits) >= 14 && CardCheck(digits) {
		return "", ErrCardNumber.On("phone")
	}
	return phone, nil
}

// Brands are the cards that can be kept.
var Brands = []string{"visa", "mastercard", "jcb", "amex", "diners", "discover", "unionpay"}

// expired tells whether a card is past its month; an expiry that is none is, too.
func expired(expiry string, now time.Time) bool {
	end, err := time.Parse("01/06", expiry)
	return err != nil || !now.Before(end.AddDate(0, 1, 1)) // a day of grace: it is still that month somewhere
}

// hold says how long a change waits: in a guarded account, and where the judge
// says so, but not for whoever presented a stronger proof in this session.
func hold(kind account.Kind, state account.State, lifted bool, r Ruling) (wait time.Duration) {
	if lifted {
		return 0
	}
	if state == account.Guarded {
		wait = kind.Hold
	}
	if r.Action == risk.Hold {
		wait = max(wait, r.For)
	}
	return wait
}

// provenSince is how long a strong factor must have been in place before it
// lifts a wait: an intruder could enrol one of his own and present it at once.
const provenSince = 72 * time.Hour

// slips is how many wrong codes in one sign-in are a holder's own, on a device
// that he has used before.
const slips = 3

// alarming tells whether a wrong second step after the right password is worth
// a letter: at once from a device that was never used for the account.
func alarming(known bool, tries int) bool { return !known || tries >= slips }

// lifts tells whether presenting a secret is a stronger proof than the password.
func lifts(s account.Secret, now time.Time) bool {
	return s.Version != "" && now.Sub(s.From) >= provenSince
}

// writeOf says which verb puts a value at a path, or false if ordinary writing
// may not: contacts and secrets have verbs of their own, ledgers only move.
func writeOf(kind account.Kind, there bool) (history.Verb, bool) {
	switch kind.Algebra {
	case account.Register, account.Group:
		return history.Set, true
	case account.Element:
		if there {
			return history.Set, true
		}
		return history.Add, true
	}
	return "", false
}
