package api

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/fault"
)

// Problem is an error as RFC 9457 has it, with the stable code of the fault.
type Problem struct {
	Type   string         `json:"type" doc:"Always about:blank; code is what programs tell problems apart by."`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   string         `json:"code" doc:"Stable name of what is wrong, such as email.malformed."`
	Errors []ProblemField `json:"errors,omitempty"`
}

// ProblemField is one field that is wrong.
type ProblemField struct {
	Location string `json:"location" doc:"Where it is, such as body.email."`
	Message  string `json:"message"`
	Code     string `json:"code,omitempty"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes the answer application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problem turns any error into what the public may read.
func problem(err error) *Problem {
	all := fault.All(err)
	first := all[0]
	p := &Problem{Type: "about:blank", Title: http.StatusText(first.Kind.Status()), Status: first.Kind.Status(), Detail: first.Words, Code: first.Code}
	for _, e := range all {
		if e.Field != "" {
			p.Errors = append(p.Errors, ProblemField{e.Field, e.Words, e.Code})
		}
	}
	return p
}

// fail is what every handler ends with. Our own mistakes are logged here, once.
func fail(log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	p := problem(err)
	if p.Status >= http.StatusInternalServerError {
		log.Error("api call failed", "error", err)
	}
	if e := fault.Public(err); e.RetryAfter > 0 {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retryAfter(e)}})
	}
	return p
}

// ownErrors makes huma's own errors problems of our form, without the rejected
// values. huma keeps the function that makes them in a variable of the package.
var ownErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: msg, Code: "request.malformed"}
		for _, err := range errs {
			var d *huma.ErrorDetail
			if errors.As(err, &d) {
				p.Errors = append(p.Errors, ProblemField{Location: d.Location, Message: d.Message})
			}
		}
		return p
	}
})
