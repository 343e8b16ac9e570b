package judge_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/judge"
	"takeback/internal/risk"
	"takeback/internal/rulebook"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)

var (
	shop = access.Actor{Role: access.Service, ID: "key_1"}
	boss = access.Actor{Role: access.Supervisor, ID: "staff_1"}
)

// atlas knows networks by the first number of an address.
type atlas struct{}

func (atlas) Place(a netip.Addr) risk.Place {
	first := a.As4()[0]
	country := "JP"
	if first >= 200 {
		country = "RO"
	}
	return risk.Place{Address: a, Network: uint32(64500) + uint32(first), Country: country}
}

func (atlas) ThrowAway(email string) bool { return strings.HasSuffix(email, "@brief.example") }

type court struct {
	testing.TB
	*judge.Judge
	clock *dbtest.Clock
	n     int
}

func open(t testing.TB, d *db.DB, clock *dbtest.Clock, s judge.Settings) *court {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	j := &judge.Judge{DB: d, Kinds: kinds, Knows: atlas{}, Zone: time.UTC, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if err := j.Begin(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return &court{t, j, clock, 0}
}

func accounts(t testing.TB, d *db.DB, n int) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for i := range n {
			if err := account.Create(tx, name(i), "ja"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func name(i int) string { return fmt.Sprintf("acc_%03d", i) }

// take has one event judged.
func (c *court) take(e judge.Reported) judge.Answer {
	c.Helper()
	if e.At == 0 {
		e.At = c.clock.Now().UnixMicro()
	}
	if e.ID == "" {
		c.n++
		e.ID = fmt.Sprintf("e%d", c.n)
	}
	answers, err := c.Take(c.Context(), shop, []judge.Reported{e})
	if err != nil {
		c.Fatal(err)
	}
	return answers[0]
}

func signIn(account, ip, agent, session string) judge.Reported {
	return judge.Reported{IP: ip, UserAgent: agent, Event: risk.Event{Account: account, Kind: risk.SignedIn, Session: session}}
}

// life lets some accounts sign in for some weeks, each from home.
func (c *court) life(accounts, times int) {
	c.Helper()
	for range times {
		for i := range accounts {
			agent := firefox
			if i%2 == 1 {
				agent = safari
			}
			if a := c.take(signIn(name(i), fmt.Sprintf("%d.0.0.%d", 10+i%5, i+1), agent, "home")); a.Err != nil {
				c.Fatal(a.Err)
			}
		}
		c.clock.Advance(20 * time.Hour)
	}
}

func (c *court) profile(account string) (body []byte) {
	c.Helper()
	err := c.DB.Read(c.Context(), func(tx *db.Tx) error {
		return tx.Row(`SELECT body FROM risk_profile WHERE account = $1`, account).Scan(&body)
	})
	if err != nil {
		c.Fatal(err)
	}
	return body
}

func TestAStrangerScoresHigherThanTheHolder(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{Mode: judge.Act})
		if first := c.take(signIn(name(0), "10.0.0.1", firefox, "s")); first.Decision.Scored {
			t.Errorf("the first sign-in of an account has a score: %v", first.Decision.Score)
		}
		c.life(10, 8)
		home, away := c.take(signIn(name(0), "10.0.0.1", firefox, "s")), c.take(signIn(name(0), "201.7.7.7", safari, "x"))
		if !home.Decision.Scored || !away.Decision.Scored || away.Decision.Score < home.Decision.Score+3 {
			t.Errorf("at home %v, from nowhere %v", home.Decision.Score, away.Decision.Score)
		}
		if len(away.Decision.Reasons) == 0 || away.Decision.Reasons[0].Words("en") == "" || away.Decision.Reasons[0].Words("ja") == "" {
			t.Errorf("no reasons are given: %+v", away.Decision.Reasons)
		}
	})
}

func TestTheSameEventIsJudgedOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{})
		c.life(10, 3)
		e := signIn(name(1), "203.0.113.9", firefox, "s")
		e.ID, e.At = "once", clock.Now().UnixMicro()
		one := c.take(e)
		before := c.profile(name(1))
		clock.Advance(time.Hour)
		if two := c.take(e); two.ID != one.ID || two.Decision.Score-one.Decision.Score > .001 || !bytes.Equal(before, c.profile(name(1))) {
			t.Errorf("judged again: %+v, first %+v", two, one)
		}
		both, err := c.Take(t.Context(), access.Actor{Role: access.Service, ID: "key_2"}, []judge.Reported{e})
		if err != nil || both[0].ID == one.ID {
			t.Errorf("another service's event of the same id was taken for the first's: %v", err)
		}
	})
}

func TestWhatIsRefusedLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 2)
		c := open(t, d, clock, judge.Settings{})
		now := clock.Now().UnixMicro()
		good := signIn(name(0), "10.0.0.1", firefox, "s")
		good.ID, good.At = "good", now
		with := func(id string, change func(*judge.Reported)) judge.Reported {
			e := good
			e.ID = id
			change(&e)
			return e
		}
		batch := []judge.Reported{
			with("future", func(e *judge.Reported) { e.At = now + 3_600_000_000 }),
			with("ancient", func(e *judge.Reported) { e.At = 1 }),
			with("nobody", func(e *judge.Reported) { e.Account = "acc_none" }),
			with("nowhere", func(e *judge.Reported) { e.IP = "here" }),
			with("kind", func(e *judge.Reported) { e.Kind = 200 }),
			with("long", func(e *judge.Reported) { e.Session = string(make([]byte, 1000)) }),
			good,
			with("huge", func(e *judge.Reported) { e.UserAgent = string(bytes.Repeat([]byte("x"), 10<<20)) }),
			with("stranger", func(e *judge.Reported) {
				e.Account, e.Kind, e.Marks = "somebody@example.com", risk.SignInFailed, risk.NameUnknown
			}),
		}
		answers, err := c.Take(t.Context(), shop, batch)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answers {
			if want := i < 6; (a.Err != nil) != want {
				t.Errorf("%s: %v", batch[i].ID, a.Err)
			}
		}
		for _, n := range []int{0, judge.MostAtOnce + 1} {
			if _, err := c.Take(t.Context(), shop, make([]judge.Reported, n)); err == nil {
				t.Errorf("%d events were taken at once", n)
			}
		}
	})
}

func TestFailuresTeachNothing(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{})
		c.life(10, 4)
		intruder := signIn(name(0), "201.7.7.7", safari, "x")
		for range 6 {
			failed := intruder
			failed.Kind, failed.Session = risk.SignInFailed, ""
			c.take(failed)
			clock.Advance(time.Minute)
		}
		after := c.take(intruder)
		quiet := c.take(signIn(name(2), "201.7.7.8", safari, "x"))
		if after.Decision.Score < quiet.Decision.Score-.5 {
			t.Errorf("after failures from there the intruder scores %v, without them %v", after.Decision.Score, quiet.Decision.Score)
		}
	})
}

func TestWhatIsRememberedDecidesTheSame(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{})
		c.life(10, 4)
		if err := c.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := open(t, d, clock, judge.Settings{})
		again.n = 1000
		before, after := c.take(signIn(name(3), "201.7.7.7", safari, "x")).Decision, again.take(signIn(name(4), "201.7.7.7", firefox, "x")).Decision
		if !after.Scored || after.Action != before.Action {
			t.Errorf("before the restart %+v, after it %+v", before, after)
		}
	})
}

// TestANewContactThatLooksLikeAnother: one move is to a domain that looks like a
// provider's, one to what looks like the account's own, one is back home.
func TestANewContactThatLooksLikeAnother(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 4)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return account.Store(tx, account.Written{Account: name(1), Path: "email", Algebra: account.ContactOf, Value: account.TextValue("hanako@example.jp"),
				Seq: 1, Version: "v1", AddressKey: "hanako@example.jp", Confirmed: true})
		})
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(30 * 24 * time.Hour)
		c := open(t, d, clock, judge.Settings{Mode: judge.Act, Rules: []rulebook.Written{{Name: "looks", When: "event.lookalike", Do: "tell"}}})
		c.life(4, 4)
		move := func(account, to string) judge.Answer {
			e := signIn(account, "10.0.0.1", firefox, "home")
			e.Kind, e.Target = risk.EmailChanged, to
			return c.take(e)
		}
		for _, tt := range []struct {
			account, to, like string
		}{
			{name(0), "x@GMAI1.com", "gmail.com"}, {name(1), "hanako@exarnple.jp", "example.jp"}, {name(1), "hanako@example.jp", ""}, {name(2), "x@exarnple.jp", ""},
		} {
			a := move(tt.account, tt.to)
			said := ""
			for _, r := range a.Decision.Reasons {
				if r.Signal == risk.LookalikeContact {
					said = r.Name[strings.LastIndexByte(r.Name, ' ')+1:]
				}
			}
			if said != tt.like || len(a.Rules) > 0 != (tt.like != "") || tt.like != "" && a.Decision.Action < risk.Hold {
				t.Errorf("to %s looks like %q, want %q: %v, rules %v, reasons %v", tt.to, said, tt.like, a.Decision.Action, a.Rules, a.Decision.Reasons)
			}
		}
		rules, err := rulebook.Compile([]rulebook.Written{{Name: "try", When: "event.lookalike", Do: "tell"}})
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := c.Try(t.Context(), rules, clock.Now().AddDate(0, -1, 0)); err != nil || kept.Fired != 2 {
			t.Errorf("of what was found of two moves it is kept with %d (%v)", kept.Fired, err)
		}
	})
}

