package restore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

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
		if o.Taken[s.Path], err = r.taken(tx, p.Account, s); err != nil {
			return o, err
		}
		if o.Lost[s.Path], err = r.lost(tx, p.Account, p.Case, s); err != nil {
			return o, err
		}
	}
	return o, nil
}

// taken tells whether a contact that would come back is another account's by
// now: as its sign-in name in any case, else if it came there after we had it last.
func (r *Restorer) taken(tx *db.Tx, own string, s Step) (bool, error) {
	key := account.Fact{Value: s.Want}.Text()
	if r.Book.AddressKey != nil {
		key = r.Book.AddressKey(s.Path, key)
	}
	if s.Path == "email" { // the sign-in name
		other, err := account.ByLogin(tx, key)
		if err == nil && other.ID != own {
			return true, nil
		}
		if err != nil && !errors.Is(err, account.ErrNone) {
			return false, err
		}
	}
	contacts, err := account.Contacts(tx, own)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Version == s.Version })
	if i < 0 || contacts[i].Until.IsZero() {
		return false, nil
	}
	return account.TakenSince(tx, key, own, contacts[i].Until)
}

// lost tells whether the last letter to a contact that would come back, or an
// agent's last call in this case, did not reach the holder there.
func (r *Restorer) lost(tx *db.Tx, own, caseID string, s Step) (bool, error) {
	lost, err := mail.Lost(tx, own, account.Fact{Value: s.Want}.Text())
	if err != nil || lost || r.Calls == nil {
		return lost, err
	}
	return r.Calls.Unreached(tx, caseID, s.Version)
}

// outdated tells whether the world has come to speak against a step since the
// plan was made: a call, a returned letter, another account that took an address.
func (r *Restorer) outdated(tx *db.Tx, p Stored) (bool, error) {
	o, err := r.outside(tx, &p, nil)
	return err == nil && slices.ContainsFunc(p.Steps, func(s Step) bool { return o.Taken[s.Path] || o.Lost[s.Path] }), err
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
