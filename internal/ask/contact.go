package ask

import (
	"context"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

const (
	codeFor = 10 * time.Minute
	codesIn = 6 // of one session in a day
	tries   = 5 // at the codes of one contact within codeFor
)

// ErrCode says that a code does not count, without saying why.
var ErrCode = fault.New(fault.Invalid, "verify.code", "This code is wrong, or no longer valid. Please look at the newest letter, or ask for a new code.").On("code")

// purpose says in a letter what its code is for.
var purpose = map[string]string{"en": "to confirm that our letters reach you here", "ja": "このアドレスでメールをお受け取りになれることを確認する"}

// request names what a code is bound to: one session and one contact.
func request(by access.Actor, version string) string { return "ask " + by.Session + " " + version }

// SendCode sends a code to a contact of now that the holder wants to confirm.
func (a *Asker) SendCode(ctx context.Context, by access.Actor, version string) (err error) {
	defer fault.Wrap(&err, "ask.SendCode")
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		t, k, err := a.contact(tx, by, version)
		if err != nil {
			return err
		}
		if err := casefile.Knock(tx, "ask-send", a.Seal.Hash("ask-send", by.Session), codesIn, 24*time.Hour); err != nil {
			return err
		}
		address, err := mail.ParseAddress(k.Address)
		if err != nil {
			return err
		}
		code, err := a.Seal.IssueCode(tx, seal.Code, request(by, version), t.of.ID, t.of.Epoch, codeFor, t.c.ID)
		if err != nil {
			return err
		}
		if _, err := a.Post.Queue(tx, mail.Letter{Account: t.of.ID, Case: t.c.ID, To: address, Language: t.of.Language,
			Body: mail.Code{Code: code, Until: tx.Now.Add(codeFor), Purpose: purpose[t.of.Language]}}); err != nil {
			return err
		}
		return a.Files.Note(tx, t.c.ID, by, "ask.code-sent", mail.Mask(k.Address))
	})
}

// contact gives the contact that a session may confirm, or ErrUnasked.
func (a *Asker) contact(tx *db.Tx, by access.Actor, version string) (t table, k account.Contact, err error) {
	if t, err = a.sit(tx, by); err != nil {
		return t, k, err
	}
	i := slices.IndexFunc(t.contacts, func(k account.Contact) bool { return k.Version == version })
	if i < 0 {
		return t, k, ErrUnasked
	}
	return t, t.contacts[i], nil
}

// Confirm takes the code that came there, and enters that the holder receives at the contact.
func (a *Asker) Confirm(ctx context.Context, by access.Actor, version, code string) (err error) {
	defer fault.Wrap(&err, "ask.Confirm")
	right := false
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		right = false
		t, k, err := a.contact(tx, by, version)
		if err != nil {
			return err
		}
		if err := casefile.Knock(tx, "ask-code", a.Seal.Hash("ask-code", request(by, version)), tries, codeFor); err != nil {
			return err
		}
		link, err := a.Seal.Peek(tx, seal.Code, request(by, version)+" "+seal.Typed(code))
		if errors.Is(err, seal.ErrNoLink) || err == nil && link.Check(tx.Now, t.of.Epoch) != nil {
			return nil
		}
		if err == nil {
			err = a.Seal.Spend(tx, link)
		}
		if err != nil {
			return err
		}
		if _, err := a.Book.Append(tx, history.Entry{Account: t.of.ID, By: by, Verb: history.Confirm, Path: k.Slot, Version: k.Version, Case: t.c.ID}); err != nil {
			return err
		}
		right = true
		return a.Files.Note(tx, t.c.ID, by, "ask.confirmed", mail.Mask(k.Address))
	})
	if err == nil && !right {
		err = ErrCode // after the commit: a wrong try counts
	}
	return err
}
