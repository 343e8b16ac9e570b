package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/seal"
)

// lateKind takes in who came to a cohort after it was held.
const lateKind = "campaign.late"

// latecomer is an account that bears the key of a wave; all of them if it is empty.
type latecomer struct {
	Campaign string
	Wave     int
	Account  string
}

func soon(tx *db.Tx, l latecomer) error {
	return jobs.Enqueue(tx, jobs.Job{Kind: lateKind, Key: "campaign late " + l.Campaign, Args: l})
}

// Hear notices a change that bears the key of a campaign under way: a session
// from its device that is opened after the hold, in an account that was not in the
// cohort or was let go. Confirm looks once more after the fence; so whatever was
// committed before is found then, and whatever comes after is heard here.
func (s *Campaigns) Hear(tx *db.Tx, c history.Change) error {
	all, err := reachedBy(tx, heard(c, s.Book.AddressKey), c.At)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := soon(tx, latecomer{r.campaign, r.no, c.Account}); err != nil {
			return err
		}
	}
	return nil
}

// takeIn holds latecomers by a scope of their own: that of the others was fenced
// in an epoch that an account of today may have behind it. The job ends with the
// fence: if it ran again, it would hold who was looked at and let go meanwhile.
func (s *Campaigns) takeIn(ctx context.Context, l latecomer, finish func(*db.Tx) error) (err error) {
	defer fault.Wrap(&err, "campaign.takeIn(%s)", l.Campaign)
	var w wave
	var more []string
	fresh := 0
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w, err = waveAt(tx, l.Campaign, l.Wave); err != nil {
			return err
		}
		if l.Account == "" {
			more, err = s.beyond(tx, l.Campaign, w.key)
			fresh = len(more)
			return err
		}
		more, fresh, err = comesAgain(tx, l)
		return err
	})
	if err != nil || len(more) == 0 {
		return err
	}
	err = s.hold(ctx, wave{campaign: l.Campaign, round: w.round, key: w.key}, more, fresh, finish)
	if errors.Is(err, ErrStep) {
		return nil // it was opened meanwhile
	}
	return err
}

// comesAgain gives one latecomer, if he is to be held: he is new, or was let go.
func comesAgain(tx *db.Tx, l latecomer) (more []string, fresh int, err error) {
	in, err := holds(tx, l.Campaign, l.Account)
	if err != nil {
		return nil, 0, err
	}
	if !in {
		return []string{l.Account}, 1, nil
	}
	state, err := stateOf(tx, l.Campaign, l.Account)
	if err != nil || state != Clean {
		return nil, 0, err // it is looked at, or has a case
	}
	a, err := account.Get(tx, l.Account)
	if a.Own != a.State {
		return nil, 0, err // it is held already
	}
	return []string{l.Account}, 0, err
}

// beyond lists the accounts that bear a key and are not in a campaign.
func (s *Campaigns) beyond(tx *db.Tx, id string, k Key) ([]string, error) {
	all, err := cohort(tx, k)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	in, err := members(tx, id)
	return lacking(all, in), err
}

// hold lets accounts join a scope of their own, some at a time, and fences it:
// one row, as with the first ones. then is done in the transaction of the fence.
func (s *Campaigns) hold(ctx context.Context, w wave, more []string, fresh int, then func(*db.Tx) error) error {
	w.scope = seal.ID("scope")
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return account.NewScope(tx, w.scope) }); err != nil {
		return err
	}
	for some := range slices.Chunk(more, joined) {
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return account.Join(tx, w.scope, some...) }); err != nil {
			return err
		}
	}
	return s.DB.Alone(ctx, func(tx *db.Tx) error {
		if err := grow(tx, w.campaign, fresh); err != nil {
			return err
		}
		if err := then(tx); err != nil {
			return err
		}
		if _, err := account.Fence(tx, w.scope); err != nil {
			return err
		}
		return errors.Join(insertWave(tx, w), again(tx, w.campaign, 0), tx.Announce(Topic, w.campaign))
	})
}

// rounds is how far leads are followed. What is three leads away has next to nothing to do with where it began.
const rounds = 3

