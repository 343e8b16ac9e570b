package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// Bounds of how many an account has: a list is for a person to read.
const (
	addressesMost = 50
	cardsMost     = 20
)

// The faults of addresses and cards besides those of their values.
var (
	ErrNoAddress = fault.New(fault.NotFound, "address.none", "There is no such address any more.")
	ErrNoCard    = fault.New(fault.NotFound, "card.none", "There is no such card any more.")
	ErrFull      = fault.New(fault.Conflict, "shelf.full", "There is no room for more. Please remove one first.")
)

// Address is where parcels go.
type Address struct{ To, Post, Line string }

func (a Address) check() error {
	var post error
	if a.Post != "" {
		post = line("post", a.Post, 20)
	}
	return errors.Join(line("to", a.To, 100), post, line("line", a.Line, 300))
}

func (a Address) value() json.RawMessage {
	b, _ := json.Marshal(map[string]string{"to": a.To, "post": a.Post, "line": a.Line}) // strings always have a JSON form
	return b
}

// AddAddress keeps an address. The first one becomes the default.
func (l *Life) AddAddress(ctx context.Context, who access.Actor, a Address) (id string, err error) {
	defer fault.Wrap(&err, "signin.AddAddress(%s)", who.Account)
	if err := a.check(); err != nil {
		return "", err
	}
	id = seal.ID("a")
	return id, l.act(ctx, func(tx *db.Tx) error {
		return l.shelve(tx, who, "address", id, addressesMost, a.value())
	})
}

// ChangeAddress writes an address anew.
func (l *Life) ChangeAddress(ctx context.Context, who access.Actor, id string, a Address) (err error) {
	defer fault.Wrap(&err, "signin.ChangeAddress(%s, %s)", who.Account, id)
	if err := a.check(); err != nil {
		return err
	}
	return l.act(ctx, func(tx *db.Tx) error {
		if _, err := factThere(tx, who.Account, "address/"+id, ErrNoAddress); err != nil {
			return err
		}
		_, err := l.put(tx, who, pending{account: who.Account, path: "address/" + id, verb: history.Set, value: a.value()})
		return err
	})
}

// RemoveAddress takes an address away.
func (l *Life) RemoveAddress(ctx context.Context, who access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "signin.RemoveAddress(%s, %s)", who.Account, id)
	return l.DB.Write(ctx, func(tx *db.Tx) error { return l.unshelve(tx, who, "address", id, ErrNoAddress) })
}

// PreferAddress makes an address the default.
func (l *Life) PreferAddress(ctx context.Context, who access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "signin.PreferAddress(%s, %s)", who.Account, id)
	return l.DB.Write(ctx, func(tx *db.Tx) error { return l.prefer(tx, who, "address", id, ErrNoAddress) })
}

// Card is a card as a payment provider keeps it for us: never its number.
type Card struct {
	Token  string // the provider's name for it
	Brand  string // one of Brands
	Last4  string
	Expiry string // "MM/YY"
}

func (c Card) check(now time.Time) (err error) {
	digits := strings.Trim(c.Last4, "0123456789") == ""
	token := line("token", c.Token, 200)
	if token == nil && (len(c.Token) < 8 || strings.ContainsAny(c.Token, " \t<>\"'")) {
		token = ErrToken.On("token")
	}
	errs := []error{token}
	switch {
	case looksLikeCard(c.Last4):
		errs = append(errs, ErrCardNumber.On("last4"))
	case len(c.Last4) != 4 || !digits:
		errs = append(errs, ErrLast4.On("last4"))
	}
	if !slices.Contains(Brands, c.Brand) {
		errs = append(errs, ErrBrand.On("brand"))
	}
	if looksLikeCard(c.Expiry) {
		errs = append(errs, ErrCardNumber.On("expiry"))
	} else if expired(c.Expiry, now) {
		errs = append(errs, ErrExpiry.On("expiry"))
	}
	return errors.Join(errs...)
}

