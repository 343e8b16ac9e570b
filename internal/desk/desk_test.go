package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/desk"
	"takeback/internal/history"
	"takeback/internal/mail"
)

func TestLogThenServe(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported, Story: "help"})
		if f, err := b.File(t.Context(), by, by, c.ID); !errors.Is(err, desk.ErrNotYours) || f.ID != "" {
			t.Errorf("a look without an entry: %v, %+v", err, f)
		}
		grant := b.enter(by, c.ID)
		b.enter(by, c.ID)
		looks := b.looks()
		if len(looks) != 1 || looks[0].Actor != by.ID || looks[0].Case != c.ID || looks[0].Session != "" {
			t.Fatalf("the history says %+v", looks)
		}
		f, err := b.File(t.Context(), by, grant, c.ID)
		b.must(err)
		got := map[string]string{}
		for _, x := range f.Account.Fields {
			got[x.Path] = x.Masked + x.Clear
		}
		want := map[string]string{"email": "h***@e***.jp", "phone": "********78", "name": "佐***", "card/c1": "Visa •••• 4242"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the account is shown as (-want +got):\n%s", diff)
		}
		b.clock.Advance(11 * time.Minute)
		b.enter(by, c.ID)
		b.write(func(tx *db.Tx) error {
			_, err := account.Turn(tx, "acc", account.Frozen, time.Time{}, account.Open)
			return err
		})
		b.enter(by, c.ID)
		if n := len(b.looks()); n != 3 {
			t.Errorf("%d entries: a look lasts minutes, and one epoch", n)
		}
	})
}

func TestNoEntryNoData(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported, Story: "help"})
		broken := errors.New("the disk is full")
		b.Book.OnAppend = []func(*db.Tx, history.Change) error{func(*db.Tx, history.Change) error { return broken }}
		grant, err := b.Enter(t.Context(), by, c.ID, "")
		b.want(err, broken)
		if grant.Case != "" || grant.ID != "" {
			t.Errorf("a grant without an entry: %+v", grant)
		}
		b.want(b.Unmask(t.Context(), by, c.ID, "email"), broken)
	})
}

func TestACaseThatIsOverNeedsAReason(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported})
		b.must(b.Close(t.Context(), by, c.ID, 0, "nothing was wrong"))
		_, err := b.Enter(t.Context(), by, c.ID, "")
		b.want(err, desk.ErrReason)
		_, err = b.Enter(t.Context(), by, c.ID, "the holder asks about last week")
		b.must(err)
		looks := b.looks()
		if len(looks) != 1 || string(looks[0].After) != `"the holder asks about last week"` {
			t.Errorf("the holder sees %+v", looks)
		}
	})
}

