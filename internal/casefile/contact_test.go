package casefile_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/seal"
)

var (
	stranger = access.Actor{}
	hiroshi  = access.Actor{Role: access.Agent, ID: "staff_hiroshi"}
	yuki     = access.Actor{Role: access.Agent, ID: "staff_yuki"}
)

func write(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		f := &casefile.Files{}
		var first, second casefile.Callback
		write(t, d, func(tx *db.Tx) error {
			c, _, err := f.Open(tx, casefile.Case{Source: "contact"}, stranger)
			if err != nil {
				return err
			}
			if second, err = casefile.RequestCallback(tx, f, casefile.Callback{Case: c.ID, Phone: "2", Best: "18:00", DueAt: tx.Now.Add(9 * time.Hour)}, stranger); err != nil {
				return err
			}
			first, err = casefile.RequestCallback(tx, f, casefile.Callback{Case: c.ID, Phone: "1", Best: "now"}, stranger)
			return err
		})
		ids := func() (ids []string) {
			write(t, d, func(tx *db.Tx) error {
				open, err := casefile.Callbacks(tx)
				for _, c := range open {
					ids = append(ids, c.ID)
				}
				return err
			})
			return ids
		}
		if diff := cmp.Diff([]string{first.ID, second.ID}, ids()); diff != "" {
			t.Errorf("the open calls are not in the order they are due: %s", diff)
		}
		take := func(by access.Actor) (c casefile.Callback, err error) {
			err = d.Write(t.Context(), func(tx *db.Tx) error { c, err = casefile.TakeCallback(tx, f, first.ID, by); return err })
			return c, err
		}
		if c, err := take(hiroshi); err != nil || c.TakenBy != hiroshi.ID {
			t.Errorf("taken by %q: %v", c.TakenBy, err)
		}
		if _, err := take(yuki); !errors.Is(err, casefile.ErrTaken) {
			t.Errorf("a second agent took the same call: %v", err)
		}
		if _, err := take(hiroshi); err != nil {
			t.Errorf("taking one's own call again: %v", err)
		}
		clock.Advance(4 * time.Minute)
		finish := func(by access.Actor) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return casefile.FinishCallback(tx, f, first.ID, "reached", by) })
		}
		if err := finish(yuki); !errors.Is(err, casefile.ErrTaken) {
			t.Errorf("somebody else ended the call: %v", err)
		}
		if err := finish(hiroshi); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{second.ID}, ids()); diff != "" {
			t.Error(diff)
		}
		write(t, d, func(tx *db.Tx) error {
			took, err := casefile.CallsTook(tx, tx.Now.Add(-time.Hour))
			if took != 4*time.Minute {
				t.Errorf("calls took %v on average, want 4m", took)
			}
			return err
		})
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := &casefile.Files{}
		var c casefile.Case
		var one, two casefile.Reporter
		write(t, d, func(tx *db.Tx) (err error) {
			if c, _, err = f.Open(tx, casefile.Case{Account: "acc_1", Source: "not-me"}, stranger); err != nil {
				return err
			}
			one, err = f.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Claims: "acc_1"}, stranger)
			return err
		})
		say := func(m casefile.Message, by access.Actor) (said casefile.Message, err error) {
			m.Case = c.ID
			err = d.Write(t.Context(), func(tx *db.Tx) error { said, err = casefile.Say(tx, f, m, by); return err })
			return said, err
		}
		if m, err := say(casefile.Message{Text: "How can I help?"}, hiroshi); err != nil || m.Reporter != one.ID || m.From != casefile.FromStaff {
			t.Errorf("an answer in a case of one reporter: %+v, %v", m, err)
		}
		write(t, d, func(tx *db.Tx) (err error) {
			two, err = f.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Claims: "acc_1"}, stranger)
			return err
		})
		if _, err := say(casefile.Message{Text: "To whom?"}, hiroshi); !errors.Is(err, casefile.ErrWhom) {
			t.Errorf("an answer to nobody in particular where two speak: %v", err)
		}
		if m, err := say(casefile.Message{Reporter: two.ID, Text: "It is mine!"}, stranger); err != nil || m.From != casefile.FromStranger {
			t.Errorf("%+v, %v", m, err)
		}
		write(t, d, func(tx *db.Tx) error { return f.Prove(tx, one.ID, hiroshi) })
		if m, err := say(casefile.Message{Reporter: one.ID, Text: "Thank you"}, stranger); err != nil || m.From != casefile.FromHolder {
			t.Errorf("a proved reporter speaks as %q: %v", m.From, err)
		}
		write(t, d, func(tx *db.Tx) error {
			heard, err := casefile.MessagesWith(tx, two.ID)
			if err != nil {
				return err
			}
			if len(heard) != 1 || heard[0].Text != "It is mine!" {
				t.Errorf("the second reporter reads what was said to the first: %+v", heard)
			}
			all, err := casefile.Messages(tx, c.ID)
			if len(all) != 3 {
				t.Errorf("staff read %d messages, want 3", len(all))
			}
			claimants, err2 := casefile.Claimants(tx, "acc_1")
			if len(claimants) != 2 {
				t.Errorf("%d people claim the account, want 2", len(claimants))
			}
			return errors.Join(err, err2)
		})
	})
}

