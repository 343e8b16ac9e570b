package account

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Whole writes a whole number with commas between its thousands.
func Whole(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// minor tells into how many decimals a currency is divided, where it is not two (ISO 4217).
var minor = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Money writes an amount, given in the smallest unit of its currency, as people
// of a language do. Without a currency it is the number alone.
func Money(amount int64, currency, language string) string {
	switch currency {
	case "":
		return Whole(amount)
	case "JPY":
		if language == "ja" {
			return Whole(amount) + "円"
		}
		if amount < 0 {
			return "−¥" + Whole(amount)[len("−"):]
		}
		return "¥" + Whole(amount)
	}
	decimals, known := minor[currency]
	if !known {
		decimals = 2
	}
	text := Whole(amount)
	if decimals > 0 {
		unit := int64(1)
		for range decimals {
			unit *= 10
		}
		whole, rest := amount/unit, amount%unit
		text = fmt.Sprintf("%s.%0*d", Whole(whole), decimals, max(rest, -rest))
		if whole == 0 && rest < 0 {
			text = "−" + text
		}
	}
	return text + " " + currency
}

// Price says what an order costs, in words for people of a language. It is empty
// if the order does not say. An amount that is no whole number is shown as the shop wrote it.
func Price(order json.RawMessage, language string) string {
	var o struct {
		Amount   any    `json:"amount"`
		Currency string `json:"currency"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(order)))
	decoder.UseNumber()
	if decoder.Decode(&o) != nil || o.Amount == nil {
		return ""
	}
	amount := fmt.Sprint(o.Amount)
	if n, err := strconv.ParseInt(amount, 10, 64); err == nil {
		return Money(n, o.Currency, language)
	}
	return strings.TrimSpace(amount + " " + o.Currency)
}
