package restore

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// The people of these tests.
var (
	ito  = access.Actor{Role: access.Investigator, ID: "ito", Name: "Ito"}
	abe  = access.Actor{Role: access.Investigator, ID: "abe", Name: "Abe"}
	sato = access.Actor{Role: access.Supervisor, ID: "sato", Name: "Sato"}
)

// house is a Restorer on a database, with an investigator for whom everything
// done in the session "thief", or by the agent kim, is the intruder's.
type house struct {
	*testing.T
	db    *db.DB
	book  *history.Book
	files *casefile.Files
	*Restorer
	*labels
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, db: d, book: &history.Book{Kinds: kinds}, files: &casefile.Files{}, labels: &labels{marks: 1}}
	h.Restorer = &Restorer{DB: d, Book: h.book, Files: h.files, Port: connector.Own{DB: d, Book: h.book}, Finder: h.labels, Clear: h.labels}
	return h
}

// labels is the investigator.
type labels struct {
	mu     sync.Mutex
	marks  int64
	clears bool // nothing is the intruder's
}

// Marked implements Finder.
func (l *labels) Marked(*db.Tx, string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.marks, nil
}

// Findings implements Finder.
func (l *labels) Findings(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error) {
	all, err := history.Of(tx, c.Account)
	f := finding.Findings{First: 1, Changes: make([]finding.Change, len(all)), Things: make([]finding.Thing, 1)}
	for i, c := range all {
		if l.clears || c.Session != "thief" && c.Actor != "kim" {
			continue
		}
		f.Changes[i] = finding.Change{Label: finding.Tainted, Reason: finding.Reason{Confidence: 1}, Thing: int32(len(f.Things))}
		f.Things = append(f.Things, finding.Thing{Set: c.Seq})
	}
	complete(all, &f)
	return all, f, err
}

// Foreseen implements Finder.
func (l *labels) Foreseen(tx *db.Tx, c casefile.Case) ([]history.Change, finding.Findings, error) {
	return l.Findings(tx, c)
}

// TakeBack implements Clearer.
func (l *labels) TakeBack(*db.Tx, casefile.Case, time.Time, access.Actor, string) error {
	l.marks++
	l.clears = true
	return nil
}

func (h *house) write(f func(tx *db.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.Context(), f); err != nil {
		h.Fatal(err)
	}
}

// does enters something in the account: by session, or by an agent if the name is kim.
func (h *house) does(tx *db.Tx, id, who string, e history.Entry) error {
	a, err := account.Get(tx, id)
	if err != nil {
		return err
	}
	e.Account, e.By = id, access.Actor{Role: access.Holder, ID: id, Account: id, Session: who, Segment: 1, Epoch: a.Epoch}
	if who == "kim" {
		e.By = access.Actor{Role: access.Agent, ID: who, Epoch: a.Epoch}
	}
	_, err = h.book.Append(tx, e)
	return err
}

// taken makes an account that an intruder was in, and that is held still for
// the case that it gives, under investigation.
func (h *house) taken(more ...history.Entry) (c casefile.Case) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		id := seal.ID("acc")
		if err := account.Create(tx, id, "ja"); err != nil {
			return err
		}
		own := []history.Entry{
			{Verb: history.Set, Path: "name", Value: json.RawMessage(`"Hanako"`)},
			{Verb: history.Contact, Path: "email", Value: account.TextValue(id + "@home.example"), Confirmed: true},
			{Verb: history.Move, Path: "points", Amount: 500},
		}
		thief := append([]history.Entry{
			{Verb: history.Set, Path: "name", Value: json.RawMessage(`"X"`)},
			{Verb: history.Contact, Path: "email", Value: account.TextValue(id + "@thief.example")},
			{Verb: history.Move, Path: "points", Amount: -300},
			{Verb: history.Order, Path: "order/o1", Value: json.RawMessage(`{"effect":"compensate","amount":300}`)},
		}, more...)
		for i, e := range append(own, thief...) {
			who := "thief"
			if i < len(own) {
				who = "own"
			}
			if err := h.does(tx, id, who, e); err != nil {
				return err
			}
		}
		var err error
		c, err = h.held(tx, id)
		return err
	})
	return c
}

// lived makes an account in which people did one after another what they did, and
// that is held still for the case that it gives, under investigation.
func (h *house) lived(all ...map[string][]history.Entry) (c casefile.Case) {
	h.Helper()
	id := seal.ID("acc")
	h.write(func(tx *db.Tx) error {
		if err := account.Create(tx, id, "ja"); err != nil {
			return err
		}
		return h.does(tx, id, "own", history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"Hanako"`)})
	})
	for _, some := range all {
		for who, entries := range some {
			h.write(func(tx *db.Tx) (err error) {
				for _, e := range entries {
					err = cmp.Or(err, h.does(tx, id, who, e))
				}
				return err
			})
		}
	}
	h.write(func(tx *db.Tx) (err error) {
		c, err = h.held(tx, id)
		return err
	})
	return c
}

// held holds an account still for a case under investigation.
func (h *house) held(tx *db.Tx, id string) (casefile.Case, error) {
	if _, err := account.Turn(tx, id, account.Frozen, time.Time{}, account.Open); err != nil {
		return casefile.Case{}, err
	}
	c, _, err := h.files.Open(tx, casefile.Case{Account: id, Source: "desk", Language: "ja", Step: casefile.Frozen}, ito)
	if err != nil {
		return c, err
	}
	return h.files.Advance(tx, c.ID, casefile.Investigating, ito)
}

// begun makes a plan, has it approved and starts it.
func (h *house) begun(c casefile.Case) Stored {
	h.Helper()
	p, err := h.MakePlan(h.Context(), ito, c.ID, h.plan(c).Hash)
	if err == nil {
		err = h.Approve(h.Context(), sato, c.ID, p.Hash)
	}
	if err == nil {
		err = h.Start(h.Context(), ito, c.ID)
	}
	if err != nil {
		h.Fatal(err)
	}
	return p
}

// plan gives the present plan of a case.
func (h *house) plan(c casefile.Case) (p Stored) {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) { p, err = present(tx, c.ID); return err })
	return p
}

// step tells where a case stands.
func (h *house) step(c casefile.Case) casefile.Step {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) { c, err = casefile.Get(tx, c.ID); return err })
	return c.Step
}

// facts gives what is true of an account, without what differs from account to account.
func (h *house) facts(id string) map[string]string {
	h.Helper()
	all := map[string]string{}
	h.write(func(tx *db.Tx) error {
		facts, err := account.Facts(tx, id)
		for _, f := range facts {
			all[f.Path] = string(f.Value)
			if f.Path == "email" {
				all[f.Path] = f.Text()[len(id):]
			}
		}
		return err
	})
	return all
}

// acts counts the entries in the history by the step that they belong to.
func (h *house) acts(id string) map[string]int {
	h.Helper()
	acts := map[string]int{}
	h.write(func(tx *db.Tx) error {
		all, err := history.Of(tx, id)
		for _, c := range all {
			if c.Actor == ActorID {
				acts[c.Request]++
			}
		}
		return err
	})
	return acts
}

// mortal is a clock by which a worker dies: every transaction asks it for the time.
type mortal struct {
	mu   sync.Mutex
	left int // transactions until the worker dies; 0 for never
	seen int
	end  context.CancelFunc
}

// Now implements db.Options.Now.
func (m *mortal) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen++; m.left > 0 {
		if m.left--; m.left == 0 {
			m.end()
		}
	}
	return time.Now()
}
