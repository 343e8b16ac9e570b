package mail

import (
	"takeback/internal/db"
	"takeback/internal/seal"
)

// Kept is a letter with what was kept of its text.
type Kept struct {
	Record
	Mailbox string // the normal form of its address, as Address.Key gives it
	Text    string // without links and codes; empty if none is kept
}

// Kept gives one letter of an account with its text, or db.ErrNone. Of letters
// that wait, that were sent before copies were kept, or whose copy was erased there is no text.
func (p *Post) Kept(tx *db.Tx, account, id string) (k Kept, err error) {
	if k.Record, err = SentAs(tx, account, id); err != nil {
		return k, err
	}
	var sealed string
	if err := tx.Row(`SELECT mailbox, COALESCE(copy, '') FROM letter WHERE id = $1`, id).Scan(&k.Mailbox, &sealed); err != nil || sealed == "" {
		return k, err
	}
	text, err := p.keeper.Unseal(sealCopyFor(id), sealed)
	k.Text = text.Reveal()
	return k, err
}

// Forget erases what is kept of the letters to an account: of some kinds, or of all. A
// letter that waits still goes out, and nothing is kept of it.
func Forget(tx *db.Tx, account string, only ...Kind) error {
	if len(only) == 0 {
		return tx.Put(`UPDATE letter SET copy = '' WHERE account = $1`, account)
	}
	for _, k := range only {
		if err := tx.Put(`UPDATE letter SET copy = '' WHERE account = $1 AND kind = $2`, account, k); err != nil {
			return err
		}
	}
	return nil
}

// sealCopy seals what is kept of a letter; empty if nothing is: who has no account has no page to read it on.
func (p *Post) sealCopy(tx *db.Tx, s *stored, text string) (string, error) {
	keeps := s.account != ""
	if keeps && p.Keeps != nil {
		var err error
		if keeps, err = p.Keeps(tx, s.account); err != nil {
			return "", err
		}
	}
	if !keeps {
		return "", nil
	}
	return p.keeper.Seal(sealCopyFor(s.id), seal.NewSecret(text))
}

func sealCopyFor(id string) string { return "copy of letter " + id }