// key is a lead as a cohort: in the window of the campaign and until now.
func (l Lead) key(c Campaign, now time.Time) Key {
	k := Key{Kind: l.Kind, Value: l.Value, From: c.Key.From, Until: c.Key.Until}
	if k.Until.Before(now) {
		k.Until = now
	}
	if first := k.Until.Add(-longest); k.From.Before(first) {
		k.From = first
	}
	return k
}

// scannedAtOnce is how many leads one job asks where they lead to.
const scannedAtOnce = 200

// scanLeads asks of the next new leads where they lead to. Those that lead to
// accounts which nobody holds are proposed: nothing is added without a person's
// yes. It tells whether there were any.
func (s *Campaigns) scanLeads(tx *db.Tx, c Campaign) (some bool, err error) {
	all, err := leadsIn(tx, c.ID, NewLead, scannedAtOnce)
	for _, l := range all {
		if err := s.scanLead(tx, c, &l); err != nil {
			return true, err
		}
		if err := setLead(tx, c.ID, l); err != nil {
			return true, err
		}
	}
	return len(all) > 0, err
}

func (s *Campaigns) scanLead(tx *db.Tx, c Campaign, l *Lead) error {
	found, err := cohort(tx, l.key(c, tx.Now))
	if err != nil {
		return err
	}
	l.State = Nowhere
	if len(found) <= few { // as nearly all do: to the account it was found in
		l.More, err = countBeyond(tx, c.ID, found)
	} else {
		var in []string
		in, err = members(tx, c.ID)
		l.More = len(lacking(found, in))
	}
	if l.More > 0 {
		l.State = Proposed
	}
	return err
}

// countBeyond counts those of a few accounts that are not in a campaign.
func countBeyond(tx *db.Tx, id string, accounts []string) (n int, err error) {
	for _, one := range accounts {
		in, err := holds(tx, id, one)
		if err != nil {
			return 0, err
		}
		if !in {
			n++
		}
	}
	return n, nil
}

// Follow holds the accounts that a lead leads to as a next round. It is the word
// of the second person, as with the first ones.
func (s *Campaigns) Follow(ctx context.Context, by access.Actor, id string, kind Kind, value string) (err error) {
	defer fault.Wrap(&err, "campaign.Follow(%s, %s)", id, kind)
	if !by.May(access.Manage) {
		return ErrForbidden
	}
	var l Lead
	var k Key
	var more []string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := get(tx, id)
		if err != nil {
			return err
		}
		if l, err = leadAt(tx, id, kind, value); err != nil {
			return err
		}
		k = l.key(c, tx.Now)
		switch {
		case c.MadeBy == by.ID || c.Key.names(by.ID) || k.names(by.ID):
			return ErrOwn
		case l.State != Proposed || c.Step == Opened:
			return ErrStep
		}
		more, err = s.beyond(tx, id, k)
		return err
	})
	if err != nil {
		return err
	}
	return s.hold(ctx, wave{campaign: id, round: l.Round, key: k}, more, len(more), func(tx *db.Tx) error {
		return s.followed(tx, id, l, Followed)
	})
}

// followed keeps what somebody said of a lead, unless somebody else has.
func (s *Campaigns) followed(tx *db.Tx, id string, l Lead, state LeadState) error {
	now, err := leadAt(tx, id, l.Kind, l.Value)
	if err == nil && now.State != Proposed {
		err = ErrStep
	}
	if err != nil {
		return err
	}
	now.State = state
	return setLead(tx, id, now)
}

// Leave says that a lead is nothing, such as a café's network.
func (s *Campaigns) Leave(ctx context.Context, by access.Actor, id string, kind Kind, value string) (err error) {
	defer fault.Wrap(&err, "campaign.Leave(%s, %s)", id, kind)
	if !by.May(access.Investigate) {
		return ErrForbidden
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := lock(tx, id); err != nil {
			return err
		}
		return errors.Join(s.followed(tx, id, Lead{Kind: kind, Value: value}, Left), tx.Announce(Topic, id))
	})
}
