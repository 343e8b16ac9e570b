package app

import (
	"context"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/freeze"
	"takeback/internal/notice"
	"takeback/internal/restore"
	"takeback/internal/signin"
)

// onStep is the story in one table: what follows when a case enters a step, in
// the transaction in which it does.
func (a *App) onStep(tx *db.Tx, c casefile.Case, by access.Actor) error {
	switch c.Step {
	case casefile.Frozen:
		held, err := freeze.Held(tx, c.Account)
		if err != nil {
			return err
		}
		paths := make([]string, len(held))
		for i, o := range held {
			paths[i] = o.Path
		}
		if err := a.Teller.TellFrozen(tx, c, paths...); err != nil {
			return err
		}
		if err := a.Restorer.StopLosses(tx, c); err != nil { // their deadlines wait for nobody
			return err
		}
		return a.Examiner.Consider(tx, c.ID, by) // he may have been proved while the case was only reported
	case casefile.Verified:
		return a.onVerified(tx, c, by)
	case casefile.FalseAlarm:
		if err := a.Judge.FalseAlarm(tx, c.Account); err != nil {
			return err
		}
		if undone, err := a.undone(tx, c); err != nil || undone {
			return err
		}
		f, err := a.Restorer.Declared(tx, c.ID)
		if err != nil {
			return err
		}
		letter, err := a.Returner.Alarm(tx, c, f.Name)
		if err != nil {
			return err
		}
		return a.Teller.TellFalseAlarm(tx, c, letter)
	case casefile.Restored:
		return a.onRestored(tx, c)
	}
	return nil // the other steps begin with a person
}

// undone tells everybody of a freeze that the holder undid himself: they have not
// read what a person looked at, but what it was done with and how to stop it again.
func (a *App) undone(tx *db.Tx, c casefile.Case) (bool, error) {
	entries, err := casefile.Entries(tx, c.ID)
	if err != nil || !slices.ContainsFunc(entries, func(e casefile.Entry) bool { return e.What == freeze.Undone }) {
		return false, err
	}
	stopped, err := casefile.StoppedAt(tx, c.ID)
	if err != nil {
		return true, err
	}
	by, err := a.Examiner.UndoneBy(tx, c.ID)
	if err != nil {
		return true, err
	}
	return true, a.Teller.TellUndone(tx, c, stopped, by)
}

// onRestored takes what the intruder's sessions taught about the account back.
func (a *App) onRestored(tx *db.Tx, c casefile.Case) error {
	_, found, err := a.Investigator.Findings(tx, c)
	if err != nil {
		return err
	}
	theirs := map[string]bool{}
	for id, s := range found.Sessions {
		if s.TaintedFrom != 0 {
			theirs[id] = true
		}
	}
	return a.Judge.Confirm(tx, c.Account, theirs)
}

// onVerified lets an account go that was declared a false alarm before its holder was proved.
func (a *App) onVerified(tx *db.Tx, c casefile.Case, by access.Actor) error {
	f, err := a.Restorer.Declared(tx, c.ID)
	if err != nil || f.At.IsZero() || f.Begun {
		return err
	}
	entries, err := casefile.Entries(tx, c.ID)
	if err != nil {
		return err
	}
	for _, e := range entries { // whoever declared it lets the account go, with what its holder was proved by
		if e.What == "declared.false" {
			by = access.Actor{Role: e.Role, ID: e.Actor, Name: f.Name, Client: access.Client{Request: e.ID}} // the entry is what asked for it
		}
	}
	_, err = a.Freezer.LetGo(tx, c.ID, by)
	return err
}

// onFalse is what follows when a case is declared a false alarm before anything
// was carried out: the account goes at once if its holder is proved, else as soon
// as he is.
func (a *App) onFalse(tx *db.Tx, c casefile.Case, by access.Actor) error {
	if err := a.Examiner.Consider(tx, c.ID, by); err != nil { // he may have been proved while there was a plan
		return err
	}
	c, err := casefile.Get(tx, c.ID)
	if err != nil || c.Step != casefile.Verified {
		return err
	}
	by.Session = "" // one of the desk has no place in the history of an account
	_, err = a.Freezer.LetGo(tx, c.ID, by)
	return err
}

// crier lets ordinary life tell of what the history alone does not say.
type crier struct{ *notice.Teller }

func pendingOf(w signin.Wish) notice.Pending {
	return notice.Pending{Account: w.Account, Path: w.Path, To: w.To, Due: w.Due, By: w.By}
}

// TellRequested implements signin.Crier.
func (c crier) TellRequested(tx *db.Tx, w signin.Wish) error {
	return c.Teller.TellRequested(tx, pendingOf(w))
}

// TellCancelled implements signin.Crier.
func (c crier) TellCancelled(tx *db.Tx, w signin.Wish) error {
	return c.Teller.TellCancelled(tx, pendingOf(w))
}

// NotMe implements signin.Crier.
func (c crier) NotMe(tx *db.Tx, about signin.Told) (link string, until time.Time, err error) {
	return c.Teller.NotMe(tx, about.Account, about.Epoch, notice.Link{Number: about.Number, Seq: about.Seq, Version: about.Version})
}

// byService is what the protected service asks of rooms, each call in a transaction of its own.
type byService struct{ *App }

// StopAccount stops an account because the service says so.
func (s byService) StopAccount(ctx context.Context, accountID, story string, by access.Actor) (c casefile.Case, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		of, err := account.Get(tx, accountID)
		if err != nil {
			return err
		}
		c, err = s.Freezer.Stop(tx, casefile.Case{Account: of.ID, Source: "api", Language: of.Language, Story: story}, by)
		return err
	})
	return c, err
}

// Unusable tells which cards of an account must be entered again.
func (s byService) Unusable(ctx context.Context, accountID string) (cards map[string]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := restore.Unusable(tx, accountID)
		cards = setOf(paths)
		return err
	})
	return cards, err
}

// HeldPaths tells which orders of an account are held.
func (s byService) HeldPaths(ctx context.Context, accountID string) (orders map[string]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		held, err := freeze.Held(tx, accountID)
		orders = map[string]bool{}
		for _, o := range held {
			orders[o.Path] = true
		}
		return err
	})
	return orders, err
}

func setOf(paths []string) map[string]bool {
	set := map[string]bool{}
	for _, p := range paths {
		set[p] = true
	}
	return set
}
