package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// Keeper holds the installation's root key and what follows from it. Printing
// it shows nothing.
type Keeper struct {
	pepper, ids, sealing, hashing []byte
	turns                         *turns
	decoy                         string // a hash to check against where there is no account
}

// String gives dots.
func (*Keeper) String() string { return dots }

// NewKeeper derives the keys of an installation from its root key (32 bytes).
func NewKeeper(root []byte) (*Keeper, error) {
	if len(root) != 32 {
		return nil, fmt.Errorf("seal: the root key has %d bytes, not 32", len(root))
	}
	// One core less than there are: what stops an account finds the processor free, however many sign in.
	k := &Keeper{turns: newTurns(max(1, runtime.GOMAXPROCS(0)-1))}
	for name, key := range map[string]*[]byte{"pepper": &k.pepper, "secret-id": &k.ids, "seal": &k.sealing, "hash": &k.hashing} {
		var err error
		if *key, err = hkdf.Key(sha256.New, root, nil, "takeback "+name, 32); err != nil {
			return nil, err
		}
	}
	decoy, err := k.HashPassword(context.Background(), NewSecret(NewToken()))
	k.decoy = decoy
	return k, err
}

// Load reads the root key from the database, or makes it at the first start.
// An operator who keeps keys elsewhere hands root in; it must then be the same
// at every start, which a check value in the database proves.
func Load(ctx context.Context, d *db.DB, root []byte) (k *Keeper, err error) {
	defer fault.Wrap(&err, "seal.Load")
	key := root
	err = d.Write(ctx, func(tx *db.Tx) error {
		own := NewToken()
		if root != nil {
			sum := sha256.Sum256(append([]byte("takeback root check "), root...))
			own = "check:" + hex.EncodeToString(sum[:])
		}
		if err := tx.Put(`INSERT INTO setting (name, value) VALUES ('root-key', $1) ON CONFLICT (name) DO NOTHING`, own); err != nil {
			return err
		}
		var kept string
		if err := tx.Row(`SELECT value FROM setting WHERE name = 'root-key'`).Scan(&kept); err != nil {
			return err
		}
		switch {
		case root != nil && kept != own:
			return errors.New("the root key handed in is not the one this database was made with")
		case root == nil && strings.HasPrefix(kept, "check:"):
			return errors.New("this database was made with a root key of the operator's: hand it in with --root-key-file")
		case root == nil:
			key, err = base64.RawURLEncoding.DecodeString(kept)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return NewKeeper(key)
}

// SecretID is a keyed hash of a secret within one account: equal secrets have
// equal ids, and nothing else can be learned without the key.
func (k *Keeper) SecretID(account string, secret Secret) string {
	mac := hmac.New(sha256.New, k.ids)
	mac.Write([]byte(account + "\x00"))
	mac.Write(normal(secret))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Hash is a keyed hash of a token with a purpose, for look-ups.
func (k *Keeper) Hash(purpose, token string) string {
	mac := hmac.New(sha256.New, k.hashing)
	mac.Write([]byte(purpose + "\x00" + token))
	return hex.EncodeToString(mac.Sum(nil))
}

// Next makes the token that follows another one. Whoever asks twice gets the same,
// and nobody without the key can tell it from the first.
func (k *Keeper) Next(purpose, token string) string {
	mac := hmac.New(sha256.New, k.hashing)
	mac.Write([]byte(purpose + "\x00next\x00" + token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Seal encrypts a value that must be read again, bound to what it is for.
func (k *Keeper) Seal(purpose string, plain Secret) (string, error) {
	aead, err := k.aead()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(plain.text), []byte(purpose))), nil
}

// Unseal reads what Seal made for the same purpose.
func (k *Keeper) Unseal(purpose, sealed string) (Secret, error) {
	aead, err := k.aead()
	if err != nil {
		return Secret{}, err
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < aead.NonceSize() {
		return Secret{}, errors.New("seal: not a sealed value")
	}
	plain, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(purpose))
	return Secret{string(plain)}, err
}

func (k *Keeper) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.sealing)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
