package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"takeback/internal/api"
	"takeback/internal/db"
)

// FuzzEvents sends anything as an event: it is refused with its field, or
// answered, and answered so again; what stands beside it is answered all the same.
// ACCOUNT and NOW are the account's id and the time, which differ by process.
func FuzzEvents(f *testing.F) {
	for _, s := range []string{
		`"kind":"sign-in","ip":"192.0.2.7","user_agent":"Mozilla/5.0","session":"s","device":{"token":"d","given":"e"},"country":"JP","network":64500,"lat":35.6,"lon":139.7,"error_km":20`,
		`"kind":"sign-in-failed","marks":["name-unknown"],"ip":"::ffff:192.0.2.7","language":"ja","utc_offset":540`,
		`"kind":"email-changed","session":"s","target":"x@exampl\u0435.com"`, `"kind":"order-placed","amount":99999999999,"target":"x"`, `"kind":"custom","name":"gift\u0000"`,
		`"kind":"holder-denied","target":"fuzz"`, `"kind":"sign-in","user_agent":"` + strings.Repeat("語", 600) + `"`, `"kind":"seen","at":"0000-01-01T00:00:00+23:59"`,
	} {
		f.Add(`{"id":"fuzz","account":"ACCOUNT","at":"NOW",` + s + `}`)
	}
	f.Add(`[]`)
	f.Add(`{}],"events":[`)
	h := build(f, db.SQLite)
	id, sent := h.hana(), 0
	fill := strings.NewReplacer("ACCOUNT", id, "NOW", h.clock.Now().Format(time.RFC3339))
	f.Fuzz(func(t *testing.T, event string) {
		h := *h
		h.TB = t
		event = fill.Replace(event)
		sent++
		body := `{"events":[` + event + `,` + fill.Replace(fmt.Sprintf(`{"id":"beside%d","account":"ACCOUNT","at":"NOW","kind":"seen"}`, sent)) + `]}`
		a := h.call("POST", "/v1/events", body)
		if a.status != http.StatusOK {
			if a.status < 400 || a.status >= 500 {
				t.Fatalf("%s: %d %s", body, a.status, a.body)
			}
			return
		}
		if !json.Valid([]byte(event)) {
			return // it closed what stands around it, and what it made of that was sound
		}
		var out struct{ Answers []api.Answer }
		a.is(http.StatusOK, &out)
		if len(out.Answers) != 2 || out.Answers[1].Decision == "" {
			t.Fatalf("%s: answered %s", body, a.body)
		}
		if first := out.Answers[0]; first.Error == nil && (first.Action == "" || first.Decision == "") || first.Error != nil && (first.Error.Location == "" || first.Action != "") {
			t.Errorf("%s: answered %s", body, a.body)
		}
		if again := h.call("POST", "/v1/events", body); string(again.body) != string(a.body) {
			t.Errorf("%s: answered %s, and then %s", body, a.body, again.body)
		}
	})
}
