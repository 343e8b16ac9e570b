package story

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/campaign"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/mail/inbox"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// TestCrashCarriesACampaignOutOnce kills the server with -9 at random moments
// of a campaign: while accounts are looked at, while plans are made, while they
// are carried out, while latecomers are taken in. In the end every account was
// carried out exactly once. More kills go to further campaigns.
func TestCrashCarriesACampaignOutOnce(t *testing.T) {
	t.Parallel()
	kills := killsOfOne
	if n, err := strconv.Atoi(os.Getenv("TAKEBACK_TEST_KILLS")); err == nil {
		kills = n
	}
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			place := dbtest.Place(t, engine)
			in, err := inbox.Start("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = in.Close() })
			for no := 0; no*killsOfOne < kills; no++ {
				c := newCohort(t, place, in.URL(), no)
				c.carriedOut(min(killsOfOne, kills-no*killsOfOne))
				c.check()
			}
			if out := run(t, "verify-history", "--db", place); !strings.Contains(out, " 0 broken") {
				t.Error(out)
			}
		})
	}
}

// killsOfOne is how often one campaign is killed, if it does not end before.
const killsOfOne = 6

// fate is what should become of an account, by what the intruder did there.
type fate string

const (
	onlySeen fate = "only seen" // he came and changed nothing: it is let go
	renamed  fate = "renamed"
	robbed   fate = "robbed" // renamed, and points are gone: to give them back twice would show
)

// fates is what the accounts of a cohort meet in turn.
var fates = []fate{renamed, onlySeen, robbed, onlySeen, onlySeen}

// changes is about how many entries and plans an account of a fate comes to in a campaign.
var changes = map[fate]int{onlySeen: 1, renamed: 5, robbed: 6}

const (
	cohortSize = 50
	lateOnes   = 5 // who come when it is under way
)

// cohort is the accounts that one intruder was in, and the campaign about them.
type cohort struct {
	*testing.T
	place, smtp string
	db          *db.DB // for looking, beside the program
	finder      access.Actor
	boss        access.Actor
	thief       access.Client
	fates       map[string]fate
	late        []string // who have not come yet
	id          string   // of the campaign
	kills       int
}

