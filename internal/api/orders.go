package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/account"
	"takeback/internal/fault"
	"takeback/internal/signin"
)

type orderIn struct {
	InAccount
	OnBehalf
	Body struct {
		Order    string     `json:"order" pattern:"^[A-Za-z0-9._-]{1,64}$" patternDescription:"1 to 64 letters, digits, dots, lines" example:"A70003" doc:"The service's own number of the order. Put a letter in front of numbers that could be those of cards."`
		ShipTo   string     `json:"ship_to,omitempty" maxLength:"100" example:"address/home" doc:"Path of the address it goes to, which must be there. default/address is the one that is the default now."`
		Card     string     `json:"card,omitempty" maxLength:"100" example:"card/main" doc:"Path of the card it is paid with, which must be there and usable. default/card is the one that is the default now."`
		Amount   int64      `json:"amount,omitempty" minimum:"0" maximum:"99999999999" example:"4980" doc:"In the smallest unit of the currency."`
		Currency string     `json:"currency,omitempty" pattern:"^[A-Z]{3}$" patternDescription:"three capital letters, as in ISO 4217" example:"JPY"`
		Items    string     `json:"items,omitempty" maxLength:"500" example:"Tea pot" doc:"What was ordered, in words."`
		Effect   string     `json:"effect,omitempty" enum:"undo,window,compensate,claim,final" default:"undo" doc:"How it can be taken back: at once, within a window, by a payment, by a claim against somebody, not at all."`
		Until    *time.Time `json:"until,omitempty" doc:"With effect window: cancellable until then."`
	}
}

// errUnusable is the one fault of orders that room signin does not know of.
var errUnusable = fault.New(fault.Conflict, "card.enter-again", "This card must be entered again by the holder before it can pay.").On("card")

func (a *API) orders(h huma.API) {
	o := operation(http.MethodPost, "/v1/accounts/{id}/orders", "place-order", "facts", "Enter an order")
	o.Description = "The same order sent twice is entered once, and is answered with 200 the second time. Ask for its fact before you ship: held tells whether a case holds it."
	o.DefaultStatus = http.StatusCreated
	o.Responses = map[string]*huma.Response{"200": {Description: "It was entered before.", Content: answers[Fact](h)}}
	huma.Register(h, o, a.order)
}

func (a *API) order(ctx context.Context, in *orderIn) (*factOut, error) {
	at := func(field string) string {
		switch field {
		case "path":
			return "body.order"
		case "grant":
			return "header." + GrantHeader
		}
		return inBody(field)
	}
	by, err := a.behalf(ctx, in.ID, in.OnBehalf)
	if err == nil && cardlike(in.Body.Order) {
		err = signin.ErrCardNumber.On("order")
	}
	if err != nil {
		return nil, a.fail(err, at)
	}
	path, status := "order/"+in.Body.Order, http.StatusOK
	_, err = a.at(ctx, in.ID, path)
	if errors.Is(err, account.ErrNoFact) {
		status, err = http.StatusCreated, a.payable(ctx, in.ID, in.Body.Card)
	}
	if err == nil {
		err = a.Life.PlaceOrder(ctx, by, in.ID, path, in.order())
	}
	if err != nil {
		return nil, a.fail(err, at)
	}
	f, err := a.at(ctx, in.ID, path)
	return &factOut{status, f}, a.fail(err, at)
}

// payable refuses a card that is not there or must be entered again first.
func (a *API) payable(ctx context.Context, id, card string) error {
	if card == "" {
		return nil
	}
	f, err := a.at(ctx, id, card)
	if err == nil && card == "default/card" {
		f, err = a.at(ctx, id, "card/"+account.Fact{Value: json.RawMessage(f.Value)}.Text())
	}
	switch {
	case errors.Is(err, account.ErrNoFact) || err == nil && f.Usable == nil:
		return signin.ErrNoPay.On("card")
	case err == nil && !*f.Usable:
		return errUnusable
	}
	return err
}

// order is the order as ordinary life takes it.
func (in *orderIn) order() signin.Order {
	o := signin.Order{ShipTo: in.Body.ShipTo, Card: in.Body.Card, Effect: in.Body.Effect, Currency: in.Body.Currency, Items: in.Body.Items}
	if in.Body.Amount > 0 {
		o.Amount = strconv.FormatInt(in.Body.Amount, 10)
	}
	if in.Body.Until != nil {
		o.Until = in.Body.Until.UTC()
	}
	return o
}
