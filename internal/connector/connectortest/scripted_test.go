package connectortest_test

import (
	"encoding/json"
	"errors"
	"testing"

	"takeback/internal/connector"
	"takeback/internal/connector/connectortest"
)

func rig(port connector.Port, m *connectortest.Memory) connectortest.Rig {
	m.Put("acc_1", "name", json.RawMessage(`"A"`))
	return connectortest.Rig{Port: port, Account: "acc_1", Fence: connector.Fence{Epoch: 3, Lease: 1}, Path: "name",
		First: json.RawMessage(`"A"`), Second: json.RawMessage(`"B"`), Third: json.RawMessage(`"C"`), Writes: func(*testing.T) int { return m.Writes() }}
}

func TestMemoryKeepsTheConditionsOfAPort(t *testing.T) {
	t.Parallel()
	connectortest.Check(t, func(*testing.T) connectortest.Rig {
		m := &connectortest.Memory{}
		return rig(m, m)
	})
}

// A call that arrives twice is one act, also for a port that keeps the conditions behind a bad line.
func TestEveryCallTwiceKeepsTheConditionsOfAPort(t *testing.T) {
	t.Parallel()
	connectortest.Check(t, func(*testing.T) connectortest.Rig {
		m := &connectortest.Memory{}
		return rig(&connectortest.Scripted{Port: m, Script: func(connector.Call) connectortest.Fault { return connectortest.Twice }}, m)
	})
}

func TestEveryFaultIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault       connectortest.Fault
		done        connector.Outcome
		err         error
		holds, then string // at once, and after the next worker's kill
	}{
		{connectortest.None, connector.Applied, nil, `"B"`, `"B"`},
		{connectortest.Lost, "", connectortest.ErrSilent, `"B"`, `"B"`},
		{connectortest.Late, "", connectortest.ErrSilent, `"A"`, `"B"`},
		{connectortest.Overtaken, "", connectortest.ErrSilent, `"A"`, `"A"`},
		{connectortest.Twice, connector.Applied, nil, `"B"`, `"B"`},
		{connectortest.Drift, connector.Conflict, nil, `"C"`, `"C"`},
		{connectortest.Down, "", connectortest.ErrSilent, `"A"`, `"A"`},
		{connectortest.Stale, "", connector.ErrFence, `"A"`, `"A"`},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			m := &connectortest.Memory{}
			s := &connectortest.Scripted{Port: m, Script: func(connector.Call) connectortest.Fault { return c.fault },
				Third: func(call connector.Call) { m.Put(call.Account, call.Path, json.RawMessage(`"C"`)) }}
			r := rig(s, m)
			call := connector.Call{Account: r.Account, Path: r.Path, Pre: r.First, Want: r.Second, Key: "k1", Fence: r.Fence}
			if done, err := s.CompareAndSet(t.Context(), call); done != c.done || !errors.Is(err, c.err) {
				t.Errorf("the caller hears %q and %v, want %q and %v", done, err, c.done, c.err)
			}
			for _, want := range []string{c.holds, c.then} {
				if v, err := s.Read(t.Context(), r.Account, r.Path); err != nil || string(v.JSON) != want {
					t.Errorf("there is %s (%v), want %s", v.JSON, err, want)
				}
				if err := s.Kill(t.Context(), r.Account, connector.Fence{Epoch: 3, Lease: 2}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
