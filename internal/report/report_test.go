package report_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/report"
	"takeback/internal/seal"
)

const id = "acc_1"

var (
	holder   = access.Client{IP: "192.0.2.1", Language: "ja"}
	stranger = access.Client{IP: "198.51.100.7", Language: "en"}
)

// stopper moves the account and the case as freezing does; holding orders and
// writing history is package freeze's own business and tested there.
type stopper struct {
	files *casefile.Files
	mu    sync.Mutex
	stops int
}

func (s *stopper) Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error) {
	if _, err := account.Turn(tx, c.Account, account.Frozen, time.Time{}, account.Open); err != nil {
		return c, err
	}
	c.Step = casefile.Frozen
	c, _, err := s.files.Open(tx, c, by)
	tx.OnCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stops++
	})
	return c, err
}

type nobody struct{}

func (nobody) OnDuty(*db.Tx) (int, error) { return 0, nil }

type house struct {
	*testing.T
	db     *db.DB
	clock  *dbtest.Clock
	keeper *seal.Keeper
	stop   *stopper
	intake *report.Intake
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		k, err := seal.NewKeeper(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		files := &casefile.Files{}
		h := &house{T: t, db: d, clock: clock, keeper: k, stop: &stopper{files: files}}
		h.intake = &report.Intake{DB: d, Seal: k, Files: files, Freezer: h.stop, Desk: nobody{}}
		h.write(func(tx *db.Tx) error { return account.Create(tx, id, "ja") })
		fn(h)
	})
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}

// link is what a letter to one mailbox carries.
func (h *house) link(version string) (token string) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, id)
		if err != nil {
			return err
		}
		token, err = h.keeper.Issue(tx, seal.NotMe, id, a.Epoch, 14*24*time.Hour, map[string]any{"number": "TB-1", "seq": 1, "version": version})
		return err
	})
	return token
}

func TestManyClicksAtOnceStopOnce(t *testing.T) {
	each(t, func(h *house) {
		token := h.link("v_1")
		var all sync.WaitGroup
		cases := make([]string, 8)
		for n := range cases {
			all.Go(func() {
				r, err := h.intake.NotMe(h.Context(), token, holder)
				if err != nil {
					h.Error(err)
				}
				cases[n] = r.Case
			})
		}
		all.Wait()
		if h.stop.stops != 1 {
			h.Errorf("one link stopped the account %d times", h.stop.stops)
		}
		for _, c := range cases {
			if c == "" || c != cases[0] {
				h.Errorf("the clicks led to %v: want one case", cases)
				break
			}
		}
		h.write(func(tx *db.Tx) error {
			who, err := casefile.Reporters(tx, cases[0])
			if len(who) != 1 || who[0].Via != "v_1" || who[0].Claims != id {
				h.Errorf("one mailbox is %+v", who)
			}
			return err
		})
	})
}

func TestAFailedFreezeUsesNothingUp(t *testing.T) {
	each(t, func(h *house) {
		token := h.link("v_1")
		broken := errors.New("the disk is full")
		h.intake.Freezer = failing{broken}
		if _, err := h.intake.NotMe(h.Context(), token, holder); !errors.Is(err, broken) {
			h.Fatalf("got %v", err)
		}
		h.intake.Freezer = h.stop
		if r, err := h.intake.NotMe(h.Context(), token, holder); err != nil || !r.Stopped {
			h.Errorf("the link was used up by the failure: %+v, %v", r, err)
		}
	})
}

type failing struct{ err error }

func (f failing) Stop(*db.Tx, casefile.Case, access.Actor) (casefile.Case, error) {
	return casefile.Case{}, f.err
}

