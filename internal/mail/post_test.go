package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/jobs"
	"takeback/internal/mail/inbox"
)

func TestALetterExistsExactlyIfItsCauseDoes(t *testing.T) {
	each(t, func(s *street) {
		err := s.d.Write(s.t.Context(), func(tx *db.Tx) error {
			_, err := s.post.Queue(tx, Letter{Account: "a1", To: must(s.t, "hanako@example.jp"), Body: Reset{Link: "/reset/t"}})
			return errors.Join(err, context.Canceled)
		})
		if !errors.Is(err, context.Canceled) {
			s.t.Fatal(err)
		}
		s.drain()
		if got := s.records("a1"); len(got) != 0 {
			s.t.Errorf("there are records of it: %v", got)
		}
		s.want("")
	})
}

func TestALetterIsSentOnceAndItsBodyErased(t *testing.T) {
	each(t, func(s *street) {
		id := s.queue("a1", "Hanako@example.jp", "first")
		if raw := column[string](s, id, "raw"); strings.Contains(raw, "t0ken") || strings.Contains(raw, "Hanako") || raw == "" {
			s.t.Errorf("the stored body can be read: %.80q", raw)
		}
		waiting := s.records("a1")
		s.drain()
		s.later(time.Hour)
		s.want("Hanako@example.jp", "first")
		if erased := column[bool](s, id, "raw IS NULL"); !erased {
			s.t.Error("the body is still there")
		}
		l := s.in.Letters()[0]
		if l.Sender != "care@shop.example.jp" || l.Link("/not-me/") != site+"/not-me/t0ken" {
			s.t.Errorf("it came from %q with the links %q", l.Sender, l.Links)
		}
		want := Record{ID: id, Account: "a1", Case: "case-1", Kind: KindNotice, Language: "en", Number: l.Number, To: "H***@e***.jp",
			Subject: "さくら商店: Change to your account: first", At: dbtest.NewClock().Now(), State: Waiting}
		if diff := cmp.Diff([]Record{want}, waiting); diff != "" {
			s.t.Errorf("while it waits (-want +got):\n%s", diff)
		}
		want.State, want.Tries, want.DoneAt = Delivered, 1, want.At
		if diff := cmp.Diff([]Record{want}, s.records("a1")); diff != "" {
			s.t.Errorf("when it is sent (-want +got):\n%s", diff)
		}
	})
}

func TestWithTheMailServerDownNothingIsLostAndAllIsSentInOrder(t *testing.T) {
	each(t, func(s *street) {
		addr := s.in.Addr()
		if err := s.in.Close(); err != nil {
			s.t.Fatal(err)
		}
		var want []string
		for i := range 6 {
			want = append(want, fmt.Sprint("n", i))
			s.queue("a1", "hanako@example.jp", want[i])
			s.queue("a2", []string{"taro@example.jp", "taro@work.example"}[i%2], want[i])
			s.drain()
			s.clock.Advance(10 * time.Minute)
		}
		s.later(5 * time.Hour)
		for _, r := range s.records("a1") {
			if r.State != Waiting {
				s.t.Fatalf("%s is %s while the server is down", r.Subject, r.State)
			}
		}
		in, err := inbox.Start(addr)
		if err != nil {
			s.t.Fatal(err)
		}
		s.in = in
		s.later(time.Hour)
		s.want("hanako@example.jp", want...)
		var taro []string // over both of his mailboxes
		for _, l := range s.in.Letters() {
			if !l.IsTo("hanako@example.jp") {
				taro = append(taro, l.Subject[strings.LastIndexByte(l.Subject, ' ')+1:])
			}
		}
		if diff := cmp.Diff(want, taro); diff != "" {
			s.t.Errorf("letters of the second holder (-want +got):\n%s", diff)
		}
	})
}

func TestAMailboxThatIsBusyHoldsUpNoOther(t *testing.T) {
	each(t, func(s *street) {
		// The attack: an intruder adds an address whose server always says "later".
		s.in.Busy("intruder@evil.example", true)
		s.queue("a1", "intruder@evil.example", "n1")
		s.queue("a1", "hanako@example.jp", "n2")
		s.queue("a1", "intruder@evil.example", "n3")
		s.queue("a1", "hanako@example.jp", "n4")
		s.drain()
		s.want("", "n2", "n4")
		s.queue("a1", "intruder@evil.example", "n5")
		s.later(30 * time.Minute)
		s.want("", "n2", "n4")
		s.in.Busy("intruder@evil.example", false)
		s.queue("a1", "intruder@evil.example", "n6") // does not overtake those that wait
		s.later(time.Hour)
		s.want("intruder@evil.example", "n1", "n3", "n5", "n6")
		s.queue("a1", "intruder@evil.example", "n7")
		s.drain()
		s.want("intruder@evil.example", "n1", "n3", "n5", "n6", "n7")
	})
}

