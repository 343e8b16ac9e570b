package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"takeback/internal/db"
	"takeback/internal/fault"
)

// OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// Keeper holds the installation's root key and what follows from it. Printing
// it shows nothing.
type Keeper struct {
	pepper, ids, sealing, hashing []byte
	slots                         chan struct{} // one per hash at once: a flood waits instead of exhausting memory
	decoy                         string        // a hash to check against where there is no account
}

// String gives dots.
func (*Keeper) String() string { return dots }

// NewKeeper derives the keys of an installation from its root key (32 bytes).
func NewKeeper(root []byte) (*Keeper, error) {
	if len(root) != 32 {
		return nil, fmt.Errorf("seal: the root key has %d bytes, not 32", len(root))
	}
	k := &Keeper{slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
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

// normal makes the same password typed on two devices the same bytes (NIST SP 800-63B-4, 3.1.1.2).
func normal(s Secret) []byte { return norm.NFKC.Bytes([]byte(s.text)) }

// HashPassword gives the PHC string of a password. It waits for a free slot
// and returns ctx's error if that ends first.
func (k *Keeper) HashPassword(ctx context.Context, password Secret) (string, error) {
	var salt [saltBytes]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	key, err := k.argon(ctx, password, salt[:])
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes, b64(salt[:]), b64(key)), nil
}

// CheckPassword tells whether the password is the one of a PHC string made by
// HashPassword. An empty phc costs the same time and gives false: a stranger
// cannot tell an absent account from a wrong password.
func (k *Keeper) CheckPassword(ctx context.Context, phc string, password Secret) (bool, error) {
	known := phc != ""
	if !known {
		phc = k.decoy
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", memoryKiB, passes, lanes) {
		return false, errors.New("seal: a stored password hash has a form this program does not know")
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err1, err2); err != nil {
		return false, err
	}
	got, err := k.argon(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (k *Keeper) argon(ctx context.Context, password Secret, salt []byte) ([]byte, error) {
	mac := hmac.New(sha256.New, k.pepper)
	mac.Write(normal(password))
	select {
	case k.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-k.slots }()
	return argon2.IDKey(mac.Sum(nil), salt, passes, memoryKiB, lanes, keyBytes), nil
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
