package judge

import (
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/risk"
)

// saidFor is how far back an outcome reaches: a case is about what happened
// lately, and nobody is asked about a sign-in of last year.
const saidFor = 60 * 24 * time.Hour

// Confirm hears that sessions of an account were an intruder's. What was decided
// about them is confirmed, and their sign-ins are taken out of what the account
// is known by, as if they had never been.
func (j *Judge) Confirm(tx *db.Tx, account string, sessions map[string]bool) (err error) {
	defer fault.Wrap(&err, "judge.Confirm(%s)", account)
	if len(sessions) == 0 {
		return nil
	}
	for s := range sessions {
		if err := say(tx, account, s, tx.Now.Add(-saidFor), Confirmed); err != nil {
			return err
		}
	}
	return j.unlearn(tx, account, sessions)
}

// FalseAlarm hears that it was the holder all along: what nothing had vouched for
// becomes the account's own.
func (j *Judge) FalseAlarm(tx *db.Tx, account string) (err error) {
	defer fault.Wrap(&err, "judge.FalseAlarm(%s)", account)
	if err := say(tx, account, "", tx.Now.Add(-saidFor), False); err != nil {
		return err
	}
	profiles, err := lockProfiles(tx, []string{account})
	if err != nil {
		return err
	}
	profiles[account].Welcome()
	return keepProfiles(tx, profiles)
}

// unlearn makes the profile of an account anew out of its sign-ins but those of
// some sessions. To subtract them would leave what they did to the rates.
func (j *Judge) unlearn(tx *db.Tx, account string, sessions map[string]bool) error {
	if _, err := lockProfiles(tx, []string{account}); err != nil {
		return err
	}
	events, err := j.past(tx, account)
	if err != nil {
		return err
	}
	var p risk.Profile
	var disowned []risk.Lesson
	j.mu.Lock()
	for i := range events {
		e := &events[i]
		if e.Kind == risk.HolderConfirmed {
			p.Welcome()
		}
		if e.Kind == risk.SignedIn {
			with := p.Clone()
			lesson, learnt := with.Learn(e, j.counters)
			switch {
			case learnt && sessions[e.Session]:
				disowned = append(disowned, lesson)
			case learnt:
				p = with
			}
		}
	}
	j.mu.Unlock()
	tx.OnCommit(func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, l := range disowned {
			j.counters.Unlearn(l)
		}
	})
	return keepProfiles(tx, locked{account: &p})
}

// past gives everything that happened in an account and is something to risk,
// here and as services told it, oldest first.
func (j *Judge) past(tx *db.Tx, account string) ([]risk.Event, error) {
	changes, err := history.Of(tx, account)
	if err != nil {
		return nil, err
	}
	var events []risk.Event
	for _, c := range changes {
		if e, ok := j.heard(c); ok {
			events = append(events, e)
		}
	}
	told, err := toldOf(tx, account)
	if err != nil {
		return nil, err
	}
	events = append(events, told...)
	slices.SortStableFunc(events, func(a, b risk.Event) int { return int(min(max(a.At-b.At, -1), 1)) })
	return events, nil
}

// heard is a change of the history as risk looks at it; false if it is nothing
// to it. What staff, services and the program itself do is nobody's habit.
func (j *Judge) heard(c history.Change) (e risk.Event, ok bool) {
	if c.Role != access.Holder {
		return e, false
	}
	kind, _ := j.Kinds.Of(c.Path)
	what, ok := kindOf(c, kind.Algebra)
	if !ok {
		return e, false
	}
	return j.event(Doing{Account: c.Account, Event: eventID(c.Seq), Kind: what, Session: c.Session, Client: c.Client, Target: targetOf(c), Marks: marksOf(c)}, c.At), true
}
