package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/passkey"
	"takeback/internal/seal"
)

const (
	keyNames = "passkey-name/" // what the holder calls them: a fact like any other, so that it is told, undone and exported like one
	keyMost  = 20
)

// The faults of having passkeys.
var (
	ErrManyKeys   = fault.New(fault.Conflict, "passkey.many", "There are 20 passkeys already. Please remove one first.")
	ErrLastFactor = fault.New(fault.Conflict, "factor.last", "This is the last one. Without it the password alone would open your account. Please add another passkey or set up an authenticator app first; then remove this one.")
)

// Purposes of ceremonies besides forCase and forProof.
const (
	forEnrol  = "enrol"
	forSignIn = "sign-in"
	forSecond = "second"
)

// Passkey is one of the holder's passkeys.
type Passkey struct {
	ID, Name string
	Since    time.Time
	Used     time.Time // zero if never
	Synced   bool      // copied to the holder's other devices
}

// Keys lists the passkeys of one's own account, oldest first.
func (l *Life) Keys(ctx context.Context, who access.Actor) (all []Passkey, err error) {
	defer fault.Wrap(&err, "signin.Keys(%s)", who.Account)
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		keys, secrets, err := keysOf(tx, who.Account, false)
		if err != nil {
			return err
		}
		for _, k := range slices.Backward(keys) {
			id := strings.TrimPrefix(k.Path, keyPath)
			name, err := account.FactAt(tx, who.Account, keyNames+id)
			if err != nil {
				return err
			}
			all = append(all, Passkey{id, name.Text(), secrets[string(k.ID)].From, k.Used, k.Synced()})
		}
		return nil
	})
	return all, err
}

// inSession binds a ceremony to a session.
func inSession(who access.Actor, purpose string) passkey.Binding {
	return passkey.Binding{Purpose: purpose, Account: who.Account, Epoch: who.Epoch, To: who.Session, Device: who.Client.Device}
}

// BeginKey asks the browser for a new passkey. Whoever asks proves first that he
// is the holder; the answer counts in this session alone, so EnrolKey asks no more.
func (l *Life) BeginKey(ctx context.Context, who access.Actor, name string, password seal.Secret) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "signin.BeginKey(%s)", who.Account)
	if l.Passkeys == nil {
		return nil, ErrNoKey
	}
	if err := keyName(name); err != nil {
		return nil, err
	}
	p, factors, err := l.proved(ctx, who, ActEnrol, Again{"password", password})
	if err != nil {
		return nil, err
	}
	err = l.change(ctx, who, factors, func(tx *db.Tx) error {
		keys, _, err := keysOf(tx, who.Account, false)
		if err == nil && len(keys) >= keyMost {
			err = ErrManyKeys
		}
		if err != nil {
			return err
		}
		options, err = l.Passkeys.BeginNew(tx, inSession(who, forEnrol), passkey.Owner{Account: who.Account, Name: p.email, Keys: keys})
		return err
	})
	return options, err
}

// EnrolKey keeps the passkey that the browser made. Everybody who was ever
// reached in the last 30 days is told of it.
func (l *Life) EnrolKey(ctx context.Context, who access.Actor, name, answer string) (err error) {
	defer fault.Wrap(&err, "signin.EnrolKey(%s)", who.Account)
	if l.Passkeys == nil {
		return ErrNoKey
	}
	if err := keyName(name); err != nil {
		return err
	}
	var made passkey.Made
	if err := l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		made, err = l.Passkeys.TakeNew(tx, inSession(who, forEnrol), answer)
		return err
	}); err != nil {
		return err
	}
	key, err := made.Check()
	if err != nil {
		return err
	}
	stored, err := key.Stored()
	if err != nil {
		return err
	}
	id := seal.ID("k")
	return l.act(ctx, func(tx *db.Tx) error {
		if _, err := sessionOf(tx, who); err != nil {
			return err
		}
		// The name comes first: the letter about the passkey says it.
		if _, err := l.append(tx, who, history.Entry{Verb: history.Set, Path: keyNames + id, Value: account.TextValue(name)}); err != nil {
			return err
		}
		_, err := l.append(tx, who, history.Entry{Verb: history.Credential, Path: keyPath + id, SecretID: l.Seal.SecretID(who.Account, key.Secret()), Stored: stored})
		return err
	})
}

