package account_test

import (
	"encoding/json"
	"testing"

	"takeback/internal/account"
)

func TestMoneyIsWrittenInItsCurrency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount             int64
		currency, language string
		want               string
	}{
		{4980, "JPY", "en", "¥4,980"},
		{4980, "JPY", "ja", "4,980円"},
		{-4980, "JPY", "en", "−¥4,980"},
		{-4980, "JPY", "ja", "−4,980円"},
		{498000, "EUR", "en", "4,980.00 EUR"},
		{5, "USD", "ja", "0.05 USD"},
		{-5, "USD", "en", "−0.05 USD"},
		{-123456789, "USD", "en", "−1,234,567.89 USD"},
		{1234567, "KWD", "en", "1,234.567 KWD"},
		{5000, "KRW", "ja", "5,000 KRW"},
		{0, "EUR", "en", "0.00 EUR"},
		{999, "", "ja", "999"},
		{-1 << 63, "", "en", "−9,223,372,036,854,775,808"},
	} {
		if got := account.Money(c.amount, c.currency, c.language); got != c.want {
			t.Errorf("%d %s in %s: got %q, want %q", c.amount, c.currency, c.language, got, c.want)
		}
	}
}

func TestPriceOfAnOrder(t *testing.T) {
	t.Parallel()
	for order, want := range map[string]string{
		`{"amount":4980,"currency":"JPY"}`:   "¥4,980",
		`{"amount":"4980","currency":"JPY"}`: "¥4,980",
		`{"amount":1999,"currency":"EUR"}`:   "19.99 EUR",
		`{"amount":10000}`:                   "10,000",
		`{"amount":0,"currency":"JPY"}`:      "¥0",
		`{"amount":"a lot","currency":"X"}`:  "a lot X",
		`{"amount":49.8,"currency":"EUR"}`:   "49.8 EUR",
		`{"currency":"EUR"}`:                 "",
		`{"amount":12345678901234567}`:       "12,345,678,901,234,567",
		`"text"`:                             "",
		``:                                   "",
	} {
		if got := account.Price(json.RawMessage(order), "en"); got != want {
			t.Errorf("%s costs %q, want %q", order, got, want)
		}
	}
}