// TestAnotherLanguageAndAnotherClock: the account is kept in Japanese.
func TestAnotherLanguageAndAnotherClock(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 4)
		c := open(t, d, clock, judge.Settings{Mode: judge.Act})
		c.life(4, 4)
		for i, language := range []string{"", "ja-JP", "ro"} {
			want := language == "ro"
			agent := safari
			if i%2 == 1 {
				agent = firefox
			}
			e := signIn(name(i), fmt.Sprintf("%d.0.0.%d", 10+i, i+1), agent, "new")
			e.Setting.Language = language
			said := false
			for _, r := range c.take(e).Decision.Reasons {
				said = said || r.Signal == risk.OtherLanguage
			}
			if said != want {
				t.Errorf("in %q: it is said: %v, want %v", language, said, want)
			}
		}
	})
}

func TestTwoWeeksInShadow(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 1)
		rule := []rulebook.Written{{Name: "everything", When: "true", Do: "hold"}, {Name: "quietly", When: "event.kind == 'sign-in'", Do: "freeze", Shadow: true}}
		c := open(t, d, clock, judge.Settings{Rules: rule})
		a := c.take(signIn(name(0), "10.0.0.1", firefox, "s"))
		if a.Acting || a.Acted || a.Decision.Action != risk.Hold || len(a.Rules) != 2 {
			t.Errorf("on the first day: %+v", a)
		}
		clock.Advance(14 * 24 * time.Hour)
		if a = c.take(signIn(name(0), "10.0.0.1", firefox, "s")); !a.Acting || !a.Acted || a.Decision.Action != risk.Hold {
			t.Errorf("after two weeks: %+v", a)
		}
		o, err := c.Look(t.Context(), boss, 14)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Rules) != 2 || o.Rules[0].Fired != 1 || len(o.Days) != 14 || o.Days[13].Held != 1 || o.Days[13].ShadowHeld != 0 || !o.Acting {
			t.Errorf("the overview says %+v", o)
		}
		if _, err := c.Look(t.Context(), access.Actor{Role: access.Agent}, 14); err == nil {
			t.Error("an agent may look")
		}
	})
}

func TestADisownedSignInIsUnlearnt(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{Mode: judge.Act, Rules: []rulebook.Written{{Name: "abroad", When: "event.country == 'RO'", Do: "tell"}}})
		c.life(10, 4)
		before := c.take(signIn(name(0), "201.7.7.7", safari, "intruder"))
		if again := c.take(signIn(name(0), "201.7.7.7", safari, "intruder")); again.Decision.Score < before.Decision.Score-.01 {
			t.Errorf("a place scores %v, and %v after a visit that nothing vouched for", before.Decision.Score, again.Decision.Score)
		}
		passed := signIn(name(0), "201.7.7.7", safari, "intruder")
		passed.Marks = risk.Proved
		c.take(passed)
		if known := c.take(signIn(name(0), "201.7.7.7", safari, "intruder")); known.Decision.Score > before.Decision.Score-1 {
			t.Fatalf("a place scores %v, and %v once it is known", before.Decision.Score, known.Decision.Score)
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { return c.Confirm(tx, name(0), map[string]bool{"intruder": true}) })
		if err != nil {
			t.Fatal(err)
		}
		after := c.take(signIn(name(0), "201.7.7.7", safari, "intruder again"))
		if after.Decision.Score < before.Decision.Score-.5 {
			t.Errorf("un-learnt the place scores %v, when it was new %v", after.Decision.Score, before.Decision.Score)
		}
		o, err := c.Look(t.Context(), boss, 14)
		if err != nil || o.Rules[0].Confirmed != 4 || o.Rules[0].Fired != 5 {
			t.Errorf("the overview says %+v (%v)", o.Rules, err)
		}
	})
}

// What the holder says was his, is: the place that nothing had vouched for is known.
func TestAFalseAlarmVouches(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{Mode: judge.Act})
		c.life(10, 4)
		visit := signIn(name(0), "201.7.7.7", safari, "abroad")
		before := c.take(visit)
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return c.FalseAlarm(tx, name(0)) }); err != nil {
			t.Fatal(err)
		}
		if after := c.take(visit); after.Decision.Score > before.Decision.Score-1 {
			t.Errorf("it scores %v, and %v after the holder's word", before.Decision.Score, after.Decision.Score)
		}
	})
}

func TestTryingARuleOnThePast(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		accounts(t, d, 10)
		c := open(t, d, clock, judge.Settings{})
		c.life(10, 3)
		c.take(signIn(name(4), "201.7.7.7", safari, "x"))
		rules, err := rulebook.Compile([]rulebook.Written{{Name: "try", When: "event.new_country", Do: "tell"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Try(t.Context(), rules, clock.Now().AddDate(0, -1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got.Accounts != 10 || got.Events != 31 || got.Fired != 1 || len(got.Examples) != 1 || got.Examples[0].Account != name(4) {
			t.Errorf("it would have fired so: %+v", got)
		}
	})
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite, db.Options{})
	for _, s := range []judge.Settings{
		{Mode: "perhaps"}, {HoldFor: "soon"}, {HoldFor: "1s"}, {Weights: "none.txt"}, {Rules: []rulebook.Written{{Name: "x", When: "1", Do: "tell"}}},
	} {
		if err := (&judge.Judge{DB: d}).Begin(t.Context(), s); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
}
