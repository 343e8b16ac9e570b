package signin

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
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

const (
	resetFor = time.Hour
	jobReset = "signin.reset"
)

// resetAsked is what the job that sends the letter is told.
type resetAsked struct {
	Key string // normal form of the address that was typed
	IP  string
}

// resetLink is what a reset link remembers: the contact that it was sent to.
type resetLink struct {
	Slot    string `json:"slot"`
	Version string `json:"version"`
	Address string `json:"address"`
}

// AskReset takes a sign-in name of somebody who forgot the password. What it
// does is the same for every name, known or not: it queues a job, and the job
// finds out.
func (l *Life) AskReset(ctx context.Context, email string, client access.Client) error {
	return l.ask(ctx, email, client, jobReset)
}

func (l *Life) ask(ctx context.Context, email string, client access.Client, job string) (err error) {
	defer fault.Wrap(&err, "signin.ask(%s)", job)
	address, err := mail.ParseAddress(email)
	if err != nil {
		return err
	}
	now := l.DB.Now()
	if err := errors.Join(l.tries.take(now, "letter "+address.Key(), perLetter), l.tries.take(now, "letters from "+client.Net(), perSender)); err != nil {
		return fault.Public(err)
	}
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		return jobs.Enqueue(tx, jobs.Job{Kind: job, Args: resetAsked{Key: address.Key(), IP: client.IP}})
	})
}

// sendReset is the job that mails the links: to the contacts that are good for
// recovery and to no other, whatever the address that was typed. An account
// that is held still gets no link but the way to a person.
func (l *Life) sendReset(ctx context.Context, w jobs.Work, asked resetAsked) error {
	return l.answer(ctx, w, asked, l.mailLinks)
}

// answer finds whose address was typed, and has links sent.
func (l *Life) answer(ctx context.Context, w jobs.Work, asked resetAsked, send func(*db.Tx, person, []account.Contact, resetAsked) error) error {
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		id, err := whose(tx, asked.Key)
		if err == nil && id != "" {
			err = l.mailReset(tx, id, asked, send)
		}
		return errors.Join(err, w.Finish(tx))
	})
}

// whose gives the account that an address signs in to, or did lately: a holder
// whose address an intruder replaced types the old one. Empty if there is none.
func whose(tx *db.Tx, key string) (string, error) {
	a, err := account.ByLogin(tx, key)
	if err == nil || !errors.Is(err, account.ErrNone) {
		return a.ID, err
	}
	held, err := account.HeldSince(tx, key, tx.Now.Add(-account.ToldFor))
	if err != nil || len(held) == 0 {
		return "", err
	}
	return held[0], nil
}

func (l *Life) mailReset(tx *db.Tx, id string, asked resetAsked, send func(*db.Tx, person, []account.Contact, resetAsked) error) error {
	p, err := load(tx, id)
	if err != nil || p.account.State == account.Closed {
		return err
	}
	good := slices.DeleteFunc(account.GoodForRecovery(p.contacts, tx.Now), func(c account.Contact) bool {
		return !c.Mail()
	})
	if p.account.State != account.Open && p.account.State != account.Guarded {
		return l.mailHeld(tx, p, good)
	}
	return send(tx, p, good, asked)
}

// mailLinks sends the links that set a new password.
func (l *Life) mailLinks(tx *db.Tx, p person, good []account.Contact, asked resetAsked) error {
	// Links that were asked for before still count: anybody can ask, and who could
	// void them so would keep the holder out. The first one used ends them all.
	return l.mailEach(tx, p, good, seal.Reset, resetFor, func(token string, until time.Time) mail.Body {
		return mail.Reset{Link: "/reset/" + token, Until: until, IP: asked.IP}
	})
}

// mailEach sends each contact a letter with a link of its own.
func (l *Life) mailEach(tx *db.Tx, p person, good []account.Contact, purpose string, ttl time.Duration, body func(token string, until time.Time) mail.Body) error {
	for _, c := range good {
		token, err := l.Seal.Issue(tx, purpose, p.account.ID, p.account.Epoch, ttl, resetLink{c.Slot, c.Version, c.Address})
		if err != nil {
			return err
		}
		if err := l.post(tx, p, c.Address, body(token, tx.Now.Add(ttl))); err != nil {
			return err
		}
	}
	return nil
}

