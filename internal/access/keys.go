package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Key is what the protected service proves itself with. Its token is shown once
// and kept nowhere.
type Key struct {
	ID        string
	Name      string
	MadeAt    time.Time
	RevokedAt time.Time // zero while it counts
}

// The errors of keys.
var (
	ErrNoKey   = fault.New(fault.Unauthenticated, "key.unknown", "This needs a key: Authorization: Bearer …")
	ErrKeyName = fault.New(fault.Invalid, "key.name", "A key needs a name of 1 to 60 characters.").On("name")
)

// MakeKey makes a key and gives its token.
func MakeKey(tx *db.Tx, k *seal.Keeper, name string) (key Key, token string, err error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 60 {
		return key, "", ErrKeyName
	}
	key, token = Key{ID: seal.ID("key"), Name: name, MadeAt: tx.Now}, "tbk_"+seal.NewToken()
	return key, token, tx.Put(`INSERT INTO api_key (id, name, hash, made_at) VALUES ($1, $2, $3, $4)`,
		key.ID, key.Name, k.Hash("api-key", token), key.MadeAt)
}

// ByKey gives the service that a token is a key of, or ErrNoKey.
func ByKey(tx *db.Tx, k *seal.Keeper, token string) (a Actor, err error) {
	a.Role = Service
	err = tx.Row(`SELECT id, name FROM api_key WHERE hash = $1 AND revoked_at IS NULL`, k.Hash("api-key", token)).Scan(&a.ID, &a.Name)
	if errors.Is(err, db.ErrNone) {
		return Actor{}, ErrNoKey
	}
	return a, err
}

// Keys lists all keys, newest first.
func Keys(tx *db.Tx) ([]Key, error) {
	return db.All(tx, func(s db.Scanner) (k Key, err error) {
		err = s.Scan(&k.ID, &k.Name, db.At(&k.MadeAt), db.At(&k.RevokedAt))
		return k, err
	}, `SELECT id, name, made_at, revoked_at FROM api_key ORDER BY made_at DESC`)
}

// RevokeKey ends a key, by its id or its name.
func RevokeKey(tx *db.Tx, key string) error {
	n, err := tx.Exec(`UPDATE api_key SET revoked_at = $1 WHERE (id = $2 OR name = $2) AND revoked_at IS NULL`, tx.Now, key)
	if err == nil && n == 0 {
		err = db.ErrNone
	}
	return err
}

// KeyRing checks keys for a face.
type KeyRing struct {
	DB   *db.DB
	Seal *seal.Keeper
}

// Check gives the service that a token is a key of, or ErrNoKey.
func (r KeyRing) Check(ctx context.Context, token string) (a Actor, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		a, err = ByKey(tx, r.Seal, token)
		return err
	})
	return a, err
}
