package connectortest

import (
	"context"
	"errors"
	"sync"
	"time"

	"takeback/internal/connector"
)

// Fault is what goes wrong with one call.
type Fault string

// The faults.
const (
	None      Fault = ""
	Lost      Fault = "lost"      // the call lands, its answer does not
	Late      Fault = "late"      // it lands only after its caller has given up, within the bound
	Overtaken Fault = "overtaken" // it lands only after the call that was made after it
	Twice     Fault = "twice"     // it lands twice
	Drift     Fault = "drift"     // somebody else writes before it lands
	Down      Fault = "down"      // nobody is there
	Stale     Fault = "stale"     // somebody else's turn has come before it lands
)

// Faults lists them all, for whoever draws one.
var Faults = []Fault{None, Lost, Late, Overtaken, Twice, Drift, Down, Stale}

// ErrSilent is what a caller gets who is not answered.
var ErrSilent = errors.New("connectortest: no answer")

// Scripted is a port that behaves as its script says. What it does besides, it
// leaves to the port behind it.
type Scripted struct {
	connector.Port
	Script func(c connector.Call) Fault // asked for every write, in order; nil: nothing goes wrong
	Third  func(c connector.Call)       // the third party of Drift

	mu        sync.Mutex
	off       bool
	late      []connector.Call
	overtaken []connector.Call
}

var (
	_ connector.Prober    = &Scripted{}
	_ connector.Bounder   = &Scripted{}
	_ connector.Forgetful = &Scripted{}
)

// Off takes the system off the net, or brings it back.
func (s *Scripted) Off(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

func (s *Scripted) reached() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return ErrSilent
	}
	return nil
}

// CompareAndSet implements connector.Port.
func (s *Scripted) CompareAndSet(ctx context.Context, c connector.Call) (connector.Outcome, error) {
	if err := s.reached(); err != nil {
		return "", err
	}
	fault := None
	if s.Script != nil {
		fault = s.Script(c)
	}
	switch fault {
	case Down:
		return "", ErrSilent
	case Late:
		s.later(&s.late, c)
		return "", ErrSilent
	case Overtaken:
		s.later(&s.overtaken, c)
		return "", ErrSilent
	case Drift:
		s.Third(c)
	case Stale:
		next := connector.Fence{Epoch: c.Fence.Epoch, Lease: c.Fence.Lease + 1}
		if err := s.Port.Kill(ctx, c.Account, next); err != nil {
			return "", err
		}
	case Twice:
		if done, err := s.Port.CompareAndSet(ctx, c); err != nil {
			return done, err
		}
	}
	done, err := s.Port.CompareAndSet(ctx, c)
	s.land(ctx, &s.overtaken)
	if fault == Lost {
		return "", ErrSilent
	}
	return done, err
}

func (s *Scripted) later(calls *[]connector.Call, c connector.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*calls = append(*calls, c)
}

// land lets calls arrive of which nobody awaits the answer any more.
func (s *Scripted) land(ctx context.Context, calls *[]connector.Call) {
	s.mu.Lock()
	landing := *calls
	*calls = nil
	s.mu.Unlock()
	for _, c := range landing {
		_, _ = s.Port.CompareAndSet(context.WithoutCancel(ctx), c)
	}
}

// Read implements connector.Port.
func (s *Scripted) Read(ctx context.Context, account, path string) (connector.Value, error) {
	if err := s.reached(); err != nil {
		return connector.Value{}, err
	}
	return s.Port.Read(ctx, account, path)
}

// Kill implements connector.Port.
func (s *Scripted) Kill(ctx context.Context, account string, f connector.Fence) error {
	if err := s.reached(); err != nil {
		return err
	}
	s.land(ctx, &s.late) // before the kill: the worst moment that the bound allows
	return s.Port.Kill(ctx, account, f)
}

// Probe implements connector.Prober.
func (s *Scripted) Probe(ctx context.Context, account string, f connector.Fence) (int, error) {
	s.land(ctx, &s.late)
	if p, ok := s.Port.(connector.Prober); ok {
		return p.Probe(ctx, account, f)
	}
	return 0, nil
}

// Bound implements connector.Bounder. What is late lands with the kill that comes after it.
func (s *Scripted) Bound() time.Duration { return time.Nanosecond }

// Forgets implements connector.Forgetful.
func (s *Scripted) Forgets() bool {
	f, ok := s.Port.(connector.Forgetful)
	return ok && f.Forgets()
}