func TestUnmasking(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		boss, _ := b.staff("boss", access.Supervisor)
		by, _ := b.staff("aki", access.Agent)
		other, _ := b.staff("ren", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported})
		field := func(by access.Actor, path string) desk.Field {
			t.Helper()
			f, err := b.File(t.Context(), by, b.enter(by, c.ID), c.ID)
			b.must(err)
			return f.Account.Fields[slices.IndexFunc(f.Account.Fields, func(x desk.Field) bool { return x.Path == path })]
		}
		for _, no := range []string{"card/c1", "password", "points", "nothing"} {
			b.want(b.Unmask(t.Context(), by, c.ID, no), desk.ErrNoField)
		}
		b.must(b.Unmask(t.Context(), by, c.ID, "email"))
		if got := field(by, "email").Clear; got != "hana@example.jp" {
			t.Errorf("shown %q", got)
		}
		if got := field(other, "email").Clear; got != "" {
			t.Errorf("somebody else sees %q", got)
		}
		b.want(b.UnmaskContact(t.Context(), by, c.ID, "v_none"), desk.ErrNoField)
		views := slices.DeleteFunc(b.looks(), func(c history.Change) bool { return c.Verb != history.View })
		if len(views) != 1 || views[0].Path != "email" || views[0].Actor != by.ID {
			t.Errorf("the history says %+v", views)
		}
		var contacts []account.Contact
		b.read(func(tx *db.Tx) (err error) { contacts, err = account.Contacts(tx, "acc"); return err })
		i := slices.IndexFunc(contacts, func(k account.Contact) bool { return k.Slot == "phone" })
		b.must(b.UnmaskContact(t.Context(), by, c.ID, contacts[i].Version))
		b.must(b.Unmask(t.Context(), by, c.ID, "phone"))
		for _, v := range b.looks()[len(b.looks())-2:] {
			if v.Verb != history.View || v.Path != "phone" || v.Version != contacts[i].Version {
				t.Errorf("the history does not say which number was shown: %+v", v)
			}
		}
		for range 17 {
			b.must(b.Unmask(t.Context(), by, c.ID, "phone"))
		}
		b.want(b.Unmask(t.Context(), by, c.ID, "phone"), desk.ErrQuota)
		b.want(b.Lift(t.Context(), by, by.ID), desk.ErrNotYours)
		b.want(b.Lift(t.Context(), boss, boss.ID), desk.ErrSelf)
		b.must(b.Lift(t.Context(), boss, by.ID))
		b.must(b.Unmask(t.Context(), by, c.ID, "phone"))
		b.clock.Advance(6 * time.Minute)
		if got := field(by, "email").Clear; got != "" {
			t.Errorf("still in clear after some minutes: %q", got)
		}
	})
}

func TestNamingAnAccount(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{})
		name := func(exact string) error { return b.NameAccount(t.Context(), by, c.ID, 0, exact) }
		b.want(b.NameAccount(t.Context(), by, c.ID, 99, "hana@example.jp"), desk.ErrStale)
		for _, wrong := range []string{"hana@example.com", "hana", "acc_2", "han@example.jp"} {
			b.want(name(wrong), desk.ErrUnknown)
		}
		b.write(func(tx *db.Tx) error {
			_, err := b.Book.Append(tx, history.Entry{Account: "acc", By: access.Do("thief"), Verb: history.Contact, Path: "email", Value: json.RawMessage(`"thief@example.com"`)})
			return err
		})
		b.must(name("hana@example.jp"))
		second := b.open(casefile.Case{})
		b.want(name("nobody@example.jp"), casefile.ErrStep)
		again := func(exact string) error { return b.NameAccount(t.Context(), by, second.ID, 0, exact) }
		for range 5 { // who has an open case is as good to know as who has an account
			b.want(again("hana@example.jp"), desk.ErrTwoCases)
		}
		b.want(again("hana@example.jp"), desk.ErrSlow)
		b.want(again("nobody@example.jp"), desk.ErrSlow)
		f, err := b.File(t.Context(), by, b.enter(by, second.ID), second.ID)
		b.must(err)
		entered := 0
		for _, e := range f.Entries {
			if e.What == "named.two-cases" && e.Text == "h***@e***.jp" && e.Actor == by.ID {
				entered++
			}
		}
		if entered != 5 {
			t.Errorf("%d of 5 refused tries are entered: %+v", entered, f.Entries)
		}
	})
}

func TestStopping(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported})
		b.want(b.Stop(t.Context(), access.Actor{Role: access.Holder, ID: "acc"}, c.ID), desk.ErrNotYours)
		b.must(b.Stop(t.Context(), by, c.ID))
		board, err := b.Board(t.Context(), by)
		b.must(err)
		if u := board.Items[0].Urgency; u.Why != "frozen" || u.Level != desk.Urgent {
			t.Errorf("a stopped account that nobody works on is %+v", u)
		}
		b.want(b.Close(t.Context(), by, c.ID, 0, "enough"), casefile.ErrStep)
	})
}

