package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Finder is what restore needs of whoever investigates.
type Finder interface {
	// Findings gives the history of the account of a case, and what was found about it.
	Findings(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error)
	// Marked gives the number of the last mark of a case.
	Marked(tx *db.Tx, caseID string) (int64, error)
	// Foreseen is Findings, but while nobody has marked anything it goes by what was reported.
	Foreseen(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error)
}

// Releaser holds an order, if it is not held yet, and lets go of one that was held, if it was.
type Releaser interface {
	Hold(tx *db.Tx, account, path, caseID string, by access.Actor) error
	Release(tx *db.Tx, account, path, caseID string, by access.Actor) error
}

// Eyes knows whether two members of staff are two people. It is the desk.
type Eyes interface {
	// Apart returns an error in public words if one of the two may have the other in his hand.
	Apart(tx *db.Tx, one, other string, opened time.Time) error
}

// Calls knows what came of the calls in a case. It is the verification.
type Calls interface {
	// Unreached tells whether the last call in a case at the number of a contact version did not reach the holder.
	Unreached(tx *db.Tx, caseID, version string) (bool, error)
}

// Follow is what follows in the same transaction.
type Follow func(tx *db.Tx, c casefile.Case, by access.Actor) error

// Restorer makes plans and carries them out.
type Restorer struct {
	DB      *db.DB
	Book    *history.Book
	Files   *casefile.Files
	Port    connector.Port
	Finder  Finder
	Clear   Clearer  // for DeclareFalse alone
	OnFalse Follow   // what follows when nothing was carried out that had to be undone; nil: nothing
	Release Releaser // may be nil: then nothing was ever held
	Eyes    Eyes     // may be nil where nobody lets staff in
	Calls   Calls    // may be nil where nobody calls
}

// The errors of this room besides those of casefile and account.
var (
	ErrForbidden  = fault.New(fault.Forbidden, "restore.forbidden", "You may not do this.")
	ErrNoPlan     = fault.New(fault.Conflict, "restore.no-plan", "There is no plan yet.")
	ErrOther      = fault.New(fault.Conflict, "restore.other-plan", "Somebody else has made another plan meanwhile. Please look at it first.")
	ErrNotHeld    = fault.New(fault.Conflict, "restore.not-held", "The account is not held still. Stop it first.")
	ErrOwnWord    = fault.New(fault.Forbidden, "restore.own-word", "You have said that something is the holder's although the rules say otherwise. That takes a second person.")
	ErrOwnPlan    = fault.New(fault.Forbidden, "restore.own-plan", "You have made this plan yourself. A second person must approve it.")
	ErrBarred     = fault.New(fault.Forbidden, "restore.barred", "The plan undoes acts of your own. Somebody else must approve it.")
	ErrQuestions  = fault.New(fault.Conflict, "restore.questions", "There are questions that nobody has answered yet.")
	ErrMarked     = fault.New(fault.Conflict, "restore.marked", "Somebody else has marked something meanwhile. Please look at it first.")
	ErrMovedOn    = fault.New(fault.Conflict, "restore.moved", "Something has changed since the plan was made. A new plan was made; please look at it.")
	ErrUnapproved = fault.New(fault.Conflict, "restore.unapproved", "Nobody has approved this plan.")
	ErrNoQuestion = fault.New(fault.Conflict, "restore.no-question", "This question is not asked any more.")
	ErrAnswer     = fault.New(fault.Invalid, "restore.answer", "This is no answer to this question.")
)

// MakePlan makes the plan of a case, in the place of the one whose hash the
// investigator has seen (empty for none); whatever was approved of that is void.
// If somebody else has made another one meanwhile he hears ErrOther. If nothing
// has changed since the present plan was made, that is given and stays as it is.
func (r *Restorer) MakePlan(ctx context.Context, by access.Actor, caseID, seen string) (p Stored, err error) {
	defer fault.Wrap(&err, "restore.MakePlan(%s)", caseID)
	if !by.May(access.Investigate) {
		return p, ErrForbidden
	}
	there, err := r.look(ctx, caseID)
	if err != nil {
		return p, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		former, err := present(tx, caseID)
		if err != nil {
			return err
		}
		if former.Hash != seen {
			return ErrOther
		}
		p, err = r.plan(tx, by, caseID, former, there)
		return err
	})
	return p, err
}

