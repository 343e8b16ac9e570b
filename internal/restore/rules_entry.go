package restore

import (
	"takeback/internal/access"
	"takeback/internal/history"
)

// EntryFor gives the entry that carries out a step of the plan named by its
// hash. The step's id is the idempotency key. A passkey that returns needs
// besides what its former version has stored; see Write.
func EntryFor(account, plan string, s Step) history.Entry {
	e := history.Entry{Account: account, By: access.Do(ActorID), Path: s.Path, Value: s.Want, Request: s.ID(plan)}
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
