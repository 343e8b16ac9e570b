package signin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/risk"
	"takeback/internal/seal"
)

// Bounds of what can be kept at a path.
const (
	valueMost = 2000 // characters of a text
	partsMost = 40   // of a group or element
)

// The faults of facts and orders besides those of history.Append.
var (
	ErrValue     = fault.New(fault.Invalid, "value.malformed", "The value has the wrong form for this kind of fact.")
	ErrOrder     = fault.New(fault.Invalid, "order.malformed", "An order needs an effect (undo, window, compensate, claim or final), and times in RFC 3339.")
	ErrNoPlace   = fault.New(fault.Invalid, "order.ship-to", "There is no such address in this account.")
	ErrNoPay     = fault.New(fault.Invalid, "order.card", "There is no such card in this account.")
	ErrOrderHere = fault.New(fault.Conflict, "order.present", "There is another order of this number already.")
)

// Put writes a register, group or element: the generic verb, for the service
// and for kinds that it declared. Contacts and secrets have verbs of their own,
// ledgers only move. waits tells that a guarded account holds the change back.
func (l *Life) Put(ctx context.Context, by access.Actor, accountID, path string, value json.RawMessage) (waits bool, err error) {
	defer fault.Wrap(&err, "signin.Put(%s, %s)", accountID, path)
	if err := l.mayWrite(ctx, by, path); err != nil {
		return false, err
	}
	err = l.act(ctx, func(tx *db.Tx) (err error) {
		kind, _ := l.Book.Kinds.Of(path)
		if kind.Hold == 0 && kind.Algebra != account.Element {
			return l.write(tx, by, accountID, path, value)
		}
		verb, compact, err := l.checked(tx, accountID, path, value)
		if err != nil {
			return err
		}
		waits, err = l.put(tx, by, pending{account: accountID, path: path, verb: verb, value: compact})
		return err
	})
	return waits, err
}

// Removal is what goes, and whether it is for good.
type Removal struct {
	Path  string
	Erase bool // the holder wants it gone for good: no case brings it back
}

// Delete removes what is at a path: the generic verb, as Put. What somebody else
// has removed can still be erased, for that may have been an intruder, whose
// removal would be undone.
func (l *Life) Delete(ctx context.Context, by access.Actor, accountID string, r Removal) (waits bool, err error) {
	defer fault.Wrap(&err, "signin.Delete(%s, %s)", accountID, r.Path)
	p := pending{account: accountID, path: r.Path, verb: history.Remove, erased: r.Erase}
	if err := l.mayWrite(ctx, by, p.path); err != nil {
		return false, err
	}
	err = l.act(ctx, func(tx *db.Tx) (err error) {
		kind, _ := l.Book.Kinds.Of(p.path)
		if _, ok := writeOf(kind, true); !ok {
			return ErrVerb.On("path")
		}
		if err := removable(tx, p); err != nil {
			return err
		}
		waits, err = l.put(tx, by, p)
		return err
	})
	return waits, err
}

// removable refuses the removal of what is not there, and the erasing of what never was.
func removable(tx *db.Tx, p pending) error {
	_, err := factThere(tx, p.account, p.path, history.ErrAbsent.On("path"))
	if !p.erased || !errors.Is(err, history.ErrAbsent) {
		return err
	}
	was, missing := history.Written(tx, p.account, p.path, math.MaxInt64)
	if missing == nil && was {
		return nil
	}
	return cmp.Or(missing, err)
}

// factThere gives the fact at a path, or none if there is nothing.
func factThere(tx *db.Tx, accountID, path string, none error) (account.Fact, error) {
	f, err := account.FactAt(tx, accountID, path)
	if err == nil && f.Value == nil {
		err = none
	}
	return f, err
}

// mayWrite refuses a holder's sensitive change without a password presented lately.
func (l *Life) mayWrite(ctx context.Context, by access.Actor, path string) error {
	kind, ok := l.Book.Kinds.Of(path)
	if !ok {
		return history.ErrKind.On("path")
	}
	if kind.Algebra == account.ContactOf || kind.Algebra == account.SecretOf || path == account.Closing {
		return ErrVerb.On("path")
	}
	if !kind.Sensitive || by.Role != access.Holder {
		return nil
	}
	_, err := l.sensitive(ctx, by, actOf(kind, path), seal.Secret{})
	return err
}

