package heart

import (
	"context"
	"slices"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
	"takeback/internal/session"
)

// answers opens a limited session that came by an old address, as the room that asks the holder does.
func (h *house) answers(factor history.Factor) (by access.Actor) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, hanako)
		if err != nil {
			return err
		}
		c := client("device-tablet", "192.0.2.44")
		s, _, _, err := h.sessions.Open(tx, session.Opening{Account: a, Verb: history.Recover, Limited: true, Case: h.caseID, Client: c, Factors: []history.Factor{factor}})
		by = s.Actor(c)
		return err
	})
	return by
}

// says lets the holder answer whose a session was, with the plan made anew.
func (h *house) says(ctx context.Context, by access.Actor, mine bool, about ...finding.Node) error {
	return h.Afresh(ctx, h.caseID, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, h.caseID)
		if err != nil {
			return err
		}
		return h.TakeWord(tx, by, c, mine, about...)
	})
}

func (h *house) status(t *testing.T) restore.Status {
	t.Helper()
	s, err := h.Restorer.Status(t.Context(), ken, h.caseID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asks(s restore.Status, why restore.Why) bool {
	return slices.ContainsFunc(s.Asked, func(q restore.Asked) bool { return q.Why == why && q.Answer == "" })
}

var oldMail = history.Factor{Path: "email", Version: "e1", Proof: "link"}

// suspected is a case with a plan that somebody approved, in which one session with the password that both knew is suspect.
func (h *house) suspected() (node finding.Node) {
	h.t.Helper()
	var by access.Actor
	h.stopped(func() {
		by = h.signIn(client("device-tablet", "192.0.2.44"), history.Factor{Path: "password", Version: "p1", Proof: "password"})
		h.does(by, history.Set, "note/n1", history.Entry{Value: text("gift")})
	})
	h.markSuggested()
	p, err := h.MakePlan(h.t.Context(), ken, h.caseID, "")
	if err == nil {
		err = h.Restorer.Answer(h.t.Context(), ken, h.caseID, p.Hash, restore.Keep, restore.Question{Why: restore.SuspectChange, Path: "note/n1", Seq: p.Questions[0].Seq})
	}
	if err == nil {
		err = h.Approve(h.t.Context(), yuki, h.caseID, h.status(h.t).Hash)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return finding.Node{Session: by.Session}
}

func TestTheHoldersAnswerMakesThePlanAnewAndVoidsItsApproval(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		node := h.suspected()
		by := h.answers(oldMail)
		if h.step() != casefile.Approved || h.status(t).Stale {
			t.Fatalf("that the holder came to answer moved the case to %s", h.step())
		}
		if err := h.says(t.Context(), by, false, node); err != nil {
			t.Fatal(err)
		}
		s := h.status(t)
		if h.step() != casefile.Planned || len(s.Approvals) != 0 || s.MadeBy != ken.ID || s.Stale {
			t.Errorf("the case is %s, %d approvals, made by %s, stale %t", h.step(), len(s.Approvals), s.MadeBy, s.Stale)
		}
		if !slices.ContainsFunc(s.Steps, func(p restore.Step) bool { return p.Path == "note/n1" && p.Op == restore.Remove }) {
			t.Error("what was not hers is not undone")
		}
		if err := h.says(t.Context(), by, true, node); fault(err) != "investigate.unasked" {
			t.Errorf("she takes her word back for what is the intruder's by now: %v", err)
		}
	})
}

func TestTheHoldersWordEndsASuspicion(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		node := h.suspected()
		by := h.answers(oldMail)
		if err := h.says(t.Context(), by, true, node); err != nil {
			t.Fatal(err)
		}
		if s := h.status(t); asks(s, restore.SuspectChange) || asks(s, restore.Claimed) || len(s.Approvals) != 0 {
			t.Errorf("asked is %+v, %d approvals", s.Asked, len(s.Approvals))
		}
		// The mailbox turns out to be the intruder's, too: then it was not her who said it.
		if err := h.Mark(t.Context(), mika, h.caseID, investigate.Mark{Verdict: investigate.Intruder, Version: investigate.VersionRef{Path: "email", Version: "e1"}}, 2); err != nil {
			t.Fatal(err)
		}
		if _, err := h.MakePlan(t.Context(), mika, h.caseID, h.status(t).Hash); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, q := range h.status(t).Asked {
			found = found || q.Why == restore.SuspectChange && q.Path == "note/n1"
		}
		if !found {
			t.Error("a word from a mailbox of the intruder's still counts")
		}
	})
}

