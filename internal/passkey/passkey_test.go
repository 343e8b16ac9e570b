package passkey_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/passkey"
	"takeback/internal/passkey/keytest"
	"takeback/internal/seal"
)

const site = "https://account.shop.example"

// desk is a site that asks for passkeys.
type desk struct {
	*testing.T
	db    *db.DB
	clock *dbtest.Clock
	party *passkey.Party
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(&desk{t, d, clock, party(t)}) })
}

func party(t testing.TB) *passkey.Party {
	t.Helper()
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := passkey.New(site, "Kumo Store", keeper)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *desk) write(fn func(tx *db.Tx) error) error {
	d.Helper()
	return d.db.Write(d.Context(), fn)
}

var making = passkey.Binding{Purpose: "enrol", Account: "acc_1", Epoch: 3, To: "ses_1", Device: "d1"}

// ask begins a ceremony for a new key and gives what the browser is asked.
func (d *desk) ask(b passkey.Binding, have ...passkey.Key) (options json.RawMessage) {
	d.Helper()
	err := d.write(func(tx *db.Tx) (err error) {
		options, err = d.party.BeginNew(tx, b, passkey.Owner{Account: b.Account, Name: "hana@example.jp", Keys: have})
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return options
}

// make makes a key, as an account keeps it.
func (d *desk) make(a *keytest.Authenticator) passkey.Key {
	d.Helper()
	key, err := d.made(making, a.Make(d.ask(making)))
	if err != nil {
		d.Fatal(err)
	}
	return d.kept(key)
}

func (d *desk) made(b passkey.Binding, answer string) (key passkey.Key, err error) {
	var m passkey.Made
	if err := d.write(func(tx *db.Tx) (err error) {
		m, err = d.party.TakeNew(tx, b, answer)
		return err
	}); err != nil {
		return key, err
	}
	return m.Check()
}

// kept goes once through what is stored.
func (d *desk) kept(key passkey.Key) passkey.Key {
	d.Helper()
	text, err := key.Stored()
	if err != nil {
		d.Fatal(err)
	}
	if key, err = passkey.Read("passkey/k1", "v1", text); err != nil {
		d.Fatal(err)
	}
	return key
}

var entering = passkey.Binding{Purpose: "prove", Account: "acc_1", Epoch: 3, To: "ses_1", Device: "d1"}

func (d *desk) begin(b passkey.Binding, keys ...passkey.Key) (options json.RawMessage) {
	d.Helper()
	err := d.write(func(tx *db.Tx) (err error) {
		options, err = d.party.Begin(tx, b, keys)
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return options
}

func (d *desk) presented(b passkey.Binding, answer string, keys ...passkey.Key) (key passkey.Key, err error) {
	var a passkey.Presented
	if err := d.write(func(tx *db.Tx) (err error) {
		a, err = d.party.Take(tx, b, answer)
		return err
	}); err != nil {
		return key, err
	}
	return a.Check("acc_1", keys, d.clock.Now())
}

func TestAKeyIsMadeAndPresented(t *testing.T) {
	each(t, func(d *desk) {
		phone := keytest.New(d.T, site)
		key := d.make(phone)
		for range 3 {
			again, err := d.presented(entering, phone.Present(d.begin(entering, key)), key)
			if err != nil {
				d.Fatal(err)
			}
			if again.Count != key.Count+1 || again.Path != "passkey/k1" || again.Version != "v1" || !again.Used.Equal(d.clock.Now()) {
				d.Fatalf("the key is kept as %+v", again)
			}
			key = d.kept(again)
		}
	})
}

func TestAKeyIsFoundWithoutAName(t *testing.T) {
	each(t, func(d *desk) {
		phone := keytest.New(d.T, site)
		phone.Synced = true
		key := d.make(phone)
		alone := passkey.Binding{Purpose: "sign-in", Device: "d9"}
		answer := phone.Present(d.begin(alone))
		var a passkey.Presented
		if err := d.write(func(tx *db.Tx) (err error) {
			a, err = d.party.Take(tx, alone, answer)
			return err
		}); err != nil || a.Account() != "acc_1" {
			d.Fatalf("%q, %v", a.Account(), err)
		}
		if _, err := a.Check("acc_2", []passkey.Key{key}, d.clock.Now()); !errors.Is(err, passkey.ErrWrong) {
			d.Errorf("as somebody else's: %v", err)
		}
		if _, err := a.Check("acc_1", nil, d.clock.Now()); !errors.Is(err, passkey.ErrWrong) {
			d.Errorf("of an account that has it no more: %v", err)
		}
		if k, err := a.Check("acc_1", []passkey.Key{key}, d.clock.Now()); err != nil || !k.Synced() || k.Count != 0 {
			d.Errorf("%+v, %v", k, err)
		}
	})
}

func TestACeremonyIsItsOwn(t *testing.T) {
	others := map[string]func(*passkey.Binding){
		"for another purpose":  func(b *passkey.Binding) { b.Purpose = "case" },
		"of another account":   func(b *passkey.Binding) { b.Account = "acc_2" },
		"after a freeze":       func(b *passkey.Binding) { b.Epoch++ },
		"in another session":   func(b *passkey.Binding) { b.To = "ses_2" },
		"from another browser": func(b *passkey.Binding) { b.Device = "d2" },
		"as a sign-in":         func(b *passkey.Binding) { *b = passkey.Binding{Purpose: b.Purpose, Device: b.Device} },
	}
	each(t, func(d *desk) {
		phone := keytest.New(d.T, site)
		key := d.make(phone)
		for name, other := range others {
			b := entering
			other(&b)
			if _, err := d.presented(b, phone.Present(d.begin(entering, key)), key); !errors.Is(err, passkey.ErrOver) {
				d.Errorf("%s: %v", name, err)
			}
			b = making
			other(&b)
			if _, err := d.made(b, keytest.New(d.T, site).Make(d.ask(making))); !errors.Is(err, passkey.ErrOver) {
				d.Errorf("a new key %s: %v", name, err)
			}
		}
		answer := phone.Present(d.begin(entering, key))
		if _, err := d.made(making, answer); !errors.Is(err, passkey.ErrMalformed) {
			d.Errorf("a key that is there, as a new one: %v", err)
		}
	})
}

func TestACeremonyIsAnsweredOnceAndSoon(t *testing.T) {
	each(t, func(d *desk) {
		phone := keytest.New(d.T, site)
		answer := phone.Make(d.ask(making))
		key, err := d.made(making, answer)
		if err != nil {
			d.Fatal(err)
		}
		if _, err := d.made(making, answer); !errors.Is(err, passkey.ErrOver) {
			d.Errorf("made twice: %v", err)
		}
		answer = phone.Present(d.begin(entering, key))
		if _, err := d.presented(entering, answer, key); err != nil {
			d.Error(err)
		}
		if _, err := d.presented(entering, answer, key); !errors.Is(err, passkey.ErrOver) {
			d.Errorf("presented twice: %v", err)
		}
		answer = phone.Present(d.begin(entering, key))
		if _, err := d.presented(entering, answer); !errors.Is(err, passkey.ErrWrong) {
			d.Errorf("after it was removed: %v", err)
		}
		if _, err := d.presented(entering, answer, key); !errors.Is(err, passkey.ErrOver) {
			d.Errorf("a refused answer, again: %v", err)
		}
		answer = phone.Present(d.begin(entering, key))
		d.clock.Advance(5 * time.Minute)
		if _, err := d.presented(entering, answer, key); !errors.Is(err, passkey.ErrOver) {
			d.Errorf("after five minutes: %v", err)
		}
	})
}

func TestLiarsAreRefused(t *testing.T) {
	lies := map[string]func(*keytest.Authenticator){
		"on another site":                   func(a *keytest.Authenticator) { a.Origin = "https://account.shop.example.evil.example" },
		"without TLS":                       func(a *keytest.Authenticator) { a.Origin = "http://account.shop.example" },
		"on another port":                   func(a *keytest.Authenticator) { a.Origin += ":8443" },
		"signed for another site":           func(a *keytest.Authenticator) { a.Site = "shop.example" },
		"without asking for the finger":     func(a *keytest.Authenticator) { a.Verified = false },
		"that became a copied one meantime": func(a *keytest.Authenticator) { a.Synced = true },
	}
	each(t, func(d *desk) {
		for name, lie := range lies {
			phone := keytest.New(d.T, site)
			key := d.make(phone)
			lie(phone)
			if _, err := d.presented(entering, phone.Present(d.begin(entering, key)), key); !errors.Is(err, passkey.ErrWrong) {
				d.Errorf("presented %s: %v", name, err)
			}
			if phone.Synced {
				continue // a new one may be
			}
			if _, err := d.made(making, phone.Make(d.ask(making))); !errors.Is(err, passkey.ErrWrong) {
				d.Errorf("made %s: %v", name, err)
			}
		}
		mine, other := keytest.New(d.T, site), keytest.New(d.T, site)
		key, its := d.make(mine), d.make(other)
		forged := its
		forged.ID = key.ID // the id is no secret; the private half is
		answer := other.Present(d.begin(entering, its))
		if _, err := d.presented(entering, answer, key); !errors.Is(err, passkey.ErrWrong) {
			d.Errorf("another's key: %v", err)
		}
		forged.Public = key.Public
		forged.ID = its.ID
		answer = other.Present(d.begin(entering, forged))
		if _, err := d.presented(entering, answer, forged); !errors.Is(err, passkey.ErrWrong) {
			d.Errorf("signed with another private half: %v", err)
		}
	})
}

func TestACountThatGoesBackIsACopy(t *testing.T) {
	each(t, func(d *desk) {
		phone := keytest.New(d.T, site)
		key := d.make(phone)
		key, err := d.presented(entering, phone.Present(d.begin(entering, key)), key)
		if err != nil {
			d.Fatal(err)
		}
		phone.Rewind(key.Count - 1) // it counts on to what was there already
		copied, err := d.presented(entering, phone.Present(d.begin(entering, key)), key)
		if !errors.Is(err, passkey.ErrCloned) || copied.Count != key.Count || copied.Path != key.Path {
			d.Errorf("%+v, %v", copied, err)
		}
	})
}

func TestNobodyReadsAChallengeFromTheTable(t *testing.T) {
	each(t, func(d *desk) {
		var asked struct{ Challenge string }
		if err := json.Unmarshal(d.begin(entering, d.make(keytest.New(d.T, site))), &asked); err != nil || len(asked.Challenge) < 20 {
			d.Fatalf("%q, %v", asked.Challenge, err)
		}
		var hash, body string
		err := d.db.Read(d.Context(), func(tx *db.Tx) error {
			return tx.Row(`SELECT hash, body FROM passkey_ceremony`).Scan(&hash, &body)
		})
		if err != nil || strings.Contains(body+hash, asked.Challenge) {
			d.Errorf("kept: %s %s (%v)", hash, body, err)
		}
	})
}

func TestASiteOfNumbersHasNoPasskeys(t *testing.T) {
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	for site, offered := range map[string]bool{"http://127.0.0.1:8080": false, "http://[::1]:8080": false, "http://localhost:8080": true, "https://a.example": true} {
		if p, err := passkey.New(site, "Shop", keeper); err != nil || (p != nil) != offered {
			t.Errorf("%s: %v, %v", site, p, err)
		}
	}
	if _, err := passkey.New("account.example", "Shop", keeper); err == nil || !strings.Contains(err.Error(), "account.example") {
		t.Errorf("an address without a scheme: %v", err)
	}
}
