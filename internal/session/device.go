package session

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
)

// Device is a client that an account was used from.
type Device struct {
	Account   string
	ID        string
	FirstAt   time.Time
	LastAt    time.Time
	UserAgent string
	Key       string    // its public key; empty if it is known by its cookie alone
	RevokedAt time.Time // zero unless its holder took it off the list
}

const deviceColumns = `account, id, first_at, last_at, user_agent, public_key, revoked_at`

func scanDevice(r db.Scanner) (d Device, err error) {
	err = r.Scan(&d.Account, &d.ID, db.At(&d.FirstAt), db.At(&d.LastAt), &d.UserAgent, &d.Key, db.At(&d.RevokedAt))
	return d, err
}

// Devices lists the devices of an account, revoked ones too, oldest first.
func Devices(tx *db.Tx, account string) ([]Device, error) {
	return db.All(tx, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE account = $1 ORDER BY first_at, id`, account)
}

// DevicesOf lists the devices of a few accounts, at most 16, oldest first.
func DevicesOf(tx *db.Tx, accounts []string) (map[string][]Device, error) {
	ids := make([]any, 16)
	for i := range ids {
		ids[i] = accounts[min(i, len(accounts)-1)] // the last one again and again: one text for any number
	}
	all, err := db.All(tx, scanDevice, `SELECT `+deviceColumns+` FROM device
		WHERE account IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ORDER BY first_at`, ids...)
	of := map[string][]Device{}
	for _, d := range all {
		of[d.Account] = append(of[d.Account], d)
	}
	return of, err
}

// deviceAt gives a device of an account; one without an id if there is none.
func deviceAt(tx *db.Tx, account, id string) (Device, error) {
	if account == "" || id == "" {
		return Device{}, nil
	}
	d, err := db.One(tx, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE account = $1 AND id = $2`, account, id)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return d, err
}

// Known tells whether an account was used from a device before, and the client
// showed of it what it is known by. A device that keeps a key is known by the
// key: its cookie may have been copied.
func Known(tx *db.Tx, account string, c access.Client) (bool, error) {
	d, err := deviceAt(tx, account, c.Device)
	return d.sight(c) == seenBefore, err
}

// Recognised is a client as an account sees it.
type Recognised struct {
	Client access.Client // with a new device id, if the one it showed is not its own
	Known  bool          // the account was used from this device before
	Copied bool          // it showed the cookie of a device that keeps a key, and not the key
}

// Recognise tells how an account sees a client. A cookie whose device has been
// revoked, or that comes without its device's key, counts for nothing: whatever
// is done from there is done from another device, whose id the browser is to
// carry from now on. An answered challenge counts once.
func (s *Sessions) Recognise(ctx context.Context, account string, c access.Client) (r Recognised, err error) {
	var d Device
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = deviceAt(tx, account, c.Device)
		return err
	})
	if err != nil {
		return r, err
	}
	seen := d.sight(c)
	if seen == seenBefore && d.Key != "" {
		fresh := false
		err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			fresh, err = s.spendProof(tx, c.Proof)
			return err
		})
		if err != nil {
			return r, err
		}
		if !fresh {
			seen = seenCopied
		}
	}
	r = Recognised{c, seen == seenBefore, seen == seenCopied}
	if seen == seenCopied || seen == seenRevoked {
		r.Client.Device = rand.Text()
	}
	return r, nil
}

// touchDevice keeps that an account was used from a device, with the key that
// it proved, and tells whether it had been before. The first key stays: who
// shows another one is another device.
func (s *Sessions) touchDevice(tx *db.Tx, accountID string, c access.Client) (known bool, err error) {
	if c.Device == "" {
		return false, nil
	}
	d, err := deviceAt(tx, accountID, c.Device)
	if err != nil {
		return false, err
	}
	key := d.Key
	if key == "" && c.Proof.Key != "" {
		fresh, err := s.spendProof(tx, c.Proof)
		if err != nil {
			return false, err
		}
		if fresh {
			key = c.Proof.Key
			if err := tx.Announce(account.EpochTopic, accountID); err != nil { // the cache knows its sessions as bound to nothing
				return false, err
			}
		}
	}
	return d.sight(c) == seenBefore, tx.Put(`INSERT INTO device (account, id, first_at, last_at, user_agent, public_key) VALUES ($1, $2, $3, $3, $4, $5)
		ON CONFLICT (account, id) DO UPDATE SET last_at = excluded.last_at, user_agent = excluded.user_agent, public_key = excluded.public_key`,
		accountID, c.Device, tx.Now, c.UserAgent, key)
}

// Revoke takes a device off the list of one's own account: it is unknown from now on, and its
// sessions end. db.ErrNone says that it is not on the list (any more).
func (s *Sessions) Revoke(tx *db.Tx, by access.Actor, id string) error {
	n, err := tx.Exec(`UPDATE device SET revoked_at = $1 WHERE account = $2 AND id = $3 AND revoked_at IS NULL`, tx.Now, by.Account, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return db.ErrNone
	}
	living, err := Living(tx, by.Account)
	if err != nil {
		return err
	}
	if _, err := s.Book.Append(tx, history.Entry{Account: by.Account, By: by, Verb: history.Forget, Value: account.TextValue(id)}); err != nil {
		return err
	}
	for _, l := range living {
		if l.Device != id {
			continue
		}
		if err := s.End(tx, by, by.Account, l.ID, "device revoked"); err != nil {
			return err
		}
	}
	return nil
}
