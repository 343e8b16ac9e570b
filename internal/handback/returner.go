package handback

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
)

// Watch is how long an account is guarded after it went back.
const Watch = 30 * 24 * time.Hour

// Finder is what the letter needs of whoever investigated.
type Finder interface {
	Findings(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error)
}

// Restored is what the letter needs of whoever restored: the paths left to the
// holder, the secrets to be enrolled and the cards to be entered again.
type Restored interface {
	Outcome(tx *db.Tx, caseID string) (open, enrol, cards []string, err error)
	// DeclaredFalse tells whether there was no intruder, and what was restored is how the holder had left it.
	DeclaredFalse(tx *db.Tx, caseID string) (bool, error)
}

// Prover says whether the holder is proved, by methods that the intruder cannot have.
type Prover interface {
	Proved(tx *db.Tx, caseID string) (bool, error)
}

// Returner hands accounts back.
type Returner struct {
	DB       *db.DB
	Book     *history.Book
	Files    *casefile.Files
	Post     *mail.Post
	Finder   Finder
	Restored Restored
	Prover   Prover
	Watch    time.Duration // Watch if zero
}

// The errors of this room besides those of casefile and account.
var (
	ErrForbidden = fault.New(fault.Forbidden, "handback.forbidden", "You may not do this.")
	ErrUnproved  = fault.New(fault.Conflict, "handback.unproved", "The holder is not proved yet. An account goes back only to its holder.")
	ErrNoContact = fault.New(fault.Conflict, "handback.no-contact", "There is no e-mail address on the account that the intruder never had and that is confirmed. Have the holder confirm one first.")
)

// HandBack gives a restored account back to its holder and sends the letter,
// in one commit: the account is guarded in an epoch of its own, the case is
// handed back, and the watch begins. sentence is what the person who signs adds; it may be empty.
func (r *Returner) HandBack(ctx context.Context, by access.Actor, caseID, sentence string) (err error) {
	defer fault.Wrap(&err, "handback.HandBack(%s)", caseID)
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		letters, c, err := r.letters(tx, by, caseID, sentence)
		if err != nil {
			return err
		}
		if c.Step != casefile.Restored {
			return casefile.ErrStep
		}
		proved, err := r.Prover.Proved(tx, caseID)
		if err != nil {
			return err
		}
		if !proved {
			return ErrUnproved
		}
		if len(letters) == 0 {
			return ErrNoContact
		}
		number := mail.NewNumber()
		for _, l := range letters {
			l.Number = number
			if _, err := r.Post.Queue(tx, l); err != nil {
				return err
			}
		}
		return r.release(tx, by, c, number)
	})
}

// release lets the account go, guarded, and begins the watch.
func (r *Returner) release(tx *db.Tx, by access.Actor, c casefile.Case, number string) error {
	if err := r.discredit(tx, c); err != nil {
		return err
	}
	until := r.until(tx.Now)
	epoch, err := account.Turn(tx, c.Account, account.Guarded, until, account.Restoring)
	if err != nil {
		return err
	}
	if _, err := r.Book.Append(tx, history.Entry{Account: c.Account, By: by, Verb: history.Unfreeze, Case: c.ID}); err != nil {
		return err
	}
	if err := insert(tx, handed{caseID: c.ID, account: c.Account, actor: by.ID, number: number, epoch: epoch, until: until}); err != nil {
		return err
	}
	if _, err := r.Files.Advance(tx, c.ID, casefile.HandedBack, by); err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobWatch, Key: "handback " + c.Account, Args: c.ID, At: until})
}

// discredit keeps which contacts were the intruder's. Otherwise they would be
// told, for a month, what the holder does from now on, with a link that stops
// the account each time.
func (r *Returner) discredit(tx *db.Tx, c casefile.Case) error {
	_, found, err := r.Finder.Findings(tx, c)
	if err != nil {
		return err
	}
	contacts, err := account.Contacts(tx, c.Account)
	for _, k := range contacts {
		if found.Known(k.SetSeq).Bad() {
			err = errors.Join(err, account.Discredit(tx, c.Account, k.SetSeq))
		} else if !k.BadAt.IsZero() { // perhaps by a former plan of this case, which was a false alarm
			err = errors.Join(err, account.Credit(tx, c.Account, k.SetSeq, c.OpenedAt))
		}
	}
	return err
}

func (r *Returner) until(now time.Time) time.Time {
	if r.Watch == 0 {
		return now.Add(Watch)
	}
	return now.Add(r.Watch)
}

// Preview is the letter as it would be sent now.
type Preview struct {
	Ready    bool         // it could be sent: the case is restored, the holder proved, and there is somebody to send it to
	Why      *fault.Error // why not; nil if Ready
	Step     casefile.Step
	To       []string // masked
	Language string
	Subject  string
	Text     string
	Letter   mail.Body
	Sent     time.Time // when it was sent; zero before
	Watched  time.Time // until when the account is watched; zero before
}

// Preview gives the letter for whoever is about to sign it.
func (r *Returner) Preview(ctx context.Context, by access.Actor, caseID, sentence string) (p Preview, err error) {
	defer fault.Wrap(&err, "handback.Preview(%s)", caseID)
	if !by.May(access.DeskWork) {
		return p, ErrForbidden
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		p = Preview{}
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		p.Step = c.Step
		if p.Sent, p.Watched, err = handedAt(tx, caseID); err != nil || !p.Sent.IsZero() || c.Step != casefile.Restored {
			return err
		}
		letters, _, err := r.letters(tx, by, caseID, sentence)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Invalid) {
			p.Why = fault.Public(err)
			return nil
		}
		if err != nil {
			return err
		}
		proved, err := r.Prover.Proved(tx, caseID)
		switch {
		case err != nil:
			return err
		case len(letters) == 0:
			p.Why = ErrNoContact
			return nil
		case !proved:
			p.Why = ErrUnproved
		}
		p.Ready = p.Why == nil
		for _, l := range letters {
			p.To = append(p.To, mail.Mask(l.To.String()))
		}
		p.Letter, p.Language = letters[0].Body, letters[0].Language
		p.Subject, p.Text, _, err = r.Post.Preview(tx.Now, letters[0])
		return err
	})
	return p, err
}

// jobWatch ends the watch over an account.
const jobWatch = "handback.watch"

// Handle gives the runner the handler of this room.
func (r *Returner) Handle(runner *jobs.Runner) { runner.Handle(jobWatch, jobs.With(r.endWatch)) }

// endWatch closes a case whose account stayed quiet: the holder keeps his
// sessions, only the holds end. If the account was stopped again meanwhile, its
// case went on: nothing ends while it is under way or watched anew. If that was
// a false alarm the watch went on without a case, and ends here.
func (r *Returner) endWatch(ctx context.Context, w jobs.Work, caseID string) error {
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		a, err := account.Get(tx, c.Account)
		if err != nil {
			return err
		}
		if c.Step != casefile.HandedBack && c.Step != casefile.FalseAlarm || a.State != account.Guarded || tx.Now.Before(a.GuardedUntil) {
			return w.Finish(tx)
		}
		if err := account.Relax(tx, a.ID); err != nil {
			return err
		}
		by := access.Do("handback")
		if _, err := r.Book.Append(tx, history.Entry{Account: c.Account, By: by, Verb: history.State, Value: open, Case: caseID}); err != nil {
			return err
		}
		if err := over(tx, caseID); err != nil {
			return err
		}
		if c.Step == casefile.HandedBack {
			if _, err := r.Files.Advance(tx, caseID, casefile.Closed, by); err != nil {
				return err
			}
		}
		return w.Finish(tx)
	})
}
