package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/signin"
)

// Fact is a current value as the API shows it.
type Fact struct {
	Path   string          `json:"path"`
	Value  json.RawMessage `json:"value"`
	Seq    int64           `json:"seq" doc:"Number of the change that set it."`
	Since  time.Time       `json:"since"`
	Usable *bool           `json:"usable,omitempty" doc:"Cards only: false until it was entered again after a hand-back."`
	Held   *bool           `json:"held,omitempty" doc:"Orders only: true while a case holds it; do not ship."`
}

type factsOut struct {
	Body struct {
		Facts []Fact `json:"facts"`
	}
}

// The path of a fact may have a slash in it. ServeMux wants that said with
// "...", which is no part of a parameter's name in OpenAPI, so there are two
// operations: for paths of one word and of two.
type factIn struct {
	ID      string `path:"id" maxLength:"64"`
	Path    string `path:"path" maxLength:"100"`
	Session string `header:"Takeback-Session" maxLength:"100" doc:"The holder's session on whose behalf the service acts."`
}

type fact2In struct {
	factIn
	Name string `path:"name" maxLength:"100"`
}

func (in fact2In) whole() factIn {
	in.Path += "/" + in.Name
	return in.factIn
}

type valueIn struct {
	Value json.RawMessage `json:"value" doc:"A text, or an object of texts for a group or an element."`
}

type putIn struct {
	factIn
	Body valueIn
}

type put2In struct {
	fact2In
	Body valueIn
}

type factOut struct {
	Status int
	Body   Fact
}

type gone struct{ Status int }

type orderIn struct {
	ID      string `path:"id" maxLength:"64"`
	Session string `header:"Takeback-Session" maxLength:"100" doc:"The holder's session on whose behalf the service acts."`
	Body    struct {
		Order    string     `json:"order" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"The service's own number of the order."`
		ShipTo   string     `json:"ship_to,omitempty" maxLength:"100" doc:"Path of the address it read, such as address/home."`
		Card     string     `json:"card,omitempty" maxLength:"100" doc:"Path of the card it is paid with; it must be usable."`
		Amount   int64      `json:"amount,omitempty" minimum:"0" doc:"In the smallest unit of the currency."`
		Currency string     `json:"currency,omitempty" pattern:"^[A-Z]{3}$"`
		Items    string     `json:"items,omitempty" maxLength:"500" doc:"What was ordered, in words."`
		Effect   string     `json:"effect,omitempty" enum:"undo,window,compensate,claim,final" default:"undo" doc:"How it can be taken back."`
		Until    *time.Time `json:"until,omitempty" doc:"With effect window: cancellable until then."`
	}
}

// operation fills in what all operations on facts have in common.
func operation(id, method, path, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, DefaultStatus: status,
		Tags: []string{"facts"}, Security: withKey, Metadata: needs(access.API), MaxBodyBytes: maxBody}
}

func (a *API) facts(h huma.API) {
	const one, two = "/v1/accounts/{id}/facts/{path}", "/v1/accounts/{id}/facts/{path}/{name}"
	huma.Register(h, operation("list-facts", http.MethodGet, "/v1/accounts/{id}/facts", "List what is true now", 0), a.list)
	huma.Register(h, operation("get-fact", http.MethodGet, one, "Show a fact", 0), func(ctx context.Context, in *factIn) (*factOut, error) {
		return a.get(ctx, *in)
	})
	huma.Register(h, operation("get-element", http.MethodGet, two, "Show a fact", 0), func(ctx context.Context, in *fact2In) (*factOut, error) {
		return a.get(ctx, in.whole())
	})
	huma.Register(h, operation("put-fact", http.MethodPut, one, "Set a fact; 202 if a guarded account holds it back", 0), func(ctx context.Context, in *putIn) (*factOut, error) {
		return a.put(ctx, in.factIn, in.Body.Value)
	})
	huma.Register(h, operation("put-element", http.MethodPut, two, "Set a fact; 202 if a guarded account holds it back", 0), func(ctx context.Context, in *put2In) (*factOut, error) {
		return a.put(ctx, in.whole(), in.Body.Value)
	})
	huma.Register(h, operation("delete-fact", http.MethodDelete, one, "Remove a fact", http.StatusNoContent), func(ctx context.Context, in *factIn) (*gone, error) {
		return a.remove(ctx, *in)
	})
	huma.Register(h, operation("delete-element", http.MethodDelete, two, "Remove a fact", http.StatusNoContent), func(ctx context.Context, in *fact2In) (*gone, error) {
		return a.remove(ctx, in.whole())
	})
	huma.Register(h, operation("place-order", http.MethodPost, "/v1/accounts/{id}/orders", "Enter an order", http.StatusCreated), a.order)
}

