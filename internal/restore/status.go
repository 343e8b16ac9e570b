package restore

import (
	"context"
	"encoding/json"
	"slices"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Status is what people see of the plan of a case.
type Status struct {
	Stored           // ID is empty if there is no plan yet
	Lines            []Line
	Asked            []Asked
	Approvals        []Approval
	Stale            bool         // something has happened since it was made
	MayNot           *fault.Error // why this reader may not be the second person; nil if he may
	Open             int          // questions without an answer
	Lane             []Loss       // orders that did not wait for the plan, the earliest deadline first
	False            False        // whether it was declared a false alarm
	Stopped, Running bool
}

// Line is a step beside what was there.
type Line struct {
	Row
	Before json.RawMessage // what was there before the intruder touched it
	Theirs json.RawMessage // as the intruder last left it
}

// Asked is a question beside what was answered.
type Asked struct {
	Question
	To      Addressee
	Answer  Answer
	Choices []Answer
	Now     json.RawMessage // what is there now
	History history.Change  // the change that raised it; zero if none did
}

// Status gives the plan of a case with everything around it.
func (r *Restorer) Status(ctx context.Context, by access.Actor, caseID string) (s Status, err error) {
	defer fault.Wrap(&err, "restore.Status(%s)", caseID)
	if !by.May(access.DeskWork) {
		return s, ErrForbidden
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		s = Status{}
		if s.False, err = r.Declared(tx, caseID); err != nil {
			return err
		}
		if s.Lane, err = lossesOf(tx, caseID); err != nil {
			return err
		}
		if s.Stored, err = present(tx, caseID); err != nil || s.ID == "" {
			return err
		}
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		if s.Approvals, err = approvals(tx, s.ID); err != nil {
			return err
		}
		if s.StartedAt.IsZero() {
			s.Stale, err = r.stale(tx, c, s.Stored)
		}
		if err != nil {
			return err
		}
		answers, err := answersOf(tx, caseID)
		if err != nil {
			return err
		}
		if why := r.mayApprove(tx, by, c, s.Stored, answers); why != nil {
			s.MayNot = fault.Public(why)
		}
		s.Running = !s.StartedAt.IsZero() && s.DoneAt.IsZero()
		s.Stopped = !s.DoneAt.IsZero() && c.Step == casefile.Restoring
		return r.describe(tx, c, &s, answers)
	})
	return s, err
}

// describe puts the history beside the steps and questions.
func (r *Restorer) describe(tx *db.Tx, c casefile.Case, s *Status, answers []Answered) error {
	h, found, err := r.Finder.Findings(tx, c)
	if err != nil {
		return err
	}
	for _, row := range s.Rows {
		l := Line{Row: row}
		l.Before, l.Theirs = aroundIntruder(h, &found, row)
		s.Lines = append(s.Lines, l)
	}
	unsure := unsureOf(h, c.ID)
	for _, q := range s.Questions {
		a := Asked{Question: q, To: q.Why.Addressee(unsure(q)), Answer: answerTo(q, answers), Choices: q.Choices()}
		if a.Answer == "" {
			s.Open++
		}
		f, err := account.FactAt(tx, s.Account, q.Path)
		if err != nil {
			return err
		}
		a.Now = f.Value
		if i := q.Seq - 1; i >= 0 && i < int64(len(h)) {
			a.History = h[i]
			if h[i].Erased && !found.Of(q.Seq).Certain() {
				a.History.Before = nil // what was erased at the holder's wish, perhaps, is shown to nobody
			}
		}
		s.Asked = append(s.Asked, a)
	}
	return nil
}

// aroundIntruder gives what was at a path before the first tainted change since
// the last that cut everything off, and as the last tainted change left it.
func aroundIntruder(h []history.Change, f *finding.Findings, row Row) (before, theirs json.RawMessage) {
	touched := false
	for _, c := range h {
		if c.Path != row.Path || !writes(c.Verb) || ours(&c) {
			continue
		}
		switch tainted := f.Of(c.Seq).Certain(); {
		case tainted && !touched:
			touched, before, theirs = true, c.Before, c.After
		case tainted:
			theirs = c.After
		case c.Total:
			touched, before, theirs = false, c.After, nil
		}
	}
	return before, theirs
}

// writes tells whether an entry of a verb is a value that came to be at its path.
func writes(v history.Verb) bool {
	switch v {
	case history.Set, history.Patch, history.Add, history.Remove, history.Credential, history.Contact, history.Drop, history.Move, history.Order:
		return true
	}
	return false
}

// Ended tells whether the plan of a case has come to its end, and whether every step of it was read back.
func Ended(tx *db.Tx, caseID string) (ended, restored bool, err error) {
	p, err := present(tx, caseID)
	if err != nil {
		return false, false, err
	}
	return !p.DoneAt.IsZero(), !slices.ContainsFunc(p.Rows, func(r Row) bool { return r.State != Verified }), nil
}
