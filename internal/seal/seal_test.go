package seal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/seal"
)

func keeper(t *testing.T, seed byte) *seal.Keeper {
	t.Helper()
	root := make([]byte, 32)
	root[0] = seed
	k, err := seal.NewKeeper(root)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSecretPrintsAsDots(t *testing.T) {
	t.Parallel()
	s := seal.NewSecret("natsu-no-umi")
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "inside", struct{ S seal.Secret }{s})
	asJSON, err := json.Marshal(map[string]any{"a": s, "b": []seal.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%+v %#v", struct{ S seal.Secret }{s}, struct{ S *seal.Secret }{&s}), string(asJSON), log.String(), fmt.Sprintf("%v %+v", keeper(t, 1), struct{ K *seal.Keeper }{keeper(t, 1)})} {
		if strings.Contains(shown, "natsu") {
			t.Errorf("shows the secret: %s", shown)
		}
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	k := keeper(t, 1)
	phc, err := k.HashPassword(t.Context(), seal.NewSecret("ﾊﾟｽワード9"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		k        *seal.Keeper
		phc, try string
		want     bool
	}{
		"the same password":                          {k, phc, "ﾊﾟｽワード9", true},
		"the same password typed in another width":   {k, phc, "パスワード9", true},
		"another password":                           {k, phc, "パスワード8", false},
		"the same under the pepper of another house": {keeper(t, 2), phc, "パスワード9", false},
		"an account that is not there":               {k, "", "パスワード9", false},
	} {
		got, err := c.k.CheckPassword(t.Context(), c.phc, seal.NewSecret(c.try))
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestSecretID(t *testing.T) {
	t.Parallel()
	k := keeper(t, 1)
	same := k.SecretID("a", seal.NewSecret("x")) == k.SecretID("a", seal.NewSecret("x"))
	elsewhere := k.SecretID("a", seal.NewSecret("x")) == k.SecretID("b", seal.NewSecret("x"))
	if !same || elsewhere {
		t.Errorf("equal secrets equal: %v; equal in another account: %v", same, elsewhere)
	}
}

func TestSealedValuesAreBoundToTheirPurpose(t *testing.T) {
	t.Parallel()
	k := keeper(t, 1)
	sealed, err := k.Seal("totp a", seal.NewSecret("seed"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := k.Unseal("totp a", sealed); err != nil || s.Reveal() != "seed" {
		t.Errorf("%v", err)
	}
	for _, wrong := range []func() (seal.Secret, error){
		func() (seal.Secret, error) { return k.Unseal("totp b", sealed) },
		func() (seal.Secret, error) { return keeper(t, 2).Unseal("totp a", sealed) },
		func() (seal.Secret, error) { return k.Unseal("totp a", sealed[:10]) },
	} {
		if _, err := wrong(); err == nil {
			t.Error("opened with the wrong purpose, key or length")
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		k := keeper(t, 1)
		issue := func() (token string) {
			t.Helper()
			err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
				token, err = k.Issue(tx, seal.Reset, "acc", 3, time.Hour, map[string]string{"to": "x"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		spend := func(purpose, token string, epoch int64) error {
			return d.Write(t.Context(), func(tx *db.Tx) error {
				l, err := k.Peek(tx, purpose, token)
				if err != nil {
					return err
				}
				if err := l.Check(tx.Now, epoch); err != nil {
					return err
				}
				return k.Spend(tx, l)
			})
		}
		for name, c := range map[string]struct {
			try  func() error
			want error
		}{
			"counts once":                        {func() error { return spend(seal.Reset, issue(), 3) }, nil},
			"does not count twice":               {func() error { x := issue(); return errors.Join(spend(seal.Reset, x, 3), spend(seal.Reset, x, 3)) }, seal.ErrUsed},
			"does not count for another purpose": {func() error { return spend(seal.ConfirmMail, issue(), 3) }, seal.ErrNoLink},
			"does not count in the next epoch":   {func() error { return spend(seal.Reset, issue(), 4) }, seal.ErrOldEpoch},
			"does not count when it has expired": {func() error { x := issue(); clock.Advance(time.Hour); return spend(seal.Reset, x, 3) }, seal.ErrExpired},
			"does not count when it was taken back": {func() error {
				x := issue()
				err := d.Write(t.Context(), func(tx *db.Tx) error { return seal.Void(tx, "acc") })
				return errors.Join(err, spend(seal.Reset, x, 3))
			}, seal.ErrOldEpoch},
			"is unknown if it was guessed": {func() error { return spend(seal.Reset, seal.NewToken(), 3) }, seal.ErrNoLink},
		} {
			if err := c.try(); !errors.Is(err, c.want) {
				t.Errorf("a link %s: %v", name, err)
			}
		}
	})
}

func TestLoadRefusesAnotherRootKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		own := make([]byte, 32)
		if _, err := seal.Load(t.Context(), d, own); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(t.Context(), d, own); err != nil {
			t.Errorf("the same key again: %v", err)
		}
		other := make([]byte, 32)
		other[5] = 1
		if _, err := seal.Load(t.Context(), d, other); err == nil {
			t.Error("another key was taken")
		}
		if _, err := seal.Load(t.Context(), d, nil); err == nil {
			t.Error("no key was taken")
		}
	})
}
