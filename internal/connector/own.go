package connector

import (
	"context"
	"errors"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// Own is the port to our own facts. Every write is an entry in the history,
// and the entry, the fact and the key are one commit: there is no moment in
// which a call has landed and its key is unknown.
type Own struct {
	DB   *db.DB
	Book *history.Book
}

var (
	_ Port    = Own{}
	_ Prober  = Own{}
	_ Bounder = Own{}
)

// Read implements Port.
func (o Own) Read(ctx context.Context, id, path string) (v Value, err error) {
	defer fault.Wrap(&err, "connector.Read(%s)", path)
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := account.FactAt(tx, id, path)
		v.JSON = f.Value
		if kind, ok := o.Book.Kinds.Of(path); ok && kind.Algebra == account.SecretOf {
			v.Version = f.Text()
		}
		return err
	})
	return v, err
}

// CompareAndSet implements Port.
func (o Own) CompareAndSet(ctx context.Context, c Call) (done Outcome, err error) {
	defer fault.Wrap(&err, "connector.CompareAndSet(%s)", c.Path)
	kind, ok := o.Book.Kinds.Of(c.Path)
	if !ok {
		return "", history.ErrKind.On("path")
	}
	e, err := entry(kind, c)
	if err != nil {
		return "", err
	}
	err = o.DB.Write(ctx, func(tx *db.Tx) error {
		done = Applied
		if err := enter(tx, c.Account, c.Fence); err != nil {
			return err
		}
		if was, err := known(tx, c.Key); err != nil || was {
			return err
		}
		now, err := account.FactAt(tx, c.Account, c.Path)
		if err != nil {
			return err
		}
		if !Same(now.Value, c.Pre) {
			done = Conflict
			return nil
		}
		change, err := o.append(tx, e, c)
		if err != nil {
			return err
		}
		return remember(tx, c, change.Seq)
	})
	if errors.Is(err, account.ErrFrozen) {
		err = ErrFence.Because(err) // the epoch has moved on: whoever moved it has the turn now
	}
	return done, err
}

// append enters the change. A version that returns has what its former self
// had: the public key of a passkey, and that a contact was confirmed.
func (o Own) append(tx *db.Tx, e history.Entry, c Call) (history.Change, error) {
	switch e.Verb {
	case history.Credential:
		all, err := account.Secrets(tx, c.Account)
		if err != nil {
			return history.Change{}, err
		}
		for _, x := range all {
			if x.Slot == c.Path && x.Version == c.Version {
				e.SecretID, e.Stored = x.SecretID, x.Stored
			}
		}
		if e.Stored == "" {
			return history.Change{}, errNoVersion.On(c.Path) // a secret is never made up
		}
	case history.Contact:
		all, err := account.Contacts(tx, c.Account)
		if err != nil {
			return history.Change{}, err
		}
		for _, x := range all {
			if x.Slot == c.Path && x.Version == c.Version && Same(account.TextValue(x.Address), c.Want) {
				e.Confirmed = e.Confirmed || !x.ConfirmedAt.IsZero()
			}
		}
	}
	return o.Book.Append(tx, e)
}

var errNoVersion = fault.New(fault.Conflict, "connector.version", "There is no former version of this to go back to.")

// Kill implements Port: sessions and links given before the fence's epoch are
// marked dead. The epoch has ended their authority already; this keeps when.
func (o Own) Kill(ctx context.Context, id string, f Fence) (err error) {
	defer fault.Wrap(&err, "connector.Kill(%s)", id)
	return o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := enter(tx, id, f); err != nil {
			return err
		}
		if err := session.EndBefore(tx, id, f.Epoch, "restored"); err != nil {
			return err
		}
		if err := seal.VoidBefore(tx, id, f.Epoch); err != nil {
			return err
		}
		return tx.Announce(account.EpochTopic, id)
	})
}

// Probe implements Prober.
func (o Own) Probe(ctx context.Context, id string, f Fence) (alive int, err error) {
	defer fault.Wrap(&err, "connector.Probe(%s)", id)
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := session.Living(tx, id)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Epoch < f.Epoch {
				alive++
			}
		}
		unended, err := session.UnendedBefore(tx, id, f.Epoch)
		if err != nil {
			return err
		}
		links, err := seal.LivingBefore(tx, id, f.Epoch)
		alive += unended + links
		return err
	})
	return alive, err
}

// Bound implements Bounder: a commit has landed when its answer comes.
func (Own) Bound() time.Duration { return 0 }
