package restore

import (
	"context"
	"errors"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// Clearer takes back every mark of a case.
type Clearer interface {
	TakeBack(tx *db.Tx, c casefile.Case, by access.Actor, reason string) error
}

// DeclareFalse says of a case that there was no intruder: it was the holder all
// along. Every mark is taken back. If a plan was carried out, the plan that it
// gives is the inverse one: it brings back everything but secrets and what was
// done outside, and takes a second person like any other; the account then goes
// back to its holder as after any restore. If none was carried out there is
// nothing to undo and the plan has no ID: the account can be let go at once.
func (r *Restorer) DeclareFalse(ctx context.Context, by access.Actor, caseID, reason string) (p Stored, err error) {
	defer fault.Wrap(&err, "restore.DeclareFalse(%s)", caseID)
	if !by.May(access.Investigate) {
		return p, ErrForbidden
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p = Stored{}
		// The entry in the case comes first: it locks the case against whoever marks just now.
		if err := r.Files.Note(tx, caseID, by, "declared.false", reason); err != nil {
			return err
		}
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		if c.Step == casefile.HandedBack || c.Step.Over() {
			return ErrNotHeld
		}
		if err := r.Clear.TakeBack(tx, c, by, reason); err != nil {
			return err
		}
		marks, err := r.Finder.Marked(tx, caseID)
		if err != nil {
			return err
		}
		if err := insertFalse(tx, caseID, marks, by); err != nil {
			return err
		}
		p, err = r.undo(tx, by, c)
		return err
	})
	return p, err
}

// undo makes the inverse plan if there is anything to undo; else the case goes
// back to where an account can be let go from.
func (r *Restorer) undo(tx *db.Tx, by access.Actor, c casefile.Case) (Stored, error) {
	begun, err := everBegun(tx, c.ID)
	if err != nil {
		return Stored{}, err
	}
	if c.Step == casefile.Approved || begun && (c.Step == casefile.Frozen || c.Step == casefile.Verified) {
		if _, err := r.Files.Advance(tx, c.ID, casefile.Investigating, by); err != nil {
			return Stored{}, err
		}
	}
	if !begun {
		return Stored{}, nil
	}
	former, err := present(tx, c.ID)
	if err != nil {
		return Stored{}, err
	}
	return r.plan(tx, by, c.ID, former, nil) // what other systems hold is seen when it is carried out
}

// isFalse tells whether a case was declared false and nothing was marked since.
func (r *Restorer) isFalse(tx *db.Tx, caseID string) (bool, error) {
	then, err := falseAt(tx, caseID)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	marks, err := r.Finder.Marked(tx, caseID)
	return marks == then, err
}
