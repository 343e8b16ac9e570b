package signin

import (
	"errors"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/seal"

	"pgregory.net/rapid"
)

func TestWhatIsTypedIsWeighed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		level          int
		why            error
	}{
		{"nearly nothing", "otter", 0, ErrPasswordShort},
		{"cherry blossom and a number", "sakura2819", 0, ErrPasswordWeak},
		{"one's own name", "xy-sato-91827", 0, ErrPasswordPersonal},
		{"the name of the service", "otter.4.kumo-store.bay", 0, ErrPasswordService},
		{"too long", strings.Repeat("violin-7-otter-b", 9), 0, ErrPasswordLong},
		{"a good sentence", "otter.4.violin.bay", 3, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := estimate(seal.NewSecret(c.password), against{personal: []string{"Hanako Sato"}, service: []string{"Kumo Store"}})
			if e.Level != c.level || (len(e.Why) > 0) != (c.why != nil) || c.why != nil && !errors.Is(e.Why[0], c.why) {
				t.Errorf("got level %d and %v, want %d and %v", e.Level, e.Why, c.level, c.why)
			}
		})
	}
}

// What is said while somebody types is what is said when the form is sent.
func TestTheEstimateIsThePolicy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k, p := against{personal: []string{"Hanako Sato"}, any: rapid.Bool().Draw(t, "any")}, seal.NewSecret(rapid.String().Draw(t, "password"))
		e := estimate(p, k)
		if taken := checkPassword("", p, k) == nil; taken != (e.Level > 0) || e.Level < 0 || e.Level > 3 {
			t.Fatalf("taken: %v, and the level is %d", taken, e.Level)
		}
	})
}

func TestNobodyHasPasswordsWeighedWithoutEnd(t *testing.T) {
	t.Parallel()
	l := &Life{DB: dbtest.New(t, db.SQLite, db.Options{})}
	who := access.Client{IP: "192.0.2.9"}
	for range perTyping.most {
		if _, err := l.Estimate(seal.NewSecret("x"), nil, who); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Estimate(seal.NewSecret("x"), nil, who); !errors.Is(err, ErrSlow) {
		t.Errorf("one more is answered %v", err)
	}
	if _, err := l.Estimate(seal.NewSecret("x"), nil, access.Client{IP: "198.51.100.9"}); err != nil {
		t.Errorf("somebody else hears %v", err)
	}
	l.estimating.Lock() // another one is being weighed
	if _, err := l.Estimate(seal.NewSecret("x"), nil, access.Client{IP: "198.51.100.9"}); !errors.Is(err, seal.ErrBusy) {
		t.Errorf("beside another one: %v", err)
	}
}
