package judge

import (
	"context"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/risk"
	"takeback/internal/rulebook"
)

// Day is what was decided on one day, UTC.
type Day struct {
	Day                          time.Time
	SignIns, Failed, Changes     int64 // of these there were
	Challenged, Held, Ended      int64 // and these were answered so, or would have been in shadow
	Frozen, Told                 int64
	Confirmed, False             int64 // of what was decided that day: an intruder, the holder
	ShadowChallenged, ShadowHeld int64 // parts of Challenged and Held in which nothing was done
}

// Own is a rule of the operator's with what came of it.
type Own struct {
	rulebook.Written
	Fired, Confirmed, False int64
}

// Overview is what the operator looks at.
type Overview struct {
	Acting          bool
	Mode            Mode
	ActsFrom        time.Time // in mode Auto: when shadow ends or ended
	Challenge, Hold Share     // the budgets
	Days            []Day     // oldest first, without gaps
	Rules           []Own     // as written
	Latest          []Judged  // newest first
}

// ErrForbidden says that somebody may not look.
var ErrForbidden = fault.New(fault.Forbidden, "risk.forbidden", "You may not do this.")

const (
	latestShown  = 50
	accountShown = 100
)

// Look gives the operator's overview of the last days.
func (j *Judge) Look(ctx context.Context, by access.Actor, days int) (o Overview, err error) {
	defer fault.Wrap(&err, "judge.Look")
	if !by.May(access.Manage) {
		return o, ErrForbidden
	}
	err = j.DB.Read(ctx, func(tx *db.Tx) error {
		today := tx.Now.Truncate(24 * time.Hour)
		since := today.AddDate(0, 0, 1-days)
		o = Overview{Acting: j.policy.mode.acting(j.began, tx.Now), Mode: j.policy.mode, ActsFrom: j.began.Add(shadowFor),
			Challenge: j.policy.challenge, Hold: j.policy.hold}
		counted, err := tallies(tx, since)
		if err != nil {
			return err
		}
		said, err := outcomes(tx, since)
		if err != nil {
			return err
		}
		o.Days = byDay(since, days, append(counted, j.unsaved()...), said)
		fired, err := ruled(tx, since)
		if err != nil {
			return err
		}
		for _, r := range j.policy.rules {
			f := fired[r.Name]
			o.Rules = append(o.Rules, Own{r.Written, f.Fired, f.Confirmed, f.False})
		}
		o.Latest, err = lately(tx, since, latestShown)
		return err
	})
	return o, err
}

// unsaved is what was counted since the counters were saved last.
func (j *Judge) unsaved() (all []Tallied) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for c, n := range j.tally {
		all = append(all, Tallied{time.Unix(c.day*86400, 0).UTC(), c.kind, c.action, c.acted, n})
	}
	return all
}

// About lists what was decided about an account in the last half year, newest
// first: for its holder, and for staff whose look at it has been entered.
func (j *Judge) About(ctx context.Context, by access.Actor, account string) (all []Judged, err error) {
	defer fault.Wrap(&err, "judge.About(%s)", account)
	if by.Account != account && (!by.Role.Staff() || by.Case == "") {
		return nil, ErrForbidden
	}
	err = j.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = ofAccount(tx, account, tx.Now.AddDate(0, -6, 0), accountShown)
		return err
	})
	return all, err
}

// Why gives the reasons in words, each with how many times the odds change by it.
func (j Judged) Why(lang string) (all []string) {
	for _, r := range j.Decision.Reasons {
		all = append(all, r.Words(lang))
	}
	return all
}

// byDay sorts counts into days. It decides nothing but which column a count is in.
func byDay(since time.Time, days int, counted []Tallied, said []saidOn) []Day {
	all := make([]Day, days)
	for i := range all {
		all[i].Day = since.AddDate(0, 0, i)
	}
	at := func(day time.Time) *Day {
		i := slices.IndexFunc(all, func(d Day) bool { return d.Day.Equal(day) })
		if i < 0 {
			return &Day{}
		}
		return &all[i]
	}
	for _, t := range counted {
		at(t.Day).count(t)
	}
	for _, s := range said {
		switch d := at(s.day); s.outcome {
		case Confirmed:
			d.Confirmed += s.n
		case False:
			d.False += s.n
		}
	}
	return all
}

func (d *Day) count(t Tallied) {
	kind, _ := risk.ParseKind(t.Kind)
	switch {
	case kind == risk.SignedIn:
		d.SignIns += t.Count
	case kind == risk.SignInFailed:
		d.Failed += t.Count
	case kind.MovesChannel() || kind.MovesValue():
		d.Changes += t.Count
	}
	switch t.Action {
	case risk.Tell:
		d.Told += t.Count
	case risk.StepUp:
		d.Challenged += t.Count
		if !t.Acted {
			d.ShadowChallenged += t.Count
		}
	case risk.Hold:
		d.Held += t.Count
		if !t.Acted {
			d.ShadowHeld += t.Count
		}
	case risk.End:
		d.Ended += t.Count
	case risk.Freeze:
		d.Frozen += t.Count
	}
}
