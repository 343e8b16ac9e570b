package signin

import (
	"context"
	"strconv"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// exportFor is how long a copy may be fetched once it was allowed.
const exportFor = 7 * 24 * time.Hour

// ErrNoExport says that no copy may be fetched now.
var ErrNoExport = fault.New(fault.Conflict, "export.none", "Please ask for the copy first. Where one was allowed before, its time is over.")

// AskExport asks for a copy of everything that an account holds. A copy is what
// an intruder wants most, so every contact is told, and a guarded account waits.
func (l *Life) AskExport(ctx context.Context, who access.Actor, password seal.Secret) (waits bool, err error) {
	defer fault.Wrap(&err, "signin.AskExport(%s)", who.Account)
	_, factors, err := l.proved(ctx, who, ActExport, Again{"password", password})
	if err != nil {
		return false, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) (err error) {
		a, err := account.Get(tx, who.Account)
		if err != nil {
			return err
		}
		waits, err = l.put(tx, who, pending{account: who.Account, path: "export", verb: history.Set, value: account.TextValue(epochOf(a))})
		return err
	})
	return waits, err
}

// epochOf is what a permission to take a copy says: it ends with the epoch that
// it was asked for in, so that none outlives a freeze.
func epochOf(a account.Account) string { return "epoch " + strconv.FormatInt(a.Epoch, 10) }

// ExportUntil tells until when a copy may be fetched; zero if none may.
func (l *Life) ExportUntil(ctx context.Context, who access.Actor) (until time.Time, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		until, err = exportUntil(tx, who)
		return err
	})
	return until, err
}

func exportUntil(tx *db.Tx, who access.Actor) (until time.Time, err error) {
	a, err := account.Get(tx, who.Account)
	if err != nil {
		return until, err
	}
	f, err := account.FactAt(tx, who.Account, "export")
	if err == nil && f.Text() == epochOf(a) && tx.Now.Before(f.Since.Add(exportFor)) {
		until = f.Since.Add(exportFor)
	}
	return until, err
}

// Copied is what an account holds besides what grows with time, for its holder.
type Copied struct {
	Account  account.Account
	Facts    []account.Fact
	Sessions []session.Session
	Devices  []Device
}

// Export opens a copy: it wants the password, unless it was given in the last
// minutes, and enters that the copy was taken before anything is read.
func (l *Life) Export(ctx context.Context, who access.Actor, password seal.Secret) (c Copied, err error) {
	defer fault.Wrap(&err, "signin.Export(%s)", who.Account)
	factors, err := l.sensitive(ctx, who, ActExport, password)
	if err != nil {
		return c, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) error {
		if until, err := exportUntil(tx, who); err != nil || until.IsZero() {
			if err == nil {
				err = ErrNoExport
			}
			return err
		}
		_, err := l.append(tx, who, history.Entry{Verb: history.View, Path: "export"})
		return err
	})
	if err != nil {
		return c, err // log, then serve
	}
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if c.Account, err = account.Get(tx, who.Account); err != nil {
			return err
		}
		if c.Facts, err = account.Facts(tx, who.Account); err != nil {
			return err
		}
		if c.Sessions, err = session.Of(tx, who.Account); err != nil {
			return err
		}
		c.Devices, err = l.devices(tx, who.Account)
		return err
	})
	return c, err
}

// copiedAtOnce is how much of a copy lies in memory at once.
const (
	copiedAtOnce  = 500
	lettersAtOnce = 100 // they have their texts with them
)

// EachChange gives the changes of one's own account, newest first, without what was erased.
func (l *Life) EachChange(ctx context.Context, who access.Actor, give func(history.Change) error) error {
	for before := int64(0); ; {
		var some []history.Change
		err := l.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if some, err = history.Latest(tx, who.Account, before, copiedAtOnce); err == nil {
				err = hideErased(tx, who.Account, some)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range some {
			if err := give(c); err != nil {
				return err
			}
			before = c.Seq
		}
		if len(some) < copiedAtOnce || before <= 1 {
			return nil
		}
	}
}

// EachLetter gives the letters to one's own account, newest first, with the text of
// those that the session may read. It is for a copy, which was proved for when it was opened, however long it takes.
func (l *Life) EachLetter(ctx context.Context, who access.Actor, give func(Letter) error) error {
	var last mail.Record
	for {
		var some []Letter
		err := l.DB.Read(ctx, func(tx *db.Tx) (err error) {
			some, err = l.lettersAfter(tx, who, last)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range some {
			if err := give(r); err != nil {
				return err
			}
			last = r.Record
		}
		if len(some) < lettersAtOnce {
			return nil
		}
	}
}

// lettersAfter gives the letters that were written before one, or the newest, as a copy has them.
func (l *Life) lettersAfter(tx *db.Tx, who access.Actor, last mail.Record) (some []Letter, err error) {
	r, err := l.reader(tx, who)
	if err != nil {
		return nil, err
	}
	r.proved = true
	var records []mail.Record
	if last.ID == "" {
		records, err = mail.Sent(tx, who.Account, lettersAtOnce)
	} else {
		records, err = mail.SentBefore(tx, who.Account, last, lettersAtOnce)
	}
	if err != nil {
		return nil, err
	}
	for _, one := range records {
		letter, err := r.letter(tx, one.ID)
		if err != nil {
			return nil, err
		}
		some = append(some, letter)
	}
	return some, nil
}