// plan makes a plan and moves its case to Planned.
func (r *Restorer) plan(tx *db.Tx, by access.Actor, caseID string, former Stored, present map[string]json.RawMessage) (Stored, error) {
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return Stored{}, err
	}
	p, err := r.compute(tx, c, present)
	if err != nil {
		return p, err
	}
	if p.Hash == former.Hash && p.Marks == former.Marks && c.Step == casefile.Planned && former.StartedAt.IsZero() && sameQuestions(p, former) {
		return former, nil
	}
	p.MadeBy, p.MadeName = by.ID, by.Name
	if err := insertPlan(tx, &p, former.ID); err != nil {
		return p, err
	}
	if c.Step == casefile.Verified && p.Marks > 0 { // the holder was proved while somebody investigated
		if _, err := r.Files.Advance(tx, caseID, casefile.Investigating, by); err != nil {
			return p, err
		}
	}
	_, err = r.Files.Advance(tx, caseID, casefile.Planned, by)
	return p, err
}

func sameQuestions(a, b Stored) bool {
	return slices.EqualFunc(a.Questions, b.Questions, Question.asked)
}

// Compute gives the plan that MakePlan would make now, and keeps nothing: the
// rules and what people have answered, applied to the account as it is.
func (r *Restorer) Compute(tx *db.Tx, c casefile.Case) (p Stored, err error) {
	return r.compute(tx, c, nil)
}

// compute is Compute with what the other system was seen to hold.
func (r *Restorer) compute(tx *db.Tx, c casefile.Case, present map[string]json.RawMessage) (p Stored, err error) {
	h, found, err := r.Finder.Findings(tx, c)
	if err != nil {
		return p, err
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return p, err
	}
	if a.State != account.Frozen && a.State != account.Restoring {
		return p, ErrNotHeld
	}
	facts, err := account.Facts(tx, c.Account)
	if err != nil {
		return p, err
	}
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return p, err
	}
	p = Stored{Case: c.ID, Account: c.Account, Epoch: a.Epoch, Head: headOf(h), Barred: barredBy(h, &found),
		Plan: MakePlan(h, found, r.Book.Kinds, tx.Now)}
	if p.Marks, err = r.Finder.Marked(tx, c.ID); err != nil {
		return p, err
	}
	declaredFalse, err := r.DeclaredFalse(tx, c.ID)
	if err != nil {
		return p, err
	}
	if !declaredFalse { // else there was nobody against whom secrets would have to be enrolled again
		p.sweep(facts, r.Book.Kinds)
	}
	o, err := r.outside(tx, &p, present)
	if err != nil {
		return p, err
	}
	p.check(o, r.Book.Kinds, tx.Now)
	p.settle(answers, facts, r.Book.Kinds)
	p.Plan = sorted(p.Plan)
	p.Hash = hashOf(p.Plan, p.Account, p.Epoch, p.Head)
	return p, nil
}

// Answer keeps what an investigator answered to questions of the plan that he has
// seen, to all of them or to none, and makes the plan anew.
func (r *Restorer) Answer(ctx context.Context, by access.Actor, caseID, seen string, answer Answer, to ...Question) (err error) {
	defer fault.Wrap(&err, "restore.Answer(%s)", caseID)
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	there, err := r.look(ctx, caseID)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		former, err := present(tx, caseID)
		if err != nil {
			return err
		}
		if former.Hash != seen {
			return ErrOther
		}
		for _, q := range to {
			if err := r.keepAnswer(tx, by, caseID, former.Questions, q, answer); err != nil {
				return fmt.Errorf("%s: %w", q.Path, err)
			}
		}
		_, err = r.plan(tx, by, caseID, former, there)
		return err
	})
}

// keepAnswer keeps an answer to one of the questions that are asked.
func (r *Restorer) keepAnswer(tx *db.Tx, by access.Actor, caseID string, asked []Question, q Question, answer Answer) error {
	i := slices.IndexFunc(asked, q.asked)
	if i < 0 {
		return ErrNoQuestion
	}
	if !slices.Contains(asked[i].Choices(), answer) {
		return ErrAnswer
	}
	if err := insertAnswer(tx, caseID, Answered{Question: q, Answer: answer, Actor: by.ID}); err != nil {
		return err
	}
	return r.Files.Note(tx, caseID, by, "answer."+string(answer), q.Path)
}
