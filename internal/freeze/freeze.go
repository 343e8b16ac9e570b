package freeze

import (
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// HoldFor is how far back orders are held unless the operator says otherwise.
const HoldFor = 24 * time.Hour

// Withheld is what is noted in a case when a stranger's wish to stop its
// account went to the desk instead, after too many false alarms.
const Withheld = "freeze.withheld"

// Freezer stops accounts and lets them go.
type Freezer struct {
	Files   *casefile.Files
	Book    *history.Book
	HoldFor time.Duration // how far back orders are held; HoldFor if zero
}

// The errors of this room.
var (
	ErrNoAccount = fault.New(fault.Invalid, "freeze.account", "It is not known yet which account this case is about.")
	ErrUnproved  = fault.New(fault.Forbidden, "freeze.unproved", "The holder has not been verified in this case. Without that an account is not let go.")
	ErrNotHeld   = fault.New(fault.Conflict, "freeze.not-held", "This account is not held still for this case.")
)

// Stop holds the account of a case still, in the caller's transaction, and
// gives the case. A case without an id is opened, or the account's open one is
// joined. An account that is held still already stays as it is: a second click
// changes nothing but the case's list of entries. After too many false
// alarms a stranger's wish is only entered in the case, whose step tells.
func (z *Freezer) Stop(tx *db.Tx, c casefile.Case, by access.Actor) (_ casefile.Case, err error) {
	defer fault.Wrap(&err, "freeze.Stop(%s)", c.Account)
	if c.Account == "" {
		return c, ErrNoAccount
	}
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return c, err
	}
	former, err := casefile.Recent(tx, a.ID, 50)
	if err != nil {
		return c, err
	}
	barred := withheld(by, former, tx.Now)
	stopped := false
	if !barred && slices.Contains(stoppable, a.Own) { // also one that is held with others: their hold ends, this one's does not
		// Before anything else: from here on no writer of the former epoch gets in between.
		_, err := account.Turn(tx, a.ID, account.Frozen, a.GuardedUntil, stoppable...)
		if stopped = err == nil; err != nil && !errors.Is(err, account.ErrMoved) {
			return c, err // ErrMoved: somebody else stopped it meanwhile
		}
	}
	if c, err = z.open(tx, c, by); err != nil {
		return c, err
	}
	if barred {
		return c, z.Files.Note(tx, c.ID, by, Withheld, "")
	}
	if stopped {
		if err := z.end(tx, a, c.ID, by); err != nil {
			return c, err
		}
	}
	held := stopped || a.State != account.Closed
	if held && casefile.May(c.Step, casefile.Frozen) {
		return z.Files.Advance(tx, c.ID, casefile.Frozen, by)
	}
	return c, nil
}

// open gives the case to work in: the one named, the account's open one, or a new one.
func (z *Freezer) open(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error) {
	if c.ID == "" {
		c.Step = casefile.Reported
		opened, _, err := z.Files.Open(tx, c, by)
		if err == nil && c.Notice != "" {
			err = casefile.Cite(tx, opened.ID, c.Notice, c.ReportedSeq)
		}
		return opened, err
	}
	named, err := casefile.Get(tx, c.ID)
	if err != nil || named.Account == c.Account {
		return named, err
	}
	if named.Account != "" {
		return named, casefile.ErrStep
	}
	// The desk has found out whom a stranger's report is about. If that account has a case, this is about the same matter.
	open, err := casefile.OfAccount(tx, c.Account)
	switch {
	case err == nil:
		return open, z.Files.Note(tx, open.ID, by, "joined.case", named.ID)
	case !errors.Is(err, casefile.ErrNone):
		return named, err
	}
	named.Account = c.Account
	return named, z.Files.Name(tx, named.ID, c.Account, by)
}

// end carries out what follows from the new epoch: it has ended all authority
// already, this keeps when and why, and holds what could still leave the house.
func (z *Freezer) end(tx *db.Tx, a account.Account, caseID string, by access.Actor) error {
	if _, err := z.Book.Append(tx, history.Entry{Account: a.ID, By: acting(by, caseID), Verb: history.Freeze, Case: caseID}); err != nil {
		return err
	}
	if err := session.EndAll(tx, a.ID, "", "frozen"); err != nil {
		return err
	}
	if err := seal.Void(tx, a.ID); err != nil { // all but reports, which must still reach a person
		return err
	}
	facts, err := account.Facts(tx, a.ID)
	if err != nil {
		return err
	}
	window := z.HoldFor
	if window == 0 {
		window = HoldFor
	}
	for _, path := range toHold(facts, z.Book.Kinds, tx.Now, window) {
		if err := z.Hold(tx, a.ID, path, caseID, by); err != nil {
			return err
		}
	}
	return nil
}

// Hold holds one order until its case says what becomes of it. One that is held already stays so.
func (z *Freezer) Hold(tx *db.Tx, accountID, path, caseID string, by access.Actor) error {
	all, err := Held(tx, accountID)
	if err != nil || slices.ContainsFunc(all, func(h HeldOrder) bool { return h.Path == path && h.Case == caseID }) {
		return err
	}
	if err := hold(tx, accountID, path, caseID); err != nil {
		return err
	}
	_, err = z.Book.Append(tx, history.Entry{Account: accountID, By: acting(by, caseID), Verb: history.Hold, Path: path, Case: caseID})
	return err
}

