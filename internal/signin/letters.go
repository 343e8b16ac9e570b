package signin

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail"
)

// ErrNoLetter says the same of a letter that does not exist and of somebody else's.
var ErrNoLetter = fault.New(fault.NotFound, "letter.none", "There is no such letter in your account.")

// Letter is a letter to one's own account as a session may see it.
type Letter struct {
	mail.Record
	Text    string // empty unless it is Readable
	Reading Reading
	From    time.Time // Unsettled only: when it will be readable to who has nothing strong that is older
}

// Letter gives one letter to one's own account; any other one is ErrNoLetter.
func (l *Life) Letter(ctx context.Context, who access.Actor, id string) (found Letter, err error) {
	defer fault.Wrap(&err, "signin.Letter(%s)", who.Account)
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := l.reader(tx, who)
		if err != nil {
			return err
		}
		if found, err = r.letter(tx, id); errors.Is(err, db.ErrNone) {
			err = ErrNoLetter.Because(err)
		}
		return err
	})
	return found, err
}

// reader is a session that reads letters.
type reader struct {
	post      *mail.Post
	account   string
	contacts  []account.Contact
	secrets   []account.Secret
	presented map[string]string // strong factors, of the last minutes
	proved    bool              // what a copy of everything wants
}

func (l *Life) reader(tx *db.Tx, who access.Actor) (r reader, err error) {
	s, err := shownIn(tx, who)
	if err != nil {
		return r, err
	}
	r = reader{post: l.Post, account: who.Account, proved: s.lately && (s.strong || s.standing.wants(ActExport) != Strong)}
	if r.contacts, err = account.Contacts(tx, who.Account); err != nil {
		return r, err
	}
	if r.secrets, err = account.Secrets(tx, who.Account); err != nil {
		return r, err
	}
	r.presented, err = strongIn(tx, who.Session, tx.Now.Add(-strongFor))
	return r, err
}

func (r reader) letter(tx *db.Tx, id string) (Letter, error) {
	k, err := r.post.Kept(tx, r.account, id)
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Record: k.Record, Text: k.Text}
	l.Reading = readingOf(k, relationTo(r.contacts, k.Mailbox, k.At), trustedThen(r.secrets, r.presented, k.At), r.proved, tx.Now)
	if l.Reading != Readable {
		l.Text = ""
	}
	if l.Reading == Unsettled {
		l.From = k.At.Add(settledAfter)
	}
	return l, nil
}
