package campaign

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/session"
)

const (
	walkedAtOnce  = 200             // accounts that are looked at by one job
	settledAtOnce = 10              // accounts that are let go or taken with one commit
	plannedAtOnce = 50              // plans that are made between two
	lookAgain     = 2 * time.Second // while steps are being carried out
)

// Handle gives the runner the handler of this room.
func (s *Campaigns) Handle(runner *jobs.Runner) {
	runner.Handle(jobKind, jobs.With(func(ctx context.Context, w jobs.Work, t turn) error { return s.goOn(ctx, t, w.Finish) }))
	runner.Handle(lateKind, jobs.With(func(ctx context.Context, w jobs.Work, l latecomer) error { return s.takeIn(ctx, l, w.Finish) }))
}

// goOn does the next piece of work of a campaign and queues the one after it, in
// the transaction in which the job ends: whatever stops the program, it goes on from there.
func (s *Campaigns) goOn(ctx context.Context, t turn, finish func(*db.Tx) error) (err error) {
	defer fault.Wrap(&err, "campaign.goOn(%s)", t.Campaign)
	var c Campaign
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { c, err = get(tx, t.Campaign); return err }); err != nil {
		return err
	}
	if c.Turn != t.No {
		return nil // a later job does it
	}
	switch c.Step {
	case Held:
		return s.walkOn(ctx, c, finish)
	case Planning:
		return s.planOn(ctx, c, finish)
	case Carrying:
		return s.carryOn(ctx, c, finish)
	}
	return nil // opened: what has a case goes its way there
}

// Examined is an account that was looked at.
type Examined struct {
	Account string
	Seeds   Seeds
	Found   Found
}

// walkOn looks at the next accounts, lets go of those in which nothing is found,
// and gives the others a case. After the last one it asks where what was found leads.
func (s *Campaigns) walkOn(ctx context.Context, c Campaign, finish func(*db.Tx) error) error {
	var v wave
	var ids []string
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		ids = nil
		if v, err = waveToWalk(tx, c.ID); err == nil {
			ids, err = account.Members(tx, v.scope, v.walked, walkedAtOnce)
		}
		return err
	})
	walked := errors.Is(err, db.ErrNone)
	if err != nil && !walked {
		return err
	}
	all, err := s.Examine(ctx, v.key, ids)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(all, settledAtOnce) {
		if err := s.settleSome(ctx, c, v, some); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := lock(tx, c.ID)
		if err != nil {
			return err
		}
		switch {
		case now.Step != Held:
			return finish(tx) // it was opened meanwhile
		case walked:
			err = s.walkedOn(tx, c)
		case len(all) == 0:
			err = walkedAll(tx, v)
		}
		return errors.Join(err, finish(tx), again(tx, c.ID, 0), tx.Announce(Topic, c.ID))
	})
}

// walkedOn asks where the next leads lead to, and goes on to planning after the last one.
func (s *Campaigns) walkedOn(tx *db.Tx, c Campaign) error {
	if some, err := s.scanLeads(tx, c); err != nil || some {
		return err
	}
	if _, err := waveToWalk(tx, c.ID); !errors.Is(err, db.ErrNone) {
		return err // somebody came meanwhile
	}
	return setStep(tx, c.ID, Held, Planning)
}

// settleSome keeps what becomes of a few accounts: few, because whoever stops an
// account meanwhile waits for it.
func (s *Campaigns) settleSome(ctx context.Context, c Campaign, v wave, some []Examined) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if now, err := lock(tx, c.ID); err != nil || now.Step != Held {
			return err
		}
		now, err := waveAt(tx, v.campaign, v.no)
		if err != nil {
			return err
		}
		for _, x := range some {
			if x.Account <= now.walked {
				continue // done before the program was ended
			}
			if err := s.settle(tx, c, v, x); err != nil {
				return err
			}
		}
		return errors.Join(walk(tx, v, some[len(some)-1].Account), tx.Announce(Topic, c.ID))
	})
}

// readTogether is how many accounts are read in one view of the database: at
// most as many as history and session give with one query.
const readTogether = 16

// Examine looks at accounts for what bears a key and keeps nothing. Some are
// read together, and as many such groups at a time as there are processors.
func (s *Campaigns) Examine(ctx context.Context, k Key, ids []string) ([]Examined, error) {
	all := make([]Examined, len(ids))
	groups := make(chan []Examined)
	faults := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range faults {
		workers.Go(func() {
			for group := range groups {
				if faults[w] == nil {
					faults[w] = s.examine(ctx, k, group)
				}
			}
		})
	}
	for i, id := range ids {
		all[i].Account = id
	}
	for group := range slices.Chunk(all, readTogether) {
		groups <- group
	}
	close(groups)
	workers.Wait()
	return all, errors.Join(faults...)
}

