// Package api is the face for programs: versioned JSON under /v1 for the
// service that Takeback protects.
//
// It describes itself at /openapi.json (OpenAPI 3.1). Errors are problems as in
// RFC 9457; they name the field and never repeat what was sent, which may be a
// password. Every call but one carries a key: GET /v1/session is asked with the
// session's own token, at every request of the protected service, and is
// answered from memory (package session).
//
// A service acts on behalf of a holder by giving the token of his session in
// the header Takeback-Session; what it does is then fenced by that session's
// epoch and entered as that session's, like anything the holder does himself.
// The id of a session does not do. It stands in histories, so that a key alone
// could sign any holder's name under what it does.
//
// Reading with a key is no entry in a history: the service whose accounts these
// are reads them all day. Secrets, their versions and what proves them are
// never shown.
package api
