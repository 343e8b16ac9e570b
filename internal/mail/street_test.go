package mail

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/jobs"
	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
)

// street is a post office, a mail server and the database between them.
type street struct {
	t      *testing.T
	d      *db.DB
	clock  *dbtest.Clock
	in     *inbox.Inbox
	post   *Post
	runner *jobs.Runner
}

func newStreet(t *testing.T, d *db.DB, clock *dbtest.Clock, change ...func(*Config, *inbox.Options)) *street {
	t.Helper()
	c, o := testConfig(""), inbox.Options{}
	for _, f := range change {
		f(&c, &o)
	}
	in, err := inbox.StartWith("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	s := &street{t: t, d: d, clock: clock, in: in}
	t.Cleanup(func() { _ = s.in.Close() }) // some tests have closed it already
	if c.URL.Empty() {
		c.URL = seal.NewSecret(in.URL())
	} else { // a form with a place for the server's host and port
		c.URL = seal.NewSecret(fmt.Sprintf(c.URL.Reveal(), in.Addr()))
	}
	k, err := seal.NewKeeper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if s.post, err = New(d, k, c); err != nil {
		t.Fatal(err)
	}
	s.runner = &jobs.Runner{DB: d, Log: slog.New(slog.DiscardHandler)}
	s.post.Handle(s.runner)
	return s
}

// each runs a test on both engines with a clock that it moves.
func each(t *testing.T, fn func(*street), change ...func(*Config, *inbox.Options)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(newStreet(t, d, clock, change...)) })
}

func (s *street) write(fn func(*db.Tx) error) {
	s.t.Helper()
	if err := s.d.Write(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// queue queues a letter whose subject says which one it is.
func (s *street) queue(account, to, what string) (id string) {
	s.t.Helper()
	s.write(func(tx *db.Tx) (err error) {
		id, err = s.post.Queue(tx, Letter{Account: account, Case: "case-1", To: must(s.t, to), Name: "Hanako", Language: "en",
			Body: Notice{Event: Changed, What: what, At: tx.Now, NotMe: "/not-me/t0ken", NotMeUntil: tx.Now}})
		return err
	})
	return id
}

// drain lets the post work until nothing is due.
func (s *street) drain() {
	s.t.Helper()
	if err := s.runner.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// later lets time pass and the post work, so often that every wait is over.
func (s *street) later(d time.Duration) {
	s.t.Helper()
	for end := s.clock.Now().Add(d); s.clock.Now().Before(end); s.clock.Advance(d / 8) {
		s.drain()
	}
	s.drain()
}

// came gives the last word of the subjects of the letters that arrived.
func (s *street) came(to string) []string {
	var all []string
	for _, l := range s.in.Letters() {
		if to == "" || l.IsTo(to) {
			all = append(all, l.Subject[strings.LastIndexByte(l.Subject, ' ')+1:])
		}
	}
	return all
}

func (s *street) want(to string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.came(to)); diff != "" {
		s.t.Errorf("letters to %q (-want +got):\n%s", to, diff)
	}
}

func (s *street) records(account string) (all []Record) {
	s.t.Helper()
	err := s.d.Read(s.t.Context(), func(tx *db.Tx) (err error) {
		all, err = Sent(tx, account, 100)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// column reads one column of a letter.
func column[T any](s *street, id, name string) (v T) {
	s.t.Helper()
	err := s.d.Read(s.t.Context(), func(tx *db.Tx) error {
		return tx.Row(`SELECT `+name+` FROM letter WHERE id = $1`, id).Scan(&v)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *street) dead() (all []jobs.DeadLetter) {
	s.t.Helper()
	err := s.d.Read(s.t.Context(), func(tx *db.Tx) (err error) {
		all, err = jobs.Dead(tx)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}
