package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/api"
	"takeback/internal/db"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var made api.Account
		a := h.call("POST", "/v1/accounts", `{"email": "Hana@Example.JP", "password": "`+password+`", "name": "佐藤 花子", "language": "ja"}`).is(http.StatusCreated, &made)
		if made.State != "open" || !made.MayAct || made.Language != "ja" || a.header.Get("Location") != "/v1/accounts/"+made.ID {
			t.Errorf("made %+v at %q", made, a.header.Get("Location"))
		}
		var shown api.Account
		h.call("GET", a.header.Get("Location"), "").is(http.StatusOK, &shown)
		if diff := cmp.Diff(made, shown); diff != "" {
			t.Errorf("shown (-made +shown):\n%s", diff)
		}
		h.signIn("phone") // with the password that was given

		var plain api.Account
		h.call("POST", "/v1/accounts", `{"email": "用心@例え.jp", "name": "No Password"}`).is(http.StatusCreated, &plain)
		if plain.Language != "en" {
			t.Errorf("the language without one is %q", plain.Language)
		}

		for _, c := range []struct {
			say, body      string
			status         int
			code, location string
		}{
			{"a taken address", `{"email": "hana@example.jp", "name": "x"}`, 409, "email.taken", "body.email"},
			{"no address", `{"email": "hana", "name": "x"}`, 422, "email.malformed", "body.email"},
			{"an address that looks like another", `{"email": "hаna@example.jp", "name": "x"}`, 422, "email.lookalike", "body.email"},
			{"an over-long address", `{"email": "` + strings.Repeat("a", 250) + `@x.jp", "name": "x"}`, 422, "field.length", "body.email"},
			{"an address with a line in it", `{"email": "a@x.jp\nBcc: b@x.jp", "name": "x"}`, 422, "email.malformed", "body.email"},
			{"a missing address", `{"name": "x"}`, 422, "field.missing", "body.email"},
			{"a missing name", `{"email": "a@x.jp"}`, 422, "field.missing", "body.name"},
			{"a name of spaces", `{"email": "a@x.jp", "name": "  "}`, 422, "value.missing", "body.name"},
			{"a name with a NUL", `{"email": "a@x.jp", "name": "a\u0000b"}`, 422, "value.characters", "body.name"},
			{"a name that is a card number", `{"email": "a@x.jp", "name": "` + whole + `"}`, 422, "card.number", "body.name"},
			{"a name that is a number", `{"email": "a@x.jp", "name": 5}`, 422, "field.type", "body.name"},
			{"a weak password", `{"email": "a@x.jp", "name": "x", "password": "password1"}`, 422, "password.common", "body.password"},
			{"a short password", `{"email": "a@x.jp", "name": "x", "password": "k7x"}`, 422, "password.short", "body.password"},
			{"another language", `{"email": "a@x.jp", "name": "x", "language": "fr"}`, 422, "field.choice", "body.language"},
			{"a field that is none", `{"email": "a@x.jp", "name": "x", "admin": true}`, 422, "field.unknown", "body.admin"},
			{"a field in capitals", `{"Email": "a@x.jp", "name": "x"}`, 422, "field.missing", "body.email"},
			{"a list", `[]`, 422, "field.type", "body"},
			{"no JSON", `{"email": secret-hunter2}`, 422, "field.malformed", "body"},
			{"two of it", `{"email": "a@x.jp", "name": "x"}{}`, 422, "field.malformed", "body"},
			{"nothing", ``, 422, "field.missing", "body"},
		} {
			t.Run(c.say, func(t *testing.T) {
				h := *h
				h.TB = t
				a := h.call("POST", "/v1/accounts", c.body)
				a.refused(c.status, c.code, c.location)
				for _, secret := range []string{"hunter2", "4111", "password1", "k7x", "Bcc"} {
					if strings.Contains(string(a.body), secret) {
						t.Errorf("the answer repeats what was sent: %s", a.body)
					}
				}
			})
		}
		if a := h.call("POST", "/v1/accounts", `{"email": "hana", "name": ""}`); strings.Count(string(a.body), "location") < 1 {
			t.Errorf("not every field is named: %s", a.body)
		}
	})
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		for say, header := range map[string]string{
			"none": "", "a wrong one": "Bearer tbk_nothing", "another scheme": "Basic c2hvcDprZXk=", "an empty one": "Bearer ", "bytes": "Bearer \xff\xfe"} {
			t.Run("a call with "+say+" of a key is refused", func(t *testing.T) {
				h := *h
				h.TB = t
				for _, op := range h.says.byPath {
					if op.OperationID == "check-session" {
						continue
					}
					path := strings.NewReplacer("{id}", id, "{path}", "name", "{name}", "x").Replace(op.Path)
					h.call(op.Method, path, "", "Authorization", header).refused(http.StatusUnauthorized, "key.unknown", "")
				}
			})
		}
		h.call("GET", "/v1/accounts/"+id, "", "Authorization", "bearer "+h.key).is(http.StatusOK, nil)
		h.write(func(tx *db.Tx) error { return access.RevokeKey(tx, "shop") })
		h.call("GET", "/v1/accounts/"+id, "").refused(http.StatusUnauthorized, "key.unknown", "")
	})
}

func TestAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		h.call("GET", "/v1/nothing", "").refused(http.StatusNotFound, "address.none", "")
		h.call("GET", "/v1/accounts/acc_none", "").refused(http.StatusNotFound, "account.none", "")
		h.call("GET", "/v1/accounts/acc_none/facts", "").refused(http.StatusNotFound, "account.none", "")
		h.call("GET", "/v1/accounts/acc_none/facts/name", "").refused(http.StatusNotFound, "account.none", "")
		h.call("PUT", "/v1/accounts/acc_none/facts/name", `{"value": "x"}`).refused(http.StatusNotFound, "account.none", "")
		h.call("DELETE", "/v1/accounts/acc_none/facts/note/x", "").refused(http.StatusNotFound, "path.absent", "path.path")
		h.call("GET", "/v1/accounts/acc_none/history", "").refused(http.StatusNotFound, "account.none", "")
		h.call("POST", "/v1/accounts/acc_none/orders", `{"order": "A1"}`).refused(http.StatusNotFound, "account.none", "")
		h.call("POST", "/v1/accounts/acc_none/freeze", `{"why": "x"}`).refused(http.StatusNotFound, "account.none", "")
		h.call("GET", "/v1/cases/case_none", "").refused(http.StatusNotFound, "case.none", "")
		h.call("GET", "/v1/accounts/"+strings.Repeat("x", 65), "").refused(http.StatusUnprocessableEntity, "field.length", "path.id")
		h.call("GET", "/v1/accounts/a%00b", "").refused(http.StatusUnprocessableEntity, "path.characters", "path")
		h.call("GET", "/v1/accounts/a%ffb", "").refused(http.StatusUnprocessableEntity, "path.characters", "path")
		h.call("GET", "/v1/cases?account=a%00b", "").refused(http.StatusUnprocessableEntity, "query.malformed", "query")
		h.call("GET", "/v1/cases?account=%zz", "").refused(http.StatusUnprocessableEntity, "query.malformed", "query")
		h.call("GET", "/v1/cases?limit=many", "").refused(http.StatusUnprocessableEntity, "field.type", "query.limit")
		h.call("GET", "/v1/cases?limit=501", "").refused(http.StatusUnprocessableEntity, "field.range", "query.limit")
		h.call("GET", "/v1/cases?acount="+id, "").refused(http.StatusUnprocessableEntity, "field.unknown", "query.acount")
		for address, allow := range map[string]string{
			"/v1/accounts":                         "POST",
			"/v1/accounts/" + id:                   "GET, HEAD",
			"/v1/accounts/" + id + "/facts/name":   "GET, HEAD, PUT, DELETE",
			"/v1/accounts/" + id + "/facts/note/a": "GET, HEAD, PUT, DELETE",
			"/v1/session":                          "GET, HEAD",
			"/openapi.json":                        "GET, HEAD",
		} {
			for _, method := range []string{"PATCH", "OPTIONS"} {
				a := h.call(method, address, "")
				a.refused(http.StatusMethodNotAllowed, "method.none", "")
				if got := a.header.Get("Allow"); got != allow {
					t.Errorf("%s allows %q, want %q", address, got, allow)
				}
			}
		}
	})
}

func TestBodies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.hana()
		before := len(h.changes(id))
		note := "/v1/accounts/" + id + "/facts/note/a"
		value := func(n int) string { return `{"value": "` + strings.Repeat("x", n) + `"}` }
		h.call("PUT", note, value(64<<10)).refused(http.StatusRequestEntityTooLarge, "body.too-large", "body")
		h.call("PUT", note, value(64<<10-len(value(0)))).refused(http.StatusUnprocessableEntity, "value.long", "body.value")
		h.call("PUT", note, `{"value": "x"}`, "Content-Type", "text/plain").refused(http.StatusUnsupportedMediaType, "body.not-json", "header.Content-Type")
		h.call("PUT", note, `value=x`, "Content-Type", "application/x-www-form-urlencoded").refused(http.StatusUnsupportedMediaType, "body.not-json", "header.Content-Type")
		h.call("PUT", note, `{"value": "x"}`, "Content-Type", "application/json; charset=shift_jis").refused(http.StatusUnsupportedMediaType, "body.not-json", "header.Content-Type")
		h.call("PUT", note, "{\"value\": \"a\xffb\"}").refused(http.StatusUnprocessableEntity, "body.not-utf8", "body")
		h.call("PUT", note, `{"value": "a\ud800b"}`).refused(http.StatusUnprocessableEntity, "value.characters", "body.value")
		h.call("PUT", note, `{"value": "a\u0000b"}`).refused(http.StatusUnprocessableEntity, "value.characters", "body.value")
		h.call("PUT", note, `{"value": "`+whole+`"}`).refused(http.StatusUnprocessableEntity, "card.number", "body.value")
		h.call("PUT", note, `{"value": 5}`).refused(http.StatusUnprocessableEntity, "value.malformed", "body.value")
		h.call("PUT", note, `{"value": null}`).refused(http.StatusUnprocessableEntity, "field.type", "body.value")
		h.call("PUT", note, `{"value": ["a"]}`).refused(http.StatusUnprocessableEntity, "field.type", "body.value")
		h.call("PUT", note, `{"value": {"a": {"b": "c"}}}`).refused(http.StatusUnprocessableEntity, "field.type", "body.value")
		h.call("PUT", note, `{}`).refused(http.StatusUnprocessableEntity, "field.missing", "body.value")
		h.call("PUT", note, `{"value": "x", "4111111111111111": 1}`).refused(http.StatusUnprocessableEntity, "field.unknown", "body")
		if after := len(h.changes(id)); after != before {
			t.Errorf("%d changes came of what was refused", after-before)
		}
		h.call("PUT", note, `{"value": "x"}`, "Content-Type", "application/json; charset=UTF-8").is(http.StatusOK, nil)
		h.call("PUT", note, `{"value": "y"}`, "Content-Type", "").is(http.StatusOK, nil)
	})
}
