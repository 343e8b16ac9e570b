package dbtest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

const insert = `INSERT INTO setting (name, value) VALUES ($1, $2)`

func put(t *testing.T, d *db.DB, value string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Put(insert, "k", value) })
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, d *db.DB) (value string) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		err := tx.Row(`SELECT value FROM setting WHERE name = $1`, "k").Scan(&value)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEach(t *testing.T) {
	t.Parallel()
	var met []db.Engine
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		met = append(met, d.Engine())
		other := dbtest.New(t, d.Engine(), db.Options{})
		put(t, d, "here")
		if got := get(t, d); got != "here" {
			t.Errorf("got %q, want what was written", got)
		}
		if got := get(t, other); got != "" {
			t.Errorf("another database of the same test holds %q", got)
		}
	})
	if diff := cmp.Diff([]db.Engine{db.SQLite, db.Postgres}, met); diff != "" {
		t.Errorf("engines (-want +got):\n%s", diff)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		began := clock.Now()
		clock.Advance(14 * 24 * time.Hour)
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			if got, want := tx.Now, began.Add(14*24*time.Hour); !got.Equal(want) {
				t.Errorf("the transaction began at %s, want %s", got, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e)+" keeps what was written when it is opened again", func(t *testing.T) {
			place := dbtest.Place(t, e)
			for i := range 2 {
				d, err := db.Open(t.Context(), place, db.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					put(t, d, "kept")
				} else if got := get(t, d); got != "kept" {
					t.Errorf("got %q", got)
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
