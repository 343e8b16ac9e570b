package desk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/desk"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

const (
	seed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	password = "blue kettle on the seventh floor"
)

var from = access.Client{IP: "192.0.2.7", UserAgent: "test", Request: "req"}

// box is a mail office that keeps what was handed in.
type box struct{ letters []mail.Letter }

func (b *box) Queue(tx *db.Tx, l mail.Letter) (string, error) {
	tx.OnCommit(func() { b.letters = append(b.letters, l) })
	return seal.ID("letter"), nil
}

// stopper is a freezer that only turns the account; the real one is tested in its own room.
type stopper struct{ files *casefile.Files }

func (s stopper) Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error) {
	if by.Session != "" {
		return c, errors.New("a session of the desk has no place in the history of an account")
	}
	if _, err := account.Turn(tx, c.Account, account.Frozen, time.Time{}, account.Open); err != nil {
		return c, err
	}
	return s.files.Advance(tx, c.ID, casefile.Frozen, by)
}

func (s stopper) LetGo(tx *db.Tx, caseID string, by access.Actor) (casefile.Case, error) {
	return s.files.Advance(tx, caseID, casefile.FalseAlarm, by)
}

type bundle struct {
	*desk.Desk
	t     *testing.T
	clock *dbtest.Clock
	box   *box
}

func setup(t *testing.T, d *db.DB, clock *dbtest.Clock) *bundle {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	files, post := &casefile.Files{}, &box{}
	return &bundle{t: t, clock: clock, box: post, Desk: &desk.Desk{DB: d, Files: files, Book: &history.Book{Kinds: kinds}, Seal: keeper,
		Post: post, Freezer: stopper{files}, Service: "Kumo Store"}}
}

func (b *bundle) write(fn func(tx *db.Tx) error) {
	b.t.Helper()
	b.must(b.DB.Write(b.t.Context(), fn))
}

func (b *bundle) read(fn func(tx *db.Tx) error) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), fn))
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) want(err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Errorf("got %v, want %v", err, want)
	}
}

func (b *bundle) code() string {
	b.t.Helper()
	code, err := totp.GenerateCode(seed, b.clock.Now())
	b.must(err)
	return code
}

// staff makes somebody and signs him in.
func (b *bundle) staff(name string, role access.Role) (access.Actor, string) {
	b.t.Helper()
	b.write(func(tx *db.Tx) error {
		_, err := b.AddStaff(tx, desk.NewStaff{Name: name, Email: name + "@desk.example", Role: role, Password: seal.NewSecret(password), Seed: seal.NewSecret(seed)})
		return err
	})
	token, err := b.signIn(name, password, b.code())
	b.must(err)
	return b.who(token), token
}

func (b *bundle) signIn(name, password, code string) (string, error) {
	return b.SignIn(b.t.Context(), from, name+"@desk.example", seal.NewSecret(password), code)
}

func (b *bundle) who(token string) access.Actor {
	b.t.Helper()
	by, err := b.Who(b.t.Context(), token, from, true)
	b.must(err)
	return by
}

// account makes an account with an address, a phone and a card.
func (b *bundle) account() {
	b.t.Helper()
	b.write(func(tx *db.Tx) error { return account.Create(tx, "acc", "ja") })
	for _, e := range []history.Entry{
		{Verb: history.Contact, Path: "email", Value: json.RawMessage(`"hana@example.jp"`), Confirmed: true},
		{Verb: history.Contact, Path: "phone", Value: json.RawMessage(`"+81312345678"`)},
		{Verb: history.Set, Path: "name", Value: json.RawMessage(`"佐藤 花子"`)},
		{Verb: history.Add, Path: "card/c1", Value: json.RawMessage(`{"token":"tok_9","brand":"Visa","last4":"4242"}`)},
	} {
		e.Account, e.By = "acc", access.Do("register")
		b.write(func(tx *db.Tx) error { _, err := b.Book.Append(tx, e); return err })
	}
	b.clock.Advance(100 * 24 * time.Hour)
}

func (b *bundle) open(c casefile.Case) casefile.Case {
	b.t.Helper()
	c.Source, c.Language = "contact", "ja"
	b.write(func(tx *db.Tx) (err error) {
		c, _, err = b.Files.Open(tx, c, access.Actor{})
		return err
	})
	return c
}

func (b *bundle) enter(by access.Actor, id string) access.Actor {
	b.t.Helper()
	grant, err := b.Enter(b.t.Context(), by, id, "")
	b.must(err)
	return grant
}

func (b *bundle) looks() (all []history.Change) {
	b.t.Helper()
	b.read(func(tx *db.Tx) error {
		changes, err := history.Of(tx, "acc")
		all = slices.DeleteFunc(changes, func(c history.Change) bool { return c.Verb != history.Look && c.Verb != history.View })
		return err
	})
	return all
}

