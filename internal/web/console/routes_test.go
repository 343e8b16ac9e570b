package console_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/web"
	"takeback/internal/web/console"

	"github.com/google/go-cmp/cmp"
)

// routes is the table of contents, with the case of the house in it.
func (h *house) routes() []web.Route {
	all := (&console.Pages{}).Routes()
	fill := strings.NewReplacer("{id}", h.c.ID, "{token}", "nonsense", "{call}", "call_1", "{letter}", "phish_1", "{job}", "job_1", "{staff}", "staff_1", "{campaign}", "camp_1")
	for i := range all {
		all[i].Path = fill.Replace(all[i].Path)
	}
	return all
}

// needs says which roles have a permission that this face asks for.
var needs = map[access.Permission][]access.Role{
	access.DeskWork:    {access.Agent, access.Investigator, access.Supervisor},
	access.Freeze:      {access.Agent, access.Investigator, access.Supervisor},
	access.Investigate: {access.Investigator, access.Supervisor},
	access.Approve:     {access.Investigator, access.Supervisor},
	access.Manage:      {access.Supervisor},
}

func TestEveryRouteAsksForItsPermission(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	people := map[access.Role]*clerk{access.Nobody: {house: h}}
	for _, role := range []access.Role{access.Agent, access.Investigator, access.Supervisor} {
		people[role] = h.staff("Of"+string(role), role)
	}
	var open []string
	for _, rt := range h.routes() {
		if rt.Permission == access.Public {
			open = append(open, rt.Method+" "+rt.Path)
			continue
		}
		roles, known := needs[rt.Permission]
		if !known {
			t.Errorf("%s %s needs %q, which is no permission of the desk", rt.Method, rt.Path, rt.Permission)
			continue
		}
		for role, b := range people {
			if slices.Contains(roles, role) {
				continue // what they see is told elsewhere
			}
			want := http.StatusForbidden
			if role == access.Nobody {
				want = http.StatusSeeOther
			}
			w := b.get(rt.Path)
			if rt.Method == "POST" {
				w = b.post(rt.Path)
			}
			if to := w.Header().Get("Location"); w.Code != want || role == access.Nobody && !strings.HasPrefix(to, "/desk/sign-in") {
				t.Errorf("%q at %s %s: %d to %q, want %d", role, rt.Method, rt.Path, w.Code, to, want)
			}
		}
	}
	welcome := "/desk/welcome/nonsense"
	if d := cmp.Diff([]string{"GET /desk/sign-in", "POST /desk/sign-in", "GET " + welcome, "POST " + welcome, "GET " + welcome + "/qr.png", "POST " + welcome + "/begin"}, open); d != "" {
		t.Errorf("open to everybody (-want +got):\n%s", d)
	}
	if n := h.looks(); n != 0 {
		t.Errorf("who may not act left %d entries", n)
	}
}

func TestGETChangesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, db.SQLite)
	h.live()
	b := h.staff("Haru", access.Supervisor)
	for _, looked := range []bool{false, true} {
		before, asked, looks := h.contents(), 0, h.looks()
		for _, rt := range h.routes() {
			if rt.Method != "GET" || rt.Live {
				continue // a stream ends only with its reader; it tells of changes and makes none
			}
			asked++
			if w := b.get(rt.Path); w.Code >= 500 {
				t.Errorf("%s: %d", rt.Path, w.Code)
			}
		}
		if asked < 9 {
			t.Errorf("only %d pages were asked for", asked)
		}
		after := h.contents()
		if !looked { // the page of the case enters that somebody looks, before it shows anything
			if n := h.looks() - looks; n != 1 {
				t.Errorf("the first look left %d entries", n)
			}
			for _, table := range []string{"look", "change", "account"} {
				before[table], after[table] = "", ""
			}
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("looked before: %v; what is kept changed (-before +after):\n%s", looked, d)
		}
	}
}

// contents gives everything that is kept, by table. When somebody was last seen is
// left out: any request may keep that.
func (h *house) contents() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	must(h.t, h.db.Read(h.t.Context(), func(tx *db.Tx) error {
		tables, err := db.All(tx, db.Scan1[string], `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'`)
		if err != nil {
			return err
		}
		for _, table := range tables {
			columns, err := db.All(tx, db.Scan1[string], `SELECT 'quote("' || name || '")' FROM pragma_table_info($1) WHERE name <> 'seen_at'`, table)
			if err != nil {
				return err
			}
			rows, err := db.All(tx, db.Scan1[string], fmt.Sprintf("SELECT %s FROM %q", strings.Join(columns, "||','||"), table))
			if err != nil {
				return err
			}
			slices.Sort(rows)
			out[table] = strings.Join(rows, "\n")
		}
		return nil
	}))
	return out
}
