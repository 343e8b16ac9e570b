package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/casefile"
	"takeback/internal/fault"
)

// Case is a case as the API shows it: where it stands, never what people wrote in it.
type Case struct {
	ID      string     `json:"id" example:"case_01k9x3w0f2m8q6c4a7t5z1y9be"`
	Account string     `json:"account,omitempty" doc:"Absent while nobody knows which account is meant."`
	Step    string     `json:"step" example:"frozen" doc:"reported, frozen, verified, investigating, planned, approved, restoring, restored, handed-back, closed, false-alarm."`
	Source  string     `json:"source" example:"api" doc:"How it came to us: not-me, contact, desk, api, phishing."`
	Opened  time.Time  `json:"opened"`
	Moved   time.Time  `json:"moved" doc:"When it entered its step."`
	Closed  *time.Time `json:"closed,omitempty"`
}

func shownCase(c casefile.Case) Case {
	out := Case{ID: c.ID, Account: c.Account, Step: string(c.Step), Source: c.Source, Opened: c.OpenedAt, Moved: c.MovedAt}
	if !c.ClosedAt.IsZero() {
		out.Closed = &c.ClosedAt
	}
	return out
}

type caseIn struct {
	ID string `path:"id" maxLength:"64" example:"case_01k9x3w0f2m8q6c4a7t5z1y9be"`
}

type caseOut struct{ Body Case }

type casesIn struct {
	Account string `query:"account" maxLength:"64" doc:"Only the cases of this account."`
	Before  string `query:"before" maxLength:"64" doc:"Go on behind this: what next said."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type casesOut struct {
	Body struct {
		Cases []Case `json:"cases"`
		Next  string `json:"next,omitempty" doc:"There are more: give it as before."`
	}
}

// The pattern of a story: some word, and of control characters only tabs and ends of lines.
type freezeIn struct {
	InAccount
	Body struct {
		Why string `json:"why" maxLength:"2000" pattern:"^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*[^\\x00-\\x20\\x7f][^\\x00-\\x08\\x0b-\\x1f\\x7f]*$" patternDescription:"text, without control characters" example:"The holder rang us: an order he did not make." doc:"What happened, for the desk."`
	}
}

var errBefore = fault.New(fault.Invalid, "page.before", "This is not where a list has ended.").On("before")

// inQuery is where the fields of a list are.
func inQuery(field string) string { return "query." + field }

func (a *API) cases(h huma.API) {
	o := operation(http.MethodPost, "/v1/accounts/{id}/freeze", "freeze-account", "cases", "Stop an account and open a case")
	o.Description = "From the answer on every session of the account is over and nobody can change anything in it. " +
		"An account that is stopped already stays so, and its open case is told what you say."
	huma.Register(h, o, a.freeze)
	o = operation(http.MethodGet, "/v1/cases", "list-cases", "cases", "List cases, newest first")
	huma.Register(h, o, func(ctx context.Context, in *casesIn) (*casesOut, error) {
		found, more, err := a.Cases.Before(ctx, in.Account, in.Before, in.Limit)
		if errors.Is(err, casefile.ErrNone) {
			err = errBefore
		}
		out := &casesOut{}
		if more {
			out.Body.Next = found[len(found)-1].ID
		}
		out.Body.Cases = make([]Case, len(found))
		for i, c := range found {
			out.Body.Cases[i] = shownCase(c)
		}
		return out, a.fail(err, inQuery)
	})
	o = operation(http.MethodGet, "/v1/cases/{id}", "get-case", "cases", "Show where a case stands")
	huma.Register(h, o, func(ctx context.Context, in *caseIn) (*caseOut, error) {
		c, err := a.Cases.Get(ctx, in.ID)
		return &caseOut{shownCase(c)}, a.fail(err, inAddress)
	})
}

func (a *API) freeze(ctx context.Context, in *freezeIn) (*caseOut, error) {
	by, err := a.behalf(ctx, in.ID, OnBehalf{})
	if err != nil {
		return nil, a.fail(err, inBody)
	}
	c, err := a.Freezer.StopAccount(ctx, in.ID, in.Body.Why, by)
	return &caseOut{shownCase(c)}, a.fail(err, inBody)
}
