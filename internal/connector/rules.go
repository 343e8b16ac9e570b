package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"takeback/internal/account"
	"takeback/internal/history"
)

// Same tells whether two values are equal, whatever the order of their parts.
func Same(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if bytes.Equal(a, b) {
		return true
	}
	x, y := decoded(a), decoded(b)
	return x != nil && reflect.DeepEqual(x, y)
}

// decoded reads a value with its numbers as they were written, so that two
// large amounts that differ are not rounded into one.
func decoded(raw json.RawMessage) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// entry says a call in the words of the history: by which verb a path of its
// kind comes from what is there to what is wanted.
func entry(kind account.Kind, c Call) (history.Entry, error) {
	e := history.Entry{Account: c.Account, By: c.By, Path: c.Path, Value: c.Want, Case: c.Case, Request: c.Key}
	e.By.Epoch = c.Fence.Epoch
	switch kind.Algebra {
	case account.ContactOf, account.SecretOf:
		switch {
		case c.Want == nil:
			e.Verb = history.Drop
		case kind.Algebra == account.ContactOf:
			e.Verb = history.Contact
		default:
			// Which secret it is, its former version says: Own.append takes SecretID from there.
			e.Verb, e.Value, e.Version = history.Credential, nil, c.Version
		}
	case account.Ledger:
		now, err := history.Balance(c.Pre)
		if err != nil {
			return e, err
		}
		then, err := history.Balance(c.Want)
		if err != nil {
			return e, err
		}
		e.Verb, e.Value, e.Amount = history.Move, nil, then-now
	case account.Register, account.Group, account.Element:
		e.Verb = history.Set
		if c.Want == nil {
			e.Verb = history.Remove
		}
	case account.Effect:
		e.Verb = history.Set
	default:
		return e, fmt.Errorf("connector: nobody knows what %q is", c.Path)
	}
	return e, nil
}