func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(t, setup(t, d, clock)) })
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		_, first := b.staff("aki", access.Agent)
		b.clock.Advance(time.Minute)
		good := b.code()
		for _, wrong := range [][3]string{{"aki", "wrong password", good}, {"aki", password, "000000"}, {"aki", password, ""}, {"nobody", password, good}} {
			_, err := b.signIn(wrong[0], wrong[1], wrong[2])
			b.want(err, desk.ErrSignIn)
		}
		second, err := b.signIn("aki", password, good)
		b.must(err)
		_, err = b.signIn("aki", password, good)
		b.want(err, desk.ErrSignIn)
		b.clock.Advance(-30 * time.Second)
		_, err = b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSignIn)
		b.clock.Advance(30 * time.Second)
		b.who(first)
		b.who(second)
	})
}

func TestTriesAreRationed(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.staff("aki", access.Agent)
		b.clock.Advance(time.Minute)
		for range 6 {
			_, err := b.signIn("aki", "wrong password", b.code())
			b.want(err, desk.ErrSignIn)
		}
		_, err := b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSlow)
		elsewhere := from
		elsewhere.IP = "192.0.2.99"
		if _, err := b.SignIn(t.Context(), elsewhere, "aki@desk.example", seal.NewSecret(password), b.code()); err != nil {
			t.Errorf("an attacker locked a person out: %v", err)
		}
		b.clock.Advance(20 * time.Minute)
		if _, err := b.signIn("aki", password, b.code()); err != nil {
			t.Errorf("after a while: %v", err)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, bossToken := b.staff("boss", access.Supervisor)
		by, token := b.staff("aki", access.Agent)
		over := func(token string) {
			t.Helper()
			_, err := b.Who(t.Context(), token, from, true)
			b.want(err, desk.ErrOver)
		}
		over("")
		over(strings.Repeat("x", len(token)))
		b.clock.Advance(50 * time.Minute)
		if _, err := b.Who(t.Context(), token, from, false); err != nil {
			t.Fatal(err)
		}
		b.who(bossToken)
		b.clock.Advance(10 * time.Minute)
		over(token) // a page that asks by itself is no presence
		b.must(b.Disable(t.Context(), boss, by.ID))
		_, err := b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSignIn)
		b.who(bossToken)
		b.must(b.SetDuty(t.Context(), boss, desk.On))
		for range 11 {
			b.clock.Advance(59 * time.Minute)
			if _, err := b.Who(t.Context(), bossToken, from, false); err != nil {
				t.Fatalf("who is on duty and waits for calls was signed out: %v", err)
			}
		}
		b.clock.Advance(time.Hour)
		over(bossToken)
	})
}

func TestDisablingEndsEverything(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, bossToken := b.staff("boss", access.Supervisor)
		by, token := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Story: "help"})
		b.must(b.SetDuty(t.Context(), by, desk.On))
		b.must(b.Take(t.Context(), by, c.ID, 0))
		b.want(b.Disable(t.Context(), by, boss.ID), desk.ErrNotYours)
		b.want(b.Disable(t.Context(), boss, boss.ID), desk.ErrSelf)
		b.must(b.SetRole(t.Context(), boss, by.ID, access.Supervisor))
		_, err := b.Who(t.Context(), token, from, true)
		b.want(err, desk.ErrOver) // what it may do has changed
		b.clock.Advance(time.Minute)
		again, err := b.signIn("aki", password, b.code())
		b.must(err)
		aki := b.who(again)
		b.must(b.Disable(t.Context(), aki, boss.ID))
		_, err = b.Who(t.Context(), bossToken, from, true)
		b.want(err, desk.ErrOver)
		_, err = b.Renew(t.Context(), aki, aki.ID)
		b.want(err, desk.ErrSelf)
		b.read(func(tx *db.Tx) error {
			n, err := b.OnDuty(tx)
			if n != 0 {
				t.Errorf("%d on duty after their sessions ended", n)
			}
			return err
		})
		_, made, err := b.FirstLink(t.Context())
		b.must(err)
		if made {
			t.Error("a first link although there is a supervisor")
		}
	})
}

func TestWorkGoesBackToTheQueue(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, _ := b.staff("boss", access.Supervisor)
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Story: "help"})
		b.must(b.Take(t.Context(), by, c.ID, 0))
		var call casefile.Callback
		b.write(func(tx *db.Tx) (err error) {
			call, err = casefile.RequestCallback(tx, b.Files, casefile.Callback{Case: c.ID, Phone: "03-1234-5678", Best: "now", DueAt: tx.Now.Add(2 * time.Minute)}, access.Actor{})
			return err
		})
		_, err := b.TakeCall(t.Context(), by, call.ID)
		b.must(err)
		_, err = b.TakeCall(t.Context(), boss, call.ID)
		b.want(err, casefile.ErrTaken)
		b.must(b.Disable(t.Context(), boss, by.ID))
		board, err := b.Board(t.Context(), boss)
		b.must(err)
		if board.Items[0].With != "" || board.Calls[0].TakenBy != "" {
			t.Errorf("the work is still with %q and %q", board.Items[0].With, board.Calls[0].With)
		}
		_, err = b.TakeCall(t.Context(), boss, call.ID)
		b.must(err)
		b.must(b.FinishCall(t.Context(), boss, call.ID, "reached"))
	})
}