// A stranger who names the account is not let into its case, and cannot block the holder's report.
func TestAStrangerWhoCameFirstLearnsNothing(t *testing.T) {
	each(t, func(h *house) {
		h.write(func(tx *db.Tx) error {
			kinds, err := account.NewKinds()
			if err != nil {
				return err
			}
			_, err = (&history.Book{Kinds: kinds}).Append(tx, history.Entry{Account: id, By: access.Do("register"), Verb: history.Contact,
				Path: "email", Value: []byte(`"amy@old.example"`), Confirmed: true})
			return err
		})
		first, err := h.intake.Contact(h.Context(), report.Word{Login: "Amy@old.example", Story: "It is mine"}, stranger)
		if err != nil {
			h.Fatal(err)
		}
		second, err := h.intake.Contact(h.Context(), report.Word{Login: "amy@old.example", Story: "No, mine"}, holder)
		if err != nil || second.Case == first.Case {
			h.Fatalf("a second stranger was let into the first one's case: %v", err)
		}
		if v, err := h.intake.Page(h.Context(), first.Case, first.Token); err != nil || v.Sure || v.Stage != report.Received || !v.MovedAt.IsZero() {
			h.Errorf("a stranger sees %+v, %v", v, err)
		}
		for _, wrong := range [][2]string{{first.Case, second.Token}, {second.Case, first.Token}, {first.Case, ""}, {"case_x", first.Token}} {
			if _, err := h.intake.Page(h.Context(), wrong[0], wrong[1]); !errors.Is(err, casefile.ErrNone) {
				h.Errorf("%v: %v", wrong, err)
			}
			if err := h.intake.Say(h.Context(), wrong[0], wrong[1], "x", stranger); !errors.Is(err, casefile.ErrNone) {
				h.Errorf("saying with %v: %v", wrong, err)
			}
		}
	})
}

func TestCallsAreRationed(t *testing.T) {
	each(t, func(h *house) {
		r, err := h.intake.Contact(h.Context(), report.Word{Story: "Please call", Phone: "090-1234-5678"}, holder)
		if err != nil {
			h.Fatal(err)
		}
		ask := func(phone string) error {
			return h.intake.AskCall(h.Context(), r.Case, r.Token, phone, "now", holder)
		}
		if err := ask("call me maybe"); !errors.Is(err, report.ErrPhone) {
			h.Errorf("no number: %v", err)
		}
		for range 2 {
			if err := ask("(090) 1234 5678"); err != nil {
				h.Fatal(err)
			}
		}
		if err := ask("09012345678"); fault.KindOf(err) != fault.TooMany {
			h.Errorf("a fourth call to one number in an hour, however it is typed: %v", err)
		}
		h.clock.Advance(time.Hour)
		if err := ask("09012345678"); err != nil {
			h.Errorf("after the hour: %v", err)
		}
	})
}

func TestWatchHearsAnAnswer(t *testing.T) {
	each(t, func(h *house) {
		r, err := h.intake.Contact(h.Context(), report.Word{Story: "Hello"}, holder)
		if err != nil {
			h.Fatal(err)
		}
		changed, err := h.intake.Watch(h.Context(), r.Case, r.Token)
		if err != nil {
			h.Fatal(err)
		}
		if _, err := h.intake.Watch(h.Context(), r.Case, "x"); !errors.Is(err, casefile.ErrNone) {
			h.Errorf("somebody else may watch: %v", err)
		}
		h.write(func(tx *db.Tx) error {
			_, err := casefile.Say(tx, h.intake.Files, casefile.Message{Case: r.Case, Text: "Good morning"}, access.Actor{Role: access.Agent, ID: "staff_1"})
			return err
		})
		<-changed
		v, err := h.intake.Page(h.Context(), r.Case, r.Token)
		if err != nil || len(v.Messages) != 2 || !v.Messages[1].Ours || v.Messages[0].Ours {
			h.Errorf("%+v, %v", v.Messages, err)
		}
	})
}

func TestPhishing(t *testing.T) {
	each(t, func(h *house) {
		by := access.Actor{Role: access.Holder, Account: id, Client: holder}
		if err := h.intake.Phishing(h.Context(), "", nil, by); !errors.Is(err, report.ErrEmpty) {
			h.Errorf("nothing at all: %v", err)
		}
		letter := "Subject: =?utf-8?q?x?=\r\n\r\n" + strings.Repeat("\xff", 100)
		if err := h.intake.Phishing(h.Context(), "odd", []byte(letter), by); err != nil {
			h.Fatal(err)
		}
		h.write(func(tx *db.Tx) error {
			all, err := casefile.PhishingReports(tx)
			if len(all) != 1 || all[0].From != id || string(all[0].Letter) != letter {
				h.Errorf("%+v", all)
			}
			return err
		})
	})
}