// RenameKey gives a passkey another name.
func (l *Life) RenameKey(ctx context.Context, who access.Actor, id, name string) (err error) {
	defer fault.Wrap(&err, "signin.RenameKey(%s)", who.Account)
	if err := keyName(name); err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *db.Tx) error {
		if err := keyThere(tx, who.Account, id); err != nil {
			return err
		}
		_, err := l.append(tx, who, history.Entry{Verb: history.Set, Path: keyNames + id, Value: account.TextValue(name)})
		return err
	})
}

func keyThere(tx *db.Tx, accountID, id string) error {
	now, err := account.SecretIn(tx, accountID, keyPath+id)
	if err == nil && now.Version == "" {
		err = ErrNoKey
	}
	return err
}

// RemoveKey removes a passkey: it opens nothing any more.
func (l *Life) RemoveKey(ctx context.Context, who access.Actor, id string, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.RemoveKey(%s)", who.Account)
	_, factors, err := l.proved(ctx, who, ActDrop, Again{"password", password})
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(tx *db.Tx) error {
		if err := keyThere(tx, who.Account, id); err != nil {
			return err
		}
		if err := l.drop(tx, who, keyPath+id); err != nil {
			return err
		}
		named, err := account.FactAt(tx, who.Account, keyNames+id)
		if err != nil || named.Value == nil {
			return err
		}
		_, err = l.append(tx, who, history.Entry{Verb: history.Remove, Path: keyNames + id})
		return err
	})
}

// drop empties a slot of a factor, unless it is the last strong one.
func (l *Life) drop(tx *db.Tx, who access.Actor, slot string) error {
	slots, err := slotsOf(tx, who.Account)
	if err != nil {
		return err
	}
	if !mayDrop(slots, slot) {
		return ErrLastFactor
	}
	_, err = l.append(tx, who, history.Entry{Verb: history.Drop, Path: slot})
	return err
}

// slotsOf lists the slots that hold a secret now.
func slotsOf(tx *db.Tx, accountID string) (slots []string, err error) {
	all, err := account.Secrets(tx, accountID)
	for _, s := range all {
		if s.Until.IsZero() {
			slots = append(slots, s.Slot)
		}
	}
	return slots, err
}

// askKey asks a browser for one of the passkeys that an account has.
func (l *Life) askKey(tx *db.Tx, b passkey.Binding) (json.RawMessage, error) {
	keys, _, err := keysOf(tx, b.Account, false)
	if err == nil && (l.Passkeys == nil || len(keys) == 0) {
		err = ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	return l.Passkeys.Begin(tx, b, keys)
}

// takeKey uses up the question that an answer is for, whatever follows.
func (l *Life) takeKey(ctx context.Context, b passkey.Binding, answer string) (p passkey.Presented, err error) {
	if l.Passkeys == nil {
		return p, ErrNoKey
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		p, err = l.Passkeys.Take(tx, b, answer)
		return err
	})
	return p, err
}

// checkKey finds which passkey of an account was presented. use keeps its count;
// it must be called in the same transaction, after an entry of the account has locked its row.
func (l *Life) checkKey(tx *db.Tx, accountID string, p passkey.Presented) (f history.Factor, use func(*db.Tx) error, err error) {
	keys, secrets, err := keysOf(tx, accountID, false)
	if err != nil {
		return f, nil, err
	}
	key, err := p.Check(accountID, keys, tx.Now)
	if err != nil {
		return f, nil, err
	}
	read := secrets[string(key.ID)]
	use = func(tx *db.Tx) error {
		// Read again under the lock: of two who present one passkey at once, one comes too late.
		now, err := account.SecretIn(tx, accountID, key.Path)
		if err == nil && (now.Version != read.Version || now.Stored != read.Stored) {
			err = passkey.ErrOver
		}
		if err != nil {
			return err
		}
		stored, err := key.Stored()
		if err != nil {
			return err
		}
		return account.StoreUsed(tx, accountID, key.Path, stored)
	}
	return history.Factor{Path: key.Path, Version: key.Version, Proof: "passkey"}, use, nil
}

// copied tells the holder of a passkey of which there seem to be two. It gives the error back.
func (l *Life) copied(ctx context.Context, accountID string, client access.Client, err error) error {
	if l.Witness == nil || !errors.Is(err, passkey.ErrCloned) {
		return err
	}
	told := l.DB.Write(ctx, func(tx *db.Tx) error { return l.Witness.TellCopied(tx, accountID, client) })
	return errors.Join(err, told)
}
