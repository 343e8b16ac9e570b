package casefile

import (
	"errors"
	"fmt"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Case is one file.
type Case struct {
	ID          string
	Account     string // empty while nobody knows which account is meant
	Step        Step
	Source      string // "not-me", "contact", "desk", "api", "phishing"
	Language    string // of the person who reported
	Story       string // in the person's words
	Notice      string // number of the notice whose link was used
	ReportedSeq int64  // the change that notice was about; 0 if none
	OpenedAt    time.Time
	MovedAt     time.Time // when it entered its step
	ClosedAt    time.Time
	Assigned    string // id of staff
	Revision    int64  // grows with every entry; two people at once are told apart by it
}

// Entry is something that happened in a case.
type Entry struct {
	ID    string
	At    time.Time
	Role  access.Role
	Actor string
	What  string
	Text  string
}

// The errors of cases.
var (
	ErrNone = fault.New(fault.NotFound, "case.none", "There is no such case.")
	ErrStep = fault.New(fault.Conflict, "case.step", "The case has moved on meanwhile. Please look again.")
)

// Topic is announced with the id of a case whenever something in it changed.
const Topic = "case"

// Files keeps the cases. OnStep is called in the transaction in which a case
// enters a step; app/flow fills it.
type Files struct {
	OnStep func(tx *db.Tx, c Case, by access.Actor) error
}

// Open opens a case, or gives the open case of its account (joined is true
// then, and the story is added to it).
func (f *Files) Open(tx *db.Tx, c Case, by access.Actor) (_ Case, joined bool, err error) {
	defer fault.Wrap(&err, "casefile.Open(%s)", c.Account)
	if c.Account != "" {
		old, err := OfAccount(tx, c.Account)
		if err == nil {
			return old, true, f.Note(tx, old.ID, by, "joined."+c.Source, c.Story)
		}
		if !errors.Is(err, ErrNone) {
			return c, false, err
		}
	}
	step := c.Step
	if step == "" {
		step = Reported
	}
	if !May("", step) {
		return c, false, fmt.Errorf("a case cannot begin with %q", step)
	}
	c.ID, c.Step, c.OpenedAt, c.MovedAt, c.Revision = seal.ID("case"), step, tx.Now, tx.Now, 1
	if err := insert(tx, c); err != nil {
		return c, false, err
	}
	if err := f.Note(tx, c.ID, by, "step."+string(step), c.Story); err != nil {
		return c, false, err
	}
	return c, false, f.entered(tx, c, by)
}

// Advance moves a case to its next step, in the transaction of what the step
// means. It returns ErrStep if the table does not allow it from where the case is.
func (f *Files) Advance(tx *db.Tx, id string, to Step, by access.Actor) (c Case, err error) {
	defer fault.Wrap(&err, "casefile.Advance(%s, %s)", id, to)
	if c, err = Get(tx, id); err != nil {
		return c, err
	}
	if !May(c.Step, to) {
		return c, ErrStep.Because(fmt.Errorf("from %q to %q", c.Step, to))
	}
	var closed time.Time
	if to.Over() {
		closed = tx.Now
	}
	n, err := tx.Exec(`UPDATE case_file SET step = $1, moved_at = $2, closed_at = $3 WHERE id = $4 AND step = $5`, to, tx.Now, closed, id, c.Step)
	if err != nil {
		return c, err
	}
	if n == 0 {
		return c, ErrStep
	}
	c.Step, c.MovedAt, c.ClosedAt = to, tx.Now, closed
	if err := f.Note(tx, id, by, "step."+string(to), ""); err != nil {
		return c, err
	}
	return c, f.entered(tx, c, by)
}

func (f *Files) entered(tx *db.Tx, c Case, by access.Actor) error {
	if f.OnStep == nil {
		return nil
	}
	return f.OnStep(tx, c, by)
}

// Note enters something in a case. what is a code that pages translate.
func (f *Files) Note(tx *db.Tx, id string, by access.Actor, what, text string) error {
	var no int64
	err := tx.Row(`UPDATE case_file SET revision = revision + 1 WHERE id = $1 RETURNING revision`, id).Scan(&no)
	if errors.Is(err, db.ErrNone) {
		return ErrNone
	}
	if err != nil {
		return err
	}
	if err := tx.Put(`INSERT INTO case_entry (id, case_id, no, at, role, actor, what, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seal.ID("ce"), id, no, tx.Now, by.Role, by.ID, what, text); err != nil {
		return err
	}
	return tx.Announce(Topic, id)
}

// Name says which account a case is about, when the desk has found out. It
// fails with ErrStep if the case names another one already.
func (f *Files) Name(tx *db.Tx, id, account string, by access.Actor) error {
	n, err := tx.Exec(`UPDATE case_file SET account = $1 WHERE id = $2 AND account = ''`, account, id)
	if err == nil && n == 0 {
		err = ErrStep
	}
	if err != nil {
		return err
	}
	return f.Note(tx, id, by, "named", account)
}

// Assign gives a case to a member of staff; an empty id gives it back to the queue.
func (f *Files) Assign(tx *db.Tx, id, staff string, by access.Actor) error {
	if err := tx.Put(`UPDATE case_file SET assigned = $1 WHERE id = $2`, staff, id); err != nil {
		return err
	}
	return f.Note(tx, id, by, "assigned", staff)
}
