package api

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/access"
	"takeback/internal/session"
)

// SessionCookie is the cookie that a browser's session is in; a proxy passes it on as it is.
const SessionCookie = "__Host-session"

// DeviceCookie tells which browser it is. A session that is bound to the key of a device comes with both.
const DeviceCookie = "__Host-device"

const sessionPath = "/v1/session"

// SessionInfo is what GET /v1/session answers.
type SessionInfo struct {
	Account string    `json:"account"`
	Session string    `json:"session" doc:"Id of the session, never its token."`
	Segment int       `json:"segment"`
	Epoch   int64     `json:"epoch"`
	Expires time.Time `json:"expires"`
}

// serveSession tells in one call whether a session may act: 200 or 401. It
// stands beside the other operations and not among them, because it is asked at
// every request of the protected service.
func (a *API) serveSession(w http.ResponseWriter, r *http.Request) {
	s, err := a.Sessions.Check(r.Context(), token(r))
	if err == nil && copied(s, r) {
		err = session.ErrOver
	}
	if err == nil && s.Limited {
		err = session.ErrOver // it may answer questions and enrol secrets here, and nothing elsewhere
	}
	if err != nil {
		if !errors.Is(err, session.ErrOver) || !a.away(w, r) {
			a.refuse(w, err)
		}
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Takeback-Account"] = []string{s.Account} // for auth_request and forward_auth, which pass headers on
	h["Takeback-Session-Id"] = []string{s.ID}
	b := make([]byte, 0, 256)
	b = append(b, `{"account":"`...)
	b = append(b, s.Account...) // ids are made of letters, digits and _ only
	b = append(b, `","session":"`...)
	b = append(b, s.ID...)
	b = append(b, `","segment":`...)
	b = strconv.AppendInt(b, int64(s.Segment), 10)
	b = append(b, `,"epoch":`...)
	b = strconv.AppendInt(b, s.Epoch, 10)
	b = append(b, `,"expires":"`...)
	b = s.ExpiresAt.AppendFormat(b, time.RFC3339)
	b = append(b, "\"}\n"...)
	_, _ = w.Write(b) // the client has gone: nobody to tell
}

// copied tells whether a browser's session came without the cookie of the device it
// is bound to. Programs send the token alone, and have no device.
func copied(s session.Session, r *http.Request) bool {
	if !s.Bound || r.Header.Get(SessionHeader) != "" {
		return false
	}
	if c, err := r.Cookie(SessionCookie); err != nil || c.Value == "" {
		return false
	}
	device, err := r.Cookie(DeviceCookie)
	return err != nil || s.Elsewhere(device.Value)
}

// token is the session's token: in a header of ours, in the cookie, or as the bearer.
func token(r *http.Request) string {
	if t := r.Header.Get(SessionHeader); t != "" {
		return t
	}
	if c, err := r.Cookie(SessionCookie); err == nil {
		return c.Value
	}
	const bearer = "Bearer "
	if t := r.Header.Get("Authorization"); len(t) > len(bearer) && t[:len(bearer)] == bearer {
		return t[len(bearer):]
	}
	return ""
}

// describeSession puts the call into the description of the API.
func (a *API) describeSession(h huma.API) {
	h.OpenAPI().AddOperation(new(needs(huma.Operation{
		OperationID: "check-session", Method: http.MethodGet, Path: sessionPath, Tags: []string{"sessions"},
		Summary: "Tell whether a session may act",
		Description: "The token is in the header " + SessionHeader + ", in the cookie " + SessionCookie +
			", or the bearer. The headers of the answer suit auth_request and forward_auth of a proxy.",
		Parameters: []*huma.Param{{Name: orParam, In: "query", Description: "What to do with a browser that may not act: send it to sign in, and back to the path in X-Forwarded-Uri.",
			Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{orSignIn}}}},
		Security: []map[string][]string{{"session": {}}, {"sessionCookie": {}}, {"sessionBearer": {}}},
		Responses: map[string]*huma.Response{
			"200": {Description: "It may act.", Content: answers[SessionInfo](h), Headers: map[string]*huma.Param{
				"Takeback-Account":    {Description: "Id of the account", Schema: &huma.Schema{Type: huma.TypeString}},
				"Takeback-Session-Id": {Description: "Id of the session, never its token", Schema: &huma.Schema{Type: huma.TypeString}},
			}},
			"303": {Description: "It may not, and a browser asks that is to be sent to sign in."},
			"401": {Description: "It may not, or not any more.", Content: answers[Problem](h), Headers: map[string]*huma.Param{
				SignInHeader: {Description: "Where a browser can sign in and come back", Schema: &huma.Schema{Type: huma.TypeString}},
			}},
			"500": {Description: "We cannot tell. Let nobody act.", Content: answers[Problem](h)},
		},
	}, access.Public)))
}

// answers describes an answer in JSON, of which a problem is one.
func answers[T any](h huma.API) map[string]*huma.MediaType {
	of := reflect.TypeFor[T]()
	kind := "application/json"
	if of == reflect.TypeFor[Problem]() {
		kind = (*Problem)(nil).ContentType(kind)
	}
	return map[string]*huma.MediaType{kind: {Schema: h.OpenAPI().Components.Schemas.Schema(of, true, of.Name())}}
}
