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

// TestAbsurdEvents: what no client of a holder sends is refused with its field, or
// bounded; nothing of it is a fault of ours, and the events beside it are kept.
func TestAbsurdEvents(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, now := h.hana(), h.clock.Now()
		long := strings.Repeat("語", 20_000)
		for i, tt := range []struct{ name, with, code, field string }{
			{"in an hour", `"at":"` + now.Add(time.Hour).Format(time.RFC3339) + `"`, "event.future", "event.at"},
			{"in four minutes", `"at":"` + now.Add(4*time.Minute).Format(time.RFC3339) + `"`, "", ""},
			{"at the end of time", `"at":"9999-12-31T23:59:59Z"`, "event.future", "event.at"},
			{"three years ago", `"at":"` + now.AddDate(-3, 0, 0).Format(time.RFC3339) + `"`, "event.ancient", "event.at"},
			{"a year ago", `"at":"` + now.AddDate(-1, 0, 0).Format(time.RFC3339) + `"`, "", ""},
			{"in the year one", `"at":"0001-01-01T00:00:00Z"`, "event.ancient", "event.at"},
			{"in the year zero, in a zone far away", `"at":"0000-01-01T00:00:00+23:59"`, "event.ancient", "event.at"},
			{"an account that is none", `"account":"acc_none"`, "event.account", "event.account"},
			{"an account with a zero byte", `"account":"acc\u0000"`, "event.text", "event.account"},
			{"a session with a zero byte", `"session":"s\u0000"`, "event.text", "event.session"},
			{"an id with a zero byte", `"id":"x\u0000"`, "event.text", "event.id"},
			{"half a character", `"session":"\ud800"`, "", ""},
			{"a name that is nobody's with a zero byte", `"kind":"sign-in-failed","account":"a\u0000b","marks":["name-unknown"]`, "event.text", "event.account"},
			{"a user agent of 60 kB", `"user_agent":"` + long + `"`, "", ""},
			{"a user agent of zero bytes", `"user_agent":"\u0000\u0000"`, "", ""},
			{"an address of a zone", `"ip":"fe80::1%eth0"`, "", ""},
			{"a forged list of addresses", `"ip":"203.0.113.9, 10.0.0.1"`, "event.ip", "event.ip"},
			{"an address and a port", `"ip":"203.0.113.9:443"`, "event.ip", "event.ip"},
			{"half a position", `"lat":35.6`, "", ""},
			{"a language that nobody speaks", `"language":"x-\u00e9\u0000"`, "event.text", "event.language"},
			{"a clock at the other end of the Earth", `"language":"ro-RO","utc_offset":-720,"lat":35.6,"lon":139.7`, "", ""},
			{"the pole", `"lat":90,"lon":-180,"error_km":20000`, "", ""},
			{"a target that is no address", `"kind":"email-changed","target":"@@@.xn--..@"`, "", ""},
			{"a target of another script", `"kind":"email-changed","target":"x@gm\u0430il.com"`, "", ""},
			{"an order of everything", `"kind":"order-placed","amount":99999999999,"target":"` + strings.Repeat("x", 256) + `"`, "", ""},
		} {
			fields := map[string]string{"id": fmt.Sprintf("%q", fmt.Sprint("absurd", i)), "account": fmt.Sprintf("%q", id),
				"at": fmt.Sprintf("%q", now.Format(time.RFC3339)), "kind": `"sign-in"`}
			for name := range fields {
				if strings.Contains(","+tt.with, `,"`+name+`":`) {
					delete(fields, name)
				}
			}
			event := tt.with
			for name, value := range fields {
				event += `,"` + name + `":` + value
			}
			beside := fmt.Sprintf(`{"id":"beside%d","account":%q,"at":%q,"kind":"seen"}`, i, id, now.Format(time.RFC3339))
			var out struct{ Answers []api.Answer }
			h.call("POST", "/v1/events", `{"events":[{`+event+`},`+beside+`]}`).is(http.StatusOK, &out)
			if len(out.Answers) != 2 || out.Answers[1].Error != nil || out.Answers[1].Decision == "" {
				t.Fatalf("%s: the event beside it was answered %+v", tt.name, out.Answers)
			}
			switch e := out.Answers[0].Error; {
			case tt.code == "" && e != nil:
				t.Errorf("%s: refused, %+v", tt.name, *e)
			case tt.code != "" && (e == nil || e.Code != tt.code || e.Location != tt.field):
				t.Errorf("%s: answered %+v, want %s on %s", tt.name, out.Answers[0], tt.code, tt.field)
			}
		}
		for _, tt := range []struct{ name, with, field string }{
			{"a latitude out of all numbers", `"lat":1e39,"lon":0`, "body.events[0].lat"},
			{"an error larger than the Earth", `"lat":0,"lon":0,"error_km":1e30`, "body.events[0].error_km"},
			{"a network below zero", `"network":-1`, "body.events[0].network"},
			{"a network above all", `"network":4294967296`, "body.events[0].network"},
			{"a clock of another planet", `"utc_offset":900`, "body.events[0].utc_offset"},
			{"an amount below zero", `"amount":-1`, "body.events[0].amount"},
			{"a country by its name", `"country":"Japan"`, "body.events[0].country"},
			{"a mark that is none", `"marks":["holder"]`, "body.events[0].marks[0]"},
			{"a session of a kilobyte", `"session":"` + strings.Repeat("s", 1024) + `"`, "body.events[0].session"},
			{"a time that is none", `"at":"yesterday"`, "body.events[0].at"},
			{"a time as a number", `"at":1764300000`, "body.events[0].at"},
		} {
			body := fmt.Sprintf(`{"id":"x","account":%q,"kind":"sign-in",%s`, id, tt.with)
			if !strings.Contains(tt.with, `"at"`) {
				body += fmt.Sprintf(`,"at":%q`, now.Format(time.RFC3339))
			}
			a := h.call("POST", "/v1/events", `{"events":[`+body+`}]}`)
			if a.status != 422 && a.status != 400 || !strings.Contains(string(a.body), tt.field) {
				t.Errorf("%s: %d %s, want the field %s", tt.name, a.status, a.body, tt.field)
			}
		}
	})
}
