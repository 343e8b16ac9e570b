package signin_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/seal"
	"takeback/internal/signin"

	"golang.org/x/crypto/argon2"
)

// weak is a hash of a password as this house would have stored it under less costly parameters.
func weak(h *house, password string) string {
	pepper, err := hkdf.Key(sha256.New, []byte(strings.Repeat("k", 32)), nil, "takeback pepper", 32)
	h.ok(err)
	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(password))
	salt := []byte("salt-of-yore")
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=1024,t=1,p=1$%s$%s", b64(salt), b64(argon2.IDKey(mac.Sum(nil), salt, 1, 1024, 1, 32)))
}

func (h *house) password(id string) (s account.Secret) {
	h.Helper()
	h.ok(h.db.Read(h.Context(), func(tx *db.Tx) (err error) {
		s, err = account.SecretIn(tx, id, "password")
		return err
	}))
	return s
}

// A right password is kept under today's parameters from then on. It is the same
// secret: same version, same id, and nothing in the history.
func TestAPasswordIsHashedAnewWhenItIsRight(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.write(func(tx *db.Tx) error { return account.StoreUsed(tx, who.Account, "password", weak(h, first)) })
		before, entries := h.password(who.Account), len(h.history(who.Account))
		if _, err := h.life.SignIn(h.Context(), hana, secret(fresh), client("d1")); !errors.Is(err, signin.ErrWrong) {
			h.Fatal(err)
		}
		if h.password(who.Account).Stored != before.Stored {
			h.Error("a wrong password was stored")
		}
		h.enter(hana, first, "d1")
		after := h.password(who.Account)
		if seal.Outdated(after.Stored) || after.Stored == before.Stored {
			h.Error("the hash is as weak as before")
		}
		if after.Version != before.Version || after.SecretID != before.SecretID {
			h.Errorf("the secret is another one: %v, was %v", after, before)
		}
		if n := len(h.history(who.Account)); n != entries+1 { // the sign-in
			h.Errorf("%d entries, want %d", n, entries+1)
		}
		h.enter(hana, first, "d1")
	})
}

// A sign-in that hashes anew while the password is changed must not bring the old one back.
func TestAHashOfAFormerPasswordIsNotStored(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		former := h.password(who.Account)
		h.ok(h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)))
		h.write(func(tx *db.Tx) error {
			return account.StoreRehashed(tx, who.Account, "password", former.Version, weak(h, first))
		})
		h.enter(hana, fresh, "d1")
		if _, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1")); !errors.Is(err, signin.ErrWrong) {
			h.Errorf("the former password: %v", err)
		}
	})
}
