package restore

import (
	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
)

// ErrDrift says that a step found something else than its plan had seen.
var ErrDrift = fault.New(fault.Conflict, "restore.drift", "Something has changed since the plan was made. Please make a new one.")

// EntryFor gives the entry that carries out a step of the plan named by its
// hash. The step's id is the idempotency key. A passkey that returns needs
// besides what its former version has stored; see Write.
func EntryFor(id, plan string, s Step) history.Entry {
	e := history.Entry{Account: id, By: access.Do(ActorID), Path: s.Path, Value: s.Want, Request: s.ID(plan)}
	switch s.Op {
	case Revoke, Drop:
		e.Verb = history.Drop
	case Remove:
		e.Verb = history.Remove
	case Move:
		e.Verb, e.Value, e.Amount = history.Move, nil, s.Amount
	case PutBack:
		e.Verb = history.Contact
	case Reenable:
		e.Verb, e.Value = history.Credential, nil
	default: // Put, and what was done about an effect
		e.Verb = history.Set
	}
	return e
}

// Write carries out one step in the caller's transaction, if what the plan had
// seen is still there; else it returns ErrDrift and has written nothing.
func Write(tx *db.Tx, book *history.Book, id, plan string, s Step) (history.Change, error) {
	now, err := account.FactAt(tx, id, s.Path)
	if err != nil {
		return history.Change{}, err
	}
	if !same(now.Value, s.Pre) {
		return history.Change{}, ErrDrift.On(s.Path)
	}
	e := EntryFor(id, plan, s)
	if err := comesBack(tx, &e, s); err != nil {
		return history.Change{}, err
	}
	return book.Append(tx, e)
}

// comesBack gives a version that returns what its former self had: the public
// key of a passkey, and that a contact was confirmed.
func comesBack(tx *db.Tx, e *history.Entry, s Step) error {
	switch s.Op {
	case Reenable:
		all, err := account.Secrets(tx, e.Account)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Slot == s.Path && x.Version == s.Version {
				e.SecretID, e.Stored = x.SecretID, x.Stored
			}
		}
	case PutBack:
		all, err := account.Contacts(tx, e.Account)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Slot == s.Path && x.Version == s.Version {
				e.Confirmed = !x.ConfirmedAt.IsZero()
			}
		}
	}
	return nil
}
