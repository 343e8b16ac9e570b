package restore

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
)

// Approve is the word of the second person, for the plan of exactly this hash.
func (r *Restorer) Approve(ctx context.Context, by access.Actor, caseID, hash string) (err error) {
	defer fault.Wrap(&err, "restore.Approve(%s)", caseID)
	return r.ifCurrent(ctx, caseID, func(tx *db.Tx, c casefile.Case, p Stored) error {
		if p.Hash != hash {
			return ErrOther
		}
		if c.Step != casefile.Planned {
			return casefile.ErrStep
		}
		answers, err := answersOf(tx, caseID)
		if err != nil {
			return err
		}
		if err := r.mayApprove(tx, by, c, p, answers); err != nil {
			return err
		}
		if err := insertApproval(tx, p.ID, Approval{Hash: hash, Actor: by.ID, Name: by.Name}); err != nil {
			return err
		}
		_, err = r.Files.Advance(tx, caseID, casefile.Approved, by)
		return err
	})
}

// mayApprove tells why somebody may not be the second person; nil if he may.
func (r *Restorer) mayApprove(tx *db.Tx, by access.Actor, c casefile.Case, p Stored, answers []Answered) error {
	if err := mayApprove(by, p, answers); err != nil || r.Eyes == nil {
		return err
	}
	return r.Eyes.Apart(tx, by.ID, p.MadeBy, c.OpenedAt)
}

// mayApprove is the part of it that follows from the plan alone.
func mayApprove(by access.Actor, p Stored, answers []Answered) error {
	switch {
	case !by.May(access.Approve):
		return ErrForbidden
	case by.ID == p.MadeBy:
		return ErrOwnPlan
	case slices.Contains(p.Barred, by.ID):
		return ErrBarred
	case slices.ContainsFunc(answers, func(a Answered) bool { return a.Actor == by.ID && a.against(p.Questions) }):
		return ErrOwnWord
	case slices.ContainsFunc(p.Questions, func(q Question) bool { return answerTo(q, answers) == "" }):
		return ErrQuestions
	}
	return nil
}

// Refuse gives a plan back to the investigators, with the second person's reason.
func (r *Restorer) Refuse(ctx context.Context, by access.Actor, caseID, hash, reason string) (err error) {
	defer fault.Wrap(&err, "restore.Refuse(%s)", caseID)
	if !by.May(access.Approve) {
		return ErrForbidden
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := present(tx, caseID)
		if err != nil {
			return err
		}
		if p.Hash != hash {
			return ErrOther
		}
		if err := r.Files.Note(tx, caseID, by, "plan.refused", reason); err != nil {
			return err
		}
		_, err = r.Files.Advance(tx, caseID, casefile.Investigating, by)
		return err
	})
}

// Start begins to carry out the approved plan: the account enters an epoch of
// its own for it, and a job does the rest.
func (r *Restorer) Start(ctx context.Context, by access.Actor, caseID string) (err error) {
	defer fault.Wrap(&err, "restore.Start(%s)", caseID)
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	return r.ifCurrent(ctx, caseID, func(tx *db.Tx, c casefile.Case, p Stored) error {
		if c.Step != casefile.Approved {
			return casefile.ErrStep
		}
		all, err := approvals(tx, p.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(a Approval) bool { return a.Hash == p.Hash && a.Actor != p.MadeBy }) {
			return ErrUnapproved
		}
		if err := r.launch(tx, by, p); err != nil {
			return err
		}
		return jobs.Enqueue(tx, jobs.Job{Kind: jobApply, Key: "restore " + p.Account, Args: p.ID})
	})
}

// launch lets nobody write to the account any more but the plan, in an epoch of its own.
func (r *Restorer) launch(tx *db.Tx, by access.Actor, p Stored) error {
	epoch, err := account.Turn(tx, p.Account, account.Restoring, time.Time{}, account.Frozen, account.Restoring)
	if err != nil {
		return err
	}
	if _, err := r.Book.Append(tx, history.Entry{Account: p.Account, By: by, Verb: history.State, Value: restoring, Case: p.Case}); err != nil {
		return err
	}
	if err := begin(tx, p.ID, epoch); err != nil {
		return err
	}
	_, err = r.Files.Advance(tx, p.Case, casefile.Restoring, by)
	return err
}

// Undertake keeps a plan for an approved case and begins it, in the caller's
// transaction; Carry with the id of what it gives does the rest. It asks for no
// second person: it is for whoever answers for a plan by other means, and no
// page leads here.
func (r *Restorer) Undertake(tx *db.Tx, by access.Actor, c casefile.Case, plan Plan) (p Stored, err error) {
	defer fault.Wrap(&err, "restore.Undertake(%s)", c.ID)
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return p, err
	}
	p = Stored{Case: c.ID, Account: a.ID, Epoch: a.Epoch, Head: a.Head, MadeBy: by.ID, MadeName: by.Name, Plan: plan}
	p.Hash = hashOf(p.Plan, p.Account, p.Epoch, p.Head)
	if err := insertPlan(tx, &p, ""); err != nil {
		return p, err
	}
	return p, r.launch(tx, by, p)
}

// restoring is the state in the history's words.
var restoring = json.RawMessage(`"` + string(account.Restoring) + `"`)

// ifCurrent runs f with the plan of a case, if the account and the marks are
// still as the plan has seen them. If not, a new plan takes its place, in the
// name of whoever made the old one, and the caller hears ErrMovedOn.
func (r *Restorer) ifCurrent(ctx context.Context, caseID string, f func(*db.Tx, casefile.Case, Stored) error) error {
	there, err := r.look(ctx, caseID)
	if err != nil {
		return err
	}
	moved := false
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		moved = false
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		p, err := present(tx, caseID)
		if err != nil {
			return err
		}
		if p.ID == "" {
			return ErrNoPlan
		}
		if moved, err = r.stale(tx, c, p); err != nil {
			return err
		}
		if moved && casefile.May(c.Step, casefile.Planned) {
			_, err = r.plan(tx, access.Actor{Role: access.System, ID: p.MadeBy, Name: p.MadeName}, caseID, p, there)
			return err
		}
		moved = false
		return f(tx, c, p)
	})
	if err == nil && moved {
		err = ErrMovedOn
	}
	return err
}

// stale tells whether something has happened since a plan was made that it has not seen.
func (r *Restorer) stale(tx *db.Tx, c casefile.Case, p Stored) (bool, error) {
	a, err := account.Get(tx, p.Account)
	if err != nil {
		return false, err
	}
	marks, err := r.Finder.Marked(tx, c.ID)
	if err != nil || marks != p.Marks || p.StartedAt.IsZero() && a.Epoch != p.Epoch {
		return true, err
	}
	if old, err := r.outdated(tx, p); old || err != nil {
		return old, err
	}
	h, err := history.Since(tx, p.Account, p.Head+1, manyChanges)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(h, moves), nil
}

// manyChanges is more than a stopped account gets between a plan and its approval.
const manyChanges = 100_000
