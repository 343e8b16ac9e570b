package restore

import (
	"context"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// OpenFor gives the questions that the plan of a case would ask now of one
// addressee, and that nobody has answered.
func (r *Restorer) OpenFor(tx *db.Tx, c casefile.Case, to Addressee) (open []Question, err error) {
	defer fault.Wrap(&err, "restore.OpenFor(%s, %s)", c.ID, to)
	p, err := r.Compute(tx, c)
	if err != nil {
		return nil, err
	}
	answers, err := answersOf(tx, c.ID)
	if err != nil {
		return nil, err
	}
	for _, q := range p.Questions {
		if q.Why.Addressee(false) == to && answerTo(q, answers) == "" {
			open = append(open, q)
		}
	}
	return open, nil
}

// AnswerAsHolder keeps what the holder answered to a question that only she can
// answer, in the caller's transaction; Afresh makes the plan anew with it.
func (r *Restorer) AnswerAsHolder(tx *db.Tx, by access.Actor, c casefile.Case, q Question, answer Answer) (err error) {
	defer fault.Wrap(&err, "restore.AnswerAsHolder(%s, %s)", c.ID, q.Path)
	if !by.Limited || by.Account != c.Account {
		return ErrForbidden
	}
	open, err := r.OpenFor(tx, c, ToHolder)
	if err != nil {
		return err
	}
	return r.keepAnswer(tx, by, c.ID, open, q, answer)
}

// Afresh does something that changes what a plan goes by and, in the same
// transaction, makes the plan of the case anew, in the name of whoever made it:
// what was approved of the former one is void. A plan that is being carried out,
// or has been, stays as it is, and one that nobody made is not made.
func (r *Restorer) Afresh(ctx context.Context, caseID string, do func(tx *db.Tx) error) (err error) {
	defer fault.Wrap(&err, "restore.Afresh(%s)", caseID)
	there, err := r.look(ctx, caseID)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		former, err := present(tx, caseID)
		if err != nil || former.ID == "" || !former.StartedAt.IsZero() {
			return err
		}
		c, err := casefile.Get(tx, caseID)
		if err != nil || !casefile.May(c.Step, casefile.Planned) {
			return err
		}
		_, err = r.plan(tx, access.Actor{Role: access.System, ID: former.MadeBy, Name: former.MadeName}, caseID, former, there)
		return err
	})
}
