package api_test

import (
	"net/http"
	"testing"

	"takeback/internal/api"
	"takeback/internal/db"
)

// A browser's session that is bound to the key of its device is none without the device's cookie.
func TestACopiedCookieIsNoSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.hana()
		token := h.signIn("d1")
		ask := func(headers ...string) int {
			return h.call("GET", "/v1/session", "", append([]string{"Authorization", ""}, headers...)...).status
		}
		if got := ask("Cookie", api.SessionCookie+"="+token); got != http.StatusOK {
			t.Errorf("a device without a key: %d", got)
		}
		token = h.signIn("d1") // one that nobody has asked about yet
		h.write(func(tx *db.Tx) error { return tx.Put(`UPDATE device SET public_key = 'k'`) })
		alone, whole := api.SessionCookie+"="+token, api.SessionCookie+"="+token+"; "+api.DeviceCookie+"="
		for name, c := range map[string]struct {
			header, value string
			want          int
		}{
			"the session's cookie alone":          {"Cookie", alone, http.StatusUnauthorized},
			"with another device's":               {"Cookie", whole + "d2", http.StatusUnauthorized},
			"with its device's":                   {"Cookie", whole + "d1", http.StatusOK},
			"the token of a program":              {api.SessionHeader, token, http.StatusOK},
			"the same after the copy was refused": {"Cookie", whole + "d1", http.StatusOK},
		} {
			if got := ask(c.header, c.value); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
	})
}
