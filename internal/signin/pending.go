package signin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

const jobApply = "signin.apply"

// pending is a change that was asked for and has not happened.
type pending struct {
	id        string
	account   string
	epoch     int64
	path      string
	verb      history.Verb
	value     json.RawMessage
	erased    bool         // removed at the holder's wish, never to come back
	by        access.Actor // the change will be this session's, also if it has ended by then
	asked     time.Time
	confirmed time.Time
	due       time.Time
}

// unconfirmed tells whether an address still needs somebody to prove that he receives there.
func (p pending) unconfirmed() bool {
	return p.verb == history.Contact && p.path != "phone" && p.confirmed.IsZero()
}

// ready tells whether nothing stands in the way of a change at a time.
func (p pending) ready(now time.Time) bool { return !p.unconfirmed() && !now.Before(p.due) }

// Waiting is a change that has not happened yet, as its holder sees it.
type Waiting struct {
	ID          string
	Path        string
	Value       json.RawMessage // nil: it would be removed
	Asked       time.Time
	Due         time.Time // zero: as soon as it is confirmed
	Unconfirmed bool      // the link in the letter to the new address was not used yet
	Session     string    // the session that asked
}

// Waiting lists what one's own account waits for, oldest first.
func (l *Life) Waiting(ctx context.Context, who access.Actor) (waiting []Waiting, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, who.Account)
		if err != nil {
			return err
		}
		all, err := pendingIn(tx, who.Account)
		for _, p := range all {
			over := p.unconfirmed() && tx.Now.Sub(p.asked) >= confirmFor
			if p.epoch == a.Epoch && !over {
				waiting = append(waiting, Waiting{ID: p.id, Path: p.path, Value: p.value, Asked: p.asked, Due: p.due, Unconfirmed: p.unconfirmed(), Session: p.by.Session})
			}
		}
		return err
	})
	return waiting, err
}

// Cancel takes back a change that waits. Any session of the account may: what
// is cancelled is only what was asked for.
func (l *Life) Cancel(ctx context.Context, who access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "signin.Cancel(%s)", who.Account)
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		dropped := false
		err := l.dropPending(tx, who, func(p pending) bool {
			dropped = dropped || p.id == id
			return p.id == id
		})
		if err == nil && !dropped {
			err = ErrNothing
		}
		return err
	})
}

// put makes a change now, or keeps it until its time has come: a new address
// until somebody proved to receive there, anything that a guarded account holds
// back for its 72 hours. It tells which of the two.
func (l *Life) put(tx *db.Tx, who access.Actor, p pending) (waits bool, err error) {
	a, err := account.Get(tx, p.account)
	if err != nil {
		return false, err
	}
	kind, ok := l.Book.Kinds.Of(p.path)
	if !ok {
		return false, history.ErrKind.On("path")
	}
	lifted, err := l.lifted(tx, who)
	if err != nil {
		return false, err
	}
	p.id, p.epoch, p.by, p.asked = seal.ID("wait"), a.Epoch, who, tx.Now
	if p.by.Epoch == 0 {
		p.by.Epoch = a.Epoch // a service's wish ends with the epoch it was made in, like anybody's
	}
	ruling, err := l.weigh(tx, p.doing(who))
	if err != nil {
		return false, err
	}
	wait := hold(kind, a.State, lifted, ruling)
	if wait > 0 {
		p.due = tx.Now.Add(wait)
	}
	if p.ready(tx.Now) {
		return false, l.apply(tx, p)
	}
	// The fence: who may not write now may not ask for a write later.
	if err := fence(a, who); err != nil {
		return false, err
	}
	if who.Grant != "" {
		if _, err := l.Book.Granted(tx, p.account, who.Grant); err != nil {
			return false, err
		}
	}
	if err := keepPending(tx, p); err != nil {
		return false, err
	}
	if wait == 0 {
		return true, l.askConfirmation(tx, a, p)
	}
	if err := jobs.Enqueue(tx, jobs.Job{Kind: jobApply, Args: p.id, At: p.due}); err != nil {
		return true, err
	}
	err = l.Crier.TellRequested(tx, p.wish(who))
	if err == nil && p.unconfirmed() {
		err = l.askConfirmation(tx, a, p)
	}
	return true, err
}

// doing is a change that was asked for as the judge looks at it.
func (p pending) doing(by access.Actor) Doing {
	d := Doing{By: by, Account: p.account, Verb: p.verb, Path: p.path, Fresh: p.verb == history.Add}
	if p.verb == history.Contact {
		d.Target = account.Fact{Value: p.value}.Text()
	}
	return d
}

// fence refuses what history.Append would refuse, for what is only asked for.
func fence(a account.Account, who access.Actor) error {
	for _, s := range history.Admits(who, history.Set) {
		if a.State == s && (who.Epoch == 0 || who.Epoch == a.Epoch) {
			return nil
		}
	}
	return account.ErrFrozen
}

// wish is a pending change as the contacts are told of it.
func (p pending) wish(by access.Actor) Wish {
	w := Wish{Account: p.account, Path: p.path, Due: p.due, By: by}
	if p.verb == history.Contact {
		w.To = account.Fact{Value: p.value}.Text()
	}
	return w
}

