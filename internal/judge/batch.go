package judge

import (
	"maps"
	"slices"

	"takeback/internal/db"
	"takeback/internal/risk"
)

// arrival is an event as it came, with all that is known of it without the database.
type arrival struct {
	event risk.Event
	body  string // as it is written
	err   error  // instead of all else: it is refused
}

// told is an event and what was decided about it.
type told struct {
	event  *risk.Event
	body   string
	judged Judged
}

// name is what the same event of the same service has again.
type name struct{ account, event string }

func nameOf(e *risk.Event) name { return name{e.Account, e.ID} }

// batch is the events of one call, and all that is asked about them at once.
type batch struct {
	source   string
	profiles locked          // of their accounts; whoever is not in it is no account
	answered map[name]Judged // before or in this call
	fresh    []told
	limits   risk.Tables
}

// takeAll decides about the events of a call in their order, and learns from them.
func (j *Judge) takeAll(tx *db.Tx, source string, arrived []arrival) ([]Answer, error) {
	b, err := j.gather(tx, source, arrived)
	if err != nil {
		return nil, err
	}
	acting := j.policy.mode.acting(j.began, tx.Now)
	answers := make([]Answer, len(arrived))
	for i := range arrived {
		a := &arrived[i]
		if answers[i].Err = a.err; a.err == nil {
			if err := j.completed(tx, a); err != nil {
				return nil, err
			}
			answers[i] = j.take(tx, b, a)
			answers[i].Acting = acting
		}
	}
	whole, err := record(tx, source, b.fresh)
	if err != nil {
		return nil, err
	}
	if err := keepProfiles(tx, b.profiles); err != nil || whole {
		return answers, err
	}
	return answers, b.correct(tx, arrived, answers)
}

// completed is complete for an event that was written out already.
func (j *Judge) completed(tx *db.Tx, a *arrival) error {
	before := a.event
	err := j.complete(tx, &a.event)
	if err == nil && a.event != before {
		a.body, err = bodyOf(&a.event)
	}
	return err
}

// gather locks the profiles of the accounts first: from then on nobody else
// answers an event of theirs.
func (j *Judge) gather(tx *db.Tx, source string, arrived []arrival) (b *batch, err error) {
	accounts, names := map[string]bool{}, map[name]bool{}
	for i := range arrived {
		if a := &arrived[i]; a.err == nil {
			names[nameOf(&a.event)] = true
			if a.event.Account != "" {
				accounts[a.event.Account] = true
			}
		}
	}
	b = &batch{source: source, limits: j.limited(), fresh: make([]told, 0, len(arrived))}
	if b.profiles, err = lockProfiles(tx, slices.Sorted(maps.Keys(accounts))); err != nil {
		return nil, err
	}
	b.answered, err = recorded(tx, source, slices.Collect(maps.Keys(names)))
	return b, err
}

// take decides about one event.
func (j *Judge) take(tx *db.Tx, b *batch, a *arrival) Answer {
	e, p := &a.event, &risk.Profile{}
	if e.Account != "" {
		if p = b.profiles[e.Account]; p == nil {
			return Answer{Err: ErrUnknown}
		}
	}
	if before, ok := b.answered[nameOf(e)]; ok {
		return Answer{Judged: before}
	}
	v, fired := j.decide(tx, &b.limits, e, p)
	judged := judgedOf(e, v, fired)
	b.answered[nameOf(e)] = judged
	b.fresh = append(b.fresh, told{e, a.body, judged})
	tx.OnCommit(func() { j.counted(tx, e, v) })
	j.follow(tx, e, p, v.Decision)
	return Answer{Judged: judged}
}

// correct gives events that another call has answered meanwhile the answer of
// that one. Only names that are nobody's come so: nothing of theirs is locked.
func (b *batch) correct(tx *db.Tx, arrived []arrival, answers []Answer) error {
	first, err := recorded(tx, b.source, slices.Collect(maps.Keys(b.answered)))
	if err != nil {
		return err
	}
	for i := range answers {
		if answers[i].Err == nil {
			answers[i].Judged = first[nameOf(&arrived[i].event)]
		}
	}
	return nil
}
