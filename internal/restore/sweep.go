package restore

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Answer is what a person says to a question.
type Answer string

// The answers.
const (
	Keep     Answer = "keep"     // what is there now is right
	Proposal Answer = "proposal" // write what the rules propose
	Leave    Answer = "leave"    // only the holder can tell: the letter asks him
)

// Choices lists the answers that make sense, the safest last.
func (q Question) Choices() []Answer {
	switch q.Why {
	case ContactExposed, Uniqueness, InvalidOldValue:
		return []Answer{Leave} // the slot is empty; it is filled by its holder or not at all
	case Claimed:
		return []Answer{Leave} // or a mark that clears it, by which it becomes a contradiction
	case MixedSession:
		return []Answer{Keep} // or another mark, by which the question goes away
	case PartialOnTaintedBase, AddedThenEdited, ErasedByOther:
		if q.Proposal != nil {
			return []Answer{Keep, Proposal, Leave}
		}
	}
	return []Answer{Keep, Leave}
}

// asked tells whether an answer is to this question and not to one about an earlier change of the same path.
func (q Question) asked(o Question) bool { return q.Why == o.Why && q.Path == o.Path && q.Seq == o.Seq }

// against tells whether an answer lets a clear stand that contradicts the rules,
// in one of these questions: every answer does, for nothing of it is undone. Who
// gave it is not the second pair of eyes, whoever made the plan anew since.
func (a Answered) against(questions []Question) bool {
	return a.Why == Contradiction && slices.ContainsFunc(questions, a.asked)
}

// sweep empties every secret slot that the rules leave alone, but for passkeys
// that nobody can have read out: after a takeover all secrets are enrolled
// again, also those of which the history says nothing bad.
func (p *Plan) sweep(facts []account.Fact, kinds account.Kinds) {
	for _, f := range facts {
		kind, ok := kinds.Of(f.Path)
		if !ok || kind.Algebra != account.SecretOf || strings.HasPrefix(f.Path, "passkey/") || p.touches(f.Path) {
			continue
		}
		p.Steps = append(p.Steps, Step{Op: Revoke, Path: f.Path, Phase: WaysIn, Pre: f.Value})
		p.Enrol = append(p.Enrol, f.Path)
	}
}

func (p *Plan) touches(path string) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Path == path })
}

// hold takes back a step that would write what cannot be written, and asks.
func (p *Plan) hold(s Step, why Why) {
	p.Steps = slices.DeleteFunc(p.Steps, func(o Step) bool { return o.Path == s.Path && o.Op == s.Op })
	p.Questions = append(p.Questions, Question{Why: why, Path: s.Path, Because: s.Because})
	if s.Op == PutBack {
		p.Held = append(p.Held, s.Path)
	}
}

// settle writes what people decided into the plan: where they chose the
// proposal, it becomes a step.
func (p *Plan) settle(answers []Answered, facts []account.Fact, kinds account.Kinds) {
	for _, q := range p.Questions {
		if answerTo(q, answers) != Proposal || q.Proposal == nil || p.touches(q.Path) {
			continue
		}
		s := Step{Op: Put, Path: q.Path, Phase: dataPhase(kinds, q.Path), Want: q.Proposal, Because: q.Because}
		for _, f := range facts {
			if f.Path == q.Path {
				s.Pre = f.Value
			}
		}
		p.Steps = append(p.Steps, s)
	}
}

// Answered is an answer as it is kept.
type Answered struct {
	Question
	Answer Answer
	At     time.Time
	Actor  string
}

// answerTo gives the newest answer to a question; empty if there is none.
func answerTo(q Question, answers []Answered) Answer {
	for i := len(answers) - 1; i >= 0; i-- {
		if answers[i].asked(q) {
			return answers[i].Answer
		}
	}
	return ""
}

// moves tells whether a change can make a plan wrong. That somebody looked, or
// that the account was stopped, held or confirmed to receive, cannot.
func moves(c history.Change) bool {
	switch c.Verb {
	case history.Look, history.Freeze, history.Unfreeze, history.State, history.Hold, history.Release, history.Confirm, history.SignOut, history.Forget, history.Statement:
		return false // of what the holder states, the marks tell
	case history.Recover:
		return c.Case == "" // else it is the holder, who came to answer questions
	case history.View:
		return !c.Role.Staff()
	}
	return true
}

// headOf gives the newest change that a plan must have seen.
func headOf(h []history.Change) int64 {
	for i := len(h) - 1; i >= 0; i-- {
		if moves(h[i]) {
			return h[i].Seq
		}
	}
	return 0
}

// barredBy lists the staff whose own acts are called the intruder's: they were
// deceived or corrupt, and cannot approve what is done about it.
func barredBy(h []history.Change, f *finding.Findings) (all []string) {
	for _, c := range h {
		if c.Role.Staff() && f.Of(c.Seq).Label == finding.Tainted && !slices.Contains(all, c.Actor) {
			all = append(all, c.Actor)
		}
	}
	slices.Sort(all)
	return all
}

// expired tells whether a card's "MM/YY" is past at a time. What cannot be read is not.
func expired(card json.RawMessage, now time.Time) bool {
	month, err := time.Parse("01/06", account.Fact{Value: card}.Parts()["expiry"])
	return err == nil && !now.Before(month.AddDate(0, 1, 0))
}

// needs tells whether a step must wait for another one: what points at a value is written after it.
func (s Step) needs(o Step) bool {
	set, pointer := strings.CutPrefix(s.Path, "default/")
	to := account.Fact{Value: s.Want}.Text()
	return pointer && to != "" && o.Path == set+"/"+to
}

// sorted puts the steps of a plan in order again after some were added.
func sorted(p Plan) Plan {
	all := planner{Plan: p}
	all.sort()
	return all.Plan
}