func TestAServerThatSaysLaterIsAskedAgain(t *testing.T) {
	each(t, func(s *street) {
		s.in.RefuseNext(3)
		s.in.DropNext(2)
		s.queue("a1", "hanako@example.jp", "n1")
		s.queue("a1", "hanako@example.jp", "n2")
		s.drain()
		s.want("hanako@example.jp")
		if r := s.records("a1")[1]; r.State != Waiting || !strings.Contains(r.Fault, "try again later") || r.Tries == 0 {
			s.t.Errorf("the record says %+v", r)
		}
		s.later(time.Hour)
		s.want("hanako@example.jp", "n1", "n2")
		if r := s.records("a1")[0]; r.State != Delivered || r.Fault != "" {
			s.t.Errorf("the record says %+v", r)
		}
	})
}

// lost asks whether the last letter to an address reached nobody.
func (s *street) lost(account, to string) (lost bool) {
	s.t.Helper()
	if err := s.d.Read(s.t.Context(), func(tx *db.Tx) (err error) { lost, err = Lost(tx, account, to); return err }); err != nil {
		s.t.Fatal(err)
	}
	return lost
}

func TestWhatIsRefusedForGoodIsSeenByStaff(t *testing.T) {
	each(t, func(s *street) {
		s.in.Unknown("gone@example.jp", true)
		id := s.queue("a1", "gone@example.jp", "n1")
		s.queue("a1", "hanako@example.jp", "n2")
		s.drain()
		s.want("", "n2")
		var lost []Record
		err := s.d.Read(s.t.Context(), func(tx *db.Tx) (err error) {
			lost, err = Undeliverable(tx, 10)
			return err
		})
		for to, want := range map[string]bool{"Gone@example.jp": true, "hanako@example.jp": false, "never@example.jp": false, "no address": false} {
			if got := s.lost("a1", to); got != want {
				s.t.Errorf("%s: lost is %t", to, got)
			}
		}
		if s.lost("a2", "gone@example.jp") {
			s.t.Error("another account's letters count")
		}
		if err != nil || len(lost) != 1 || lost[0].ID != id || lost[0].State != Undelivered || !strings.Contains(lost[0].Fault, "No such mailbox") {
			s.t.Fatalf("staff see %+v, %v", lost, err)
		}
		dead := s.dead()
		if len(dead) != 1 || !strings.Contains(dead[0].LastError, "550") {
			s.t.Fatalf("the dead letters are %+v", dead)
		}
		s.in.Unknown("gone@example.jp", false)
		s.clock.Advance(5 * 24 * time.Hour)
		s.write(func(tx *db.Tx) error { return jobs.Revive(tx, dead[0].ID) })
		s.drain()
		s.want("gone@example.jp", "n1")
		if s.lost("a1", "gone@example.jp") {
			s.t.Error("what arrived in the end is lost")
		}
		if r := s.records("a1")[1]; r.State != Delivered {
			s.t.Errorf("revived and sent, it is %s", r.State)
		}
	})
}

func TestTheBodyOfAnUndeliverableLetterIsErasedAfterAFortnight(t *testing.T) {
	each(t, func(s *street) {
		s.in.Unknown("gone@example.jp", true)
		id := s.queue("a1", "gone@example.jp", "n1")
		s.drain()
		s.clock.Advance(13 * 24 * time.Hour)
		s.drain()
		if column[bool](s, id, "raw IS NULL") {
			s.t.Error("it is gone before staff could try again")
		}
		s.clock.Advance(25 * time.Hour)
		s.drain()
		if !column[bool](s, id, "raw IS NULL") {
			s.t.Error("it is still there")
		}
		s.write(func(tx *db.Tx) error { return jobs.Revive(tx, s.dead()[0].ID) })
		s.drain()
		s.want("")
		if dead := s.dead(); len(dead) != 1 || !strings.Contains(dead[0].LastError, "erased") {
			s.t.Errorf("revived without a body, it is %+v", dead)
		}
	})
}

func TestAfterThreeDaysALetterIsGivenUp(t *testing.T) {
	each(t, func(s *street) {
		if err := s.in.Close(); err != nil {
			s.t.Fatal(err)
		}
		s.queue("a1", "hanako@example.jp", "n1")
		for range 62 {
			s.drain()
			s.clock.Advance(71 * time.Minute)
		}
		if r := s.records("a1")[0]; r.State != Undelivered || len(s.dead()) != 1 {
			s.t.Errorf("after %d tries it is %s, with %d dead letters", r.Tries, r.State, len(s.dead()))
		}
	})
}

