package campaign

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// Step is where a campaign stands.
type Step string

// The steps, in their order.
const (
	Drafted  Step = "drafted"  // counted; nobody is held
	Held     Step = "held"     // fenced; the accounts are being looked at
	Planning Step = "planning" // those in which something was found get their plans
	Carrying Step = "carrying" // shapes are approved and carried out
	Opened   Step = "opened"   // the hold was ended; what has a case of its own stays with it
)

// Campaign is one cohort and what is done about it.
type Campaign struct {
	ID            string
	Step          Step
	Key           Key
	Reason        string
	Accounts      int
	MadeAt        time.Time
	MadeBy        string
	MadeName      string
	ConfirmedAt   time.Time // zero while nobody has
	ConfirmedBy   string
	ConfirmedName string
	OpenedAt      time.Time // zero while it is held
	OpenedName    string
	Turn          int64 // of the piece of work that is next
}

// Found is what an analysis of an account found.
type Found struct {
	Steps, Questions int
	Deadline         time.Time // when the first of what can be stopped can be stopped no longer; zero if nothing can
	Leads            []Key     // kinds and values of what only the intruder used there
}

// Plan is a plan as campaigns see it.
type Plan struct {
	Hash  string
	Lines []string // its shape
	Open  bool     // it asks people
}

// Finder analyses and marks. It is investigate, freeze and the rules of restore.
type Finder interface {
	// Examine analyses a history from seeds, plans, and keeps nothing. Many may be examined at once.
	Examine(h []history.Change, known []session.Device, s Seeds, now time.Time) Found
	// Take stops an account for a case of its own and marks the seeds in it. Where
	// people have a plan already it does nothing and gives their case and ErrBusy.
	Take(tx *db.Tx, account string, s Seeds, by access.Actor, reason string) (caseID string, err error)
}

// Carrier plans and carries out. It is restore.
type Carrier interface {
	// Plan makes the plan of a case, or gives it.
	Plan(ctx context.Context, by access.Actor, caseID string) (Plan, error)
	// Carry has the plan of a hash approved by its second person and begins it.
	Carry(ctx context.Context, maker, approver access.Actor, caseID, hash string) error
	// Ended tells whether a plan has ended, and how.
	Ended(tx *db.Tx, caseID string) (ended, restored bool, err error)
}

// Looks tells who has looked at a case.
type Looks interface {
	Looked(tx *db.Tx, staff, caseID string) (bool, error)
}

// Campaigns drafts, confirms and carries out.
type Campaigns struct {
	DB      *db.DB
	Book    *history.Book
	Finder  Finder
	Carrier Carrier
	Looks   Looks
}

// Topic is announced with the id of a campaign whenever something in it changed.
const Topic = "campaign"

// The errors of this room besides those of keys.
var (
	ErrNone      = fault.New(fault.NotFound, "campaign.none", "There is no such campaign.")
	ErrForbidden = fault.New(fault.Forbidden, "campaign.forbidden", "You may not do this.")
	ErrOwn       = fault.New(fault.Forbidden, "campaign.own", "You drafted this campaign yourself. A second person must decide about it.")
	ErrStep      = fault.New(fault.Conflict, "campaign.step", "The campaign has moved on meanwhile. Please look again.")
	ErrNobody    = fault.New(fault.Conflict, "campaign.nobody", "No account has this in common.")
	ErrSample    = fault.New(fault.Conflict, "campaign.sample", "Look at the plans of the sample first.")
	ErrAnswers   = fault.New(fault.Conflict, "campaign.answers", "You answer for as many accounts as one person may in a day. Somebody else must approve the rest.")
	ErrShape     = fault.New(fault.Conflict, "campaign.shape", "Plans of this shape are not approved together.")
	ErrBusy      = fault.New(fault.Conflict, "campaign.busy", "People are about to restore this account already.")
	ErrLead      = fault.New(fault.NotFound, "campaign.lead", "There is no such lead.")
	ErrNotIn     = fault.New(fault.NotFound, "campaign.not-in", "This account is not held by the campaign.")
)

// Draft counts the accounts of a cohort and keeps what was asked. Nobody is held by it.
func (s *Campaigns) Draft(ctx context.Context, by access.Actor, k Key, reason string) (c Campaign, err error) {
	defer fault.Wrap(&err, "campaign.Draft(%s)", k.Kind)
	if !by.May(access.Investigate) {
		return c, ErrForbidden
	}
	if k, err = k.normal(s.Book.AddressKey); err != nil {
		return c, err
	}
	if k.names(by.ID) {
		return c, ErrOwn
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		all, err := cohort(tx, k)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return ErrNobody
		}
		c = Campaign{ID: seal.ID("camp"), Step: Drafted, Key: k, Reason: reason, Accounts: len(all), MadeAt: tx.Now, MadeBy: by.ID, MadeName: by.Name}
		if err := insert(tx, c); err != nil {
			return err
		}
		return errors.Join(account.NewScope(tx, c.ID), tx.Announce(Topic, c.ID))
	})
	return c, err
}

// joined is how many accounts join a cohort in one commit.
const joined = 1000

// Confirm holds the accounts of a draft still. It is the word of the second
// person, who is a supervisor. The accounts join while nothing is fenced, some at
// a time, so that the fence itself is one row; when it was broken off it can be asked again.
func (s *Campaigns) Confirm(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "campaign.Confirm(%s)", id)
	if !by.May(access.Manage) {
		return ErrForbidden
	}
	k, n, err := s.gather(ctx, by, id)
	if err != nil {
		return err
	}
	return s.DB.Alone(ctx, func(tx *db.Tx) error {
		if err := confirm(tx, id, by, n); err != nil {
			return err
		}
		if _, err := account.Fence(tx, id); err != nil {
			return err
		}
		// Who came between the counting and the fence is taken in at once; Hear hears the later ones.
		return errors.Join(insertWave(tx, wave{campaign: id, scope: id, key: k}), soon(tx, latecomer{Campaign: id}), again(tx, id, 0), tx.Announce(Topic, id))
	})
}