// all reads the facts with what the case says of cards and orders.
func (a *API) all(ctx context.Context, id string) ([]Fact, error) {
	found, err := a.Accounts.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	unusable, err := a.Cards.Unusable(ctx, id)
	if err != nil {
		return nil, err
	}
	held, err := a.Orders.HeldPaths(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]Fact, len(found))
	for i, f := range found {
		out[i] = Fact{Path: f.Path, Value: f.Value, Seq: f.Seq, Since: f.Since}
		if strings.HasPrefix(f.Path, "card/") {
			usable := !unusable[f.Path]
			out[i].Usable = &usable
		}
		if strings.HasPrefix(f.Path, "order/") {
			is := held[f.Path]
			out[i].Held = &is
		}
	}
	return out, nil
}

func (a *API) list(ctx context.Context, in *accountIn) (*factsOut, error) {
	all, err := a.all(ctx, in.ID)
	out := &factsOut{}
	out.Body.Facts = all
	return out, fail(a.Log, err)
}

func (a *API) get(ctx context.Context, in factIn) (*factOut, error) {
	all, err := a.all(ctx, in.ID)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	for _, f := range all {
		if f.Path == in.Path {
			return &factOut{http.StatusOK, f}, nil
		}
	}
	return nil, fail(a.Log, account.ErrNoFact.On("path"))
}

// put answers 200 with the fact as it is now, or 202 with the fact as it still
// is if a guarded account holds the change back.
func (a *API) put(ctx context.Context, in factIn, value json.RawMessage) (*factOut, error) {
	by, err := a.behalf(ctx, in.ID, in.Session)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	waits, err := a.Life.Put(ctx, by, in.ID, in.Path, value)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	if waits {
		return &factOut{http.StatusAccepted, Fact{Path: in.Path, Value: json.RawMessage("null")}}, nil
	}
	return a.get(ctx, in)
}

func (a *API) remove(ctx context.Context, in factIn) (*gone, error) {
	by, err := a.behalf(ctx, in.ID, in.Session)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	waits, err := a.Life.Delete(ctx, by, in.ID, in.Path)
	if waits {
		return &gone{http.StatusAccepted}, nil
	}
	return &gone{http.StatusNoContent}, fail(a.Log, err)
}

func (a *API) order(ctx context.Context, in *orderIn) (*factOut, error) {
	by, err := a.behalf(ctx, in.ID, in.Session)
	if err != nil {
		return nil, fail(a.Log, err)
	}
	path := "order/" + in.Body.Order
	if err := a.payable(ctx, in.ID, in.Body.Card); err != nil {
		return nil, fail(a.Log, err)
	}
	if err := a.Life.PlaceOrder(ctx, by, in.ID, path, in.order()); err != nil {
		return nil, fail(a.Log, err)
	}
	out, err := a.get(ctx, factIn{ID: in.ID, Path: path})
	if err == nil {
		out.Status = http.StatusCreated
	}
	return out, err
}

// payable refuses a card that must be entered again first.
func (a *API) payable(ctx context.Context, id, card string) error {
	if card == "" {
		return nil
	}
	unusable, err := a.Cards.Unusable(ctx, id)
	if err == nil && unusable[card] {
		err = errUnusable
	}
	return err
}

// order is the order as ordinary life takes it.
func (in *orderIn) order() signin.Order {
	o := signin.Order{ShipTo: in.Body.ShipTo, Effect: in.Body.Effect, Currency: in.Body.Currency, Items: in.Body.Items}
	if in.Body.Amount > 0 {
		o.Amount = strconv.FormatInt(in.Body.Amount, 10)
	}
	if in.Body.Until != nil {
		o.Until = in.Body.Until.UTC()
	}
	return o
}

var errUnusable = fault.New(fault.Conflict, "card.enter-again", "This card must be entered again by the holder before it can pay.").On("body.card")