// AddCard keeps a card; one that is there already is entered again in its
// place. It wants the password, unless it was given in the last minutes.
func (l *Life) AddCard(ctx context.Context, who access.Actor, c Card, password seal.Secret) (id string, err error) {
	defer fault.Wrap(&err, "signin.AddCard(%s)", who.Account)
	if err := c.check(l.DB.Now()); err != nil {
		return "", err
	}
	factors, err := l.sensitive(ctx, who, ActCard, password)
	if err != nil {
		return "", err
	}
	value, err := json.Marshal(map[string]string{"token": c.Token, "brand": c.Brand, "last4": c.Last4, "expiry": c.Expiry})
	if err != nil {
		return "", err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) (err error) {
		if id, err = sameCard(tx, who.Account, c); err != nil {
			return err
		}
		if id != "" {
			_, err := l.put(tx, who, pending{account: who.Account, path: "card/" + id, verb: history.Set, value: value})
			return err
		}
		id = seal.ID("k")
		return l.shelve(tx, who, "card", id, cardsMost, value)
	})
	return id, err
}

// sameCard finds the card on an account with the brand and last digits of c; empty if there is none.
func sameCard(tx *db.Tx, accountID string, c Card) (string, error) {
	facts, err := account.Facts(tx, accountID)
	if err != nil {
		return "", err
	}
	for _, f := range facts {
		if id, ok := strings.CutPrefix(f.Path, "card/"); ok && f.Parts()["brand"] == c.Brand && f.Parts()["last4"] == c.Last4 {
			return id, nil
		}
	}
	return "", nil
}

// RemoveCard takes a card away. It wants the password as AddCard does.
func (l *Life) RemoveCard(ctx context.Context, who access.Actor, id string, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.RemoveCard(%s, %s)", who.Account, id)
	factors, err := l.sensitive(ctx, who, ActCard, password)
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error { return l.unshelve(tx, who, "card", id, ErrNoCard) })
}

// PreferCard makes a card the default.
func (l *Life) PreferCard(ctx context.Context, who access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "signin.PreferCard(%s, %s)", who.Account, id)
	return l.DB.Write(ctx, func(tx *db.Tx) error { return l.prefer(tx, who, "card", id, ErrNoCard) })
}

// shelve adds an element to a set, and makes the first one the default.
func (l *Life) shelve(tx *db.Tx, who access.Actor, set, id string, most int, value json.RawMessage) error {
	facts, err := account.Facts(tx, who.Account)
	if err != nil {
		return err
	}
	n := 0
	for _, f := range facts {
		if strings.HasPrefix(f.Path, set+"/") {
			n++
		}
	}
	if n >= most {
		return ErrFull
	}
	waits, err := l.put(tx, who, pending{account: who.Account, path: set + "/" + id, verb: history.Add, value: value})
	if err != nil || waits || n > 0 {
		return err
	}
	_, err = l.append(tx, who, history.Entry{Verb: history.Set, Path: "default/" + set, Value: account.TextValue(id)})
	return err
}

// unshelve removes an element, and the default if it was that one.
func (l *Life) unshelve(tx *db.Tx, who access.Actor, set, id string, none error) error {
	_, err := l.append(tx, who, history.Entry{Verb: history.Remove, Path: set + "/" + id})
	if errors.Is(err, history.ErrAbsent) || errors.Is(err, history.ErrKind) {
		return none
	}
	if err != nil {
		return err
	}
	preferred, err := account.FactAt(tx, who.Account, "default/"+set)
	if err != nil || preferred.Text() != id {
		return err
	}
	_, err = l.append(tx, who, history.Entry{Verb: history.Remove, Path: "default/" + set})
	return err
}

func (l *Life) prefer(tx *db.Tx, who access.Actor, set, id string, none error) error {
	if _, err := factThere(tx, who.Account, set+"/"+id, none); err != nil {
		return err
	}
	_, err := l.append(tx, who, history.Entry{Verb: history.Set, Path: "default/" + set, Value: account.TextValue(id)})
	return err
}
