package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/casefile"
)

// Case is a case as the API shows it: where it stands, never what people wrote in it.
type Case struct {
	ID      string     `json:"id"`
	Account string     `json:"account,omitempty"`
	Step    string     `json:"step"`
	Source  string     `json:"source"`
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
	ID string `path:"id" maxLength:"64"`
}

type caseOut struct{ Body Case }

type casesIn struct {
	Account string `query:"account" maxLength:"64" doc:"Only the cases of this account."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type casesOut struct {
	Body struct {
		Cases []Case `json:"cases"`
	}
}

type freezeIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"2000" doc:"What happened, for the desk."`
	}
}

func (a *API) cases(h huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		o := operation(id, method, path, summary, 0)
		o.Tags = []string{"cases"}
		return o
	}
	huma.Register(h, op("freeze-account", http.MethodPost, "/v1/accounts/{id}/freeze", "Stop an account and open a case"),
		func(ctx context.Context, in *freezeIn) (*caseOut, error) {
			by, err := a.behalf(ctx, in.ID, "")
			if err != nil {
				return nil, fail(a.Log, err)
			}
			c, err := a.Freezer.StopAccount(ctx, in.ID, in.Body.Why, by)
			return &caseOut{shownCase(c)}, fail(a.Log, err)
		})
	huma.Register(h, op("list-cases", http.MethodGet, "/v1/cases", "List cases, newest first"),
		func(ctx context.Context, in *casesIn) (*casesOut, error) {
			found, err := a.Cases.Recent(ctx, in.Account, in.Limit)
			out := &casesOut{}
			out.Body.Cases = make([]Case, len(found))
			for i, c := range found {
				out.Body.Cases[i] = shownCase(c)
			}
			return out, fail(a.Log, err)
		})
	huma.Register(h, op("get-case", http.MethodGet, "/v1/cases/{id}", "Show where a case stands"),
		func(ctx context.Context, in *caseIn) (*caseOut, error) {
			c, err := a.Cases.Get(ctx, in.ID)
			return &caseOut{shownCase(c)}, fail(a.Log, err)
		})
}
