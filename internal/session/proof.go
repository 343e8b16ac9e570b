package session

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/seal"
)

// A browser keeps a key that it cannot give away: the private half never leaves
// it. When it signs in it answers a challenge with it. So a cookie that was
// copied, out of a backup or by a program on the machine, is not the device.

// proofFor is how long a challenge may be answered: it is fetched when the form is sent.
const proofFor = 2 * time.Minute

const proofPurpose = "device challenge"

// challenge is what a challenge says under its seal. It is of one browser, so
// that an answer cannot be carried to another one; nothing of it is kept before it is answered.
type challenge struct {
	Device string    `json:"device"`
	Until  time.Time `json:"until"`
}

// Challenge gives what the browser with a device cookie is to sign.
func (s *Sessions) Challenge(device string) (string, error) {
	text, err := json.Marshal(challenge{device, s.DB.Now().Add(proofFor)})
	if err != nil {
		return "", err
	}
	return s.Seal.Seal(proofPurpose, seal.NewSecret(string(text)))
}

// Answer is what a browser sends of its key, each in base64 without padding.
type Answer struct {
	Challenge string
	Key       string // the public key: a point of P-256, uncompressed
	Signature string // r and s of ECDSA with SHA-256 over the text of the challenge
}

// ProveDevice gives what an answer proves of the browser that sent it, and nothing if
// it proves nothing: browsers without script send none, and are no worse off
// than before there were keys. That it counts once is seen to when it is used.
func (s *Sessions) ProveDevice(device string, a Answer) access.DeviceProof {
	plain, err := s.Seal.Unseal(proofPurpose, a.Challenge)
	if err != nil {
		return access.DeviceProof{}
	}
	var c challenge
	if json.Unmarshal([]byte(plain.Reveal()), &c) != nil || device == "" || c.Device != device || !s.DB.Now().Before(c.Until) {
		return access.DeviceProof{}
	}
	if !a.signed() {
		return access.DeviceProof{}
	}
	return access.DeviceProof{Key: a.Key, Challenge: a.Challenge}
}

// signed tells whether the challenge was signed with the key.
func (a Answer) signed() bool {
	point, err1 := base64.RawURLEncoding.Strict().DecodeString(a.Key)
	sig, err2 := base64.RawURLEncoding.Strict().DecodeString(a.Signature)
	if err1 != nil || err2 != nil || len(sig) != 64 {
		return false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(a.Challenge))
	return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

// sighting is how an account sees a client that shows a device cookie.
type sighting int

const (
	seenNever   sighting = iota
	seenBefore           // it is the device
	seenCopied           // the device keeps a key, and the client did not show it
	seenRevoked          // its holder took it off the list
)

// sight tells what a client is to the device whose cookie it shows; a device without an id was never there.
func (d Device) sight(c access.Client) sighting {
	switch {
	case d.ID == "":
		return seenNever
	case !d.RevokedAt.IsZero():
		return seenRevoked
	case d.Key != "" && d.Key != c.Proof.Key:
		return seenCopied
	}
	return seenBefore
}

// spendProof tells whether a challenge is answered for the first time, and keeps
// that it was. Only answers by the key of a device come here, so a stranger cannot fill the table.
func (s *Sessions) spendProof(tx *db.Tx, p access.DeviceProof) (fresh bool, err error) {
	if p.Spent {
		return true, nil
	}
	if err := tx.Put(`DELETE FROM device_proof WHERE expires_at < $1`, tx.Now); err != nil {
		return false, err
	}
	n, err := tx.Exec(`INSERT INTO device_proof (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
		s.Seal.Hash(proofPurpose, p.Challenge), tx.Now.Add(proofFor))
	return n == 1, err
}