// askConfirmation sends the letter whose link proves that somebody receives at
// the new address. An address that another account has, or gave up less than 30
// days ago, gets another letter: a session must not be a place to find out who has accounts.
func (l *Life) askConfirmation(tx *db.Tx, a account.Account, p pending) error {
	to, err := mail.ParseAddress(account.Fact{Value: p.value}.Text())
	if err != nil {
		return err
	}
	if holder, err := heldByAnother(tx, p.path, to.Key(), a.ID); err != nil || holder != "" {
		if err == nil {
			err = l.tellTaken(tx, holder, to, p.by.Client)
		}
		return err
	}
	token, err := l.Seal.Issue(tx, seal.ConfirmMail, a.ID, a.Epoch, confirmFor, p.id)
	if err != nil {
		return err
	}
	_, err = l.Post.Queue(tx, mail.Letter{Account: a.ID, To: to, Language: a.Language,
		Body: mail.ConfirmChange{Link: "/confirm/" + token, Until: tx.Now.Add(confirmFor)}})
	return err
}

// heldByAnother gives another account that has an address as its sign-in name, or had it lately. A further address
// may be somebody else's sign-in name: families share, and the letter to it asks who reads it.
func heldByAnother(tx *db.Tx, path, key, own string) (string, error) {
	if path != "email" {
		return "", nil
	}
	holders, err := account.HeldSince(tx, key, account.Quarantine(tx.Now))
	for _, id := range holders {
		if id != own {
			return id, nil
		}
	}
	return "", err
}

// pendingOf finds the change that a confirming link is for, if both still count.
func (l *Life) pendingOf(tx *db.Tx, token string) (p pending, link seal.Link, err error) {
	if link, err = l.Seal.Peek(tx, seal.ConfirmMail, token); err != nil {
		return p, link, err
	}
	a, err := account.Get(tx, link.Account)
	if err != nil {
		return p, link, err
	}
	if err := link.Check(tx.Now, a.Epoch); err != nil {
		return p, link, err
	}
	if a.State != account.Open && a.State != account.Guarded {
		return p, link, seal.ErrOldEpoch
	}
	var id string
	if err := link.Read(&id); err != nil {
		return p, link, err
	}
	if p, err = pendingAt(tx, id); errors.Is(err, db.ErrNone) {
		err = ErrNothing // cancelled, or replaced by a later wish
	}
	return p, link, err
}

// confirmAddress makes a new address count, or starts what is left of its wait.
func (l *Life) confirmAddress(tx *db.Tx, token string) (waits bool, err error) {
	p, link, err := l.pendingOf(tx, token)
	if err != nil {
		return false, err
	}
	if err := l.Seal.Spend(tx, link); err != nil {
		return false, err
	}
	address := account.Fact{Value: p.value}.Text()
	if holder, err := heldByAnother(tx, p.path, AddressKey(p.path, address), p.account); err != nil || holder != "" {
		if err == nil {
			err = ErrTaken
		}
		return false, err
	}
	p.confirmed = tx.Now
	if p.ready(tx.Now) {
		return false, l.apply(tx, p)
	}
	return true, markConfirmed(tx, p.id)
}

// apply makes a change true, as the session's that asked for it.
func (l *Life) apply(tx *db.Tx, p pending) error {
	_, err := l.Book.Append(tx, history.Entry{Account: p.account, By: p.by, Verb: p.verb, Path: p.path, Value: p.value, Erased: p.erased, Confirmed: !p.confirmed.IsZero()})
	if err != nil {
		return err
	}
	if p.verb == history.Contact || p.verb == history.Drop {
		// A link that went to the contacts as they were must not outlive them.
		if err := seal.Void(tx, p.account, seal.Reset); err != nil {
			return err
		}
	}
	if p.path == account.Closing {
		if err := l.close(tx, p.account); err != nil {
			return err
		}
	}
	_, err = deletePending(tx, p.id)
	return err
}

// applyDue is the job that makes a change true whose time has come. What was
// cancelled, replaced, asked for in an epoch that is over, or never confirmed
// is dropped.
func (l *Life) applyDue(ctx context.Context, w jobs.Work, id string) (err error) {
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := pendingAt(tx, id)
		if errors.Is(err, db.ErrNone) {
			return w.Finish(tx)
		}
		if err != nil {
			return err
		}
		a, err := account.Get(tx, p.account)
		if err != nil {
			return err
		}
		if p.ready(tx.Now) && fence(a, p.by) == nil && closable(p, a.State) {
			err = l.apply(tx, p)
		} else {
			_, err = deletePending(tx, p.id)
		}
		return errors.Join(err, w.Finish(tx))
	})
	if db.IsDuplicate(err) || errors.Is(err, account.ErrFrozen) || errors.Is(err, history.ErrGrant) {
		// Somebody else has the address by now, the account was frozen this moment, or who asked may not act for the holder any more.
		err = l.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := deletePending(tx, id)
			return errors.Join(err, w.Finish(tx))
		})
	}
	return err
}

// dropPending takes back what waits and which says, and tells the contacts of
// what they had been told of. A session that ended has its wishes taken back too.
func (l *Life) dropPending(tx *db.Tx, who access.Actor, which func(pending) bool) error {
	all, err := pendingIn(tx, who.Account)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !which(p) {
			continue
		}
		if there, err := deletePending(tx, p.id); err != nil || !there {
			return err
		}
		if p.due.IsZero() {
			continue // nobody was told of it
		}
		if err := l.Crier.TellCancelled(tx, p.wish(who)); err != nil {
			return err
		}
	}
	return nil
}

// lifted tells whether a stronger proof was given in the actor's session, with
// a factor that was in place for long enough.
func (l *Life) lifted(tx *db.Tx, who access.Actor) (bool, error) {
	if who.Session == "" {
		return false, nil
	}
	strong, err := strongIn(tx, who.Session, time.Time{})
	if err != nil {
		return false, err
	}
	for path, version := range strong {
		secret, err := account.SecretIn(tx, who.Account, path)
		if err != nil {
			return false, err
		}
		if secret.Version == version && lifts(secret, tx.Now) {
			return true, nil
		}
	}
	return false, nil
}
