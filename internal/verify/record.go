package verify

import (
	"context"
	"errors"
	"slices"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// Answer takes what a caller answered to a question of the script and tells
// whether it was right. Every question is put once.
func (x *Examiner) Answer(ctx context.Context, by access.Actor, caseID string, rev int64, question, answer, from string) (right bool, err error) {
	defer fault.Wrap(&err, "verify.Answer(%s, %s)", caseID, question)
	err = x.act(ctx, by, caseID, rev, func(tx *db.Tx, p picture) error {
		if err := reporter(tx, caseID, from); err != nil {
			return err
		}
		all := questions(p.changes, p.facts, p.began.Seq, caseID)
		i := slices.IndexFunc(all, func(q Asking) bool { return q.ID == question })
		if i < 0 {
			return ErrNoneSuch
		}
		right = all[i].Right(answer)
		return x.keep(tx, by, Proof{Case: caseID, Reporter: from, Method: Question, Path: question, Good: right, Visible: all[i].Visible})
	})
	return right, err
}

// Reached records that an agent called the number of a contact version and
// whether the holder answered there. Only numbers on file before the incident
// count, and that somebody answered only where the history says that the number
// was shown (package desk) to staff in this case: who has not seen it cannot have
// called it, and called whatever number the caller gave.
func (x *Examiner) Reached(ctx context.Context, by access.Actor, caseID string, rev int64, version string, answered bool, who string) (err error) {
	defer fault.Wrap(&err, "verify.Reached(%s)", caseID)
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, p picture) error {
		if err := reporter(tx, caseID, who); err != nil {
			return err
		}
		i := slices.IndexFunc(p.phones, func(c account.Contact) bool { return c.Version == version })
		if i < 0 || p.exposed[version] {
			return ErrUnclean
		}
		if answered && !shown(p.changes, caseID, version, tx.Now) {
			return ErrNotCalled
		}
		c := p.phones[i]
		return x.keep(tx, by, Proof{Case: caseID, Reporter: who, Method: Callback, Path: c.Slot, Version: c.Version, SetSeq: c.SetSeq, Good: answered})
	})
}

// Unreached tells whether the last call in a case at the number of a contact
// version did not reach its holder: nobody answered, or somebody else has it now.
func (x *Examiner) Unreached(tx *db.Tx, caseID, version string) (bool, error) {
	all, err := proofs(tx, caseID)
	unreached := false
	for _, p := range all {
		if p.Method == Callback && p.Version == version {
			unreached = !p.Good
		}
	}
	return unreached, err
}

// Evidence gives what the caller of a case was verified with until now, oldest
// first: the contacts and secrets behind every good proof, whatever it is worth
// by now. Answers are not among it: who could read the account could give them,
// and beside a contact of the intruder they would make his act look like the holder's.
func (x *Examiner) Evidence(tx *db.Tx, caseID string) (all []history.Factor, err error) {
	defer fault.Wrap(&err, "verify.Evidence(%s)", caseID)
	c, err := casefile.Get(tx, caseID)
	if errors.Is(err, casefile.ErrNone) {
		return nil, nil // it is a campaign: nobody calls for so many
	}
	if err != nil || c.Account == "" {
		return nil, err
	}
	n, err := pieces(tx, caseID)
	if err != nil || n == 0 {
		return nil, err
	}
	contacts, err := account.Contacts(tx, c.Account)
	if err != nil {
		return nil, err
	}
	shown, err := linkProofs(tx, picture{c: c}, contacts)
	if err != nil {
		return nil, err
	}
	typed, err := proofs(tx, caseID)
	return evidence(append(shown, typed...)), err
}

// Mark enters that a second person says he is the holder. Nobody is verified
// then before somebody else of the staff has looked at it.
func (x *Examiner) Mark(ctx context.Context, by access.Actor, caseID string, rev int64, words string) (err error) {
	defer fault.Wrap(&err, "verify.Mark(%s)", caseID)
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, _ picture) error {
		fresh, err := insertContest(tx, seal.ID("claim"), caseID, by.ID, words)
		if err == nil && !fresh {
			err = ErrContested
		}
		if err != nil {
			return err
		}
		return x.Files.Note(tx, caseID, by, "verify.contested", words)
	})
}

// Settle ends the mark with what was found. Who made it cannot.
func (x *Examiner) Settle(ctx context.Context, by access.Actor, caseID string, rev int64, finding string) (err error) {
	defer fault.Wrap(&err, "verify.Settle(%s)", caseID)
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, _ picture) error {
		done, err := settleContest(tx, caseID, by.ID, finding)
		if err == nil && !done {
			err = ErrSame
		}
		if err != nil {
			return err
		}
		return x.Files.Note(tx, caseID, by, "verify.settled", finding)
	})
}

// AskWaiver asks for the exception: this account has no second method.
func (x *Examiner) AskWaiver(ctx context.Context, by access.Actor, caseID string, rev int64, reason string) (err error) {
	defer fault.Wrap(&err, "verify.AskWaiver(%s)", caseID)
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, p picture) error {
		if v := p.verdict; !v.Waive || v.Return || len(v.Classes) < len(p.judged.Offers) {
			return ErrNoWaiver
		}
		if err := insertWaiver(tx, Waiver{ID: seal.ID("waiver"), Case: caseID, AskedBy: by.ID, AskedAt: tx.Now, Reason: reason}); err != nil {
			return err
		}
		return x.Files.Note(tx, caseID, by, "verify.waiver-asked", reason)
	})
}

// AnswerWaiver agrees to the exception or refuses it. It takes a supervisor who did not ask for it.
func (x *Examiner) AnswerWaiver(ctx context.Context, by access.Actor, caseID string, rev int64, agree bool, words string) (err error) {
	defer fault.Wrap(&err, "verify.AnswerWaiver(%s)", caseID)
	if !by.May(access.Manage) {
		return ErrSame
	}
	return x.act(ctx, by, caseID, rev, func(tx *db.Tx, p picture) error {
		if agree && x.Eyes != nil { // anybody may refuse
			if err := x.Eyes.Apart(tx, by.ID, p.judged.Waiver.AskedBy, p.c.OpenedAt); err != nil {
				return err
			}
		}
		done, err := answerWaiver(tx, p.judged.Waiver.ID, by.ID, words, !agree)
		if err == nil && !done {
			err = ErrSame
		}
		if err != nil {
			return err
		}
		what := "verify.waiver-agreed"
		if !agree {
			what = "verify.waiver-refused"
		}
		return x.Files.Note(tx, caseID, by, what, words)
	})
}