// write checks a value and enters it. The language is kept beside the account too, for letters.
func (l *Life) write(tx *db.Tx, by access.Actor, accountID, path string, value json.RawMessage) error {
	verb, compact, err := l.checked(tx, accountID, path, value)
	if err != nil {
		return err
	}
	if _, err := l.append(tx, by, history.Entry{Account: accountID, Verb: verb, Path: path, Value: compact}); err != nil {
		return err
	}
	if path == "language" {
		return account.SetLanguage(tx, accountID, account.Fact{Value: compact}.Text())
	}
	return nil
}

// checked tells how a value is written at a path, and refuses what must not be kept.
func (l *Life) checked(tx *db.Tx, accountID, path string, value json.RawMessage) (history.Verb, json.RawMessage, error) {
	kind, ok := l.Book.Kinds.Of(path)
	if !ok {
		return "", nil, history.ErrKind.On("path")
	}
	there, err := account.FactAt(tx, accountID, path)
	if err != nil {
		return "", nil, err
	}
	verb, ok := writeOf(kind, there.Value != nil)
	if !ok {
		return "", nil, ErrVerb.On("path")
	}
	if err := checkValue(kind, path, value); err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return "", nil, ErrValue.On("value").Because(err)
	}
	return verb, b.Bytes(), nil
}

// checkValue refuses texts that are too long, deceive a reader or look like a card number.
func checkValue(kind account.Kind, path string, value json.RawMessage) error {
	if kind.Algebra == account.Register {
		var s string
		if json.Unmarshal(value, &s) != nil {
			return ErrValue.On("value")
		}
		if path == "language" && s != "ja" && s != "en" {
			return ErrLanguage.On("value")
		}
		return checkText("value", s)
	}
	var parts map[string]string
	if json.Unmarshal(value, &parts) != nil || parts == nil || len(parts) > partsMost {
		return ErrValue.On("value")
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		errs = append(errs, checkText(name, name), checkText(name, parts[name]))
	}
	return errors.Join(errs...)
}

// checkText is line for texts that may be empty and may have lines.
func checkText(field, s string) error {
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > valueMost {
		return ErrLong.On(field)
	}
	s = strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
	if s == "" {
		return nil
	}
	return line(field, s, valueMost)
}

// Order is something done in the outside world for an account.
type Order struct {
	ShipTo   string    // path of the address it goes to, or of the default one; may be empty
	Card     string    // path of the card it is paid with, or of the default one; may be empty
	Effect   string    // how it can be taken back: undo, window, compensate, claim or final
	Amount   string    // as the service writes it; may be empty
	Currency string    // may be empty
	Items    string    // in words; may be empty
	Placed   time.Time // zero: now
	Until    time.Time // of a window: when it closes
}

var effects = []string{"undo", "window", "compensate", "claim", "final"}

// value writes an order as it stands in the history. An amount that is a number
// is written as one: who undoes orders reads it so.
func (o Order) value() (json.RawMessage, error) {
	if !slices.Contains(effects, o.Effect) || o.Effect == "window" && o.Until.IsZero() {
		return nil, ErrOrder.On("effect")
	}
	parts := map[string]any{"effect": o.Effect, "placed_at": o.Placed.UTC().Format(time.RFC3339)}
	if !o.Until.IsZero() {
		parts["until"] = o.Until.UTC().Format(time.RFC3339)
	}
	for name, v := range map[string]string{"ship_to": o.ShipTo, "card": o.Card, "amount": o.Amount, "currency": o.Currency, "items": o.Items} {
		if err := checkText(name, v); err != nil {
			return nil, err
		}
		if v != "" {
			parts[name] = v
		}
	}
	if n, err := strconv.ParseInt(o.Amount, 10, 64); err == nil {
		parts["amount"] = n
	}
	return json.Marshal(parts)
}

