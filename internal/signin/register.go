package signin

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

const confirmFor = 24 * time.Hour

// Registration is what a person gives who wants an account.
type Registration struct {
	Email    string
	Password seal.Secret
	Name     string
	Language string // "ja" or "en"
	Browser  string // a token that only this browser has; empty: none is told from another
}

// registration is one that waits for its address to be confirmed.
type registration struct {
	id, account              string
	address, key             string
	name, language           string
	secretID, storedPassword string
	browser                  string // hash of its token
	expires                  time.Time
}

// Register takes a registration and sends a letter to its address. The answer
// and its time are the same whether or not the address has an account: then its
// holder gets another letter. A released address is not free for 30 days, so
// that nobody can stand in the way of an undo by taking it.
func (l *Life) Register(ctx context.Context, r Registration, client access.Client) (err error) {
	defer fault.Wrap(&err, "signin.Register")
	address, errAddress := mail.ParseAddress(r.Email)
	var errLanguage error
	if r.Language != "ja" && r.Language != "en" {
		errLanguage = ErrLanguage.On("language")
	}
	err = errors.Join(errAddress, line("email", r.Email, 254), line("name", r.Name, 80), errLanguage,
		checkPassword("password", r.Password, against{personal: []string{r.Name, r.Email}, service: l.words(), any: l.AnyComposition, listed: l.listed(ctx)}))
	if err != nil {
		return err
	}
	now := l.DB.Now()
	if err := errors.Join(l.tries.take(now, "letter "+address.Key(), perLetter), l.tries.take(now, "letters from "+client.Net(), perSender)); err != nil {
		return err
	}
	g := registration{id: seal.ID("reg"), account: seal.ID("acc"), address: address.String(), key: address.Key(), name: r.Name, language: r.Language}
	if r.Browser != "" {
		g.browser = l.Seal.Hash("registering browser", r.Browser)
	}
	g.secretID = l.Seal.SecretID(g.account, r.Password)
	// The costly part, done in both cases.
	if g.storedPassword, err = l.Seal.HashPassword(ctx, r.Password); err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		holders, err := account.HeldSince(tx, g.key, account.Quarantine(tx.Now))
		if err != nil {
			return err
		}
		if len(holders) > 0 {
			return l.tellTaken(tx, holders[0], address, client)
		}
		g.expires = tx.Now.Add(confirmFor)
		if err := insertRegistration(tx, g); err != nil {
			return err
		}
		token, err := l.Seal.Issue(tx, seal.Register, "", 0, confirmFor, g.id)
		if err != nil {
			return err
		}
		_, err = l.Post.Queue(tx, mail.Letter{To: address, Language: r.Language, Body: mail.ConfirmAddress{Link: "/confirm/" + token, Until: g.expires}})
		return err
	})
}

// tellTaken tells whoever reads an address that it has an account already.
func (l *Life) tellTaken(tx *db.Tx, holder string, address mail.Address, client access.Client) error {
	a, err := account.Get(tx, holder)
	if err != nil {
		return err
	}
	_, err = l.Post.Queue(tx, mail.Letter{To: address, Language: a.Language, Body: mail.AlreadyRegistered{At: tx.Now, IP: client.IP}})
	return err
}

// Confirmation is what a link in a letter would confirm.
type Confirmation struct {
	Address string // the address it was sent to
	New     bool   // it makes an account; else it changes one's address
	Ask     bool   // the password that was chosen is asked for: this is not the browser that registered
}

// Given is what somebody shows who opens a confirming link.
type Given struct {
	Browser  string      // the token of Registration.Browser, if the browser has one
	Password seal.Secret // the one that was chosen
}

