package report

import (
	"context"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
)

// NotMeIn stops an account from inside: whoever is signed in says of one change
// or sign-in that it was not him, as the link of a letter does. It proves
// nothing: a session may be the intruder's, so the reporter counts as one who
// came through no mailbox, and what he said is the case's beginning and no more.
// A change that is not there, or that nobody can disown, is history.ErrNoChange.
func (i *Intake) NotMeIn(ctx context.Context, who access.Actor, seq int64) (r Receipt, err error) {
	defer fault.Wrap(&err, "report.NotMeIn(%s %d)", who.Account, seq)
	by := stranger(who.Client)
	err = i.DB.Write(ctx, func(tx *db.Tx) error {
		r = Receipt{}
		a, err := account.Get(tx, who.Account)
		if err != nil {
			return err
		}
		if a.Epoch != who.Epoch || who.Limited || a.State != account.Open && a.State != account.Guarded {
			return account.ErrFrozen // it was stopped this moment: there is a case
		}
		change, err := history.Entered(tx, a.ID, seq)
		if err != nil {
			return err
		}
		if !change.Disownable() {
			return history.ErrNoChange
		}
		c, err := i.Freezer.Stop(tx, casefile.Case{Account: a.ID, Source: "not-me", Language: who.Client.Language, ReportedSeq: seq}, by)
		if err != nil {
			return err
		}
		reporter, err := i.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Language: who.Client.Language, Claims: a.ID}, by)
		if err != nil {
			return err
		}
		r.Case, r.Stopped = c.ID, c.Step == casefile.Frozen
		r.Token, err = casefile.Page{Case: c.ID, Reporter: reporter.ID}.Link(tx, i.Seal)
		return err
	})
	return r, err
}
