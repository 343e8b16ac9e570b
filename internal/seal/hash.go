package seal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// today are the parameters of new hashes: OWASP's for Argon2id, 19 MiB, two passes, one lane.
var today = params{memory: 19 * 1024, passes: 2, lanes: 1}

// What stored hashes may ask for. Whoever could write one of his own into the
// database must not be able to make every sign-in take a gigabyte.
const (
	saltBytes    = 16
	keyBytes     = 32
	memoryMost   = 256 * 1024 // KiB
	passesMost   = 16
	lanesMost    = 8
	saltMost     = 64
	keyMost      = 64
	passwordMost = 2048 // bytes; nobody's password is longer, and to normalise more is work for a flood
)

// params are the costs of an Argon2id hash.
type params struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// below tells whether any cost is less than another's: a guesser pays less for this one.
func (p params) below(q params) bool { return p.memory < q.memory || p.passes < q.passes }

// hashed is a stored hash, taken apart.
type hashed struct {
	params
	salt, key []byte
}

var errStored = errors.New("seal: a stored password hash has a form this program does not know")

// text is the PHC string.
func (h hashed) text() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes, b64(h.salt), b64(h.key))
}

// parseHash reads a PHC string of Argon2id, of any parameters within bounds.
func parseHash(phc string) (h hashed, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return h, errStored
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return h, errStored
	}
	var got [3]uint64
	for i, c := range []struct {
		name string
		most uint64
	}{{"m=", memoryMost}, {"t=", passesMost}, {"p=", lanesMost}} {
		digits, ok := strings.CutPrefix(costs[i], c.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n == 0 || n > c.most {
			return h, errStored
		}
		got[i] = n
	}
	h.params = params{uint32(got[0]), uint32(got[1]), uint8(got[2])}
	if h.memory < 8*uint32(h.lanes) {
		return h, errStored
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(h.salt) < 8 || len(h.salt) > saltMost || len(h.key) < 16 || len(h.key) > keyMost {
		return h, errStored
	}
	return h, nil
}

// normal makes the same password typed on two devices the same bytes (NIST SP 800-63B-4, 3.1.1.2).
func normal(s Secret) []byte { return norm.NFKC.Bytes([]byte(s.text)) }

// HashPassword gives the PHC string of a password. It waits for a free slot, gives
// ErrBusy if too many wait already, and ctx's error if that ends first.
func (k *Keeper) HashPassword(ctx context.Context, password Secret) (string, error) {
	h := hashed{params: today, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(h.salt) // never fails: crypto/rand ends the program instead
	var err error
	h.key, err = k.argon(ctx, password, h, keyBytes)
	return h.text(), err
}

// CheckPassword tells whether the password is the one of a PHC string made by
// HashPassword, today or under the parameters of another day. An empty phc costs
// the same time and gives false: a stranger cannot tell an absent account from a
// wrong password. It waits as HashPassword does.
func (k *Keeper) CheckPassword(ctx context.Context, phc string, password Secret) (bool, error) {
	known := phc != ""
	if !known {
		phc = k.decoy
	}
	h, err := parseHash(phc)
	if err != nil {
		return false, err
	}
	got, err := k.argon(ctx, password, h, uint32(len(h.key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, h.key) == 1 && known, nil
}

// Outdated tells whether a stored hash costs a guesser less than one of today.
// After a right password a new one takes its place.
func Outdated(phc string) bool {
	h, err := parseHash(phc)
	return err == nil && (h.below(today) || len(h.key) < keyBytes)
}

// Full tells whether a stranger's password would be refused with ErrBusy now, so
// that nothing else need be done for him first.
func (k *Keeper) Full() bool { return k.turns.full() }

func (k *Keeper) argon(ctx context.Context, password Secret, h hashed, length uint32) ([]byte, error) {
	if len(password.text) > passwordMost {
		password.text = password.text[:passwordMost] + "\x00" // no password has a NUL: it is right nowhere and costs what others do
	}
	mac := hmac.New(sha256.New, k.pepper)
	mac.Write(normal(password))
	if err := k.turns.take(ctx); err != nil {
		return nil, err
	}
	defer k.turns.done()
	return argon2.IDKey(mac.Sum(nil), h.salt, h.passes, h.memory, h.lanes, length), nil
}