// GoOn lets an order go on that was held for no case. One that a case holds
// meanwhile stays held.
func (z *Freezer) GoOn(tx *db.Tx, accountID, path string) error {
	n, err := releaseOf(tx, accountID, path, "")
	if err != nil || n == 0 {
		return err
	}
	_, err = z.Book.Append(tx, history.Entry{Account: accountID, By: access.Do(history.Judge), Verb: history.Release, Path: path, Request: "go-on " + path})
	return err
}

// acting is who stands in the history: staff by name, anybody else as what the
// system did for him, from where he asked. A stranger has no place in an account.
func acting(by access.Actor, caseID string) access.Actor {
	if by.Role.Staff() {
		by.Case = caseID
		return by
	}
	if caseID == "" {
		return access.Actor{Role: access.System, ID: history.Judge, Client: by.Client}
	}
	return access.Actor{Role: access.System, ID: "freeze", Case: caseID, Client: by.Client}
}

// LetGo ends a false alarm: the account is open again in its next epoch, its
// orders go on, the case is over. Sessions and links stay void; the holder signs
// in anew. It takes a case in which the holder was verified (ErrUnproved).
func (z *Freezer) LetGo(tx *db.Tx, caseID string, by access.Actor) (c casefile.Case, err error) {
	defer fault.Wrap(&err, "freeze.LetGo(%s)", caseID)
	if c, err = casefile.Get(tx, caseID); err != nil {
		return c, err
	}
	entries, err := casefile.Entries(tx, caseID)
	if err != nil {
		return c, err
	}
	if !mayLetGo(by, verified(entries)) {
		return c, ErrUnproved
	}
	return z.letGo(tx, c, by)
}

// letGo opens an account again.
func (z *Freezer) letGo(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error) {
	a, err := account.Get(tx, c.Account)
	if err != nil {
		return c, err
	}
	until, state := a.GuardedUntil, after(a.GuardedUntil, tx.Now)
	if state == account.Open {
		until = time.Time{}
	}
	if _, err := account.Turn(tx, a.ID, state, until, account.Frozen); err != nil {
		if errors.Is(err, account.ErrMoved) {
			err = ErrNotHeld.Because(err)
		}
		return c, err
	}
	if _, err := z.Book.Append(tx, history.Entry{Account: a.ID, By: acting(by, c.ID), Verb: history.Unfreeze, Case: c.ID}); err != nil {
		return c, err
	}
	held, err := Held(tx, a.ID)
	if err != nil {
		return c, err
	}
	for _, h := range held {
		if err := z.Release(tx, a.ID, h.Path, c.ID, by); err != nil {
			return c, err
		}
	}
	return z.Files.Advance(tx, c.ID, casefile.FalseAlarm, by)
}

// MayUndo tells whether the freeze of a case is one that its holder may undo by himself.
func (z *Freezer) MayUndo(tx *db.Tx, caseID string) (bool, error) {
	c, err := casefile.Get(tx, caseID)
	if err != nil || c.Account == "" {
		return false, err
	}
	entries, err := casefile.Entries(tx, caseID)
	if err != nil {
		return false, err
	}
	cases, err := casefile.Recent(tx, c.Account, 50)
	if err != nil {
		return false, err
	}
	var former []casefile.Entry
	for _, f := range cases {
		if f.ID == c.ID || f.Step != casefile.FalseAlarm || tx.Now.Sub(f.ClosedAt) >= undoneOnce {
			continue
		}
		some, err := casefile.Entries(tx, f.ID)
		if err != nil {
			return false, err
		}
		former = append(former, some...)
	}
	if !mayUndo(c, entries, former, tx.Now) {
		return false, nil
	}
	with, err := heldWith(tx, c.Account)
	return !with, err
}

// heldWith tells whether an account is held together with others: what was
// decided about it alone would count over that, and is not the holder's to decide.
func heldWith(tx *db.Tx, accountID string) (bool, error) {
	scopes, err := account.ScopesOf(tx, accountID)
	if err != nil {
		return false, err
	}
	for _, id := range append(scopes, account.Installation) {
		s, err := account.ScopeOf(tx, id)
		if err != nil || s.Held {
			return s.Held, err
		}
	}
	return false, nil
}

// Undo lets an account go for its holder, who was proved by what no intruder
// has: whoever calls it has judged that (room verify). It keeps to MayUndo.
func (z *Freezer) Undo(tx *db.Tx, caseID string, by access.Actor) (err error) {
	defer fault.Wrap(&err, "freeze.Undo(%s)", caseID)
	may, err := z.MayUndo(tx, caseID)
	if err == nil && !may {
		err = ErrUnproved
	}
	if err != nil {
		return err
	}
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return err
	}
	if err := z.Files.Note(tx, caseID, by, Undone, ""); err != nil {
		return err
	}
	_, err = z.letGo(tx, c, by)
	return err
}

// Release lets one held order go on, or takes it off the list after it was undone.
func (z *Freezer) Release(tx *db.Tx, accountID, path, caseID string, by access.Actor) error {
	n, err := release(tx, accountID, path)
	if err != nil || n == 0 {
		return err
	}
	_, err = z.Book.Append(tx, history.Entry{Account: accountID, By: acting(by, caseID), Verb: history.Release, Path: path, Case: caseID})
	return err
}
