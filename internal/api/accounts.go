package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// Account is an account as the API shows it.
type Account struct {
	ID           string     `json:"id" example:"acc_01k9x3v8e7q2m4c6a5t1z0w9yb"`
	State        string     `json:"state" enum:"open,frozen,restoring,guarded,closed" doc:"guarded: given back to its holder lately; contacts and payees change after 72 hours only."`
	Epoch        int64      `json:"epoch" example:"17" doc:"Grows when the account is stopped or given back; whatever was signed in before is over then."`
	Language     string     `json:"language" enum:"ja,en"`
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
		Email    string `json:"email" minLength:"1" maxLength:"254" example:"hanako@example.jp" doc:"The service vouches that its holder receives there."`
		Password string `json:"password,omitempty" maxLength:"1024" format:"password" doc:"Without one the holder sets it by the way of a lost one."`
		Name     string `json:"name" minLength:"1" maxLength:"80" example:"佐藤 花子"`
		Language string `json:"language,omitempty" enum:"ja,en" default:"en" doc:"In which the holder's letters are written."`
	}
}

type createOut struct {
	Location string `header:"Location" doc:"Address of the account."`
	Body     Account
}

// InAccount is in the address of what is asked of one account. Like all parts
// of inputs it is exported only because huma passes over those that are not.
type InAccount struct {
	ID string `path:"id" maxLength:"64" example:"acc_01k9x3v8e7q2m4c6a5t1z0w9yb"`
}

type accountOut struct{ Body Account }

type historyIn struct {
	InAccount
	From  int64 `query:"from" minimum:"1" default:"1" doc:"The first number wanted."`
	Limit int   `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type historyOut struct {
	Body struct {
		Changes []Change `json:"changes" doc:"Oldest first."`
		Next    int64    `json:"next,omitempty" doc:"Ask again from here; absent at the end."`
	}
}

// Change is an entry of a history as the API shows it: never with a secret, its
// hash, its keyed id or its version, nor with the nonce that hides short values.
type Change struct {
	Seq     int64     `json:"seq" doc:"From 1, without gaps."`
	Epoch   int64     `json:"epoch"`
	At      time.Time `json:"at"`
	Verb    string    `json:"verb" example:"set" doc:"open, recover, derive, step-up, handover, sign-out; set, patch, add, remove, credential, contact, confirm, drop, view, move, order; freeze, unfreeze, hold, release, look, state."`
	Path    string    `json:"path,omitempty" example:"address/home"`
	Part    string    `json:"part,omitempty" doc:"Of a group, if only this was written."`
	Role    string    `json:"role" example:"holder" doc:"As what somebody acted: holder, service, system, agent, investigator, supervisor, connector."`
	Actor   string    `json:"actor,omitempty" doc:"Whoever acted: an account, a key, a member of staff or a job."`
	Session string    `json:"session,omitempty" doc:"Id of the session, never its token."`
	Segment int       `json:"segment,omitempty" doc:"Stretch of the session used from one client."`
	Factors []Factor  `json:"factors,omitempty" doc:"What was presented for it."`
	Grant   string    `json:"grant,omitempty" example:"delegate/d1" doc:"Path of the grant by which somebody else acted for the holder."`
	Erased  bool      `json:"erased,omitempty" doc:"Removed at the holder's wish, for good: no case brings it back."`
	Amount  int64     `json:"amount,omitempty" doc:"Of a movement on a ledger."`
	Before  Value     `json:"before,omitempty" doc:"Absent if there was nothing, and of secrets."`
	After   Value     `json:"after,omitempty" doc:"Absent if there is nothing any more, and of secrets."`
	Case    string    `json:"case,omitempty"`
	Hash    string    `json:"hash" doc:"Link of the chain: keep one, and nobody can rewrite what came before it."`
}

// Factor is something that was presented, without the version that says which one it was.
type Factor struct {
	Path  string `json:"path" example:"password"`
	Proof string `json:"proof" example:"password" doc:"password, totp, passkey, code, link or call."`
}

func (a *API) shownChange(c history.Change) Change {
	out := Change{Seq: c.Seq, Epoch: c.Epoch, At: c.At, Verb: string(c.Verb), Path: c.Path, Part: c.Part, Role: string(c.Role),
		Actor: c.Actor, Session: c.Session, Segment: c.Segment, Grant: c.Grant.Path, Erased: c.Erased, Amount: c.Amount, Case: c.Case, Hash: c.Hash}
	for _, f := range c.Factors {
		out.Factors = append(out.Factors, Factor{f.Path, f.Proof})
	}
	if a.kind(c.Path) != account.SecretOf {
		out.Before, out.After = Value(c.Before), Value(c.After)
	}
	return out
}

func (a *API) accounts(h huma.API) {
	o := operation(http.MethodPost, "/v1/accounts", "create-account", "accounts", "Make an account")
	o.DefaultStatus = http.StatusCreated
	huma.Register(h, o, a.create)
	o = operation(http.MethodGet, "/v1/accounts/{id}", "get-account", "accounts", "Show an account")
	huma.Register(h, o, func(ctx context.Context, in *InAccount) (*accountOut, error) {
		found, err := a.Accounts.Get(ctx, in.ID)
		return &accountOut{shown(found)}, a.fail(err, inAddress)
	})
	o = operation(http.MethodGet, "/v1/accounts/{id}/history", "get-history", "accounts", "Show what happened in an account")
	huma.Register(h, o, a.history)
}

func (a *API) create(ctx context.Context, in *createIn) (*createOut, error) {
	by, err := a.behalf(ctx, "", OnBehalf{})
	if err != nil {
		return nil, a.fail(err, inBody)
	}
	id, err := a.Registrar.Create(ctx, by, in.Body.Email, seal.NewSecret(in.Body.Password), in.Body.Name, in.Body.Language)
	if err != nil {
		return nil, a.fail(err, inBody)
	}
	made, err := a.Accounts.Get(ctx, id)
	return &createOut{"/v1/accounts/" + id, shown(made)}, a.fail(err, inBody)
}

func (a *API) history(ctx context.Context, in *historyIn) (*historyOut, error) {
	if _, err := a.Accounts.Get(ctx, in.ID); err != nil {
		return nil, a.fail(err, inAddress)
	}
	changes, err := a.History.Since(ctx, in.ID, in.From, in.Limit+1) // one more tells whether there is more
	if err != nil {
		return nil, a.fail(err, inAddress)
	}
	out := &historyOut{}
	if len(changes) > in.Limit {
		out.Body.Next = changes[in.Limit].Seq
		changes = changes[:in.Limit]
	}
	out.Body.Changes = make([]Change, len(changes))
	for i, c := range changes {
		out.Body.Changes[i] = a.shownChange(c)
	}
	return out, nil
}
