package handback

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"takeback/internal/account"
	"takeback/internal/mail"
)

// dots stand for what nobody may see.
const dots = "•••••"

// Shown says a value as a letter or a page of the desk may show it: a secret
// never, a contact so that only its owner knows it again, a card by its brand and last digits,
// an address without its end. It is empty if there is no value.
func Shown(kind account.Kind, value json.RawMessage) string {
	if value == nil {
		return ""
	}
	f := account.Fact{Value: value}
	switch kind.Algebra {
	case account.SecretOf:
		return dots
	case account.ContactOf:
		return mail.Mask(f.Text())
	case account.Ledger:
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return thousands(n)
		}
		return dots
	case account.Register:
		if kind.Sensitive {
			return dots
		}
		return shorten(f.Text(), 60)
	}
	parts := f.Parts()
	switch {
	case kind.Pattern == "card/*":
		return Card(parts)
	case kind.Algebra == account.Effect:
		return order(value)
	case kind.Sensitive:
		return dots
	case kind.Pattern == "address/*":
		return strings.Join(nonEmpty(parts["to"], parts["post"], start(parts["line"], 6)), " ")
	}
	var names, said []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		said = append(said, parts[name])
	}
	return shorten(strings.Join(nonEmpty(said...), " "), 60)
}

// Card names a card as everybody may see it.
func Card(parts map[string]string) string {
	last := parts["last4"]
	if len(last) > 4 {
		last = last[len(last)-4:] // whatever was stored: never more than four digits
	}
	return strings.Join(nonEmpty(parts["brand"], "•••• "+last), " ")
}

// order says what an order is about: its number of things is the shop's matter.
func order(value json.RawMessage) string {
	var o struct {
		Amount int64  `json:"amount"`
		ShipTo string `json:"ship_to"`
		Undone string `json:"undone"`
	}
	if json.Unmarshal(value, &o) != nil {
		return dots
	}
	said := ""
	if o.Amount != 0 {
		said = "¥" + thousands(o.Amount)
	}
	return strings.Join(nonEmpty(said, o.ShipTo), " ")
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// start gives the first characters of a text and hides the rest.
func start(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

func shorten(s string, n int) string { return start(s, n) }

// thousands writes a number with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign, digits := "", s
	if strings.HasPrefix(s, "-") {
		sign, digits = "−", s[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
