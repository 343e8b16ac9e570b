package restore

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// Clearer takes back what was marked in a case since a time, as far as it still
// says something. It refuses who may not.
type Clearer interface {
	TakeBack(tx *db.Tx, c casefile.Case, since time.Time, by access.Actor, reason string) error
}

// DeclareFalse says of a case that there was no intruder: it was the holder all
// along. It is the one verb for that, wherever the case stands. What was marked
// since the account was last stopped is taken back. If a plan was carried out
// since, the plan that it gives is the inverse one: it brings back everything but
// secrets and what was done outside, and takes a second person like any other;
// the account then goes back to its holder as after any restore. If none was
// carried out the plan has no ID, and OnFalse says what follows: the account goes
// as soon as its holder is proved. seen is the number of the last mark that
// whoever says so has seen. While nobody has marked anything an agent may say so, too.
func (r *Restorer) DeclareFalse(ctx context.Context, by access.Actor, caseID string, seen int64, reason string) (p Stored, err error) {
	defer fault.Wrap(&err, "restore.DeclareFalse(%s)", caseID)
	if !by.May(access.Freeze) {
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
		if !c.Step.Held() {
			return ErrNotHeld
		}
		begun, err := r.takeBack(tx, by, c, seen, reason)
		if err != nil {
			return err
		}
		p, err = r.undo(tx, by, c, begun)
		return err
	})
	return p, err
}

// takeBack takes back the marks and keeps who said so; begun tells whether a plan
// was begun since the account was last stopped.
func (r *Restorer) takeBack(tx *db.Tx, by access.Actor, c casefile.Case, seen int64, reason string) (begun bool, err error) {
	marks, err := r.Finder.Marked(tx, c.ID)
	if err != nil {
		return false, err
	}
	if marks != seen {
		return false, ErrMarked
	}
	stopped, err := casefile.StoppedAt(tx, c.ID)
	if err != nil {
		return false, err
	}
	if begun, err = begunSince(tx, c.ID, stopped); err != nil {
		return false, err
	}
	if begun && !by.May(access.Investigate) {
		return begun, ErrForbidden
	}
	if err := r.Clear.TakeBack(tx, c, stopped, by, reason); err != nil {
		return begun, err
	}
	if marks, err = r.Finder.Marked(tx, c.ID); err != nil {
		return begun, err
	}
	return begun, insertFalse(tx, c.ID, marks, by)
}

// undo makes the inverse plan if there is anything to undo; else the case goes
// back to where an account can be let go from.
func (r *Restorer) undo(tx *db.Tx, by access.Actor, c casefile.Case, begun bool) (_ Stored, err error) {
	if c.Step == casefile.Approved || c.Step == casefile.Planned && !begun || begun && (c.Step == casefile.Frozen || c.Step == casefile.Verified) {
		if c, err = r.Files.Advance(tx, c.ID, casefile.Investigating, by); err != nil {
			return Stored{}, err
		}
	}
	if !begun {
		if r.OnFalse == nil {
			return Stored{}, nil
		}
		return Stored{}, r.OnFalse(tx, c, by)
	}
	former, err := present(tx, c.ID)
	if err != nil {
		return Stored{}, err
	}
	return r.plan(tx, by, c.ID, former, nil) // what other systems hold is seen when it is carried out
}

// False is that a case was declared a false alarm.
type False struct {
	At    time.Time // zero if it was not
	Name  string    // of who said so
	Begun bool      // a plan was begun since the account was last stopped: there is something to undo

	stopped time.Time
	marks   int64
}

// Declared tells whether a case was declared a false alarm since its account was
// last stopped, and nothing was marked since.
func (r *Restorer) Declared(tx *db.Tx, caseID string) (f False, err error) {
	defer fault.Wrap(&err, "restore.Declared(%s)", caseID)
	stopped, err := casefile.StoppedAt(tx, caseID)
	if err != nil {
		return f, err
	}
	said, err := falseOf(tx, caseID)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return f, err
	}
	if err == nil && !said.At.Before(stopped) {
		marks, err := r.Finder.Marked(tx, caseID)
		if err != nil {
			return f, err
		}
		if said.marks == marks {
			f = said
		}
	}
	f.stopped = stopped
	f.Begun, err = begunSince(tx, caseID, stopped)
	return f, err
}

// DeclaredFalse is the part of it that a letter needs.
func (r *Restorer) DeclaredFalse(tx *db.Tx, caseID string) (bool, error) {
	f, err := r.Declared(tx, caseID)
	return !f.At.IsZero(), err
}
