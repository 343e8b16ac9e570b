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

// ChangeName sets what the holder is called.
func (l *Life) ChangeName(ctx context.Context, who access.Actor, name string) (err error) {
	defer fault.Wrap(&err, "signin.ChangeName(%s)", who.Account)
	if err := line("name", name, 80); err != nil {
		return err
	}
	return l.set(ctx, who, "name", name)
}

// ChangeLanguage sets the language that pages and letters speak.
func (l *Life) ChangeLanguage(ctx context.Context, who access.Actor, language string) (err error) {
	defer fault.Wrap(&err, "signin.ChangeLanguage(%s)", who.Account)
	return l.set(ctx, who, "language", language)
}

// set writes a register of one's own account.
func (l *Life) set(ctx context.Context, who access.Actor, path, value string) error {
	return l.DB.Write(ctx, func(tx *db.Tx) error { return l.write(tx, who, who.Account, path, account.TextValue(value)) })
}

// ChangeEmail asks for a new sign-in address. It counts for nothing until the
// link in the letter to it was used. The answer is the same when the address
// has another account.
func (l *Life) ChangeEmail(ctx context.Context, who access.Actor, email string, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.ChangeEmail(%s)", who.Account)
	address, err := mail.ParseAddress(email)
	if err := errors.Join(err, line("email", email, 254)); err != nil {
		return err
	}
	p, factors, err := l.proved(ctx, who, ActContact, Again{"password", password})
	if err != nil {
		return err
	}
	if AddressKey("email", p.email) == address.Key() {
		return ErrSame.On("email")
	}
	if err := l.tries.take(l.DB.Now(), "letter "+address.Key(), perLetter); err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		_, err := l.put(tx, who, pending{account: who.Account, path: "email", verb: history.Contact, value: account.TextValue(address.String())})
		return err
	})
}

// ChangePhone sets or, with an empty number, removes the telephone number.
// waits tells that a guarded account holds the change back.
func (l *Life) ChangePhone(ctx context.Context, who access.Actor, phone string, password seal.Secret) (waits bool, err error) {
	defer fault.Wrap(&err, "signin.ChangePhone(%s)", who.Account)
	change := pending{account: who.Account, path: "phone", verb: history.Drop}
	if phone != "" {
		number, err := parsePhone(phone)
		if err != nil {
			return false, err
		}
		change.verb, change.value = history.Contact, account.TextValue(number)
	}
	_, factors, err := l.proved(ctx, who, ActContact, Again{"password", password})
	if err != nil {
		return false, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) (err error) {
		now, err := account.FactAt(tx, who.Account, "phone")
		if err != nil {
			return err
		}
		if now.Text() == (account.Fact{Value: change.value}).Text() {
			return ErrSame.On("phone")
		}
		waits, err = l.put(tx, who, change)
		return err
	})
	return waits, err
}

// ChangePassword sets a new password. Every other session ends, and what was
// mailed or asked for under the old one counts no longer (a reset link, above
// all, would let whoever has it undo the change).
func (l *Life) ChangePassword(ctx context.Context, who access.Actor, old, fresh seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.ChangePassword(%s)", who.Account)
	p, factors, err := l.proved(ctx, who, ActPassword, Again{"old", old})
	if err != nil {
		return err
	}
	e, err := l.credential(ctx, p, "new", fresh, factors)
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		if _, err := l.append(tx, who, e); err != nil {
			return err
		}
		return l.afterPassword(tx, who, "password changed")
	})
}

// credential checks a new password and makes its entry.
func (l *Life) credential(ctx context.Context, p person, field string, fresh seal.Secret, factors []history.Factor) (history.Entry, error) {
	e := history.Entry{Account: p.account.ID, Verb: history.Credential, Path: "password", Factors: factors, SecretID: l.Seal.SecretID(p.account.ID, fresh)}
	err := checkPassword(field, fresh, against{p.personal(), l.words(), e.SecretID, p.used, l.AnyComposition, l.listed(ctx)})
	if err == nil {
		e.Stored, err = l.Seal.HashPassword(seal.Ahead(ctx), fresh)
	}
	return e, err
}

// newPassword makes the entry of a password that is set by a link. Hashing holds
// no transaction, so whoever goes on asks who is behind the link once more.
func (l *Life) newPassword(ctx context.Context, fresh seal.Secret, of func(*db.Tx) (person, error)) (history.Entry, error) {
	var p person
	err := l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, err = of(tx)
		return err
	})
	if err != nil {
		return history.Entry{}, err
	}
	return l.credential(ctx, p, "password", fresh, nil)
}

// afterPassword ends what was given under the former password.
func (l *Life) afterPassword(tx *db.Tx, who access.Actor, why string) error {
	if err := l.Sessions.EndOthers(tx, who.Account, who.Session, why); err != nil {
		return err
	}
	if err := seal.Void(tx, who.Account, seal.Reset, seal.ConfirmMail); err != nil {
		return err
	}
	return l.dropPending(tx, who, func(p pending) bool { return p.by.Session != who.Session || p.unconfirmed() })
}