func TestPhishing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		letter := []byte("Subject: Your account\r\n\r\n\x00\xff")
		var p casefile.Phishing
		write(t, d, func(tx *db.Tx) (err error) {
			p, err = casefile.ReportPhishing(tx, casefile.Phishing{Text: "odd", Letter: letter})
			return err
		})
		write(t, d, func(tx *db.Tx) error {
			all, err := casefile.PhishingReports(tx)
			if len(all) != 1 || cmp.Diff(letter, all[0].Letter) != "" {
				t.Errorf("the letter was not kept byte by byte: %+v", all)
			}
			return errors.Join(err, casefile.SeePhishing(tx, p.ID, yuki))
		})
		write(t, d, func(tx *db.Tx) error {
			all, err := casefile.PhishingReports(tx)
			if len(all) != 0 {
				t.Errorf("it is still on the list after somebody looked at it")
			}
			return err
		})
	})
}

func TestCallCode(t *testing.T) {
	t.Parallel()
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	one, two := casefile.CallCode(k, "rep_1"), casefile.CallCode(k, "rep_2")
	if one == two || one != casefile.CallCode(k, "rep_1") || len(one) != 5 {
		t.Errorf("codes %q and %q: want two different ones that stay", one, two)
	}
}

func TestKnock(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		knock := func(key string) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return casefile.Knock(tx, "contact", key, 2, time.Hour) })
		}
		for i, want := range []error{nil, nil, casefile.ErrKnock, casefile.ErrKnock} {
			if err := knock("a"); !errors.Is(err, want) {
				t.Errorf("knock %d: %v, want %v", i+1, err, want)
			}
		}
		if err := knock("b"); err != nil {
			t.Errorf("somebody else was refused: %v", err)
		}
		clock.Advance(time.Hour)
		if err := knock("a"); err != nil {
			t.Errorf("refused after the hour: %v", err)
		}
	})
}

func TestPage(t *testing.T) {
	t.Parallel()
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		want := casefile.Page{Case: "case_1", Via: "v_1"}
		var token string
		write(t, d, func(tx *db.Tx) (err error) { token, err = want.Link(tx, k); return err })
		page := func(token string) (p casefile.Page, err error) {
			err = d.Read(t.Context(), func(tx *db.Tx) error { p, err = casefile.PageOf(tx, k, token); return err })
			return p, err
		}
		for range 2 { // looking does not use it up
			if got, err := page(token); err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if _, err := page(token + "x"); !errors.Is(err, casefile.ErrNone) {
			t.Errorf("a token nobody gave out: %v", err)
		}
		clock.Advance(61 * 24 * time.Hour)
		if _, err := page(token); !errors.Is(err, casefile.ErrNone) {
			t.Errorf("a token that has expired: %v", err)
		}
	})
}

func TestOneMailboxIsOneReporter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := &casefile.Files{}
		write(t, d, func(tx *db.Tx) error {
			c, _, err := f.Open(tx, casefile.Case{Account: "acc_1", Source: "not-me"}, stranger)
			if err != nil {
				return err
			}
			add := func(via string) casefile.Reporter {
				r, e := f.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Via: via}, stranger)
				err = errors.Join(err, e)
				return r
			}
			if a, b, other := add("v_1"), add("v_1"), add("v_2"); a.ID != b.ID || a.ID == other.ID {
				t.Errorf("reporters %s, %s through one mailbox and %s through another", a.ID, b.ID, other.ID)
			}
			return err
		})
	})
}