func newCohort(t *testing.T, place, smtp string, no int) *cohort {
	t.Helper()
	d, err := db.Open(t.Context(), place, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	c := &cohort{T: t, place: place, smtp: smtp, db: d, fates: map[string]fate{}, thief: access.Client{Device: fmt.Sprintf("dev_thief_%d", no), IP: "203.0.113.66"},
		finder: access.Actor{Role: access.Investigator, ID: fmt.Sprintf("staff_ito_%d", no), Name: "Ito"},
		boss:   access.Actor{Role: access.Supervisor, ID: fmt.Sprintf("staff_mori_%d", no), Name: "Mori", Session: "desk_1"}}
	for i := range cohortSize + lateOnes {
		id := fmt.Sprintf("acc_%d_%02d", no, i)
		c.fates[id] = fates[i%len(fates)]
		if i >= cohortSize {
			c.late = append(c.late, id)
		}
	}
	c.inside(20*24*time.Hour, c.moveIn) // so long that the holders are at home there
	c.inside(0, func(a *app.App) {
		for _, id := range slices.Sorted(maps.Keys(c.fates)) {
			if !slices.Contains(c.late, id) {
				c.takeOver(a, id)
			}
		}
		now := a.DB.Now()
		key := campaign.Key{Kind: campaign.Device, Value: c.thief.Device, From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
		drafted, err := a.Campaigns.Draft(t.Context(), c.finder, key, "One device in many accounts.")
		if err == nil {
			err = a.Campaigns.Confirm(t.Context(), c.boss, drafted.ID)
		}
		if err != nil || drafted.Accounts != cohortSize {
			t.Fatalf("drafted %+v: %v", drafted, err)
		}
		c.id = drafted.ID
	})
	return c
}

// inside does something in the house while no server runs, and so long ago. Its jobs stay for the server.
func (c *cohort) inside(ago time.Duration, do func(*app.App)) {
	c.Helper()
	a, err := app.New(c.Context(), app.Config{DB: c.place, Site: "https://shop.example", SMTP: seal.NewSecret(c.smtp),
		Now: func() time.Time { return time.Now().Add(-ago) }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		c.Fatal(err)
	}
	defer func() {
		// A program that is just being started holds our files until it is itself, and with them the claim on the database.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if err := a.Close(); err != nil {
			c.Error(err)
		}
	}()
	do(a)
}

func (c *cohort) write(d *db.DB, fn func(*db.Tx) error) {
	c.Helper()
	if err := d.Write(c.Context(), fn); err != nil {
		c.Fatal(err)
	}
}

// moveIn gives every account a holder, and the house its staff.
func (c *cohort) moveIn(a *app.App) {
	for _, p := range []access.Actor{c.finder, c.boss} {
		c.write(a.DB, func(tx *db.Tx) error {
			return tx.Put(`INSERT INTO staff (id, name, email, email_key, role, state, version, password, totp, totp_step, invite, created_at, made_by)
				VALUES ($1, $2, $1, $1, $3, 'active', 1, '', '', 0, '', 0, '')`, p.ID, p.Name, p.Role)
		})
	}
	for id := range c.fates {
		c.write(a.DB, func(tx *db.Tx) error {
			if err := account.Create(tx, id, "ja"); err != nil {
				return err
			}
			return c.visit(tx, a, id, access.Client{Device: "dev_" + id, IP: "192.0.2.1"},
				history.Entry{Verb: history.Contact, Path: "email", Value: account.TextValue(id + "@mail.example"), Confirmed: true},
				history.Entry{Verb: history.Set, Path: "name", Value: account.TextValue("田中花子")},
				history.Entry{Verb: history.Move, Path: "points", Amount: 500})
		})
	}
}

// takeOver lets the intruder do in an account what its fate says.
func (c *cohort) takeOver(a *app.App, id string) {
	does := []history.Entry{
		{Verb: history.Set, Path: "name", Value: account.TextValue("x")},
		{Verb: history.Move, Path: "points", Amount: -300},
	}
	n := map[fate]int{onlySeen: 0, renamed: 1, robbed: 2}[c.fates[id]]
	c.write(a.DB, func(tx *db.Tx) error { return c.visit(tx, a, id, c.thief, does[:n]...) })
}

// visit signs somebody in from a client and does what he does there.
func (c *cohort) visit(tx *db.Tx, a *app.App, id string, from access.Client, does ...history.Entry) error {
	who, err := account.Get(tx, id)
	if err != nil {
		return err
	}
	s, _, _, err := a.Sessions.Open(tx, session.Opening{Account: who, Verb: history.Open, Client: from})
	if err != nil {
		return err
	}
	for _, e := range does {
		e.Account, e.By = id, s.Actor(from)
		if _, err := a.Book.Append(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// carriedOut lets one server after the other carry the campaign out, and kills
// so many of them. The second person comes between two servers.
func (c *cohort) carriedOut(kills int) {
	c.Helper()
	total := c.done()
	for _, f := range c.fates {
		total += changes[f]
	}
	for came := rand.IntN(kills); ; {
		s := serve(c.T, "--db", c.place, "--smtp", c.smtp)
		n := 1 << 30 // no more kills: until nothing is left to do
		if c.kills < kills {
			n = rand.IntN(max(1, 2*(total-c.done())/(kills-c.kills)))
		}
		working := c.await(n)
		if working {
			moment := time.NewTimer(time.Duration(rand.IntN(40)) * time.Millisecond) // somewhere inside the next commits
			<-moment.C
			c.kills++
		}
		s.kill()
		c.leasesRunOut()
		end := false
		c.inside(0, func(a *app.App) {
			if c.kills > came || !working {
				for _, id := range c.late {
					c.takeOver(a, id)
				}
				end = len(c.late) == 0
				c.late = nil
			}
			end = !c.approve(a) && end && !working
		})
		if end {
			return
		}
	}
}

// leasesRunOut lets the time pass for which a process that died keeps its jobs from others.
// On SQLite the next server frees them itself.
func (c *cohort) leasesRunOut() {
	if c.db.Engine() == db.Postgres {
		c.write(c.db, func(tx *db.Tx) error { return tx.Put(`UPDATE job SET lease_until = 0 WHERE lease <> ''`) })
	}
}

// approve is the second person, who looks whether something waits for him, and tells whether anything did.
func (c *cohort) approve(a *app.App) (some bool) {
	v, err := a.Campaigns.See(c.Context(), c.boss, c.id)
	if err != nil {
		c.Fatal(err)
	}
	for _, g := range v.Shapes {
		if v.Step != campaign.Carrying || g.Portion == 0 || g.Stopped != "" {
			continue
		}
		for _, s := range g.Sample {
			if _, err := a.Desk.Enter(c.Context(), c.boss, s.Case, "A look at the sample."); err != nil {
				c.Fatal(err)
			}
		}
		if _, err := a.Campaigns.Approve(c.Context(), c.boss, c.id, g.ID); err != nil {
			c.Fatal(err)
		}
		some = true
	}
	return some
}

// count gives what one query counts, which is asked with the id of the campaign.
func (c *cohort) count(sql string, args ...any) (n int) {
	c.Helper()
	if err := c.db.Read(c.Context(), func(tx *db.Tx) error { return tx.Row(sql, args...).Scan(&n) }); err != nil {
		c.Fatal(err)
	}
	return n
}

// done counts what the commits of a campaign leave behind.
func (c *cohort) done() int {
	return c.count(`SELECT COUNT(*) FROM change`) + c.count(`SELECT COUNT(*) FROM campaign_account WHERE shape <> ''`)
}

// await waits until n more things are done, or tells that nothing is left to do.
func (c *cohort) await(n int) (working bool) {
	c.Helper()
	before := c.done()
	late := time.After(patience)
	look := time.NewTicker(3 * time.Millisecond)
	defer look.Stop()
	for {
		if c.done() >= before+n {
			return true
		}
		if c.count(`SELECT COUNT(*) FROM job WHERE kind IN ('campaign.go', 'campaign.late', 'restore.apply') AND dead_at IS NULL`) == 0 {
			return false
		}
		select {
		case <-look.C:
		case <-late:
			c.Fatal("the campaign stands still")
		}
	}
}

// check wants everything to have happened once.
func (c *cohort) check() {
	c.Helper()
	want := map[campaign.State]int{}
	for id, f := range c.fates {
		state := campaign.Restored
		if f == onlySeen {
			state = campaign.Clean
		}
		want[state]++
		if err := c.db.Read(c.Context(), func(tx *db.Tx) error { return c.checkAccount(tx, id, f) }); err != nil {
			c.Error(err)
		}
	}
	c.inside(0, func(a *app.App) {
		v, err := a.Campaigns.See(c.Context(), c.boss, c.id)
		if err != nil || v.Accounts != len(c.fates) || !maps.Equal(v.States, want) {
			c.Errorf("the campaign of %d accounts: %v (%v), want %v", v.Accounts, v.States, err, want)
		}
		for _, g := range v.Shapes {
			if g.Stopped != "" || g.Restored != g.Accounts() || g.Pilots != 1 {
				c.Errorf("a shape: %+v", g.Shape)
			}
		}
	})
	c.Logf("%d accounts, %d kills: %v", len(c.fates), c.kills, want)
}

// checkAccount wants an account let go once, or every step of its one plan done once.
func (c *cohort) checkAccount(tx *db.Tx, id string, f fate) error {
	c.Helper()
	all, err := history.Of(tx, id)
	if err != nil {
		return err
	}
	freed, acts := 0, map[string]int{}
	for _, x := range all {
		switch {
		case x.Verb == history.Unfreeze:
			freed++
		case x.Actor == restore.ActorID:
			acts[x.Request]++
		}
	}
	steps, err := db.All(tx, db.Scan1[string], `SELECT s.id FROM restore_step s JOIN restore_plan p ON p.id = s.plan WHERE p.account = $1`, id)
	if err != nil {
		return err
	}
	want := map[string]int{}
	for _, s := range steps {
		want[s]++
	}
	letGo := 0
	if f == onlySeen {
		letGo = 1
	}
	if freed != letGo || len(want) != map[fate]int{onlySeen: 0, renamed: 1, robbed: 2}[f] || !maps.Equal(acts, want) {
		c.Errorf("account %s (%s) was let go %d times, its steps are %v, and done were %v", id, f, freed, want, acts)
	}
	for path, value := range map[string]string{"name": `"田中花子"`, "points": "500"} {
		fact, err := account.FactAt(tx, id, path)
		if err != nil {
			return err
		}
		if string(fact.Value) != value {
			c.Errorf("account %s (%s): %s is %s", id, f, path, fact.Value)
		}
	}
	return c.checkCases(tx, id, f)
}

// checkCases wants one case where something was found, and an open account where nothing was.
func (c *cohort) checkCases(tx *db.Tx, id string, f fate) error {
	c.Helper()
	var cases int
	if err := tx.Row(`SELECT COUNT(*) FROM case_file WHERE account = $1`, id).Scan(&cases); err != nil {
		return err
	}
	a, err := account.Get(tx, id)
	if err != nil {
		return err
	}
	if open := f == onlySeen; open != (a.State == account.Open) || open != (cases == 0) || cases > 1 {
		c.Errorf("account %s (%s) is %s and has %d cases", id, f, a.State, cases)
	}
	return nil
}
