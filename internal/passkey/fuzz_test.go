package passkey_test

import (
	"errors"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/passkey"
	"takeback/internal/passkey/keytest"
)

// What a browser sends is whatever somebody sends: it must be refused, never
// believed and never the end of the program.
func FuzzAnswer(f *testing.F) {
	f.Add(`{}`)
	f.Add(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"YWNjXzE"}}`)
	f.Add(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQUFBQSJ9","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVgl"}}`)
	d := dbtest.New(f, db.SQLite, db.Options{Now: func() time.Time { return time.Unix(0, 0) }})
	p := party(f)
	f.Fuzz(func(t *testing.T, text string) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, one := p.Take(tx, entering, text)
			_, two := p.TakeNew(tx, making, text)
			return errors.Join(refused(t, one), refused(t, two))
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// An honest answer of which bytes were changed on the way is refused, or is still the same key.
func FuzzChangedAnswer(f *testing.F) {
	f.Add(10, byte(1))
	f.Add(200, byte(0x20))
	d := dbtest.New(f, db.SQLite, db.Options{})
	p := party(f)
	f.Fuzz(func(t *testing.T, at int, by byte) {
		s := &desk{t, d, nil, p}
		phone := keytest.New(t, site)
		key := s.make(phone)
		answer := []byte(phone.Present(s.begin(entering, key)))
		if at < 0 || by == 0 {
			t.Skip()
		}
		answer[at%len(answer)] ^= by
		var a passkey.Presented
		err := s.write(func(tx *db.Tx) (err error) {
			a, err = p.Take(tx, entering, string(answer))
			return err
		})
		if err == nil {
			var again passkey.Key
			if again, err = a.Check("acc_1", []passkey.Key{key}, time.Now()); err == nil && again.Path != key.Path {
				t.Errorf("another key: %+v", again)
			}
		}
		if err != nil {
			if err := refused(t, err); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// refused gives an error that is no refusal.
func refused(t *testing.T, err error) error {
	t.Helper()
	switch {
	case err == nil:
		t.Error("accepted, and nobody had asked")
		return nil
	case errors.Is(err, passkey.ErrMalformed), errors.Is(err, passkey.ErrOver), errors.Is(err, passkey.ErrWrong):
		return nil
	}
	return err
}
