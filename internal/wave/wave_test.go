package wave_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/wave"
)

// door is a watch with its log, and people who fail at it.
type door struct {
	*testing.T
	*wave.Watch
	clock *dbtest.Clock
	log   bytes.Buffer
	tried int
}

func newDoor(t *testing.T, d *db.DB, clock *dbtest.Clock) *door {
	x := &door{T: t, clock: clock}
	x.Watch = &wave.Watch{DB: d, Log: slog.New(slog.NewTextHandler(&x.log, nil))}
	return x
}

// fail lets so many names fail from clients of their own, and looks.
func (d *door) fail(n int, from func(i int) access.Client) {
	d.Helper()
	for i := range n {
		d.tried++
		d.Failed(fmt.Sprintf("name%d@example.jp", d.tried), from(i))
	}
	d.look()
}

func (d *door) look() {
	d.Helper()
	if err := d.Look(d.Context()); err != nil {
		d.Fatal(err)
	}
}

func anywhere(i int) access.Client {
	return access.Client{IP: fmt.Sprintf("10.%d.%d.7", i/200, i%200), UserAgent: fmt.Sprintf("Browser/%d", i)}
}

func oneNetwork(i int) access.Client {
	return access.Client{IP: fmt.Sprintf("192.0.2.%d", i%250), UserAgent: fmt.Sprintf("Browser/%d", i)}
}

var holder = access.Client{IP: "198.51.100.4", UserAgent: "Safari"}

func TestAWaveBeginsAndEnds(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		x := newDoor(t, d, clock)
		x.fail(59, anywhere)
		if got := x.Stands(holder); got != wave.Calm {
			t.Fatalf("59 names: %v", got)
		}
		x.fail(10, anywhere)
		if got := x.Stands(holder); got != wave.Rising {
			t.Fatalf("69 names: %v", got)
		}
		if n := strings.Count(x.log.String(), "has begun"); n != 1 {
			t.Errorf("it was said %d times: %s", n, x.log.String())
		}
		if strings.Contains(x.log.String(), "name7@") {
			t.Error("a name stands in the log")
		}
		x.fail(600, anywhere)
		if got := x.Stands(holder); got != wave.High {
			t.Errorf("669 names: %v", got)
		}
		clock.Advance(9 * time.Minute)
		x.look()
		if got := x.Stands(holder); got != wave.Rising {
			t.Errorf("nine minutes later: %v", got)
		}
		clock.Advance(2 * time.Minute)
		x.look()
		if got := x.Stands(holder); got != wave.Calm {
			t.Errorf("eleven minutes later: %v", got)
		}
		all, err := x.Open(t.Context(), 10)
		if err != nil || len(all) != 1 || all[0].By() != "all" || all[0].Names != 669 || all[0].Ended.IsZero() {
			t.Errorf("%+v, %v", all, err)
		}
		if n := strings.Count(x.log.String(), "is over"); n != 1 {
			t.Errorf("its end was said %d times", n)
		}
	})
}

// What comes from one network or one kind of client concerns those alone.
func TestAWaveOfOneSource(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		x := newDoor(t, d, clock)
		x.fail(25, oneNetwork)
		if near, far := x.Stands(oneNetwork(3)), x.Stands(holder); near != wave.Rising || far != wave.Calm {
			t.Errorf("in the network %v, elsewhere %v", near, far)
		}
		clock.Advance(20 * time.Minute)
		x.look()
		x.fail(45, func(i int) access.Client { return access.Client{IP: anywhere(i).IP, UserAgent: "python-requests/2"} })
		if same, other := x.Stands(access.Client{IP: "203.0.113.1", UserAgent: "python-requests/2"}), x.Stands(holder); same != wave.Rising || other != wave.Calm {
			t.Errorf("the same client %v, another one %v", same, other)
		}
		all, err := x.Open(t.Context(), 10)
		if err != nil || len(all) != 2 || all[0].Of() != "python-requests/2" || all[1].Of() != "192.0.2.0/24" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// Of two processes each sees half of a wave, and both see the whole.
func TestTwoProcessesSeeOneWave(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		a, b := newDoor(t, d, clock), newDoor(t, d, clock)
		b.tried = 1000
		a.fail(40, anywhere)
		b.fail(40, anywhere)
		a.look()
		if a.Stands(holder) != wave.Rising || b.Stands(holder) != wave.Rising {
			t.Errorf("%v and %v", a.Stands(holder), b.Stands(holder))
		}
		if n := strings.Count(a.log.String()+b.log.String(), "has begun"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
	})
}

// A large service has failures all day; that is no wave.
func TestWhatIsUsualIsNoWave(t *testing.T) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		x := newDoor(t, d, clock)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for m := range int64(24 * 60) {
				if err := tx.Put(`INSERT INTO failed_minute (minute, source, tries, names) VALUES ($1, '', 60, 50)`, tx.Now.Unix()/60-1-m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		x.fail(80, anywhere)
		if got := x.Stands(holder); got != wave.Calm {
			t.Errorf("80 names where 50 a minute are usual: %v", got)
		}
		x.fail(600, anywhere)
		if got := x.Stands(holder); got != wave.Rising {
			t.Errorf("680 names where 50 a minute are usual: %v", got)
		}
	})
}
