package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/campaign"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// town is a house with many holders, some of whom had the same visitor.
type town struct {
	*app.App
	t     *testing.T
	clock *dbtest.Clock
	death *death
	token map[string]string // of each holder's session
}

var (
	finder = access.Actor{Role: access.Investigator, ID: "staff_ito", Name: "Ito"}
	agent  = access.Actor{Role: access.Agent, ID: "staff_aoi", Name: "Aoi", Session: "desk_2", Client: access.Client{Request: "agent's"}}
	boss   = access.Actor{Role: access.Supervisor, ID: "staff_mori", Name: "Mori", Session: "desk_1"}
	thief  = access.Client{Device: "dev_thief", IP: "203.0.113.66"}
)

func newTown(t *testing.T, e db.Engine) *town {
	t.Helper()
	return builtTown(t, e, "smtp://127.0.0.1:1", app.File{})
}

func builtTown(t *testing.T, e db.Engine, smtp string, file app.File) *town {
	t.Helper()
	clock := dbtest.NewClock()
	d := &death{clock: clock}
	a, err := app.New(t.Context(), app.Config{DB: dbtest.Place(t, e), Site: "https://shop.example", SMTP: seal.NewSecret(smtp), File: file,
		Now: d.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	w := &town{a, t, clock, d, map[string]string{}}
	w.write(func(tx *db.Tx) error {
		for _, p := range []access.Actor{finder, boss, agent} {
			if err := tx.Put(`INSERT INTO staff (id, name, email, email_key, role, state, version, password, totp, totp_step, invite, created_at, made_by)
				VALUES ($1, $2, $1, $1, $3, 'active', 1, '', '', 0, '', 0, '')`, p.ID, p.Name, p.Role); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *town) write(fn func(*db.Tx) error) {
	w.t.Helper()
	if err := w.DB.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// visit signs somebody in from a client and does what he does there.
func (w *town) visit(id string, from access.Client, does ...history.Entry) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		s, token, _, err := w.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: from})
		if err != nil {
			return err
		}
		w.token[id+from.Device] = token
		for _, e := range does {
			e.Account, e.By = id, s.Actor(from)
			if _, err := w.Book.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveIn gives an account whose holder lives in it for a year.
func (w *town) moveIn(n int) (ids []string) {
	w.t.Helper()
	for i := range n {
		id := fmt.Sprintf("acc_%02d", i)
		w.write(func(tx *db.Tx) error { return account.Create(tx, id, "ja") })
		w.visit(id, access.Client{Device: "dev_" + id, IP: fmt.Sprintf("192.0.2.%d", i)},
			history.Entry{Verb: history.Contact, Path: "email", Value: json.RawMessage(fmt.Sprintf(`"%s@mail.example"`, id)), Confirmed: true},
			history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"田中花子"`)})
		ids = append(ids, id)
	}
	for range 2 { // who stays away longer is signed out
		w.clock.Advance(10 * 24 * time.Hour)
		for _, id := range ids {
			w.alive(id)
		}
	}
	return ids
}

func (w *town) alive(id string) bool {
	w.t.Helper()
	_, err := w.Sessions.Check(w.t.Context(), w.token[id+"dev_"+id])
	if err != nil && !errors.Is(err, session.ErrOver) {
		w.t.Fatal(err)
	}
	return err == nil
}

// work carries out jobs until nothing is left to do for a minute.
func (w *town) work() {
	w.t.Helper()
	for range 12 {
		if err := w.Runner.Drain(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Advance(5 * time.Second)
	}
}

func (w *town) see(id string, by access.Actor) campaign.View {
	w.t.Helper()
	v, err := w.Campaigns.See(w.t.Context(), by, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestACampaignFromItsDraftToItsRestoredAccounts(t *testing.T) {
	t.Parallel()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, e)
			ids := w.moveIn(12)
			hit, seen, others := ids[:5], ids[5:8], ids[8:]
			for _, id := range hit {
				w.visit(id, thief, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
			}
			for _, id := range seen {
				w.visit(id, thief) // and changes nothing
			}
			key := campaign.Key{Kind: campaign.Device, Value: thief.Device, From: w.clock.Now().Add(-time.Hour), Until: w.clock.Now().Add(time.Hour)}
			c, err := w.Campaigns.Draft(t.Context(), finder, key, "One device in many accounts.")
			if err != nil || c.Accounts != 8 {
				t.Fatalf("drafted %+v: %v", c, err)
			}
			w.confirm(c.ID)
			for _, id := range append(hit, seen...) {
				if w.alive(id) {
					t.Errorf("%s may still act", id)
				}
			}
			for _, id := range others {
				if !w.alive(id) {
					t.Errorf("%s is held, though nobody was there", id)
				}
			}
			w.work()
			v := w.see(c.ID, boss)
			if v.Step != campaign.Carrying || v.States[campaign.Clean] != 3 || v.States[campaign.Planned] != 5 || len(v.Shapes) != 1 {
				t.Fatalf("after the analysis: %s, %v, shapes %+v", v.Step, v.States, v.Shapes)
			}
			for _, id := range seen {
				w.isOpen(id)
			}
			w.approve(c.ID, v.Shapes[0])
			w.work()
			v = w.see(c.ID, boss)
			if v.States[campaign.Restored] != 5 || v.Shapes[0].Pilots != 1 {
				t.Errorf("at the end: %v, shapes %+v", v.States, v.Shapes)
			}
			for _, id := range hit {
				w.isNamed(id, `"田中花子"`)
			}
		})
	}
}

// confirm confirms a draft, after those who may not have tried.
func (w *town) confirm(id string) {
	w.t.Helper()
	for _, by := range []access.Actor{finder, {Role: access.Supervisor, ID: finder.ID}, {Role: access.Agent, ID: "a"}} {
		if err := w.Campaigns.Confirm(w.t.Context(), by, id); err == nil {
			w.t.Errorf("confirmed by %+v", by)
		}
	}
	if err := w.Campaigns.Confirm(w.t.Context(), boss, id); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Campaigns.Confirm(w.t.Context(), boss, id); !errors.Is(err, campaign.ErrStep) {
		w.t.Errorf("confirmed twice: %v", err)
	}
}

func (w *town) isOpen(id string) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, id)
		if a.State != account.Open {
			w.t.Errorf("%s is %s", id, a.State)
		}
		return err
	})
}

func (w *town) isNamed(id, want string) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		f, err := account.FactAt(tx, id, "name")
		if string(f.Value) != want {
			w.t.Errorf("%s is called %s, not %s", id, f.Value, want)
		}
		return err
	})
}

// approve approves a shape, after it was tried too early and by the wrong person.
func (w *town) approve(id string, g campaign.Group) {
	w.t.Helper()
	if _, err := w.Campaigns.Approve(w.t.Context(), finder, id, g.ID); !errors.Is(err, campaign.ErrOwn) {
		w.t.Errorf("approved by who drafted it: %v", err)
	}
	if _, err := w.Campaigns.Approve(w.t.Context(), boss, id, g.ID); !errors.Is(err, campaign.ErrSample) {
		w.t.Errorf("approved without a look at the sample: %v", err)
	}
	for _, s := range g.Sample {
		if _, err := w.Desk.Enter(w.t.Context(), boss, s.Case, "A look at the sample."); err != nil {
			w.t.Fatal(err)
		}
	}
	n, err := w.Campaigns.Approve(w.t.Context(), boss, id, g.ID)
	if err != nil || n != g.Accounts() {
		w.t.Fatalf("approved for %d: %v", n, err)
	}
}

func TestAPilotInConflictStopsItsShape(t *testing.T) {
	t.Parallel()
	w := newTown(t, db.SQLite)
	ids := w.moveIn(3)
	for _, id := range ids {
		w.visit(id, thief, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
	}
	key := campaign.Key{Kind: campaign.Network, Value: "203.0.113.1", From: w.clock.Now().Add(-time.Hour), Until: w.clock.Now().Add(time.Hour)}
	c, err := w.Campaigns.Draft(t.Context(), finder, key, "One network.")
	if err != nil || c.Accounts != 3 {
		t.Fatalf("drafted %+v: %v", c, err)
	}
	w.confirm(c.ID)
	w.work()
	v := w.see(c.ID, boss)
	if len(v.Shapes) != 1 || v.Shapes[0].Planned != 3 {
		t.Fatalf("%v, shapes %+v", v.States, v.Shapes)
	}
	// Behind our back: what the plan is about is not as it was thought to be.
	w.write(func(tx *db.Tx) error { return tx.Put(`UPDATE fact SET value = '"y"' WHERE path = 'name'`) })
	w.approve(c.ID, v.Shapes[0])
	w.work()
	if v = w.see(c.ID, boss); v.Shapes[0].Stopped != "pilot" || v.Shapes[0].Planned != 2 || v.Shapes[0].Conflicts != 1 {
		t.Errorf("the shape went on: %+v", v.Shapes)
	}
}

// The hold of a cohort ends for all, or for one; what was given before stays void.
func TestACohortIsOpened(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newTown(t, d.Engine())
		ids := w.moveIn(3)
		w.write(func(tx *db.Tx) error {
			for _, id := range ids {
				c := history.Entry{Account: id, By: access.Actor{Role: access.Agent, ID: "staff_bad"}, Verb: history.Look}
				if _, err := w.Book.Append(tx, c); err != nil {
					return err
				}
			}
			return nil
		})
		key := campaign.Key{Kind: campaign.Agent, Value: "staff_bad", From: w.clock.Now().Add(-time.Hour), Until: w.clock.Now().Add(time.Hour)}
		c, err := w.Campaigns.Draft(t.Context(), finder, key, "An agent who looks around.")
		if err != nil || c.Accounts != 3 {
			t.Fatalf("drafted %+v: %v", c, err)
		}
		if err := w.Campaigns.LetGo(t.Context(), boss, c.ID, ids[0]); !errors.Is(err, campaign.ErrNotIn) {
			t.Errorf("let go of what is not held: %v", err)
		}
		w.confirm(c.ID)
		if err := w.Campaigns.LetGo(t.Context(), boss, c.ID, ids[0]); err != nil {
			t.Fatal(err)
		}
		w.isOpen(ids[0])
		if err := w.Campaigns.Open(t.Context(), finder, c.ID); !errors.Is(err, campaign.ErrForbidden) {
			t.Errorf("opened by an investigator: %v", err)
		}
		if err := w.Campaigns.Open(t.Context(), boss, c.ID); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			w.isOpen(id)
			if w.alive(id) {
				t.Errorf("%s: a session of before the fence came back", id)
			}
		}
		w.work()
		if v := w.see(c.ID, boss); v.Step != campaign.Opened {
			t.Errorf("%+v", v)
		}
		if err := w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := casefile.OfAccount(tx, ids[1]); return err }); !errors.Is(err, casefile.ErrNone) {
			t.Errorf("an opened campaign went on: %v", err)
		}
	})
}

// Somebody marks something in a case of the sample while its plan waits: another plan, which nobody approved for many.
func TestAPilotThatIsSetAsideStopsItsShape(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newTown(t, d.Engine())
		for _, id := range w.moveIn(3) {
			w.visit(id, thief, history.Entry{Verb: history.Set, Path: "name", Value: json.RawMessage(`"x"`)})
		}
		c := w.hold(campaign.Key{Kind: campaign.Device, Value: thief.Device})
		w.work()
		v := w.see(c.ID, boss)
		w.approve(c.ID, v.Shapes[0])
		for _, s := range v.Shapes[0].Sample {
			if err := w.Investigator.Mark(t.Context(), finder, s.Case, investigate.Mark{Verdict: investigate.Intruder, Change: 1}, 1); err != nil {
				t.Fatal(err)
			}
		}
		w.work()
		v = w.see(c.ID, boss)
		if g := v.Shapes[0]; g.Stopped != "pilot" || g.Asides != 1 || g.Planned != 2 || g.Conflicts != 0 {
			t.Errorf("the shape went on: %+v", v.Shapes)
		}
	})
}

// hold drafts and confirms a campaign of the last hour.
func (w *town) hold(k campaign.Key) campaign.Campaign {
	w.t.Helper()
	k.From, k.Until = w.clock.Now().Add(-time.Hour), w.clock.Now().Add(time.Hour)
	c, err := w.Campaigns.Draft(w.t.Context(), finder, k, "One in many accounts.")
	if err == nil {
		err = w.Campaigns.Confirm(w.t.Context(), boss, c.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}