func TestOnlyALimitedSessionOfTheAccountIsHeard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		node := h.suspected()
		by := h.answers(oldMail)
		full, other := by, by
		full.Limited, other.Account = false, "acc_other"
		for name, who := range map[string]access.Actor{"a full session": full, "another account's": other, "an investigator": ken} {
			if err := h.says(t.Context(), who, true, node); fault(err) != "investigate.forbidden" {
				t.Errorf("%s: %v", name, err)
			}
		}
		var all []history.Change
		h.read(func(tx *db.Tx) (err error) { all, err = history.Of(tx, hanako); return err })
		for _, c := range all {
			if c.Verb != history.Open || c.Session == node.Session {
				continue // hers from the first day, and the intruder's
			}
			if err := h.says(t.Context(), by, true, finding.Node{Session: c.Session}); fault(err) != "investigate.unasked" {
				t.Errorf("she was not asked about %s: %v", c.Session, err)
			}
		}
	})
}

func TestTheHoldersWordAgainstTheRulesIsAQuestionAndUndoneAllTheSame(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		node := h.suspected()
		by := h.answers(oldMail)
		if err := h.says(t.Context(), by, true, node); err != nil {
			t.Fatal(err)
		}
		// Later it is found that the intruder had a token of his own, with which the session went on.
		h.write(func(tx *db.Tx) error {
			_, err := h.book.Append(tx, history.Entry{Account: hanako, By: access.Actor{Role: access.System, ID: "import", Session: node.Session, Segment: 1}, Verb: history.StepUp,
				Factors: []history.Factor{{Path: "password", Version: "p2", Proof: "password"}}})
			return err
		})
		h.does(access.Actor{Role: access.System, ID: "import", Session: node.Session, Segment: 1}, history.Set, "note/n1", history.Entry{Value: text("theirs")})
		if _, err := h.MakePlan(t.Context(), ken, h.caseID, h.status(t).Hash); err != nil {
			t.Fatal(err)
		}
		s := h.status(t)
		if !asks(s, restore.Claimed) || !slices.ContainsFunc(s.Steps, func(p restore.Step) bool { return p.Path == "note/n1" }) {
			t.Fatalf("asked is %+v, steps %+v", s.Asked, s.Steps)
		}
		// One of ours believes her: now it is a contradiction, which she and he alone do not settle.
		if err := h.Mark(t.Context(), ken, h.caseID, investigate.Mark{Verdict: investigate.Holder, Session: node.Session}, s.Marks); err != nil {
			t.Fatal(err)
		}
		if _, err := h.MakePlan(t.Context(), ken, h.caseID, s.Hash); err != nil {
			t.Fatal(err)
		}
		s = h.status(t)
		if !asks(s, restore.Contradiction) || asks(s, restore.Claimed) {
			t.Fatalf("asked is %+v", s.Asked)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, s.Hash); fault(err) != "restore.questions" {
			t.Errorf("approved without an answer: %v", err)
		}
		if err := h.Restorer.Answer(t.Context(), yuki, h.caseID, s.Hash, restore.Keep, restore.Question{Why: restore.Contradiction, Path: node.Session}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.MakePlan(t.Context(), ken, h.caseID, h.status(t).Hash); err != nil {
			t.Fatal(err)
		}
		if err := h.Approve(t.Context(), yuki, h.caseID, h.status(t).Hash); err == nil {
			t.Error("who let it stand approved it, too")
		}
	})
}
