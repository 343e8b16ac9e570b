package restore

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/connector/connectortest"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
)

// forwarder is one more way in.
var forwarder = history.Entry{Verb: history.Add, Path: "forward/f1", Value: json.RawMessage(`{"to":"x@thief.example"}`)}

// waysIn counts what still leads to the intruder.
func (h *house) waysIn(id string) (n int) {
	for _, value := range h.facts(id) {
		if strings.Contains(value, "thief.example") {
			n++
		}
	}
	return n
}

// Whatever goes wrong on the line, and wherever workers die: the account ends
// in the same state, each step is one act, the ways in never grow in number,
// and none is left before anything is given back.
func TestAnyFaultsAndDeathsEndInTheSameState(t *testing.T) {
	t.Parallel()
	port := &connectortest.Scripted{}
	h := newHouse(t, dbtest.New(t, db.SQLite, db.Options{}))
	port.Port, h.Port = h.Port, port
	whole := h.taken(forwarder)
	if err := h.Carry(t.Context(), h.begun(whole).ID); err != nil {
		t.Fatal(err)
	}
	want := h.facts(whole.Account)
	faults := []connectortest.Fault{connectortest.None, connectortest.Lost, connectortest.Late, connectortest.Overtaken,
		connectortest.Twice, connectortest.Down, connectortest.Stale, "death before", "death after"}
	rapid.Check(t, func(rt *rapid.T) {
		c := h.taken(forwarder)
		p := h.begun(c)
		script := rapid.SliceOfN(rapid.SampledFrom(faults), 0, 12).Draw(rt, "script")
		open := h.waysIn(c.Account)
		var end context.CancelFunc
		port.Script = func(call connector.Call) connectortest.Fault {
			now := h.waysIn(c.Account)
			back := call.Path == "name" || call.Path == "points" || call.Path == "email" && call.Want != nil
			if now > open || now > 0 && back {
				rt.Errorf("%d ways in are open after %d, before %s", now, open, call.Path)
			}
			open = now
			if len(script) == 0 {
				return connectortest.None
			}
			next := script[0]
			script = script[1:]
			switch next {
			case "death before":
				end()
				return connectortest.Down
			case "death after":
				defer end()
				return connectortest.Lost
			}
			return next
		}
		for worker := 0; h.step(c) != casefile.Restored; worker++ {
			var ctx context.Context
			ctx, end = context.WithCancel(t.Context())
			err := h.Carry(ctx, p.ID)
			end()
			if worker > 14 {
				rt.Fatalf("after %d workers: %v", worker, err)
			}
		}
		if diff := cmp.Diff(want, h.facts(c.Account)); diff != "" {
			rt.Error(diff)
		}
		acts := h.acts(c.Account)
		for _, row := range p.Rows {
			if acts[row.ID] != 1 {
				rt.Errorf("%s %s was done %d times", row.Op, row.Path, acts[row.ID])
			}
		}
		if again, err := h.MakePlan(t.Context(), ito, c.ID, p.Hash); err != nil || len(again.Rows) != 0 {
			rt.Errorf("a plan after the plan has %d steps (%v)", len(again.Rows), err)
		}
	})
}

// What somebody else has written since the plan was made is not written over:
// people look at it, and the next plan has seen it.
func TestDriftIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		port := &connectortest.Scripted{Port: h.Port}
		h.Port = port
		c := h.taken()
		p := h.begun(c)
		port.Script = func(call connector.Call) connectortest.Fault {
			if call.Path == "name" {
				return connectortest.Drift
			}
			return connectortest.None
		}
		port.Third = func(connector.Call) {
			h.write(func(tx *db.Tx) error {
				_, err := h.book.Append(tx, history.Entry{Account: c.Account, By: access.Do("shop"), Verb: history.Set, Path: "name", Value: json.RawMessage(`"Other"`)})
				return err
			})
		}
		if err := h.Carry(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		if name, step := h.facts(c.Account)["name"], h.step(c); name != `"Other"` || step != casefile.Restoring {
			t.Errorf("the name is %s, the case %s", name, step)
		}
		for _, row := range h.plan(c).Rows {
			if want := map[bool]State{true: Conflicts, false: Verified}[row.Path == "name"]; row.State != want {
				t.Errorf("%s %s is %s, want %s", row.Op, row.Path, row.State, want)
			}
		}
		port.Script = nil
		if err := h.Carry(t.Context(), h.begun(c).ID); err != nil || h.step(c) != casefile.Restored {
			t.Errorf("the next plan ends with %v, the case is %s", err, h.step(c))
		}
	})
}

// A system that is away for hours keeps its plan waiting, and nothing is given
// back meanwhile. The job that carries the plan out comes again by itself.
func TestASystemThatIsAwayKeepsItsPlanWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t, dbtest.New(t, db.SQLite, db.Options{}))
	port := &connectortest.Scripted{Port: h.Port}
	h.Port = port
	c := h.taken()
	p := h.begun(c)
	before := h.facts(c.Account)
	port.Off(true)
	for range 3 {
		if err := h.Carry(t.Context(), p.ID); !errors.Is(err, connectortest.ErrSilent) {
			t.Errorf("nobody is there, and the worker says %v", err)
		}
	}
	if diff := cmp.Diff(before, h.facts(c.Account)); diff != "" {
		t.Error(diff)
	}
	port.Off(false)
	if err := h.Carry(t.Context(), p.ID); err != nil || h.step(c) != casefile.Restored {
		t.Errorf("%v, the case is %s", err, h.step(c))
	}
}

// blind is a system that cannot be asked.
type blind struct{ *connectortest.Scripted }

// Read implements connector.Port.
func (b blind) Read(context.Context, string, string) (connector.Value, error) {
	return connector.Value{}, connectortest.ErrSilent
}

// Where neither the key nor the value can tell whether a call has landed, it is
// not made again: that it is not known is an honest state.
func TestWhatNobodyCanKnowIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t, dbtest.New(t, db.SQLite, db.Options{}))
	m := &connectortest.Memory{Forget: true}
	h.Port = blind{&connectortest.Scripted{Port: m, Script: func(connector.Call) connectortest.Fault { return connectortest.Lost }}}
	c := h.taken()
	h.write(func(tx *db.Tx) error {
		facts, err := account.Facts(tx, c.Account)
		for _, f := range facts {
			m.Put(c.Account, f.Path, f.Value)
		}
		return err
	})
	p := h.begun(c)
	for range 3 {
		_ = h.Carry(t.Context(), p.ID)
	}
	stopped := h.plan(c).Rows[0]
	if stopped.State != Manual || stopped.Note == "" || m.Writes() > len(p.Rows) {
		t.Errorf("%s %s is %s (%s) after %d writes", stopped.Op, stopped.Path, stopped.State, stopped.Note, m.Writes())
	}
}
