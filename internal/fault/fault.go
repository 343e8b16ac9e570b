package fault

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind is what went wrong in a way that programs act on.
type Kind int

// The kinds. Internal is the zero value, so that an error nobody classified is ours.
const (
	Internal        Kind = iota // our mistake; the public hears nothing of the cause
	Invalid                     // the request is wrong in a field that Error.Field names
	Unauthenticated             // nobody is signed in, or the password is wrong
	Forbidden                   // signed in, but not allowed, and existence is no secret
	NotFound                    // absent, or forbidden to somebody who may not know that it exists
	Conflict                    // the world has moved since the request was made
	Frozen                      // the account is held still, or the epoch is over
	TooLarge                    // more bytes than the endpoint takes
	TooMany                     // a rate limit; Error.RetryAfter says how long to wait
	Unavailable                 // something we depend on is down; trying again may help
)

// statuses is the one table from kinds to HTTP.
var statuses = map[Kind]int{
	Internal:        http.StatusInternalServerError,
	Invalid:         http.StatusUnprocessableEntity,
	Unauthenticated: http.StatusUnauthorized,
	Forbidden:       http.StatusForbidden,
	NotFound:        http.StatusNotFound,
	Conflict:        http.StatusConflict,
	Frozen:          http.StatusConflict,
	TooLarge:        http.StatusRequestEntityTooLarge,
	TooMany:         http.StatusTooManyRequests,
	Unavailable:     http.StatusServiceUnavailable,
}

// Status gives the HTTP status of a kind.
func (k Kind) Status() int { return statuses[k] }

// Error is an error with public words and a private cause.
type Error struct {
	Kind       Kind
	Code       string        // stable, for programs and for the catalogue of translations: "email.malformed"
	Field      string        // the form field or JSON path it is about; empty if none
	Words      string        // what a person may read, in English; pages translate by Code
	RetryAfter time.Duration // for TooMany and Unavailable; zero if unknown
	cause      error
}

// New makes an error of a kind. Words are shown to the public.
func New(kind Kind, code, words string) *Error {
	return &Error{Kind: kind, Code: code, Words: words}
}

// On gives a copy that names the field.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Because gives a copy with a private cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// After gives a copy that says when trying again may help.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Error gives the private text, for logs.
func (e *Error) Error() string {
	s := e.Code
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the private cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by code, so that copies with a field or a cause still match their sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

var internal = New(Internal, "internal", "Something went wrong on our side. Nothing was changed.")

// Public gives the first fault in err, or the one for our own mistakes.
// It is what may be shown; err itself is what may be logged.
func Public(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return internal.Because(err)
}

// All gives every fault in err, for a form with several wrong fields.
// Errors are joined with errors.Join.
func All(err error) []*Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, All(e)...)
		}
		return all
	}
	if _, ok := err.(*Error); !ok {
		if inner := errors.Unwrap(err); inner != nil {
			return All(inner)
		}
	}
	return []*Error{Public(err)}
}

// KindOf gives the kind of err; Internal if nobody classified it.
func KindOf(err error) Kind { return Public(err).Kind }

// Wrap puts a place in front of *errp, if it holds an error. It is meant as
// the first line of a function: defer fault.Wrap(&err, "restore.Plan(%s)", id).
func Wrap(errp *error, format string, args ...any) {
	if *errp != nil {
		*errp = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *errp)
	}
}
