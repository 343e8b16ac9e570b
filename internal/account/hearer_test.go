package account_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

func TestHearerOf(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		write := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Write(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		hears := func(id string) (h account.Hearer, err error) {
			t.Helper()
			err = d.Read(t.Context(), func(tx *db.Tx) error { h, err = account.HearerOf(tx, id); return err })
			return h, err
		}
		if _, err := hears("nobody"); !errors.Is(err, account.ErrNone) {
			t.Errorf("nobody: %v", err)
		}
		write(func(tx *db.Tx) error { return account.Create(tx, "acc", "ja") })
		if h, err := hears("acc"); err != nil || h.Language != "ja" || h.Name != "" || len(h.Contacts) != 0 {
			t.Errorf("an empty account: %+v, %v", h, err)
		}
		for i, address := range []string{"old@example.jp", "new@example.jp"} {
			write(func(tx *db.Tx) error {
				value, _ := json.Marshal(address) // a string always has a JSON form
				return account.Store(tx, account.Written{Account: "acc", Path: "email", Algebra: account.ContactOf, Value: value, Seq: int64(i + 1),
					Version: address, AddressKey: address, Confirmed: i == 0})
			})
			clock.Advance(time.Hour)
		}
		write(func(tx *db.Tx) error {
			return account.Store(tx, account.Written{Account: "acc", Path: "name", Algebra: account.Register, Value: json.RawMessage(`"花子"`), Seq: 3})
		})
		h, err := hears("acc")
		if err != nil || h.Name != "花子" {
			t.Fatalf("%+v, %v", h, err)
		}
		var want []account.Contact
		if err := d.Read(t.Context(), func(tx *db.Tx) error { want, err = account.Contacts(tx, "acc"); return err }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, h.Contacts); diff != "" || len(want) != 2 {
			t.Errorf("not the contacts of the account:\n%s", diff)
		}
		at := h.Contacts[0].Until
		for since, held := range map[time.Time]bool{at: true, at.Add(time.Microsecond): false} {
			if h.Contacts[0].HeldSince(since) != held || !h.Contacts[1].HeldSince(since) {
				t.Errorf("held since %v: %v", since, h.Contacts)
			}
		}
	})
}
