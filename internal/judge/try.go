package judge

import (
	"context"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/risk"
	"takeback/internal/rulebook"
)

// Tried is how a rule would have done on what happened already.
type Tried struct {
	Accounts, Events int64
	Fired            int64
	Confirmed, False int64            // of those it fired on: what people said of the session
	ByKind           map[string]int64 // fired
	ByDay            map[string]int64 // fired; 2026-11-28, UTC
	Examples         []Example        // the latest of each account, at most a few
	Broken           int64            // events on which it could not be decided
}

// Example is one event that a rule would have fired on.
type Example struct {
	Account string
	At      time.Time
	Kind    string
}

const examplesShown = 10

// Try plays what happened since a time once more, and asks rules about every
// event as they would have been asked then: each account's profile grows as it did.
// Popularity is that of today. Nothing is written.
func (j *Judge) Try(ctx context.Context, rules rulebook.Rules, since time.Time) (t Tried, err error) {
	defer fault.Wrap(&err, "judge.Try")
	t.ByKind, t.ByDay = map[string]int64{}, map[string]int64{}
	after := ""
	for {
		var ids []string
		err := j.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if ids, err = account.After(tx, after, 100); err != nil {
				return err
			}
			for _, id := range ids {
				if err := j.tryOn(tx, id, rules, since, &t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return t, err
		}
		after = ids[len(ids)-1]
	}
}

func (j *Judge) tryOn(tx *db.Tx, id string, rules rulebook.Rules, since time.Time, t *Tried) error {
	events, err := j.past(tx, id)
	if err != nil || len(events) == 0 {
		return err
	}
	said, err := saidOf(tx, id)
	if err != nil {
		return err
	}
	t.Accounts++
	var p risk.Profile
	var last *risk.Event
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range events {
		e := &events[i]
		d := risk.Decide(e, &p, j.counters, j.policy.tables)
		if e.At >= since.UnixMicro() {
			t.Events++
			fired, broken := rules.Fired(j.facts(e, &p, d))
			if broken != nil {
				t.Broken++
			}
			if len(fired) > 0 {
				t.count(e, said[e.Session])
				last = e
			}
		}
		p.Follow(e, &d, j.counters)
		p.Learn(e, j.counters)
	}
	if last != nil && len(t.Examples) < examplesShown {
		t.Examples = append(t.Examples, Example{id, time.UnixMicro(last.At).UTC(), last.Kind.String()})
	}
	return nil
}

func (t *Tried) count(e *risk.Event, o Outcome) {
	t.Fired++
	t.ByKind[e.Kind.String()]++
	t.ByDay[time.UnixMicro(e.At).UTC().Format(time.DateOnly)]++
	switch o {
	case Confirmed:
		t.Confirmed++
	case False:
		t.False++
	}
}

// saidOf gives what people said of the sessions of an account.
func saidOf(tx *db.Tx, account string) (map[string]Outcome, error) {
	type row struct {
		session string
		outcome Outcome
	}
	rows, err := db.All(tx, func(s db.Scanner) (r row, err error) {
		err = s.Scan(&r.session, &r.outcome)
		return r, err
	}, `SELECT DISTINCT session, outcome FROM risk_event WHERE account = $1 AND action <> 'let' AND outcome <> '' AND session <> ''`, account)
	said := map[string]Outcome{}
	for _, r := range rows {
		said[r.session] = r.outcome
	}
	return said, err
}
