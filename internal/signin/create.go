package signin

import (
	"context"
	"errors"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// Create makes an account for a service that vouches that its holder receives
// at the address, and gives its id. Without a password the holder sets one by
// the way of a lost one. An address that is taken, or was released less than 30
// days ago, is ErrTaken: the service knows its holders, so this tells it nothing.
func (l *Life) Create(ctx context.Context, by access.Actor, email string, password seal.Secret, name, language string) (id string, err error) {
	defer fault.Wrap(&err, "signin.Create")
	address, errAddress := mail.ParseAddress(email)
	if language != "ja" {
		language = "en"
	}
	err = errors.Join(errAddress, line("name", name, 80))
	if !password.Empty() {
		err = errors.Join(err, checkPassword("password", password, against{personal: []string{name, email}, service: l.words(), any: l.AnyComposition, listed: l.listed(ctx)}))
	}
	if err != nil {
		return "", err
	}
	id = seal.ID("acc")
	entries := []history.Entry{
		{Verb: history.Contact, Path: "email", Value: account.TextValue(address.String()), Confirmed: true},
		{Verb: history.Set, Path: "name", Value: account.TextValue(name)},
		{Verb: history.Set, Path: "language", Value: account.TextValue(language)},
	}
	if !password.Empty() {
		stored, err := l.Seal.HashPassword(seal.Ahead(ctx), password)
		if err != nil {
			return "", err
		}
		entries = append(entries, history.Entry{Verb: history.Credential, Path: "password", SecretID: l.Seal.SecretID(id, password), Stored: stored})
	}
	who := access.Do("register") // nobody is told of an account's first facts
	who.Client = by.Client
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		holders, err := account.HeldSince(tx, address.Key(), account.Quarantine(tx.Now))
		if err != nil {
			return err
		}
		if len(holders) > 0 {
			return ErrTaken.On("email")
		}
		if err := account.Create(tx, id, language); err != nil {
			return err
		}
		for _, e := range entries {
			e.Account, e.By = id, who
			if _, err := l.Book.Append(tx, e); err != nil {
				return err
			}
		}
		return forgetRegistrations(tx, address.Key())
	})
	if db.IsDuplicate(err) {
		err = ErrTaken.On("email").Because(err) // of two at once the other was first
	}
	return id, err
}

// SpendSaved uses a saved code up and gives the secret it belongs to; ok is
// false if it is none. Room verify asks for it, by way of app.
func (l *Life) SpendSaved(tx *db.Tx, accountID string, code seal.Secret) (from account.Secret, ok bool, err error) {
	return l.spend(tx, accountID, "codes", code)
}

// SpendApp is SpendSaved for a code of the authenticator app.
func (l *Life) SpendApp(tx *db.Tx, accountID string, code seal.Secret) (from account.Secret, ok bool, err error) {
	return l.spend(tx, accountID, "totp", code)
}

func (l *Life) spend(tx *db.Tx, accountID, path string, code seal.Secret) (from account.Secret, ok bool, err error) {
	from, after, err := l.afterCode(tx, accountID, path, seal.Typed(code.Reveal()))
	if errors.Is(err, ErrCode) {
		return from, false, nil
	}
	if err != nil {
		return from, false, err
	}
	return from, true, account.StoreUsed(tx, accountID, path, after)
}
