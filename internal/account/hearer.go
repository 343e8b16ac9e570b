package account

import (
	"encoding/json"
	"time"

	"takeback/internal/db"
)

// Hearer is what must be known of an account to write to its holder.
type Hearer struct {
	ID       string
	Language string
	Name     string
	Contacts []Contact // every version of every contact there ever was, oldest first
}

// HeldSince tells whether a contact was held at any time since t: those are told.
// One that was the intruder's is none of them: it would tell him what the holder
// does after the account went back.
func (c Contact) HeldSince(t time.Time) bool {
	return c.BadAt.IsZero() && (c.Until.IsZero() || !c.Until.Before(t))
}

// HearerOf reads all of it in one statement: every change of something
// sensitive asks for it while other writers wait. It returns ErrNone if there
// is no such account.
func HearerOf(tx *db.Tx, id string) (h Hearer, err error) {
	h.ID = id
	rows, err := db.All(tx, func(s db.Scanner) (c *Contact, err error) {
		var name json.RawMessage
		var slot *string // none if the account has no contact
		c = &Contact{Account: id}
		err = s.Scan(&h.Language, db.JSON(&name), &slot, &c.Version, &c.Address, &c.SetSeq, db.At(&c.From), db.At(&c.Until), db.At(&c.ConfirmedAt), db.At(&c.BadAt))
		h.Name = Fact{Value: name}.Text()
		if slot == nil {
			return nil, err
		}
		c.Slot = *slot
		return c, err
	}, `SELECT a.language, f.value, c.slot, COALESCE(c.version, ''), COALESCE(c.address, ''), COALESCE(c.set_seq, 0), c.from_at, c.until_at, c.confirmed_at, c.bad_at
		FROM account a LEFT JOIN fact f ON f.account = a.id AND f.path = 'name' LEFT JOIN contact c ON c.account = a.id
		WHERE a.id = $1 ORDER BY c.set_seq`, id)
	if err == nil && len(rows) == 0 {
		err = ErrNone
	}
	for _, c := range rows {
		if c != nil {
			h.Contacts = append(h.Contacts, *c)
		}
	}
	return h, err
}
