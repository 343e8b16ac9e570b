package seal

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"time"
)

const dots = "•••••"

// Secret is something no page, log or letter may show. It prints as dots in
// every way Go knows; Reveal is the only way to read it.
type Secret struct{ text string }

// NewSecret takes a secret in.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal gives the secret itself. Every call is a place to look at in a review.
func (s Secret) Reveal() string { return s.text }

// Empty tells whether there is nothing in it.
func (s Secret) Empty() bool { return s.text == "" }

// String gives dots.
func (Secret) String() string { return dots }

// GoString gives dots for %#v.
func (Secret) GoString() string { return dots }

// LogValue gives dots to slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(dots) }

// MarshalJSON gives dots.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(dots) }

// MarshalText gives dots.
func (Secret) MarshalText() ([]byte, error) { return []byte(dots), nil }

var _ slog.LogValuer = Secret{}

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID makes an identifier: sortable by the millisecond it was made in, and with
// 80 random bits unguessable where it is shown.
func ID(prefix string) string {
	var b [16]byte
	ms := time.Now().UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	_, _ = rand.Read(b[6:]) // never fails: crypto/rand ends the program instead
	return prefix + "_" + idText.EncodeToString(b[:])
}

// NewToken makes 256 random bits as text, for sessions, links and keys.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
