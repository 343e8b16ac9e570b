package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/seal"
)

var withKey = []map[string][]string{{"key": {}}}

// Account is an account as the API shows it.
type Account struct {
	ID           string     `json:"id"`
	State        string     `json:"state" enum:"open,frozen,restoring,guarded,closed"`
	Epoch        int64      `json:"epoch"`
	Language     string     `json:"language"`
	Created      time.Time  `json:"created"`
	GuardedUntil *time.Time `json:"guarded_until,omitempty"`
	MayAct       bool       `json:"may_act" doc:"Whether its holder may change and order anything now."`
}

func shown(a account.Account) Account {
	out := Account{ID: a.ID, State: string(a.State), Epoch: a.Epoch, Language: a.Language, Created: a.CreatedAt,
		MayAct: a.State == account.Open || a.State == account.Guarded}
	if !a.GuardedUntil.IsZero() {
		out.GuardedUntil = &a.GuardedUntil
	}
	return out
}

type createIn struct {
	Body struct {
		Email    string `json:"email" maxLength:"254" doc:"The service vouches that its holder receives there."`
		Password string `json:"password,omitempty" maxLength:"256" doc:"Without one the holder sets it by a link."`
		Name     string `json:"name" maxLength:"200"`
		Language string `json:"language,omitempty" enum:"ja,en" default:"en"`
	}
}

type createOut struct {
	Location string `header:"Location"`
	Body     Account
}

type accountIn struct {
	ID string `path:"id" maxLength:"64"`
}

type accountOut struct{ Body Account }

type historyIn struct {
	ID    string `path:"id" maxLength:"64"`
	From  int64  `query:"from" minimum:"1" default:"1" doc:"The first number wanted."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type historyOut struct {
	Body struct {
		Changes []Change `json:"changes"`
		Next    int64    `json:"next,omitempty" doc:"Ask again from here; absent at the end."`
	}
}

// Change is an entry of a history as the API shows it: never with a secret, its
// hash or its keyed id.
type Change struct {
	Seq     int64            `json:"seq"`
	Epoch   int64            `json:"epoch"`
	At      time.Time        `json:"at"`
	Verb    string           `json:"verb"`
	Path    string           `json:"path,omitempty"`
	Part    string           `json:"part,omitempty"`
	Role    string           `json:"role"`
	Actor   string           `json:"actor,omitempty"`
	Session string           `json:"session,omitempty"`
	Segment int              `json:"segment,omitempty"`
	Factors []history.Factor `json:"factors,omitempty"`
	Before  json.RawMessage  `json:"before,omitempty"`
	After   json.RawMessage  `json:"after,omitempty"`
	Case    string           `json:"case,omitempty"`
	Hash    string           `json:"hash"`
}

func (a *API) accounts(h huma.API) {
	huma.Register(h, huma.Operation{OperationID: "create-account", Method: http.MethodPost, Path: "/v1/accounts", Summary: "Make an account",
		Tags: []string{"accounts"}, DefaultStatus: http.StatusCreated, Security: withKey, Metadata: needs(access.API), MaxBodyBytes: maxBody},
		func(ctx context.Context, in *createIn) (*createOut, error) {
			by, _ := a.behalf(ctx, "", "")
			id, err := a.Registrar.Create(ctx, by, in.Body.Email, seal.NewSecret(in.Body.Password), in.Body.Name, in.Body.Language)
			if err != nil {
				return nil, fail(a.Log, err)
			}
			made, err := a.Accounts.Get(ctx, id)
			return &createOut{"/v1/accounts/" + id, shown(made)}, fail(a.Log, err)
		})
	huma.Register(h, huma.Operation{OperationID: "get-account", Method: http.MethodGet, Path: "/v1/accounts/{id}", Summary: "Show an account",
		Tags: []string{"accounts"}, Security: withKey, Metadata: needs(access.API)},
		func(ctx context.Context, in *accountIn) (*accountOut, error) {
			found, err := a.Accounts.Get(ctx, in.ID)
			return &accountOut{shown(found)}, fail(a.Log, err)
		})
	huma.Register(h, huma.Operation{OperationID: "get-history", Method: http.MethodGet, Path: "/v1/accounts/{id}/history", Summary: "Show what happened",
		Tags: []string{"accounts"}, Security: withKey, Metadata: needs(access.API)}, a.history)
}

func (a *API) history(ctx context.Context, in *historyIn) (*historyOut, error) {
	if _, err := a.Accounts.Get(ctx, in.ID); err != nil {
		return nil, fail(a.Log, err)
	}
	changes, err := a.History.Since(ctx, in.ID, in.From, in.Limit)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	out := &historyOut{}
	out.Body.Changes = make([]Change, len(changes))
	for i, c := range changes {
		out.Body.Changes[i] = Change{Seq: c.Seq, Epoch: c.Epoch, At: c.At, Verb: string(c.Verb), Path: c.Path, Part: c.Part, Role: string(c.Role),
			Actor: c.Actor, Session: c.Session, Segment: c.Segment, Factors: c.Factors, Before: c.Before, After: c.After, Case: c.Case, Hash: c.Hash}
	}
	if len(changes) == in.Limit {
		out.Body.Next = changes[len(changes)-1].Seq + 1
	}
	return out, nil
}
