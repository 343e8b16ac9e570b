package connectortest

import (
	"context"
	"encoding/json"
	"sync"

	"takeback/internal/connector"
)

// Memory is a system of somebody else, in memory. The zero value is empty and ready.
type Memory struct {
	Forget bool // it knows no keys of earlier calls

	mu     sync.Mutex
	facts  map[place]json.RawMessage
	keys   map[string]bool
	fences map[string]connector.Fence
	writes int
}

type place struct{ account, path string }

var (
	_ connector.Port      = &Memory{}
	_ connector.Prober    = &Memory{}
	_ connector.Forgetful = &Memory{}
)

// Put writes past every condition, as a third party does.
func (m *Memory) Put(account, path string, value json.RawMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(place{account, path}, value)
}

func (m *Memory) put(at place, value json.RawMessage) {
	if m.facts == nil {
		m.facts, m.keys, m.fences = map[place]json.RawMessage{}, map[string]bool{}, map[string]connector.Fence{}
	}
	m.facts[at] = value
}

// Writes tells how many calls have written something.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// enter takes the turn of a fence.
func (m *Memory) enter(account string, f connector.Fence) error {
	if f.Below(m.fences[account]) {
		return connector.ErrFence
	}
	if m.fences == nil {
		m.fences = map[string]connector.Fence{}
	}
	m.fences[account] = f
	return nil
}

// Read implements connector.Port.
func (m *Memory) Read(_ context.Context, account, path string) (connector.Value, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return connector.Value{JSON: m.facts[place{account, path}]}, nil
}

// CompareAndSet implements connector.Port.
func (m *Memory) CompareAndSet(_ context.Context, c connector.Call) (connector.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := place{c.Account, c.Path}
	switch err := m.enter(c.Account, c.Fence); {
	case err != nil:
		return "", err
	case m.keys[c.Key] && !m.Forget:
		return connector.Applied, nil
	case !connector.Same(m.facts[at], c.Pre):
		return connector.Conflict, nil
	}
	m.put(at, c.Want)
	m.keys[c.Key] = true
	m.writes++
	return connector.Applied, nil
}

// Kill implements connector.Port: nobody is signed in here.
func (m *Memory) Kill(_ context.Context, account string, f connector.Fence) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.enter(account, f)
}

// Probe implements connector.Prober.
func (m *Memory) Probe(context.Context, string, connector.Fence) (int, error) { return 0, nil }

// Forgets implements connector.Forgetful.
func (m *Memory) Forgets() bool { return m.Forget }
