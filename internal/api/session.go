package api

import (
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/session"
)

// SessionCookie is the cookie that a browser's session is in; a proxy passes it on as it is.
const SessionCookie = "__Host-session"

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
	if err == nil && s.Limited {
		err = session.ErrOver // it may answer questions and enrol secrets here, and nothing elsewhere
	}
	if err != nil {
		write(w, problem(err))
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

// token is the session's token: in a header of ours, in the cookie, or as the bearer.
func token(r *http.Request) string {
	if t := r.Header.Get("Takeback-Session"); t != "" {
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
	doc := h.OpenAPI()
	answer := &huma.MediaType{Schema: doc.Components.Schemas.Schema(reflect.TypeFor[SessionInfo](), true, "SessionInfo")}
	trouble := &huma.MediaType{Schema: doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")}
	doc.AddOperation(&huma.Operation{
		OperationID: "check-session", Method: http.MethodGet, Path: sessionPath, Tags: []string{"sessions"},
		Summary: "Tell whether a session may act",
		Description: "The token is in the header Takeback-Session, in the cookie " + SessionCookie +
			", or the bearer. The headers Takeback-Account and Takeback-Session-Id of the answer suit auth_request and forward_auth of a proxy.",
		Security: []map[string][]string{{"session": {}}},
		Responses: map[string]*huma.Response{
			"200": {Description: "It may act.", Content: map[string]*huma.MediaType{"application/json": answer}},
			"401": {Description: "It may not (any more).", Content: map[string]*huma.MediaType{"application/problem+json": trouble}},
		},
	})
}
