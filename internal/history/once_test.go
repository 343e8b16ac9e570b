package history

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

func TestAHistoryReadOnceIsTheHistory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		kinds, err := account.NewKinds()
		if err != nil {
			t.Fatal(err)
		}
		book, ctx, undone := &Book{Kinds: kinds}, Once(t.Context()), errors.New("undone")
		sets := func(tx *db.Tx, id, name string) error {
			_, err := book.Append(tx, Entry{Account: id, By: access.Do("test"), Verb: Set, Path: "name", Value: json.RawMessage(`"` + name + `"`)})
			return err
		}
		write := func(f func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Write(ctx, f); err != nil && !errors.Is(err, undone) {
				t.Fatal(err)
			}
		}
		same := func(when string, tx *db.Tx) {
			t.Helper()
			for _, id := range []string{"acc_1", "acc_2", "acc_1"} {
				got, err := Of(tx, id)
				want, err2 := from(tx, id, 1)
				if diff := cmp.Diff(want, got); diff != "" || err != nil || err2 != nil {
					t.Errorf("%s (%v, %v):\n%s", when, err, err2, diff)
				}
			}
		}
		reads := func(when string) {
			t.Helper()
			if err := d.Read(ctx, func(tx *db.Tx) error { same(when, tx); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *db.Tx) error {
			return errors.Join(account.Create(tx, "acc_1", "ja"), account.Create(tx, "acc_2", "ja"), sets(tx, "acc_1", "A"), sets(tx, "acc_2", "B"))
		})
		reads("first")
		write(func(tx *db.Tx) error { return sets(tx, "acc_1", "C") })
		reads("after one more change")
		write(func(tx *db.Tx) error {
			err := sets(tx, "acc_1", "nobody ever saw this")
			same("in the transaction that writes", tx)
			return errors.Join(err, undone)
		})
		reads("after what came to nothing")
		write(func(tx *db.Tx) error { return sets(tx, "acc_1", "D") })
		reads("after another change in its place")

		if err := d.Read(ctx, func(tx *db.Tx) error {
			a, err := Of(tx, "acc_1")
			b, err2 := Of(tx, "acc_1")
			if len(a) != 3 || &a[0] != &b[0] {
				t.Error("it was read twice")
			}
			return errors.Join(err, err2)
		}); err != nil {
			t.Fatal(err)
		}
	})
}
