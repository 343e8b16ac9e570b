package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/connector/connectortest"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/jobs"
)

// lane is a house in which orders have deadlines.
type lane struct {
	*house
	clock  *dbtest.Clock
	port   *connectortest.Scripted
	runner *jobs.Runner
	held   []string
}

func eachLane(t *testing.T, f func(l *lane)) {
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		h := newHouse(t, d)
		l := &lane{house: h, clock: clock, port: &connectortest.Scripted{Port: h.Port},
			runner: &jobs.Runner{DB: d, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}}
		h.Port, h.Release = l.port, l
		h.Handle(l.runner)
		f(l)
	})
}

// Hold implements Releaser.
func (l *lane) Hold(_ *db.Tx, _, path, _ string, _ access.Actor) error {
	l.held = append(l.held, path)
	return nil
}

// Release implements Releaser.
func (l *lane) Release(*db.Tx, string, string, string, access.Actor) error { return nil }

// ordered is an order that can be called back for so long from now on.
func (l *lane) ordered(path string, within time.Duration) history.Entry {
	return history.Entry{Verb: history.Order, Path: path,
		Value: json.RawMessage(fmt.Sprintf(`{"effect":"window","until":%q}`, l.clock.Now().Add(within).Format(time.RFC3339)))}
}

// after lets time pass and does what is due then.
func (l *lane) after(d time.Duration) {
	l.Helper()
	l.clock.Advance(d)
	if err := l.runner.Drain(l.Context()); err != nil {
		l.Fatal(err)
	}
}

func (l *lane) watch(c casefile.Case) {
	l.Helper()
	l.write(func(tx *db.Tx) error { return l.StopLosses(tx, c) })
	l.after(0)
}

// undone tells what was done about an order, and how often.
func (l *lane) undone(c casefile.Case, path string) string {
	l.Helper()
	var e Effect
	if err := json.Unmarshal([]byte(l.facts(c.Account)[path]), &e); err != nil {
		l.Fatal(err)
	}
	n := 0
	l.write(func(tx *db.Tx) error {
		all, err := history.Of(tx, c.Account)
		for _, one := range all {
			if one.Path == path && one.Actor == ActorID {
				n++
			}
		}
		return err
	})
	return fmt.Sprint(e.Undone, " ", n)
}

// missed tells whether the case says that an order was missed.
func (l *lane) missed(c casefile.Case) bool {
	l.Helper()
	var all []casefile.Entry
	l.write(func(tx *db.Tx) (err error) { all, err = casefile.Entries(tx, c.ID); return err })
	return slices.ContainsFunc(all, func(e casefile.Entry) bool { return e.What == "loss.missed" })
}

func TestAnOrderIsCalledBackWhenItsDeadlineWillNotWait(t *testing.T) {
	eachLane(t, func(l *lane) {
		c := l.taken(l.ordered("order/late", 3*time.Hour), l.ordered("order/soon", 2*time.Hour),
			history.Entry{Verb: history.Order, Path: "order/any", Value: json.RawMessage(`{"effect":"undo"}`)})
		p, err := l.MakePlan(l.Context(), ito, c.ID, "")
		if err != nil {
			l.Fatal(err)
		}
		l.watch(c)
		if diff := cmp.Diff([]string{"order/soon", "order/late", "order/any"}, l.held); diff != "" {
			l.Errorf("held, the earliest deadline first: %s", diff)
		}
		l.after(89 * time.Minute)
		if got := l.undone(c, "order/soon"); got != " 0" {
			l.Errorf("while there is time for the plan: %s", got)
		}
		l.after(time.Minute)
		if soon, late := l.undone(c, "order/soon"), l.undone(c, "order/late"); soon != "cancel 1" || late != " 0" {
			l.Errorf("half an hour before the deadline of one: %s, the other %s", soon, late)
		}
		l.after(time.Hour)
		if late, any := l.undone(c, "order/late"), l.undone(c, "order/any"); late != "cancel 1" || any != " 0" {
			l.Errorf("half an hour before the deadline of the other: %s, without a deadline %s", late, any)
		}
		if l.missed(c) {
			l.Error("the case says that an order was missed")
		}
		if err := l.Approve(l.Context(), sato, c.ID, p.Hash); !errors.Is(err, ErrMovedOn) {
			l.Errorf("a plan that still calls them back was approved: %v", err)
		}
		if err := l.Carry(l.Context(), l.begun(c).ID); err != nil || l.undone(c, "order/soon") != "cancel 1" || l.undone(c, "order/any") != "cancel 1" {
			l.Errorf("the plan after the lane: %v, %s", err, l.undone(c, "order/soon"))
		}
	})
}

func TestTheLaneLeavesAlone(t *testing.T) {
	for name, before := range map[string]func(l *lane, c casefile.Case){
		"what nobody has marked": func(l *lane, _ casefile.Case) { l.clears = true },
		"an account that was let go": func(l *lane, c casefile.Case) {
			l.write(func(tx *db.Tx) error {
				_, err := account.Turn(tx, c.Account, account.Open, time.Time{}, account.Frozen)
				return err
			})
		},
		"what was marked otherwise since": func(l *lane, _ casefile.Case) { l.marks++ },
	} {
		t.Run(name, func(t *testing.T) {
			eachLane(t, func(l *lane) {
				c := l.taken(l.ordered("order/soon", time.Hour))
				l.watch(c)
				before(l, c)
				l.after(50 * time.Minute)
				if got := l.undone(c, "order/soon"); got != " 0" {
					l.Error(got)
				}
			})
		})
	}
}

func TestThePlanMayBeQuickerThanTheLane(t *testing.T) {
	eachLane(t, func(l *lane) {
		c := l.taken(l.ordered("order/soon", time.Hour))
		l.watch(c)
		if err := l.Carry(l.Context(), l.begun(c).ID); err != nil {
			l.Fatal(err)
		}
		l.after(50 * time.Minute)
		if got := l.undone(c, "order/soon"); got != "cancel 1" || l.missed(c) {
			l.Error(got)
		}
	})
}

// The lane has a journal of its own, and the same way out of every crash.
func TestACallBackOfWhichNobodyHeardIsOne(t *testing.T) {
	for _, fault := range []connectortest.Fault{connectortest.Lost, connectortest.Late, connectortest.Twice, connectortest.Down} {
		t.Run(string(fault), func(t *testing.T) {
			eachLane(t, func(l *lane) {
				c := l.taken(l.ordered("order/soon", time.Hour))
				calls := 0
				l.port.Script = func(connector.Call) connectortest.Fault {
					if calls++; calls == 1 {
						return fault
					}
					return connectortest.None
				}
				l.watch(c)
				l.after(30 * time.Minute)
				l.after(time.Minute)
				if got := l.undone(c, "order/soon"); got != "cancel 1" || l.missed(c) {
					l.Error(got)
				}
			})
		})
	}
}

// What could not be called back in time is not said to be.
func TestADeadlineThatPassedIsSaidToBePast(t *testing.T) {
	eachLane(t, func(l *lane) {
		c := l.taken(l.ordered("order/soon", time.Hour))
		l.watch(c)
		l.port.Off(true)
		l.after(50 * time.Minute)
		l.port.Off(false)
		l.after(time.Hour)
		if got := l.undone(c, "order/soon"); got != " 0" || !l.missed(c) {
			l.Errorf("%s; the case says so: %t", got, l.missed(c))
		}
	})
}
