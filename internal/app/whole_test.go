package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/investigate"
)

// A mark, an approval and the start of a plan are one transaction each: wherever the
// program dies in one, all of it is there or nothing is, in whatever table.
func TestAMarkAnApprovalAndAStartAreWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, e)
			for _, verb := range []string{"mark", "approve", "start"} {
				left, whole, _ := w.cut(verb, 1_000)
				if left == 1_000 || len(whole) == 0 {
					t.Fatalf("%s asks for no time, or changes nothing: %v", verb, whole)
				}
				none := 0
				for n := 1; n <= 1_000-left; n++ {
					_, kept, err := w.cut(verb, n)
					if len(kept) == 0 {
						none++
					} else if !maps.Equal(kept, whole) {
						t.Errorf("%s, dead at boundary %d (%v): it left %v, the whole is %v", verb, n, err, kept, whole)
					}
					if err == nil && len(kept) == 0 {
						t.Errorf("%s, dead at boundary %d, left nothing and said nothing", verb, n)
					}
				}
				if e == db.Postgres && none == 0 {
					t.Errorf("%s could not be cut off at any of %d boundaries", verb, 1_000-left)
				}
			}
		})
	}
}

// cut does something with a case of its own, in which the program dies at the nth
// boundary. It gives what became more in the tables, and states that changed.
func (w *town) cut(verb string, n int) (left int, kept map[string]int, err error) {
	w.t.Helper()
	id := fmt.Sprintf("acc_%s_%d", verb, n)
	w.write(func(tx *db.Tx) error { return account.Create(tx, id, "ja") })
	w.visit(id, access.Client{Device: "own_" + id}, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"Hanako"`)})
	w.visit(id, access.Client{Device: "thief_" + id}, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
	var c casefile.Case
	w.write(func(tx *db.Tx) (err error) {
		c, err = w.Freezer.Stop(tx, casefile.Case{Account: id, Source: "desk", Language: "ja"}, agent)
		return err
	})
	hash := ""
	all := []struct {
		verb string
		do   func(context.Context) error
	}{
		{"mark", func(ctx context.Context) error {
			return w.Investigator.Mark(ctx, finder, c.ID, investigate.Mark{Verdict: investigate.Intruder, Change: 4}, 0)
		}},
		{"plan", func(ctx context.Context) error {
			p, err := w.Restorer.MakePlan(ctx, finder, c.ID, "")
			hash = p.Hash
			return err
		}},
		{"approve", func(ctx context.Context) error { return w.Restorer.Approve(ctx, boss, c.ID, hash) }},
		{"start", func(ctx context.Context) error { return w.Restorer.Start(ctx, finder, c.ID) }},
	}
	for _, one := range all {
		if one.verb == verb {
			before := w.rows(id)
			left, err = w.death.comes(w.t.Context(), n, one.do)
			kept = w.rows(id)
			for name, was := range before {
				kept[name] -= was
			}
			maps.DeleteFunc(kept, func(_ string, more int) bool { return more == 0 })
			return left, kept, err
		}
		if err := one.do(w.t.Context()); err != nil {
			w.t.Fatalf("%s: %v", one.verb, err)
		}
	}
	return n, nil, nil
}

// rows counts the rows of every table, and says where an account and its case stand.
func (w *town) rows(id string) map[string]int {
	w.t.Helper()
	n := map[string]int{}
	w.write(func(tx *db.Tx) error {
		list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
		if w.DB.Engine() == db.Postgres {
			list = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
		}
		tables, err := db.All(tx, db.Scan1[string], list)
		if err != nil {
			return err
		}
		for _, table := range tables {
			var count int
			if err := tx.Row("SELECT COUNT(*) FROM " + table).Scan(&count); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			n[table] = count
		}
		var state, step string
		if err := tx.Row(`SELECT a.state, c.step FROM account a JOIN case_file c ON c.account = a.id WHERE a.id = $1`, id).Scan(&state, &step); err != nil {
			return err
		}
		n["= account "+state]++
		n["= case "+step]++
		return nil
	})
	return n
}