// mailHeld points the holder of an account that is held still to its case.
func (l *Life) mailHeld(tx *db.Tx, p person, good []account.Contact) error {
	c, err := casefile.OfAccount(tx, p.account.ID)
	if errors.Is(err, casefile.ErrNone) {
		return nil // between two steps: whoever holds it has written already
	}
	if err != nil {
		return err
	}
	for _, contact := range good {
		to, err := mail.ParseAddress(contact.Address)
		if err != nil {
			continue // an address of old that today's rules refuse cannot be written to
		}
		_, err = l.Post.Queue(tx, mail.Letter{Account: p.account.ID, Case: c.ID, To: to, Name: p.name, Language: p.account.Language,
			Body: mail.Frozen{Case: c.ID, At: c.OpenedAt, Link: "/contact"}})
		if err != nil {
			return err
		}
	}
	return nil
}

// PeekReset tells whether a reset link still counts. It changes nothing.
func (l *Life) PeekReset(ctx context.Context, token string) error {
	return l.DB.Read(ctx, func(tx *db.Tx) error {
		_, _, err := l.resetOf(tx, token)
		return err
	})
}

// resetOf finds the account of a reset link that counts.
func (l *Life) resetOf(tx *db.Tx, token string) (person, seal.Link, error) {
	p, link, err := l.behind(tx, seal.Reset, token)
	if err == nil && p.account.State != account.Open && p.account.State != account.Guarded {
		err = seal.ErrOldEpoch
	}
	return p, link, err
}

// behind gives who a mailed link was for, as long as it is good.
func (l *Life) behind(tx *db.Tx, purpose, token string) (person, seal.Link, error) {
	link, err := l.Seal.Peek(tx, purpose, token)
	if err != nil {
		return person{}, link, err
	}
	p, err := load(tx, link.Account)
	if err != nil {
		return p, link, err
	}
	return p, link, link.Check(tx.Now, p.account.Epoch)
}

// Reset sets a new password by a mailed link. It signs nobody in: who has the
// new password does that. The entry carries the contact that was proved, so
// that an investigation can follow a reset through a stolen mailbox. Every
// session ends, and every other reset link with this one.
func (l *Life) Reset(ctx context.Context, token string, fresh seal.Secret, client access.Client) (err error) {
	defer fault.Wrap(&err, "signin.Reset")
	e, err := l.newPassword(ctx, fresh, func(tx *db.Tx) (p person, err error) {
		p, _, err = l.resetOf(tx, token)
		return p, err
	})
	if err != nil {
		return err
	}
	return l.act(ctx, func(tx *db.Tx) error {
		p, link, err := l.resetOf(tx, token)
		if err != nil {
			return err
		}
		if err := l.Seal.Spend(tx, link); err != nil {
			return err
		}
		var to resetLink
		if err := link.Read(&to); err != nil {
			return err
		}
		e.Factors = []history.Factor{{Path: to.Slot, Version: to.Version, Proof: "link"}}
		s, _, _, err := l.Sessions.Open(tx, session.Opening{Account: p.account, Verb: history.Recover, Factors: e.Factors, Client: client})
		if err != nil {
			return err
		}
		who := s.Actor(client)
		// The judge may have the account stopped for it, and no more: what he asks for else
		// (another device, a code of the app) a holder who was driven out may not have, and
		// the link went to no address that is not good for recovery.
		asked := who
		asked.Session = ""
		if _, err := l.weigh(tx, Doing{By: asked, Account: p.account.ID, Verb: e.Verb, Path: e.Path}); err != nil {
			return err
		}
		e.By = who
		c, err := l.Book.Append(tx, e)
		if err != nil {
			return err
		}
		if err := l.afterPassword(tx, who, "password reset"); err != nil {
			return err
		}
		if err := l.Sessions.End(tx, who, p.account.ID, s.ID, "password reset"); err != nil {
			return err
		}
		return l.mailDone(tx, p, to, c, client)
	})
}

// mailDone tells the contact that was used that the password is new.
func (l *Life) mailDone(tx *db.Tx, p person, to resetLink, c history.Change, client access.Client) error {
	address, err := mail.ParseAddress(to.Address)
	if err != nil {
		return err
	}
	number := mail.NewNumber()
	notMe, until, err := l.Crier.NotMe(tx, Told{Account: p.account.ID, Epoch: c.Epoch, Number: number, Seq: c.Seq, Version: to.Version})
	if err != nil {
		return err
	}
	_, err = l.Post.Queue(tx, mail.Letter{Account: p.account.ID, To: address, Name: p.name, Language: p.account.Language, Number: number,
		Body: mail.ResetDone{At: tx.Now, IP: client.IP, Device: device(client.UserAgent), NotMe: notMe, NotMeUntil: until}})
	return err
}

// device names a client for people; empty if it has no name.
func device(userAgent string) string {
	if d := session.Describe(userAgent); d != "?" {
		return d
	}
	return ""
}