// examine reads a few accounts in one view of the database, and analyses them after it.
func (s *Campaigns) examine(ctx context.Context, k Key, group []Examined) error {
	ids := make([]string, len(group))
	for i, x := range group {
		ids[i] = x.Account
	}
	var lives map[string][]history.Change
	var known map[string][]session.Device
	var now time.Time
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		now = tx.Now
		if lives, err = history.OfMany(tx, ids); err == nil {
			known, err = session.DevicesOf(tx, ids)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range group {
		x := &group[i]
		if x.Seeds = k.Seeds(lives[x.Account], s.Book.AddressKey); !x.Seeds.None() {
			x.Found = s.Finder.Examine(lives[x.Account], known[x.Account], x.Seeds, now)
		}
	}
	return nil
}

// settle lets an account go, or gives it a case. One that was let go before and
// came again may get one now; one that has a case goes its way there.
func (s *Campaigns) settle(tx *db.Tx, c Campaign, v wave, x Examined) error {
	if state, err := stateOf(tx, c.ID, x.Account); err != nil || state != "" && state != Clean {
		return err
	}
	if v.round < rounds {
		for _, l := range x.Found.Leads {
			if err := keepLead(tx, c.ID, v.round+1, l); err != nil {
				return err
			}
		}
	}
	r := row{campaign: c.ID, account: x.Account, state: Clean, deadline: x.Found.Deadline}
	a, err := account.Get(tx, x.Account)
	if err != nil {
		return err
	}
	switch {
	case x.Found.Steps+x.Found.Questions > 0 && a.Own != account.Closed:
		r.state = Taken
		if r.caseID, err = s.Finder.Take(tx, a.ID, x.Seeds, maker(c), c.Reason); errors.Is(err, ErrBusy) {
			r.state, err = Aside, nil
		}
	case a.Own != a.State:
		err = s.letGo(tx, c.ID, a, access.Do("campaign"))
	}
	if err != nil {
		return err
	}
	return keep(tx, r)
}

// maker is who drafted a campaign: it is done in his name, and he approves none of it.
func maker(c Campaign) access.Actor {
	return access.Actor{Role: access.Investigator, ID: c.MadeBy, Name: c.MadeName}
}

// planOn makes the next plans and groups them by their shape. A case that has
// gone its own way by now, or cannot be planned for, is left to people.
func (s *Campaigns) planOn(ctx context.Context, c Campaign, finish func(*db.Tx) error) error {
	var rows []row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = rowsIn(tx, c.ID, Taken, "", plannedAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	plans := make([]Plan, len(rows))
	for i := range rows {
		rows[i].state = Planned
		plans[i], err = s.Carrier.Plan(ctx, maker(c), rows[i].caseID)
		if f := fault.Public(err); err != nil && f.Kind != fault.Internal {
			rows[i].state, err = Aside, nil
		}
		if err != nil {
			return err
		}
		if rows[i].state == Planned {
			rows[i].plan, rows[i].shape = plans[i].Hash, shapeID(plans[i].Lines)
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if now, err := lock(tx, c.ID); err != nil || now.Step != Planning {
			return errors.Join(err, finish(tx))
		}
		for i, r := range rows {
			if r.state == Planned {
				if err := keepShape(tx, c.ID, plans[i]); err != nil {
					return err
				}
			}
			if err := keep(tx, r); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			if err := setStep(tx, c.ID, Planning, Carrying); err != nil {
				return err
			}
			return errors.Join(finish(tx), tx.Announce(Topic, c.ID))
		}
		return errors.Join(finish(tx), again(tx, c.ID, 0), tx.Announce(Topic, c.ID))
	})
}

// carryOn sees what became of those under way, and begins with the next ones of
// every shape that may go on.
func (s *Campaigns) carryOn(ctx context.Context, c Campaign, finish func(*db.Tx) error) error {
	busy := false
	var begin []row
	var who []Approval
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		busy, begin = false, nil
		if now, err := lock(tx, c.ID); err != nil || now.Step != Carrying {
			return err
		}
		if err := s.settleRunning(tx, c); err != nil {
			return err
		}
		if who, err = approvals(tx, c.ID); err != nil {
			return err
		}
		all, err := shapes(tx, c.ID)
		if err != nil {
			return err
		}
		for _, o := range all {
			n, stop := o.next()
			if stop != "" {
				if err := stopShape(tx, c.ID, o.ID, stop); err != nil {
					return err
				}
			}
			rows, err := rowsIn(tx, c.ID, Planned, o.ID, n)
			if err != nil {
				return err
			}
			for i := range rows {
				rows[i].pilot = o.Pilots+i < o.Pilot()
			}
			begin = append(begin, rows...)
			busy = busy || o.Running > 0 || n > 0
		}
		return tx.Announce(Topic, c.ID)
	})
	if err != nil {
		return err
	}
	for _, r := range begin {
		if err := s.begin(ctx, c, r, who); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if !busy {
			return errors.Join(finish(tx), tx.Announce(Topic, c.ID))
		}
		return errors.Join(finish(tx), again(tx, c.ID, lookAgain), tx.Announce(Topic, c.ID))
	})
}

// settleRunning keeps how the plans ended that have.
func (s *Campaigns) settleRunning(tx *db.Tx, c Campaign) error {
	rows, err := rowsIn(tx, c.ID, Running, "", everybody)
	if err != nil {
		return err
	}
	for _, r := range rows {
		ended, restored, err := s.Carrier.Ended(tx, r.caseID)
		if err != nil {
			return err
		}
		if !ended {
			continue
		}
		if r.state = Conflict; restored {
			r.state = Restored
		}
		if err := keep(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// begin carries out one plan, in the name of whoever answers for it. One that is
// not as it was when its shape was approved, or that he may not approve, goes aside.
func (s *Campaigns) begin(ctx context.Context, c Campaign, r row, who []Approval) error {
	r.state = Running
	var by access.Actor
	for _, a := range who {
		if a.Shape == r.shape {
			by = access.Actor{Role: access.Investigator, ID: a.Actor, Name: a.Name}
		}
	}
	err := s.Carrier.Carry(ctx, maker(c), by, r.caseID, r.plan)
	if f := fault.Public(err); err != nil && f.Kind != fault.Internal {
		r.state, err = Aside, nil
	}
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error { return keep(tx, r) })
}
