package pass

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/seal"
)

const keyBits = 2048

// Key is what ID tokens are signed with, by RS256: the one algorithm that every client knows.
type Key struct {
	ID     string
	From   time.Time // when it begins to sign
	Secret *rsa.PrivateKey
	sealed string
}

// parsedKeys remembers keys, which are sealed in the database.
type parsedKeys struct{ byID sync.Map } // id -> *rsa.PrivateKey

// Signer gives the key that signs now, and makes the first one.
func (p *Passes) Signer(ctx context.Context) (Key, error) {
	all, err := p.Keys(ctx)
	if err == nil && signing(all, p.DB.Now()) < 0 {
		if err = p.rotate(ctx, nil); err == nil {
			all, err = p.Keys(ctx)
		}
	}
	if err != nil {
		return Key{}, err
	}
	i := signing(all, p.DB.Now())
	if i < 0 {
		return Key{}, errors.New("pass: no key signs, and one was just made")
	}
	return all[i], nil
}

// Published gives the keys that clients may meet.
func (p *Passes) Published(ctx context.Context) ([]Key, error) {
	if _, err := p.Signer(ctx); err != nil { // who reads the keys before the first sign-in finds one
		return nil, err
	}
	all, err := p.Keys(ctx)
	return published(all, p.DB.Now()), err
}

// Keys gives every key that is kept, oldest first: also those that only tell that
// an old ID token was ours.
func (p *Passes) Keys(ctx context.Context) (all []Key, err error) {
	defer fault.Wrap(&err, "pass.Keys")
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = keys(tx)
		return err
	})
	for i := range all {
		if err == nil {
			all[i].Secret, err = p.parse(all[i])
		}
	}
	return all, err
}

func (p *Passes) parse(k Key) (*rsa.PrivateKey, error) {
	if known, ok := p.parsed.byID.Load(k.ID); ok {
		return known.(*rsa.PrivateKey), nil
	}
	text, err := p.Seal.Unseal("signing-key", k.sealed)
	if err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(text.Reveal())
	if err != nil {
		return nil, err
	}
	secret, err := x509.ParsePKCS1PrivateKey(der)
	if err == nil {
		p.parsed.byID.Store(k.ID, secret)
	}
	return secret, err
}

// daily makes the next key when it is time, drops what is over, and comes again.
func (p *Passes) daily(ctx context.Context, w jobs.Work) error { return p.rotate(ctx, &w) }

// rotate brings the keys to what the rules say. Two at once make one key: the
// second finds the first one's.
func (p *Passes) rotate(ctx context.Context, w *jobs.Work) (err error) {
	defer fault.Wrap(&err, "pass.rotate")
	made, err := rsa.GenerateKey(rand.Reader, keyBits) // before the transaction, which others wait for
	if err != nil {
		return err
	}
	sealed, err := p.Seal.Seal("signing-key", seal.NewSecret(base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(made))))
	if err != nil {
		return err
	}
	return p.DB.Alone(ctx, func(tx *db.Tx) error {
		all, err := keys(tx)
		if err != nil {
			return err
		}
		from, due := nextKey(all, tx.Now)
		if due {
			if err := insertKey(tx, Key{ID: seal.ID("sk"), From: from, sealed: sealed}); err != nil {
				return err
			}
		}
		for _, k := range over(all, tx.Now) {
			if err := tx.Put(`DELETE FROM signing_key WHERE id = $1`, k.ID); err != nil {
				return err
			}
		}
		if w == nil {
			if len(all) > 0 {
				return nil // whoever made the first one has queued the job
			}
			return jobs.Enqueue(tx, jobs.Job{Kind: jobDaily, At: tx.Now.Add(daily)})
		}
		return errors.Join(forget(tx), jobs.Enqueue(tx, jobs.Job{Kind: jobDaily, At: tx.Now.Add(daily)}), w.Finish(tx))
	})
}

func keys(tx *db.Tx) ([]Key, error) {
	return db.All(tx, func(r db.Scanner) (k Key, err error) {
		err = r.Scan(&k.ID, &k.sealed, db.At(&k.From))
		return k, err
	}, `SELECT id, sealed, from_at FROM signing_key ORDER BY from_at`)
}

func insertKey(tx *db.Tx, k Key) error {
	return tx.Put(`INSERT INTO signing_key (id, sealed, made_at, from_at) VALUES ($1, $2, $3, $4)`, k.ID, k.sealed, tx.Now, k.From)
}

// Named finds a key by its id.
func Named(all []Key, id string) (Key, bool) {
	i := slices.IndexFunc(all, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, false
	}
	return all[i], true
}