// gather lets the accounts of a draft join its scope, and counts them.
func (s *Campaigns) gather(ctx context.Context, by access.Actor, id string) (k Key, n int, err error) {
	var all, more []string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := get(tx, id)
		switch {
		case err != nil:
			return err
		case c.MadeBy == by.ID || c.Key.names(by.ID):
			return ErrOwn
		case c.Step != Drafted:
			return ErrStep
		}
		k = c.Key
		if all, err = cohort(tx, k); err != nil {
			return err
		}
		members, err := account.Members(tx, id, "", everybody)
		more = lacking(all, members)
		return err
	})
	for err == nil && len(more) > 0 {
		some := more[:min(joined, len(more))]
		more = more[len(some):]
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			if c, err := get(tx, id); err != nil || c.Step != Drafted {
				return errors.Join(err, ErrStep)
			}
			return account.Join(tx, id, some...)
		})
	}
	return k, len(all), err
}

// everybody is more accounts than any installation has.
const everybody = 1 << 40

// LetGo lets one account of a held campaign go that has no case of its own: the
// hold of the others goes on. What was given before the fence stays void.
func (s *Campaigns) LetGo(ctx context.Context, by access.Actor, id, accountID string) (err error) {
	defer fault.Wrap(&err, "campaign.LetGo(%s, %s)", id, accountID)
	if !by.May(access.Manage) {
		return ErrForbidden
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		in, err := holds(tx, id, accountID)
		if err == nil && !in {
			err = ErrNotIn
		}
		if err != nil {
			return err
		}
		a, err := account.Get(tx, accountID)
		if err == nil && a.Own == a.State { // it is held no more, or for a case of its own
			err = ErrNotIn
		}
		if err != nil {
			return err
		}
		by.Session = "" // of the desk, which is none of the account's
		if err := s.letGo(tx, id, a, by); err != nil {
			return err
		}
		if err := keep(tx, row{campaign: id, account: accountID, state: Clean}); err != nil {
			return err
		}
		return tx.Announce(Topic, id)
	})
}

// letGo gives an account an epoch of its own, which takes it out of the hold, and
// enters it with the campaign, which is all the case that there was.
func (s *Campaigns) letGo(tx *db.Tx, id string, a account.Account, by access.Actor) error {
	epoch, err := account.Turn(tx, a.ID, a.Own, a.GuardedUntil, a.Own)
	if err != nil {
		return err
	}
	if _, err := s.Book.Append(tx, history.Entry{Account: a.ID, By: by, Verb: history.Unfreeze, Case: id}); err != nil {
		return err
	}
	return errors.Join(session.EndBefore(tx, a.ID, epoch, "frozen"), seal.VoidBefore(tx, a.ID, epoch))
}

// Open ends the hold of a campaign for all accounts that have no case of their
// own. It is for the second person, too.
func (s *Campaigns) Open(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "campaign.Open(%s)", id)
	if !by.May(access.Manage) {
		return ErrForbidden
	}
	return s.DB.Alone(ctx, func(tx *db.Tx) error {
		c, err := get(tx, id)
		if err == nil && (c.MadeBy == by.ID || c.Key.names(by.ID)) {
			err = ErrOwn
		}
		if err != nil {
			return err
		}
		if err := open(tx, id, by); err != nil {
			return err
		}
		all, err := waves(tx, id)
		for _, w := range all {
			_, e := account.Reopen(tx, w.scope)
			err = errors.Join(err, e)
		}
		return errors.Join(err, tx.Announce(Topic, id))
	})
}

// Approve takes responsibility for plans of one shape, as many as are left and
// one person may answer for. The sample must have been looked at.
func (s *Campaigns) Approve(ctx context.Context, by access.Actor, id, shape string) (n int, err error) {
	defer fault.Wrap(&err, "campaign.Approve(%s)", id)
	if !by.May(access.Approve) {
		return 0, ErrForbidden
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := lock(tx, id)
		if err != nil {
			return err
		}
		o, err := shapeAt(tx, id, shape)
		switch {
		case err != nil:
			return err
		case c.MadeBy == by.ID || c.Key.names(by.ID):
			return ErrOwn
		case c.Step != Carrying:
			return ErrStep
		case o.Open || o.Stopped != "":
			return ErrShape
		}
		sample, err := sample(tx, id, shape)
		if err != nil {
			return err
		}
		for _, caseID := range sample {
			if looked, err := s.Looks.Looked(tx, by.ID, caseID); err != nil || !looked {
				return errors.Join(err, ErrSample)
			}
		}
		already, err := answered(tx, by.ID, tx.Now.Add(-day))
		if err != nil {
			return err
		}
		if n = o.portion(already); n == 0 {
			return ErrAnswers
		}
		if err := insertApproval(tx, id, shape, by, n); err != nil {
			return err
		}
		return errors.Join(again(tx, id, 0), tx.Announce(Topic, id))
	})
	return n, err
}

// jobKind moves a campaign on.
const jobKind = "campaign.go"

// turn is which piece of work a job is: one of a former turn does nothing, so
// that there is never more than one at work on a campaign.
type turn struct {
	Campaign string
	No       int64
}

// again queues the next piece of work of a campaign, in a turn of its own.
func again(tx *db.Tx, id string, in time.Duration) error {
	no, err := nextTurn(tx, id)
	if err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobKind, Key: "campaign " + id, Args: turn{id, no}, At: tx.Now.Add(in)})
}