func TestReplies(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported})
		var holder, stranger casefile.Reporter
		b.write(func(tx *db.Tx) (err error) {
			if holder, err = b.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Language: "ja"}, access.Actor{}); err != nil {
				return err
			}
			stranger, err = b.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "contact", Language: "en", Address: "somebody@example.net"}, access.Actor{})
			return err
		})
		say := func(to string) { t.Helper(); b.must(b.Reply(t.Context(), by, c.ID, to, "Good morning")) }
		b.want(b.Reply(t.Context(), by, c.ID, "", "to whom?"), casefile.ErrWhom)
		say(holder.ID)
		if len(b.box.letters) != 0 {
			t.Error("a letter to the contacts of the account for somebody nobody believes yet")
		}
		say(stranger.ID)
		if l := b.box.letters[0]; l.To.String() != "somebody@example.net" || l.Account != "" || l.Language != "en" {
			t.Errorf("the stranger's letter: %+v", l)
		}
		b.write(func(tx *db.Tx) error { return b.Files.Prove(tx, holder.ID, access.Do("test")) })
		say(holder.ID)
		if l := b.box.letters[1]; l.To.String() != "hana@example.jp" || l.Account != "acc" || l.Body.(mail.Answer).Signed != "aki" {
			t.Errorf("the holder's letter: %+v", l)
		}
	})
}

func TestTheWall(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		by, _ := b.staff("aki", access.Agent)
		b.must(b.SetDuty(t.Context(), by, desk.On))
		c := b.open(casefile.Case{})
		ask := func() (call casefile.Callback) {
			b.write(func(tx *db.Tx) (err error) {
				call, err = casefile.RequestCallback(tx, b.Files, casefile.Callback{Case: c.ID, Phone: "03-1234-5678", DueAt: tx.Now.Add(2 * time.Minute)}, access.Actor{})
				return err
			})
			return call
		}
		kept, late := ask(), ask()
		ask()
		b.clock.Advance(time.Minute)
		_, err := b.TakeCall(t.Context(), by, kept.ID)
		b.must(err)
		b.clock.Advance(2 * time.Minute)
		_, err = b.TakeCall(t.Context(), by, late.ID)
		b.must(err)
		w, err := b.Wall(t.Context(), by)
		b.must(err)
		want := desk.Wall{Waiting: 1, Longest: 3 * time.Minute, Kept: 33, Calls: 3, OnDuty: 1, Open: 1}
		if diff := cmp.Diff(want, w); diff != "" {
			t.Errorf("the wall (-want +got):\n%s", diff)
		}
	})
}

func TestTheAudit(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.account()
		boss, _ := b.staff("boss", access.Supervisor)
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Account: "acc", Step: casefile.Reported})
		b.enter(by, c.ID)
		b.must(b.Unmask(t.Context(), by, c.ID, "email"))
		b.clock.Advance(time.Second)
		b.must(b.Stop(t.Context(), by, c.ID))
		b.must(b.Lift(t.Context(), boss, by.ID))
		_, err := b.Audit(t.Context(), by, desk.Audit{})
		b.want(err, desk.ErrNotYours)
		kinds := func(q desk.Audit) (out []string) {
			t.Helper()
			all, err := b.Audit(t.Context(), boss, q)
			b.must(err)
			for _, a := range all {
				out = append(out, a.Kind)
			}
			slices.Sort(out)
			return out
		}
		for name, c := range map[string]struct {
			q    desk.Audit
			want []string
		}{
			"everything":      {desk.Audit{}, []string{"lift", "look", "step.frozen", "unmask"}},
			"one person":      {desk.Audit{Staff: by.ID}, []string{"look", "step.frozen", "unmask"}},
			"one kind":        {desk.Audit{Kind: "unmask"}, []string{"unmask"}},
			"one case":        {desk.Audit{Case: c.ID, Kind: "act"}, []string{"step.frozen"}},
			"before it began": {desk.Audit{To: b.clock.Now().Add(-time.Hour)}, nil},
		} {
			if diff := cmp.Diff(c.want, kinds(c.q)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}
