package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"takeback/internal/access"
	"takeback/internal/connector"
)

// Rig is a port with an account in it for one check.
type Rig struct {
	Port    connector.Port
	Account string
	Fence   connector.Fence // the present turn
	Path    string          // a path of the account with First in it
	First   json.RawMessage
	Second  json.RawMessage // two more values that it may have
	Third   json.RawMessage
	Writes  func(t *testing.T) int // how many writes have landed in the account
}

// call is a write of a rig with everything as it should be.
func (r Rig) call(key string, pre, want json.RawMessage) connector.Call {
	return connector.Call{Account: r.Account, Path: r.Path, Pre: pre, Want: want, Key: key, Fence: r.Fence,
		By: access.Do("restore"), Case: "case_1"}
}

// holds fails the test unless the path reads as wanted.
func (r Rig) holds(t *testing.T, want json.RawMessage) {
	t.Helper()
	got, err := r.Port.Read(t.Context(), r.Account, r.Path)
	if err != nil {
		t.Fatal(err)
	}
	if !connector.Same(got.JSON, want) {
		t.Errorf("the path holds %s, want %s", got.JSON, want)
	}
}

// does fails the test unless the call has the outcome.
func (r Rig) does(t *testing.T, c connector.Call, want connector.Outcome) {
	t.Helper()
	got, err := r.Port.CompareAndSet(t.Context(), c)
	if err != nil || got != want {
		t.Fatalf("the call had the outcome %q (%v), want %q", got, err, want)
	}
}

// Check runs every condition against a fresh rig.
func Check(t *testing.T, fresh func(t *testing.T) Rig) {
	for name, condition := range map[string]func(*testing.T, Rig){
		"what was written can be read back":                     readBack,
		"a value can be taken away and brought back":            absent,
		"a repeated call is one act":                            repeated,
		"a late repetition does not undo what came after":       late,
		"a call that expects something else writes nothing":     conflict,
		"equal values with other white space are equal":         sameValue,
		"a stale fence is refused before anything is written":   stale,
		"a stale fence cannot learn that its key was known":     staleRepetition,
		"a kill by a stale fence is refused":                    staleKill,
		"a kill can be repeated, and a probe finds nothing":     killed,
		"of many calls of one key at once one lands":            together,
		"of many calls that expect the same at once one lands":  race,
		"a path that nobody ever wrote reads as nothing at all": nothing,
	} {
		t.Run(name, func(t *testing.T) { condition(t, fresh(t)) })
	}
}

func readBack(t *testing.T, r Rig) {
	r.holds(t, r.First)
	r.does(t, r.call("k1", r.First, r.Second), connector.Applied)
	r.holds(t, r.Second)
}

func absent(t *testing.T, r Rig) {
	r.does(t, r.call("k1", r.First, nil), connector.Applied)
	r.holds(t, nil)
	r.does(t, r.call("k2", nil, r.First), connector.Applied)
	r.holds(t, r.First)
}

func repeated(t *testing.T, r Rig) {
	before := r.Writes(t)
	c := r.call("k1", r.First, r.Second)
	for range 3 {
		r.does(t, c, connector.Applied)
	}
	if n := r.Writes(t) - before; n != 1 {
		t.Errorf("three calls of one key made %d writes", n)
	}
}

func late(t *testing.T, r Rig) {
	first := r.call("k1", r.First, r.Second)
	r.does(t, first, connector.Applied)
	r.does(t, r.call("k2", r.Second, r.First), connector.Applied) // now even Pre fits again
	r.does(t, first, connector.Applied)
	r.holds(t, r.First)
}

func conflict(t *testing.T, r Rig) {
	before := r.Writes(t)
	r.does(t, r.call("k1", r.Second, r.Third), connector.Conflict)
	r.does(t, r.call("k2", nil, r.Third), connector.Conflict)
	r.holds(t, r.First)
	if n := r.Writes(t) - before; n != 0 {
		t.Errorf("two conflicts made %d writes", n)
	}
	r.does(t, r.call("k1", r.First, r.Third), connector.Applied) // a conflict does not use its key up
}