func TestTheFirstSupervisor(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		lost, made, err := b.FirstLink(t.Context())
		b.must(err)
		link, _, err := b.FirstLink(t.Context())
		b.must(err)
		if !made {
			t.Fatal("no first link on an empty desk")
		}
		enrol := func(link, password string) error {
			return b.Enrol(t.Context(), link, "Mori", "mori@desk.example", seal.NewSecret(password))
		}
		b.want(enrol(lost, password), seal.ErrNoLink)
		b.want(enrol("nonsense", password), seal.ErrNoLink)
		for _, weak := range []string{"short", "aaaaaaaaaaaaaaaa", "mori@desk.example", "password1234"} {
			b.want(enrol(link, weak), desk.ErrWeak)
		}
		b.must(enrol(link, password))
		w, err := b.Greet(t.Context(), link)
		b.must(err)
		if !w.Ready || !strings.HasPrefix(w.App.Reveal(), "otpauth://totp/") || !strings.Contains(w.App.Reveal(), w.Seed.Reveal()) || strings.Contains(fmt.Sprint(w), w.Seed.Reveal()) {
			t.Errorf("the app is shown as %+v", w)
		}
		_, err = b.signIn("mori", password, b.code())
		b.want(err, desk.ErrSignIn)
		_, err = b.Begin(t.Context(), from, link, "000000")
		b.want(err, desk.ErrCode)
		code, err := totp.GenerateCode(w.Seed.Reveal(), b.clock.Now())
		b.must(err)
		token, err := b.Begin(t.Context(), from, link, code)
		b.must(err)
		boss := b.who(token)
		if boss.Role != access.Supervisor || boss.Name != "Mori" {
			t.Errorf("the first is %+v", boss)
		}
		_, err = b.Greet(t.Context(), link)
		b.want(err, seal.ErrNoLink)
		_, err = b.SignIn(t.Context(), from, "mori@desk.example", seal.NewSecret(password), code)
		b.want(err, desk.ErrSignIn) // the code of the enrolment is used up, too
	})
}

func TestInvitations(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, _ := b.staff("boss", access.Supervisor)
		agent, _ := b.staff("aki", access.Agent)
		_, err := b.Invite(t.Context(), agent, "Ren", "ren@desk.example", access.Supervisor)
		b.want(err, desk.ErrNotYours)
		_, err = b.Invite(t.Context(), boss, "Ren", "ren@desk.example", access.Holder)
		b.want(err, desk.ErrRole)
		_, err = b.Invite(t.Context(), boss, "Ren", "AKI@desk.example", access.Agent)
		b.want(err, desk.ErrEmail)
		_, err = b.Invite(t.Context(), boss, "Ren", "not an address", access.Agent)
		b.want(err, mail.ErrMalformed)
		first, err := b.Invite(t.Context(), boss, "Ren", "ren@desk.example", access.Investigator)
		b.must(err)
		people, err := b.People(t.Context(), boss)
		b.must(err)
		ren := people[slices.IndexFunc(people, func(s desk.Staff) bool { return s.Name == "Ren" })]
		again, err := b.Renew(t.Context(), boss, ren.ID)
		b.must(err)
		_, err = b.Greet(t.Context(), first)
		b.want(err, seal.ErrNoLink)
		b.must(b.Enrol(t.Context(), again, "Ren Abe", "other@desk.example", seal.NewSecret(password)))
		w, err := b.Greet(t.Context(), again)
		b.must(err)
		if w.Staff.Email != "ren@desk.example" || w.Staff.Role != access.Investigator {
			t.Errorf("the invited made himself %s, %s", w.Staff.Email, w.Staff.Role)
		}
		_, err = b.People(t.Context(), agent)
		b.want(err, desk.ErrNotYours)
	})
}

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
		for range 19 {
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
		b.want(b.NameAccount(t.Context(), by, second.ID, 0, "acc"), desk.ErrTwoCases)
		for range 5 {
			b.want(b.NameAccount(t.Context(), by, second.ID, 0, "nobody@example.jp"), desk.ErrUnknown)
		}
		b.want(b.NameAccount(t.Context(), by, second.ID, 0, "acc"), desk.ErrSlow)
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
		b.must(b.LetGo(t.Context(), by, c.ID, 0))
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
