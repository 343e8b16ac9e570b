package signin

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/passkey"
)

// ErrNoKey says that an account has no passkey, or that this site has none.
var ErrNoKey = fault.New(fault.NotFound, "passkey.none", "There is no passkey that could be used here.")

const (
	keyPath = "passkey/"
	forCase = "case" // purpose of a ceremony: a proof in a case
)

// keysOf gives the passkeys of an account: those it has, or all it ever had,
// of those that were there twice the later one.
func keysOf(tx *db.Tx, accountID string, former bool) (keys []passkey.Key, secrets map[string]account.Secret, err error) {
	all, err := account.Secrets(tx, accountID)
	if err != nil {
		return nil, nil, err
	}
	secrets = map[string]account.Secret{}
	for _, s := range slices.Backward(all) {
		if !strings.HasPrefix(s.Slot, keyPath) || !former && !s.Until.IsZero() {
			continue
		}
		k, err := passkey.Read(s.Slot, s.Version, s.Stored)
		if err != nil {
			return nil, nil, err
		}
		if _, later := secrets[string(k.ID)]; !later {
			keys, secrets[string(k.ID)] = append(keys, k), s
		}
	}
	return keys, secrets, nil
}

// AskKey asks a browser to present a passkey in a case, for an account that may
// be held still: one that it has, or had before somebody removed it. Which of them
// counts is for who asked to judge; room verify does, by way of app. ErrNoKey if there is none.
func (l *Life) AskKey(tx *db.Tx, accountID, caseID, device string) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "signin.AskKey(%s)", accountID)
	b, err := inCase(tx, accountID, caseID, device)
	if err != nil {
		return nil, err
	}
	keys, _, err := keysOf(tx, accountID, true)
	if err == nil && (l.Passkeys == nil || len(keys) == 0) {
		err = ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	return l.Passkeys.Begin(tx, b, keys)
}

// TakeKey takes the answer to AskKey and gives the secret that was presented,
// in the version it has or had; ok is false if it is none, or a copy of one. The
// question is used up either way: the caller commits.
func (l *Life) TakeKey(tx *db.Tx, accountID, caseID, device, answer string) (from account.Secret, ok bool, err error) {
	defer fault.Wrap(&err, "signin.TakeKey(%s)", accountID)
	b, err := inCase(tx, accountID, caseID, device)
	if err != nil || l.Passkeys == nil {
		return from, false, err
	}
	presented, err := l.Passkeys.Take(tx, b, answer)
	if errors.Is(err, passkey.ErrOver) || errors.Is(err, passkey.ErrMalformed) {
		return from, false, nil
	}
	if err != nil {
		return from, false, err
	}
	keys, secrets, err := keysOf(tx, accountID, true)
	if err != nil {
		return from, false, err
	}
	key, err := presented.Check(accountID, keys, tx.Now)
	if errors.Is(err, passkey.ErrWrong) || errors.Is(err, passkey.ErrCloned) {
		return from, false, nil
	}
	if err != nil {
		return from, false, err
	}
	from = secrets[string(key.ID)]
	if !from.Until.IsZero() {
		return from, true, nil // its count is that of the past
	}
	stored, err := key.Stored()
	if err != nil {
		return from, false, err
	}
	return from, true, account.StoreUsed(tx, accountID, key.Path, stored)
}

// inCase binds a ceremony to a case and to the account's present epoch.
func inCase(tx *db.Tx, accountID, caseID, device string) (passkey.Binding, error) {
	a, err := account.Get(tx, accountID)
	return passkey.Binding{Purpose: forCase, Account: accountID, Epoch: a.Epoch, To: caseID, Device: device}, err
}