// PlaceOrder enters an order at a path ("order/o7"), and which address and card
// it read; the default ones are followed to what they name now. The same order
// sent twice is entered once.
func (l *Life) PlaceOrder(ctx context.Context, by access.Actor, accountID, path string, o Order) (err error) {
	defer fault.Wrap(&err, "signin.PlaceOrder(%s, %s)", accountID, path)
	kind, ok := l.Book.Kinds.Of(path)
	if !ok || kind.Algebra != account.Effect {
		return history.ErrKind.On("path")
	}
	return l.act(ctx, func(tx *db.Tx) error {
		there, err := account.FactAt(tx, accountID, path)
		if err != nil {
			return err
		}
		if there.Value != nil {
			return l.placedBefore(o, there)
		}
		if o.Placed.IsZero() {
			o.Placed = tx.Now
		}
		e := history.Entry{Account: accountID, Verb: history.Order, Path: path}
		if o.ShipTo, err = l.follow(tx, &e, o.ShipTo, ErrNoPlace.On("ship_to")); err != nil {
			return err
		}
		if o.Card, err = l.follow(tx, &e, o.Card, ErrNoPay.On("card")); err != nil {
			return err
		}
		if e.Value, err = o.value(); err != nil {
			return err
		}
		return l.order(tx, by, e, o)
	})
}

// order enters an order. One that the judge holds is there and waits: whoever
// ships asks for it before he does.
func (l *Life) order(tx *db.Tx, by access.Actor, e history.Entry, o Order) error {
	amount, _ := strconv.ParseInt(o.Amount, 10, 64) // what is no number is worth nothing to the judge
	r, err := l.weigh(tx, Doing{By: by, Account: e.Account, Verb: history.Order, Path: e.Path, Target: o.ShipTo, Amount: amount})
	if err != nil {
		return err
	}
	if _, err := l.append(tx, by, e); err != nil || r.Action != risk.Hold {
		return err
	}
	lifted, err := l.lifted(tx, by)
	if err != nil || lifted {
		return err
	}
	if err := l.Orders.Hold(tx, e.Account, e.Path, "", by); err != nil {
		return err
	}
	due := tx.Now.Add(r.For)
	if err := jobs.Enqueue(tx, jobs.Job{Kind: jobGoOn, Args: held{e.Account, e.Path}, At: due}); err != nil {
		return err
	}
	return l.Crier.TellRequested(tx, Wish{Account: e.Account, Path: e.Path, Due: due, By: by})
}

const jobGoOn = "signin.go-on"

// held is an order that waits because the judge said so.
type held struct{ Account, Path string }

// goOn is the job that lets an order go on when its time has come.
func (l *Life) goOn(ctx context.Context, w jobs.Work, h held) error {
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		return errors.Join(l.Orders.GoOn(tx, h.Account, h.Path), w.Finish(tx))
	})
}

// placedBefore refuses an order unless it is the one that is there. When it was
// placed, and what the defaults were then, need not be known by who sends it again.
func (l *Life) placedBefore(o Order, there account.Fact) error {
	var written struct {
		At     time.Time `json:"placed_at"`
		ShipTo string    `json:"ship_to"`
		Card   string    `json:"card"`
	}
	if err := json.Unmarshal(there.Value, &written); err != nil {
		return err
	}
	if o.Placed.IsZero() {
		o.Placed = written.At
	}
	if l.points(o.ShipTo) {
		o.ShipTo = written.ShipTo
	}
	if l.points(o.Card) {
		o.Card = written.Card
	}
	value, err := o.value()
	if err == nil && !bytes.Equal(value, there.Value) {
		err = ErrOrderHere.On("path")
	}
	return err
}

func (l *Life) points(path string) bool {
	kind, _ := l.Book.Kinds.Of(path)
	return kind.Points != ""
}

// follow finds the element that a path leads to, by way of a pointer if it is
// one, and keeps in an entry what was read on the way. None is returned if
// there is no such element; no path leads nowhere.
func (l *Life) follow(tx *db.Tx, e *history.Entry, path string, none error) (string, error) {
	if path == "" {
		return "", nil
	}
	kind, _ := l.Book.Kinds.Of(path)
	if kind.Points != "" {
		pointer, err := factThere(tx, e.Account, path, none)
		if err != nil {
			return "", err
		}
		e.Reads = append(e.Reads, history.Read{Path: path})
		path = kind.Points + "/" + pointer.Text()
		kind, _ = l.Book.Kinds.Of(path)
	}
	if kind.Algebra != account.Element {
		return "", none
	}
	e.Reads = append(e.Reads, history.Read{Path: path})
	_, err := factThere(tx, e.Account, path, none)
	return path, err
}