func TestADeathBetweenSendingAndKnowingSendsTheSameBytesAgain(t *testing.T) {
	withKey := func(c *Config, _ *inbox.Options) { c.DKIMSelector, c.DKIMKeyFile = "s1", keyFile(t, "ed25519") }
	each(t, func(s *street) {
		id := s.queue("a1", "hanako@example.jp", "n1")
		// The process dies after the mail server said yes: everything up to there, and no more.
		ctx := s.t.Context()
		var l stored
		s.write(func(tx *db.Tx) (err error) {
			l, err = load(tx, id)
			return err
		})
		raw, err := s.post.open(ctx, &l)
		if err != nil {
			s.t.Fatal(err)
		}
		// A signature made again would name another second: it must be kept before.
		var kept stored
		s.write(func(tx *db.Tx) (err error) {
			kept, err = load(tx, id)
			return err
		})
		if again, err := s.post.keeper.Unseal(sealFor(id), kept.raw); err != nil || again.Reveal() != string(raw) || !kept.fixed {
			s.t.Errorf("the signed letter is not what is stored: %v, fixed %t", err, kept.fixed)
		}
		if became, err := s.post.house.server.handIn(ctx, s.post.house.from, must(s.t, l.address), raw); became != taken {
			s.t.Fatal(became, err)
		}
		// Next it is the line that dies before the yes arrives.
		s.in.LoseNextAnswers(1)
		s.clock.Advance(time.Hour)
		s.drain()
		s.later(time.Minute)
		s.want("", "n1", "n1", "n1")
		all := s.in.Letters()
		for _, again := range all[1:] {
			if !bytes.Equal(all[0].Raw, again.Raw) || again.MessageID != all[0].MessageID || again.MessageID == "" {
				s.t.Errorf("the copies differ:\n%s\n%s", all[0].Raw, again.Raw)
			}
		}
		s.later(24 * time.Hour)
		if r := s.records("a1")[0]; r.State != Delivered || len(s.in.Letters()) != 3 {
			s.t.Errorf("in the end it is %s, sent %d times", r.State, len(s.in.Letters()))
		}
	}, withKey)
}

func TestOneNoticeToOneMailboxIsOneLetter(t *testing.T) {
	each(t, func(s *street) {
		number := NewNumber()
		var ids []string
		s.write(func(tx *db.Tx) error {
			ids = nil
			for _, to := range []string{"hanako@example.jp", "Hanako@EXAMPLE.jp", "taro@example.jp"} {
				id, err := s.post.Queue(tx, Letter{Account: "a1", To: must(s.t, to), Number: number, Language: "en",
					Body: Notice{Event: Changed, What: "x", At: tx.Now, NotMe: "/not-me/t"}})
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		if ids[0] != ids[1] || ids[0] == ids[2] {
			s.t.Errorf("the letters are %v", ids)
		}
		s.drain()
		if got := len(s.in.Letters()); got != 2 {
			s.t.Errorf("%d letters came", got)
		}
	})
}

func TestCheckTellsOurLettersFromOthers(t *testing.T) {
	each(t, func(s *street) {
		s.queue("a1", "Hanako@example.jp", "n1")
		s.drain()
		number := s.in.Letters()[0].Number
		yes := Checked{Ours: true, Kind: KindNotice, Day: s.clock.Now().Truncate(24 * time.Hour), Subject: "さくら商店: Change to your account: n1"}
		for _, c := range []struct {
			name, number, address string
			want                  Checked
		}{
			{"the right pair", number, "Hanako@example.jp", yes},
			{"as people type it", strings.ToLower(strings.ReplaceAll(number, "-", " ")), " ｈａｎａｋｏ＠example.jp ", yes},
			{"another address", number, "taro@example.jp", Checked{}},
			{"another number", NewNumber(), "hanako@example.jp", Checked{}},
			{"no number", "hello", "hanako@example.jp", Checked{}},
			{"no address", number, "hello", Checked{}},
			{"nothing", "", "", Checked{}},
		} {
			s.t.Run(c.name, func(t *testing.T) {
				err := s.d.Read(t.Context(), func(tx *db.Tx) error {
					got, err := Check(tx, c.number, c.address)
					if diff := cmp.Diff(c.want, got); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}

func TestManyWorkersKeepTheOrderOfEachHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStreet(t, d, nil)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		done := make(chan error, 1)
		go func() { done <- s.runner.Run(ctx) }()
		const holders, letters = 4, 8
		want := make([]string, letters)
		for i := range letters {
			want[i] = fmt.Sprint("n", i)
			for h := range holders {
				s.queue(fmt.Sprint("a", h), fmt.Sprintf("h%d@example.jp", h), want[i])
			}
		}
		n := 0
		_, err := s.in.Wait(ctx, func(inbox.Letter) bool { n++; return n == holders*letters })
		if err != nil {
			t.Errorf("%d letters came: %v", n, err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for h := range holders {
			s.want(fmt.Sprintf("h%d@example.jp", h), want...)
		}
	})
}
