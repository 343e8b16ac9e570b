package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/sms"
)

const (
	furtherMost   = 5 // further addresses of one account
	codeFor       = 10 * time.Minute
	codesADay     = 6 // to one contact
	triesAtCode   = 5 // within codeFor
	furtherPrefix = "email/"
)

// The faults of contacts.
var (
	ErrMany      = fault.New(fault.Conflict, "contact.many", "There are as many further addresses as one account can have. Please remove one first.").On("email")
	ErrLast      = fault.New(fault.Conflict, "contact.last", "This is the only confirmed way to reach you. Please add and confirm another one first.")
	ErrNoContact = fault.New(fault.NotFound, "contact.none", "This contact is not there any more.")
	ErrNoTexts   = fault.New(fault.Conflict, "contact.no-texts", "We cannot send a code there. Our desk can still call you.")
	ErrSentCode  = fault.New(fault.Invalid, "contact.code", "This code is wrong, or no longer valid. Please ask for a new one.").On("code")
)

// Contacts tells where one's own account reaches its holder, and what each
// contact is worth for the way back in. Former ones are among them as long as they are good.
func (l *Life) Contacts(ctx context.Context, who access.Actor) (all []account.Standing, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		contacts, err := account.Contacts(tx, who.Account)
		all = account.Standings(contacts, tx.Now)
		return err
	})
	return all, err
}

// AddContact asks for a further address. It counts for nothing until the link
// in the letter to it was used, and for the way back in a week later.
func (l *Life) AddContact(ctx context.Context, who access.Actor, email string, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.AddContact(%s)", who.Account)
	address, err := mail.ParseAddress(email)
	if err := errors.Join(err, line("email", email, 254)); err != nil {
		return err
	}
	p, factors, err := l.proved(ctx, who, ActContact, Again{"password", password})
	if err != nil {
		return err
	}
	further := 0
	for _, c := range p.contacts {
		if !c.Until.IsZero() {
			continue
		}
		if AddressKey(c.Slot, c.Address) == address.Key() {
			return ErrSame.On("email")
		}
		if strings.HasPrefix(c.Slot, furtherPrefix) {
			further++
		}
	}
	if further >= furtherMost {
		return ErrMany
	}
	if err := l.tries.take(l.DB.Now(), "letter "+address.Key(), perLetter); err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		_, err := l.put(tx, who, pending{account: who.Account, path: furtherPrefix + seal.ID("c"), verb: history.Contact, value: account.TextValue(address.String())})
		return err
	})
}

// RemoveContact gives a contact up. waits tells that it is held back first.
func (l *Life) RemoveContact(ctx context.Context, who access.Actor, slot string, password seal.Secret) (waits bool, err error) {
	defer fault.Wrap(&err, "signin.RemoveContact(%s, %s)", who.Account, slot)
	_, factors, err := l.proved(ctx, who, ActContact, Again{"password", password})
	if err != nil {
		return false, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) error {
		contacts, _, err := contactIn(tx, who.Account, slot)
		if err != nil {
			return err
		}
		if !account.Removable(contacts, slot) {
			return ErrLast
		}
		waits, err = l.put(tx, who, pending{account: who.Account, path: slot, verb: history.Drop})
		return err
	})
	return waits, err
}

// contactIn gives the contact that is in a slot now, among all of the account.
func contactIn(tx *db.Tx, accountID, slot string) (all []account.Contact, c account.Contact, err error) {
	if all, err = account.Contacts(tx, accountID); err != nil {
		return all, c, err
	}
	i := slices.IndexFunc(all, func(c account.Contact) bool { return c.Slot == slot && c.Until.IsZero() })
	if i < 0 {
		return all, c, ErrNoContact
	}
	return all, all[i], nil
}

// request names what a code that confirms a contact is bound to.
func request(who access.Actor, c account.Contact) string {
	return "contact " + who.Session + " " + c.Version
}

// SendContactCode sends a code to a contact that nobody has confirmed: a number, most often.
func (l *Life) SendContactCode(ctx context.Context, who access.Actor, slot string) (err error) {
	defer fault.Wrap(&err, "signin.SendContactCode(%s, %s)", who.Account, slot)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, who.Account)
		if err != nil {
			return err
		}
		if err := fence(a, who); err != nil {
			return err
		}
		_, c, err := contactIn(tx, who.Account, slot)
		switch {
		case err != nil:
			return err
		case !c.ConfirmedAt.IsZero():
			return ErrSame
		case !l.reaches(c):
			return ErrNoTexts
		}
		if err := casefile.Knock(tx, "contact-send", l.Seal.Hash("contact-send", c.Version), codesADay, 24*time.Hour); err != nil {
			return err
		}
		code, err := l.Seal.IssueCode(tx, seal.Code, request(who, c), a.ID, a.Epoch, codeFor, c.Slot)
		if err != nil {
			return err
		}
		return l.sendCode(tx, a, c, sms.Confirm, code, tx.Now.Add(codeFor))
	})
}

// ConfirmContact takes the code, and enters that the holder receives there.
func (l *Life) ConfirmContact(ctx context.Context, who access.Actor, slot, code string) (err error) {
	defer fault.Wrap(&err, "signin.ConfirmContact(%s, %s)", who.Account, slot)
	right := false
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		right = false
		_, c, err := contactIn(tx, who.Account, slot)
		if err != nil {
			return err
		}
		if err := casefile.Knock(tx, "contact-code", l.Seal.Hash("contact-code", request(who, c)), triesAtCode, codeFor); err != nil {
			return err
		}
		link, err := l.Seal.Peek(tx, seal.Code, request(who, c)+" "+seal.Typed(code))
		if errors.Is(err, seal.ErrNoLink) || err == nil && link.Check(tx.Now, who.Epoch) != nil {
			return nil
		}
		if err == nil {
			err = l.Seal.Spend(tx, link)
		}
		if err != nil {
			return err
		}
		right = true
		_, err = l.append(tx, who, history.Entry{Verb: history.Confirm, Path: c.Slot, Version: c.Version})
		return err
	})
	if err == nil && !right {
		err = ErrSentCode // after the commit: a wrong try counts
	}
	return err
}
