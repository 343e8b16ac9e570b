package signin

import (
	"context"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/session"
)

// shownFor is how long one look at a sensitive value counts as one: who reads
// the same page again and again leaves one entry, not a hundred.
const shownFor = 10 * time.Minute

// Facts gives one's own account and everything that is true in it, by path.
func (l *Life) Facts(ctx context.Context, who access.Actor) (a account.Account, facts map[string]account.Fact, err error) {
	defer fault.Wrap(&err, "signin.Facts(%s)", who.Account)
	facts = map[string]account.Fact{}
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if a, err = account.Get(tx, who.Account); err != nil {
			return err
		}
		all, err := account.Facts(tx, who.Account)
		for _, f := range all {
			facts[f.Path] = f
		}
		return err
	})
	return a, facts, err
}

// History gives the changes of one's own account, newest first, before a
// number (0: from the newest), with the sessions they were made in.
func (l *Life) History(ctx context.Context, who access.Actor, before int64, limit int) (changes []history.Change, sessions map[string]session.Session, err error) {
	defer fault.Wrap(&err, "signin.History(%s)", who.Account)
	sessions = map[string]session.Session{}
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if changes, err = history.Latest(tx, who.Account, before, limit); err != nil {
			return err
		}
		if err := hideErased(tx, who.Account, changes); err != nil {
			return err
		}
		all, err := session.Of(tx, who.Account)
		for _, s := range all {
			sessions[s.ID] = s
		}
		return err
	})
	return changes, sessions, err
}

// hideErased takes the values out of changes, newest first, whose path the holder
// had erased later: the entry stays, what it said is not shown again.
func hideErased(tx *db.Tx, account string, changes []history.Change) error {
	if len(changes) == 0 {
		return nil
	}
	erased, err := history.ErasedSince(tx, account, changes[len(changes)-1].Seq)
	for i, c := range changes {
		if erased[c.Path] >= c.Seq && c.Path != "" {
			changes[i].Before, changes[i].After = nil, nil
		}
	}
	return err
}

// Change gives one change of one's own account, or history.ErrNoChange.
func (l *Life) Change(ctx context.Context, who access.Actor, seq int64) (c history.Change, err error) {
	defer fault.Wrap(&err, "signin.Change(%s %d)", who.Account, seq)
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = history.Entered(tx, who.Account, seq)
		if err != nil {
			return err
		}
		one := []history.Change{c}
		err = hideErased(tx, who.Account, one)
		c = one[0]
		return err
	})
	return c, err
}

// Show gives a sensitive contact in clear, and enters that it was shown: once
// in ten minutes for each session and path.
func (l *Life) Show(ctx context.Context, who access.Actor, path string) (value string, err error) {
	defer fault.Wrap(&err, "signin.Show(%s, %s)", who.Account, path)
	kind, ok := l.Book.Kinds.Of(path)
	if !ok || kind.Algebra != account.ContactOf {
		return "", history.ErrKind.On("path")
	}
	var entered bool
	var version string // that is shown: it may be replaced before the entry is written
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := factThere(tx, who.Account, path, history.ErrAbsent.On("path"))
		if err != nil {
			return err
		}
		value = f.Text()
		if version, err = versionAt(tx, who.Account, path); err != nil {
			return err
		}
		entered, err = shownSince(tx, who.Session, path, tx.Now.Add(-shownFor))
		return err
	})
	if err != nil || entered {
		return value, err
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		fresh, err := markShown(tx, who.Session, path, tx.Now.Add(-shownFor))
		if err != nil || !fresh {
			return err
		}
		_, err = l.append(tx, who, history.Entry{Verb: history.View, Path: path, Version: version})
		return err
	})
	if err != nil {
		return "", err // log, then serve
	}
	return value, nil
}

// versionAt gives the version of the contact that is in a slot now.
func versionAt(tx *db.Tx, accountID, slot string) (string, error) {
	contacts, err := account.Contacts(tx, accountID)
	i := slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Slot == slot && c.Until.IsZero() })
	if err != nil || i < 0 {
		return "", err
	}
	return contacts[i].Version, nil
}