func sameValue(t *testing.T, r Rig) {
	spaced := append(append(json.RawMessage(" "), r.First...), '\n')
	r.does(t, r.call("k1", spaced, r.Second), connector.Applied)
}

func stale(t *testing.T, r Rig) {
	r.Fence.Lease = 7
	r.does(t, r.call("k1", r.First, r.Second), connector.Applied)
	for _, f := range []connector.Fence{{Epoch: r.Fence.Epoch, Lease: 6}, {Epoch: r.Fence.Epoch - 1, Lease: 8}} {
		c := r.call("k2", r.Second, r.Third)
		c.Fence = f
		if _, err := r.Port.CompareAndSet(t.Context(), c); !errors.Is(err, connector.ErrFence) {
			t.Errorf("a call under %+v after %+v gave %v, want a refusal", f, r.Fence, err)
		}
	}
	r.holds(t, r.Second)
}

func staleRepetition(t *testing.T, r Rig) {
	old := r.call("k1", r.First, r.Second)
	r.does(t, old, connector.Applied)
	r.Fence.Lease++
	r.does(t, r.call("k2", r.Second, r.Third), connector.Applied)
	if _, err := r.Port.CompareAndSet(t.Context(), old); !errors.Is(err, connector.ErrFence) {
		t.Errorf("the repetition under a fence that is over gave %v, want a refusal", err)
	}
}

func staleKill(t *testing.T, r Rig) {
	r.Fence.Lease = 7
	if err := r.Port.Kill(t.Context(), r.Account, r.Fence); err != nil {
		t.Fatal(err)
	}
	r.Fence.Lease = 6
	if err := r.Port.Kill(t.Context(), r.Account, r.Fence); !errors.Is(err, connector.ErrFence) {
		t.Errorf("a kill under a fence that is over gave %v, want a refusal", err)
	}
}

func killed(t *testing.T, r Rig) {
	for range 2 {
		if err := r.Port.Kill(t.Context(), r.Account, r.Fence); err != nil {
			t.Fatal(err)
		}
	}
	p, ok := r.Port.(connector.Prober)
	if !ok {
		return
	}
	if n, err := p.Probe(t.Context(), r.Account, r.Fence); err != nil || n != 0 {
		t.Errorf("after a kill %d ways in are alive (%v)", n, err)
	}
	r.holds(t, r.First)
}

func together(t *testing.T, r Rig) {
	before := r.Writes(t)
	for _, o := range atOnce(t, r, func(int) connector.Call { return r.call("k1", r.First, r.Second) }) {
		if o != connector.Applied {
			t.Errorf("a repeated call had the outcome %q", o)
		}
	}
	if n := r.Writes(t) - before; n != 1 {
		t.Errorf("calls of one key made %d writes", n)
	}
}

func race(t *testing.T, r Rig) {
	applied := 0
	for _, o := range atOnce(t, r, func(i int) connector.Call { return r.call("k"+string(rune('a'+i)), r.First, r.Second) }) {
		if o == connector.Applied {
			applied++
		}
	}
	if applied != 1 {
		t.Errorf("%d calls that expected the same value were applied", applied)
	}
}

// atOnce makes eight calls at once and gives their outcomes.
func atOnce(t *testing.T, r Rig, call func(i int) connector.Call) []connector.Outcome {
	t.Helper()
	const many = 8
	var (
		all  [many]connector.Outcome
		errs [many]error
		wait sync.WaitGroup
	)
	ctx := context.WithoutCancel(t.Context())
	for i := range many {
		wait.Go(func() { all[i], errs[i] = r.Port.CompareAndSet(ctx, call(i)) })
	}
	wait.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return all[:]
}

func nothing(t *testing.T, r Rig) {
	got, err := r.Port.Read(t.Context(), r.Account, r.Path+"-none")
	if err != nil || got.JSON != nil {
		t.Errorf("read %s (%v)", got.JSON, err)
	}
}
