package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

func put(t *testing.T, d *db.DB, name, value string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		return tx.Put(`INSERT INTO setting (name, value) VALUES ($1, $2)`, name, value)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, d *db.DB, name string) (value string) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Row(`SELECT value FROM setting WHERE name = $1`, name).Scan(&value)
	})
	if err != nil && !errors.Is(err, db.ErrNone) {
		t.Fatal(err)
	}
	return value
}

func TestOneProcessServesAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.db")
	open := func() *db.DB {
		t.Helper()
		d, err := db.Open(t.Context(), file, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first, second := open(), open()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new file, which holds keys, has mode %v (%v)", info.Mode(), err)
	}
	if err := errors.Join(first.Claim(), first.Claim()); err != nil {
		t.Fatal(err)
	}
	if second.Claim() == nil {
		t.Error("two serve one file: the second does not hear of a freeze by the first")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Claim(); err != nil {
		t.Errorf("nobody serves the file any more: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Run("keeps what its function wrote", func(t *testing.T) {
			put(t, d, "kept", "1")
			if get(t, d, "kept") != "1" {
				t.Error("it is not there")
			}
		})
		t.Run("keeps nothing if its function fails, also of what was put last", func(t *testing.T) {
			broken := errors.New("broken")
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ('lost', '1')`); err != nil {
					return err
				}
				if err := tx.Put(`INSERT INTO setting (name, value) VALUES ('lost too', '1')`); err != nil {
					return err
				}
				return broken
			})
			if !errors.Is(err, broken) {
				t.Errorf("the error is %v", err)
			}
			if get(t, d, "lost")+get(t, d, "lost too") != "" {
				t.Error("something was kept")
			}
		})
		t.Run("reports a duplicate that only the commit notices", func(t *testing.T) {
			put(t, d, "twice", "1")
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				return tx.Put(`INSERT INTO setting (name, value) VALUES ('twice', '2')`)
			})
			if !db.IsDuplicate(err) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("goes on after the panic of a writer", func(t *testing.T) {
			func() {
				defer func() { _ = recover() }()
				_ = d.Write(t.Context(), func(tx *db.Tx) error { panic("a writer's mistake") })
			}()
			put(t, d, "after the panic", "1")
		})
		t.Run("refuses to run inside another Write", func(t *testing.T) {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				return d.Write(tx.Context(), func(*db.Tx) error { return nil })
			})
			if err == nil {
				t.Error("it ran")
			}
		})
		t.Run("does not run for a caller who has gone", func(t *testing.T) {
			gone, leave := context.WithCancel(t.Context())
			leave()
			err := d.Write(gone, func(tx *db.Tx) error { return tx.Put(`INSERT INTO setting (name, value) VALUES ('gone', '1')`) })
			if !errors.Is(err, context.Canceled) || get(t, d, "gone") != "" {
				t.Errorf("got %v", err)
			}
		})
		t.Run("announces after the commit and before it returns", func(t *testing.T) {
			var heard []string
			var mu sync.Mutex
			stop := d.Listen("news", func(key string) { mu.Lock(); heard = append(heard, key); mu.Unlock() })
			defer stop()
			_ = d.Write(t.Context(), func(tx *db.Tx) error { return errors.Join(tx.Announce("news", "failed"), errors.New("no")) })
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Announce("news", "k1") }); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(heard) == 0 || heard[0] != "k1" {
				t.Errorf("heard %q", heard)
			}
		})
	})
}

// Writers that wait together commit together: each is alone with its failure.
func TestWritersTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				err := d.Write(t.Context(), func(tx *db.Tx) error {
					if _, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ($1, '')`, fmt.Sprintf("w%02d", i)); err != nil {
						return err
					}
					if i%3 == 0 {
						return errors.New("this one fails")
					}
					return nil
				})
				if (err != nil) != (i%3 == 0) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		all.Wait()
		var n int
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Row(`SELECT count(*) FROM setting WHERE name >= 'w00' AND name <= 'w99'`).Scan(&n)
		})
		if err != nil || n != 40 {
			t.Errorf("%d rows of 40 were kept: %v", n, err)
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if want := clock.Now().Truncate(time.Microsecond); !tx.Now.Equal(want) {
				t.Errorf("Now is %v, not %v", tx.Now, want)
			}
			if err := tx.Put(`INSERT INTO link (hash, purpose, account, epoch, data, made_at, expires_at) VALUES ('h', 'p', '日本', 9007199254740993, '{"a":[1]}', $1, $1)`, tx.Now); err != nil {
				return err
			}
			var (
				account    string
				epoch      int64
				data       struct{ A []int }
				made, used time.Time
			)
			err := tx.Row(`SELECT account, epoch, data, made_at, used_at FROM link WHERE hash = $1`, "h").Scan(&account, &epoch, db.JSON(&data), db.At(&made), db.At(&used))
			if account != "日本" || epoch != 9007199254740993 || len(data.A) != 1 || !made.Equal(tx.Now) || !used.IsZero() {
				t.Errorf("read back %q %d %v %v %v", account, epoch, data, made, used)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenRefusesANewerDatabase(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			place := dbtest.Place(t, e)
			d, err := db.Open(t.Context(), place, db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				return tx.Put(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)`, true)
			})
			if err := errors.Join(err, d.Close()); err != nil {
				t.Fatal(err)
			}
			_, err = db.Open(t.Context(), place, db.Options{})
			if err == nil || !strings.Contains(err.Error(), "newer program") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Before the line to the other processes is open nobody may trust its silence;
// who has heard anything over it has heard a beat of his own first.
func TestLine(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			place := dbtest.Place(t, e)
			open := func() *db.DB {
				d, err := db.Open(t.Context(), place, db.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				})
				return d
			}
			here := open()
			if e == db.SQLite {
				if _, alive := here.Line(0); !alive {
					t.Error("the only process does not hear itself")
				}
				return
			}
			heard := make(chan string, 100)
			here.Listen("news", func(key string) { heard <- key })
			there := open()
			for again := true; again; {
				if err := there.Write(t.Context(), func(tx *db.Tx) error { return tx.Announce("news", "k") }); err != nil {
					t.Fatal(err)
				}
				select {
				case <-heard:
					again = false
				case <-time.After(10 * time.Millisecond): // it was announced before the line was open
				case <-t.Context().Done():
					t.Fatal("nothing was heard")
				}
			}
			if _, alive := here.Line(0); alive {
				t.Error("what has been sent this very moment has been heard")
			}
			if n, alive := here.Line(time.Minute); !alive || n != 1 {
				t.Error("a beat of its own was not heard before the news")
			}
		})
	}
}

// Whoever writes alone waits for the writers under way, and the later ones for him.
func TestAloneNobodyElseWrites(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(do func(context.Context, func(*db.Tx) error) error, statement string, seen *string, during func()) {
			t.Helper()
			err := do(t.Context(), func(tx *db.Tx) error {
				if err := tx.Row(`SELECT value FROM setting WHERE name = 'alone'`).Scan(seen); err != nil {
					return err
				}
				during()
				return tx.Put(statement)
			})
			if err != nil {
				t.Error(err)
			}
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Put(`INSERT INTO setting (name, value) VALUES ('alone', 'a')`) })
		if err != nil {
			t.Fatal(err)
		}
		var first, alone, last string
		var all sync.WaitGroup
		write(d.Write, `UPDATE setting SET value = 'b' WHERE name = 'alone'`, &first, func() {
			begun := make(chan struct{})
			all.Go(func() {
				close(begun)
				write(d.Alone, `UPDATE setting SET value = 'c' WHERE name = 'alone'`, &alone, func() {
					all.Go(func() { write(d.Write, `UPDATE setting SET value = 'd' WHERE name = 'alone'`, &last, func() {}) })
				})
			})
			<-begun
		})
		all.Wait()
		if first != "a" || alone != "b" || last != "c" {
			t.Errorf("one after the other they saw %q, %q and %q", first, alone, last)
		}
	})
}
