package judge

import (
	"maps"
	"slices"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/risk"
)

// told is an event and what was decided about it.
type told struct {
	event  risk.Event
	judged Judged
}

// name is what the same event of the same service has again.
type name struct{ account, event string }

// batch is the events of one call, and all that is asked about them at once.
type batch struct {
	source   string
	profiles map[string]*risk.Profile // of their accounts, locked; whoever is not in it is no account
	answered map[name]Judged          // before or in this call
	fresh    []told
	limits   risk.Tables
}

// takeAll decides about the events of a call in their order, and learns from them.
func (j *Judge) takeAll(tx *db.Tx, source string, events []Reported, sound []error) ([]Answer, error) {
	b, err := j.gather(tx, source, events, sound)
	if err != nil {
		return nil, err
	}
	acting := j.policy.mode.acting(j.began, tx.Now)
	answers := make([]Answer, len(events))
	for i := range events {
		if answers[i].Err = sound[i]; sound[i] == nil {
			if err := j.complete(tx, &events[i].Event); err != nil {
				return nil, err
			}
			answers[i] = j.take(tx, b, &events[i].Event)
			answers[i].Acting = acting
		}
	}
	lost, err := record(tx, source, b.fresh)
	if err != nil {
		return nil, err
	}
	if err := keepProfiles(tx, b.profiles); err != nil {
		return nil, err
	}
	return answers, b.correct(tx, answers, lost)
}

// gather locks the profiles of the accounts first: from then on nobody else
// answers an event of theirs.
func (j *Judge) gather(tx *db.Tx, source string, events []Reported, sound []error) (*batch, error) {
	accounts, names := map[string]bool{}, map[name]bool{}
	for i := range events {
		if e := &events[i].Event; sound[i] == nil {
			names[name{e.Account, e.ID}] = true
			if e.Account != "" {
				accounts[e.Account] = true
			}
		}
	}
	known, err := account.Known(tx, slices.Sorted(maps.Keys(accounts)))
	if err != nil {
		return nil, err
	}
	b := &batch{source: source, limits: j.limited()}
	if b.profiles, err = lockProfiles(tx, known); err != nil {
		return nil, err
	}
	b.answered, err = recorded(tx, source, slices.Collect(maps.Keys(names)))
	return b, err
}

// take decides about one event.
func (j *Judge) take(tx *db.Tx, b *batch, e *risk.Event) Answer {
	p := &risk.Profile{}
	if e.Account != "" {
		if p = b.profiles[e.Account]; p == nil {
			return Answer{Err: ErrUnknown}
		}
	}
	if before, ok := b.answered[name{e.Account, e.ID}]; ok {
		return Answer{Judged: before}
	}
	v, fired := j.decide(tx, &b.limits, e, p)
	judged := judgedOf(e, v, fired)
	b.answered[name{e.Account, e.ID}] = judged
	b.fresh = append(b.fresh, told{*e, judged})
	tx.OnCommit(func() { j.counted(tx, e, v) })
	j.follow(tx, e, p, v.Decision)
	return Answer{Judged: judged}
}

// correct gives events that another call has answered meanwhile the answer of
// that one. Only names that are nobody's come so: nothing of theirs is locked.
func (b *batch) correct(tx *db.Tx, answers []Answer, lost []name) error {
	if len(lost) == 0 {
		return nil
	}
	first, err := recorded(tx, b.source, lost)
	for i := range answers {
		for n, judged := range first {
			if answers[i].Err == nil && answers[i].ID == b.answered[n].ID {
				answers[i].Judged = judged
			}
		}
	}
	return err
}
