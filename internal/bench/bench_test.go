package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
)

// at gives a place for fresh databases on an engine.
func at(t *testing.T, e db.Engine) string {
	if e == db.Postgres {
		return dbtest.Place(t, e)
	}
	return filepath.Join(t.TempDir(), "never-touched.db")
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			place := at(t, e)
			found := map[string]Result{}
			o := Options{DB: place, Rounds: 1, Round: time.Millisecond, Visitors: 40, Accounts: 20}
			err := Run(t.Context(), o, func(name string, r Result) error { found[name] = r; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(found)); !cmp.Equal(got, slices.Sorted(slices.Values(Names()))) {
				t.Errorf("measured %q", got)
			}
			for name, r := range found {
				if r.Engine != e || r.LimitIs == "" || r.PerSecond <= 0 || r.LimitPerSecond <= 0 || r.Ratio != r.PerSecond/r.LimitPerSecond {
					t.Errorf("%s: %+v", name, r)
				}
				if r.P50 <= 0 || r.P99 < r.P50 || r.P999 < r.P99 {
					t.Errorf("%s: the latencies %v, %v and %v do not follow one another", name, r.P50, r.P99, r.P999)
				}
			}
			if e == db.SQLite {
				if left, err := os.ReadDir(filepath.Dir(place)); err != nil || len(left) > 0 {
					t.Errorf("%d files were left behind: %v", len(left), err)
				}
			}
		})
	}
}

func TestOnlyWhatThereIsIsMeasured(t *testing.T) {
	t.Parallel()
	o := Options{DB: at(t, db.SQLite), Only: []string{"change", "chagne"}}
	err := Run(t.Context(), o, func(name string, _ Result) error { t.Errorf("%s was measured", name); return nil })
	if err == nil || !strings.Contains(err.Error(), `"chagne"`) {
		t.Errorf("got %v", err)
	}
}

func TestJSONHasItsFixedForm(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := JSON(&b, map[string]Result{"change": {Engine: db.SQLite, LimitIs: "plain SQL"}}); err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	fields := slices.Sorted(maps.Keys(got["change"]))
	for _, name := range []string{"per_s", "limit_per_s", "ratio", "p50_us", "p99_us", "p999_us", "engine", "limit_is"} {
		if !slices.Contains(fields, name) {
			t.Errorf("there is no %s among %q", name, fields)
		}
	}
	if got["change"]["engine"] != "sqlite" {
		t.Errorf("the engine is %v", got["change"]["engine"])
	}
}

// A limit that wrote less than a change writes would be no limit of it.
func TestTheLimitOfAChangeWritesItsRows(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			ctx := t.Context()
			h, err := build(ctx, at(t, e))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := h.close(); err != nil {
					t.Error(err)
				}
			})
			r, err := sample(ctx, h)
			if err != nil {
				t.Fatal(err)
			}
			p, err := newPlain(ctx, h, written)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.close(); err != nil {
					t.Error(err)
				}
			}()
			two, err := h.moveIn(ctx, 2, 0, "")
			if err != nil {
				t.Fatal(err)
			}
			before := count(t, h.DB)
			if err := h.moveAddress(ctx, two[0]); err != nil {
				t.Fatal(err)
			}
			changed := count(t, h.DB)
			if err := p.write(r.of(two[1].id)); err != nil {
				t.Fatal(err)
			}
			plainly := count(t, h.DB)
			for table, n := range changed {
				if n-before[table] != plainly[table]-n {
					t.Errorf("a change adds %d rows to %s, plain SQL %d", n-before[table], table, plainly[table]-n)
				}
			}
			if changed["letter"] == before["letter"] {
				t.Error("nobody was told")
			}
		})
	}
}

// count counts the rows of every table.
func count(t *testing.T, d *db.DB) map[string]int {
	t.Helper()
	list := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if d.Engine() == db.Postgres {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	}
	n := map[string]int{}
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		tables, err := db.All(tx, db.Scan1[string], list)
		if err != nil {
			return err
		}
		for _, name := range tables {
			var rows int
			if err := tx.Row("SELECT count(*) FROM " + name).Scan(&rows); err != nil {
				return err
			}
			n[name] = rows
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFailureEndsARound(t *testing.T) {
	t.Parallel()
	broken := side{do: func(_ context.Context, client, i int) error {
		if i == 3 {
			return context.DeadlineExceeded
		}
		return nil
	}}
	if _, err := broken.round(t.Context(), 4, 1000, new(histogram)); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestAQuantileIsExactToThreePercent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(1, int64(time.Hour)), 1, 200).Draw(t, "durations")
		var h, other histogram
		for i, d := range all {
			if i%2 == 0 {
				h.add(time.Duration(d))
			} else {
				other.add(time.Duration(d))
			}
		}
		h.merge(&other)
		q := rapid.Float64Range(0, 0.999).Draw(t, "quantile")
		slices.Sort(all)
		want := float64(all[int(q*float64(len(all)))]) / 1000
		if got := h.micros(q); got < want*0.97 || got > want*1.03 {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