// Peek tells what a link would confirm, and whether it still counts. It changes
// nothing: mail scanners open links.
func (l *Life) Peek(ctx context.Context, token, browser string) (c Confirmation, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		g, _, err := l.registrationOf(tx, token)
		if err == nil {
			c = Confirmation{Address: g.address, New: true, Ask: !l.sameBrowser(g, browser)}
		}
		if !errors.Is(err, seal.ErrNoLink) {
			return err
		}
		p, _, err := l.pendingOf(tx, token)
		c = Confirmation{Address: account.Fact{Value: p.value}.Text()}
		return err
	})
	return c, err
}

// Confirm does what a confirming link allows: it makes the account, or the new
// address count. waits tells that the new address is held back first. A link
// works once. A stranger can register somebody else's address with a password of
// his own: unless it is the browser that registered, whoever confirms must know it.
func (l *Life) Confirm(ctx context.Context, token string, given Given, client access.Client) (c Confirmation, waits bool, err error) {
	defer fault.Wrap(&err, "signin.Confirm")
	if c, err = l.Peek(ctx, token, given.Browser); err != nil {
		return c, false, err
	}
	if c.Ask {
		if err := l.chose(ctx, token, given.Password); err != nil {
			return c, false, err
		}
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if c.New {
			return l.createAccount(tx, token, client)
		}
		waits, err = l.confirmAddress(tx, token)
		return err
	})
	if db.IsDuplicate(err) {
		err = ErrTaken.Because(err) // of two at once the other was first
	}
	return c, waits, err
}

// sameBrowser tells whether a token is that of the browser that registered.
func (l *Life) sameBrowser(g registration, token string) bool {
	return token != "" && g.browser == l.Seal.Hash("registering browser", token)
}

// chose returns ErrNotYours unless a password is the one that was chosen with a registration.
func (l *Life) chose(ctx context.Context, token string, password seal.Secret) error {
	var g registration
	err := l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		g, _, err = l.registrationOf(tx, token)
		return err
	})
	if err != nil {
		return err
	}
	if err := l.tries.take(l.DB.Now(), "confirm "+g.id, perAccount); err != nil {
		return err
	}
	ok, err := l.Seal.CheckPassword(seal.Ahead(ctx), g.storedPassword, password)
	if err == nil && !ok {
		err = ErrNotYours.On("password")
	}
	return err
}

// registrationOf finds the registration of a link that counts.
func (l *Life) registrationOf(tx *db.Tx, token string) (g registration, link seal.Link, err error) {
	if link, err = l.Seal.Peek(tx, seal.Register, token); err != nil {
		return g, link, err
	}
	if err := link.Check(tx.Now, 0); err != nil {
		return g, link, err
	}
	var id string
	if err := link.Read(&id); err != nil {
		return g, link, err
	}
	if g, err = registrationAt(tx, id); errors.Is(err, db.ErrNone) {
		err = seal.ErrUsed
	}
	return g, link, err
}

// createAccount makes an account of a confirmed registration. No session made
// it: whoever opened the letter signs in with the password next.
func (l *Life) createAccount(tx *db.Tx, token string, client access.Client) error {
	g, link, err := l.registrationOf(tx, token)
	if err != nil {
		return err
	}
	if err := l.Seal.Spend(tx, link); err != nil {
		return err
	}
	holders, err := account.HeldSince(tx, g.key, account.Quarantine(tx.Now))
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return ErrTaken
	}
	if err := account.Create(tx, g.account, g.language); err != nil {
		return err
	}
	by := access.Do("register")
	by.Client = client
	for _, e := range []history.Entry{
		{Verb: history.Contact, Path: "email", Value: account.TextValue(g.address), Confirmed: true},
		{Verb: history.Credential, Path: "password", SecretID: g.secretID, Stored: g.storedPassword},
		{Verb: history.Set, Path: "name", Value: account.TextValue(g.name)},
		{Verb: history.Set, Path: "language", Value: account.TextValue(g.language)},
	} {
		e.Account, e.By = g.account, by
		if _, err := l.Book.Append(tx, e); err != nil {
			return err
		}
	}
	return forgetRegistrations(tx, g.key)
}
