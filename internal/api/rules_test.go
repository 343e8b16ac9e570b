package api

import "testing"

func TestCardlike(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"4111111111111111": true, "4111-1111-1111-1111": true, "378282246310005": true, "5555.5555.5555.4444": true, "3530111333300000": true,
		"4111111111111112": false, "A4111111111111111": false, "503-1234567-1234568": false, "1234567890123": false, "": false, "x": false, "----": false,
		"411111111111": false, "20260302-000017": false,
	} {
		if got := cardlike(name); got != want {
			t.Errorf("cardlike(%q) = %v", name, got)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"body":                        "body",
		"body.value.line":             "body.value.line",
		"body.value.line2":            "body.value.line2",
		"header.Takeback-Session":     "header.Takeback-Session",
		"body.value.4111111111111111": "body.value",
		"body.x4111111111111111":      "body",
		"body.pa ss.word":             "body",
		"body.":                       "body",
		"query.\x00":                  "query",
	} {
		if got := place(location); got != want {
			t.Errorf("place(%q) = %q, want %q", location, got, want)
		}
	}
}
