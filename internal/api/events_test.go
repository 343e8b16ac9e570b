package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"takeback/internal/api"
)

func TestEvents(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		event := func(id, account, kind, more string) string {
			return fmt.Sprintf(`{"id":%q,"account":%q,"at":%q,"kind":%q%s}`, id, account, h.clock.Now().Format(time.RFC3339), kind, more)
		}
		ask := func(events ...string) []api.Answer {
			t.Helper()
			var out struct{ Answers []api.Answer }
			h.call("POST", "/v1/events", `{"events":[`+strings.Join(events, ",")+`]}`).is(http.StatusOK, &out)
			if len(out.Answers) != len(events) {
				t.Fatalf("%d events had %d answers", len(events), len(out.Answers))
			}
			return out.Answers
		}
		home := `,"ip":"192.0.2.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","session":"s1","device":{"token":"d1"},"country":"JP","network":64500,"lat":35.6,"lon":139.7,"error_km":20`
		first := ask(event("1", id, "sign-in", home))[0]
		if first.Action == "" || first.Score != nil || !first.Shadow || first.Decision == "" || first.ID != "1" {
			t.Errorf("the first sign-in was answered %+v", first)
		}
		if again := ask(event("1", id, "sign-in", home))[0]; again.Decision != first.Decision {
			t.Errorf("the same event was answered %+v, first %+v", again, first)
		}
		h.clock.Advance(time.Hour)
		answers := ask(
			event("2", id, "sign-in", `,"ip":"203.0.113.9","user_agent":"curl/8","session":"s2","country":"RO","network":64501`),
			event("3", id, "email-changed", `,"session":"s2","target":"x@example.com","marks":["contact-disposable"]`),
			event("4", "acc_none", "sign-in", ""),
			event("5", id, "sign-in", `,"ip":"nowhere"`),
			event("6", "who@example.com", "sign-in-failed", `,"marks":["name-unknown"],"ip":"203.0.113.9"`),
		)
		if a := answers[0]; a.Error != nil || a.Score == nil || len(a.Reasons) == 0 || a.Reasons[0].En == "" || a.Reasons[0].Ja == "" {
			t.Errorf("a sign-in from elsewhere was answered %+v", a)
		}
		if a := answers[1]; a.Error != nil || a.Action == "let" {
			t.Errorf("an address that was changed was answered %+v", a)
		}
		if a := answers[2]; a.Error == nil || a.Error.Code != "event.account" || a.Error.Location != "event.account" {
			t.Errorf("an event of nobody was answered %+v", a)
		}
		if a := answers[3]; a.Error == nil || a.Error.Code != "event.ip" {
			t.Errorf("an address that is none was answered %+v", a)
		}
		if a := answers[4]; a.Error != nil {
			t.Errorf("a name that is nobody's was answered %+v", a)
		}
		whole := func(e string) string { return `{"events":[` + e + `]}` }
		h.call("POST", "/v1/events", whole(event("7", id, "explosion", ""))).refused(422, "field.choice", "body.events[0].kind")
		h.call("POST", "/v1/events", whole(event("7", id, "sign-in", `,"lat":91,"lon":0`))).refused(422, "field.range", "body.events[0].lat")
		h.call("POST", "/v1/events", whole(event("7", id, "sign-in", `,"colour":"red"`))).refused(422, "field.unknown", "body.events[0].colour")
		h.call("POST", "/v1/events", `{"events":[]}`).refused(422, "field.length", "body.events")
		h.call("POST", "/v1/events", whole(event("8", id, "sign-in", `,"user_agent":"`+strings.Repeat("x", 10<<20)+`"`))).refused(413, "body.too-large", "body")
		h.call("POST", "/v1/events", whole(event("9", id, "sign-in", "")), "Authorization", "").refused(401, "key.unknown", "")
	})
}
