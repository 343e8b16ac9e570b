package restore

import (
	"context"
	"encoding/json"
	"errors"

	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail"
)

// outside finds out what the plan must know of the world. present is what
// look has read before, because nobody may wait for another system inside a transaction.
func (r *Restorer) outside(tx *db.Tx, p *Stored, present map[string]json.RawMessage) (o Outside, err error) {
	o = Outside{Taken: map[string]bool{}, Lost: map[string]bool{}, Present: present}
	for _, s := range p.Steps {
		if s.Op != PutBack {
			continue
		}
		address := account.Fact{Value: s.Want}.Text()
		if s.Path == "email" { // the sign-in name
			key := address
			if r.Book.AddressKey != nil {
				key = r.Book.AddressKey(s.Path, key)
			}
			other, err := account.ByLogin(tx, key)
			if err != nil && !errors.Is(err, account.ErrNone) {
				return o, err
			}
			o.Taken[s.Path] = err == nil && other.ID != p.Account
		}
		if o.Lost[s.Path], err = mail.Lost(tx, p.Account, address); err != nil {
			return o, err
		}
	}
	return o, nil
}

// look reads the paths that a plan would write in the system that holds them.
// Our own facts need no look: what they hold is what the history says. A path
// that cannot be read is not known, and its step finds out when it is carried out.
func (r *Restorer) look(ctx context.Context, caseID string) (present map[string]json.RawMessage, err error) {
	if _, own := r.Port.(connector.Own); own || r.Port == nil {
		return nil, nil
	}
	defer fault.Wrap(&err, "restore.look(%s)", caseID)
	var p Stored
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		p, err = r.Compute(tx, c)
		return err
	})
	if err != nil {
		return nil, nil // whoever plans hears it there
	}
	present = map[string]json.RawMessage{}
	for _, s := range p.Steps {
		if v, err := r.Port.Read(ctx, p.Account, s.Path); err == nil {
			present[s.Path] = v.JSON
		}
	}
	return present, ctx.Err()
}
