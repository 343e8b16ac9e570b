package handback

import (
	"cmp"
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
// an address without its end, the price of an order in the reader's language. It is
// empty if there is no value.
func Shown(kind account.Kind, value json.RawMessage, language string) string {
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
			return account.Whole(n)
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
		return strings.Join(nonEmpty(account.Price(value, language), parts["ship_to"]), " ")
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

// brands are the names of brands as they write themselves, by what providers send.
var brands = map[string]string{"visa": "Visa", "mastercard": "Mastercard", "jcb": "JCB", "amex": "American Express",
	"diners": "Diners Club", "discover": "Discover", "unionpay": "UnionPay"}

// Card names a card as everybody may see it.
func Card(parts map[string]string) string {
	last := parts["last4"]
	if len(last) > 4 {
		last = last[len(last)-4:] // whatever was stored: never more than four digits
	}
	return strings.Join(nonEmpty(cmp.Or(brands[parts["brand"]], parts["brand"]), "•••• "+last), " ")
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
