package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"takeback/internal/fault"
)

const blank = "about:blank"

// Problem is an error as RFC 9457 has it, with the stable code of the fault.
type Problem struct {
	Type   string         `json:"type" example:"about:blank" doc:"Always about:blank; code is what programs tell problems apart by."`
	Title  string         `json:"title" example:"Unprocessable Entity"`
	Status int            `json:"status" example:"422"`
	Detail string         `json:"detail" example:"This is not an e-mail address." doc:"In English, for whoever writes the program."`
	Code   string         `json:"code" example:"email.malformed" doc:"Stable name of what is wrong; the first one, if it is more than one thing."`
	Errors []ProblemField `json:"errors,omitempty" doc:"The fields that are wrong."`
}

// ProblemField is one field that is wrong.
type ProblemField struct {
	Location string `json:"location" example:"body.email" doc:"Where it is: body, path, query or header, and the names from there."`
	Message  string `json:"message" example:"This is not an e-mail address."`
	Code     string `json:"code" example:"email.malformed"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes the answer application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// locate tells where in the request the field is that a room calls so.
type locate func(field string) string

func inBody(field string) string    { return under("body", field) }
func inAddress(field string) string { return under("path", field) }
func asItIs(field string) string    { return field }

func under(place, field string) string {
	if strings.HasPrefix(field, "header.") {
		return field
	}
	return place + "." + field
}

// problem turns any error into what the public may read.
func problem(err error, at locate) *Problem {
	all := fault.All(err)
	first := all[0]
	status := first.Kind.Status()
	p := &Problem{Type: blank, Title: http.StatusText(status), Status: status, Detail: first.Words, Code: first.Code}
	for _, e := range all {
		if e.Field != "" {
			p.Errors = append(p.Errors, ProblemField{place(at(e.Field)), e.Words, e.Code})
		}
	}
	return p
}

// fail is what every handler ends with. Our own mistakes are logged here, once.
func (a *API) fail(err error, at locate) error {
	if err == nil {
		return nil
	}
	p := problem(err, at)
	if p.Status >= http.StatusInternalServerError {
		a.Log.Error("api call failed", "error", err)
	}
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set(authenticateBy, bearer)
	}
	if e := fault.Public(err); e.RetryAfter > 0 {
		h.Set("Retry-After", retryAfter(e))
	}
	return huma.ErrorWithHeaders(p, h)
}

const authenticateBy, bearer = "WWW-Authenticate", `Bearer realm="takeback"`

// write answers with a problem where huma does not.
func write(w http.ResponseWriter, p *Problem) {
	h := w.Header()
	h.Set("Content-Type", p.ContentType(""))
	if p.Status == http.StatusUnauthorized {
		h.Set(authenticateBy, bearer)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone: nobody to tell
}

// ownErrors makes huma's own errors problems of our form, without the rejected
// values. huma keeps the function that makes them in a variable of the package.
var ownErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		if status == http.StatusBadRequest {
			status = http.StatusUnprocessableEntity // one status for all that is wrong in a request
		}
		p := &Problem{Type: blank, Title: http.StatusText(status), Status: status, Detail: msg, Code: "request.malformed"}
		for _, err := range errs {
			var d *huma.ErrorDetail
			if errors.As(err, &d) {
				p.Errors = append(p.Errors, rejected(d))
			}
		}
		if len(errs) == 0 && status == http.StatusUnprocessableEntity {
			p.Errors = []ProblemField{{"body", "The request needs a body.", "field.missing"}}
		}
		if len(p.Errors) > 0 {
			p.Detail, p.Code = p.Errors[0].Message, p.Errors[0].Code
		}
		return p
	}
})

// rejections are the ways in which huma finds a field wrong, by how its words begin.
var rejections = []struct{ words, code string }{
	{"required ", "field.missing"},
	{validation.MsgUnexpectedProperty, "field.unknown"},
	{"unknown query parameter", "field.unknown"},
	{"expected length", "field.length"},
	{"expected array length", "field.length"},
	{"expected value to be one of", "field.choice"},
	{"expected number <", "field.range"},
	{"expected number >", "field.range"},
	{"expected object with at", "field.length"},
	{"expected string to ", "field.form"},
	{"expected value to match", "field.type"},
	{validation.MsgExpectedBoolean, "field.type"},
	{validation.MsgExpectedNumber, "field.type"},
	{validation.MsgExpectedInteger, "field.type"},
	{validation.MsgExpectedString, "field.type"},
	{validation.MsgExpectedObject, "field.type"},
	{"invalid integer", "field.type"},
}

// rejected puts what huma found into our form. Words that we do not know may
// hold what was sent (those of a JSON decoder do), and are not passed on.
func rejected(d *huma.ErrorDetail) ProblemField {
	const before, after = "expected required property ", " to be present"
	if name, ok := strings.CutPrefix(d.Message, before); ok {
		return ProblemField{place(d.Location + "." + strings.TrimSuffix(name, after)), "This is needed.", "field.missing"}
	}
	for _, r := range rejections {
		if strings.HasPrefix(d.Message, r.words) {
			return ProblemField{place(d.Location), d.Message, r.code}
		}
	}
	return ProblemField{place(d.Location), "This is not JSON of the form that is described.", "field.malformed"}
}
