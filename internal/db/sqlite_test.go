package db

import "testing"

func TestPlaceholdersInOrderNeedNoNames(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                       "SELECT 1",
		"SELECT x WHERE a = $1":          "SELECT x WHERE a = ?",
		"VALUES ($1, $2), ($3, $4)":      "VALUES (?, ?), (?, ?)",
		"a = $2 AND b = $1":              "a = $2 AND b = $1",
		"a = $1 AND b = $1":              "a = $1 AND b = $1",
		"a = $1 AND b = $2 OR c = $1":    "a = $1 AND b = $2 OR c = $1",
		"a = $2":                         "a = $2",
		`"after" ->> '$.ship_to' = $1`:   `"after" ->> '$.ship_to' = ?`,
		"a = $1 AND b = $2 AND c = $10":  "a = $1 AND b = $2 AND c = $10",
		"$1 $2 $3 $4 $5 $6 $7 $8 $9 $10": "? ? ? ? ? ? ? ? ? ?",
	} {
		if got := nameless(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
