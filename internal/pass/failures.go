package pass

import (
	"sync"
	"time"

	"takeback/internal/fault"
)

// ErrSlow says that an address shows wrong secrets too often.
var ErrSlow = fault.New(fault.TooMany, "client.slow", "Too many wrong secrets from this address. Please wait a little.")

const (
	failuresMost = 60
	failuresIn   = time.Minute
	netsMost     = 10_000
)

// failures counts wrong secrets by network, in windows. A secret has 256 bits
// and is not guessed; this keeps somebody who tries from costing much.
type failures struct {
	mu    sync.Mutex
	since time.Time
	seen  map[string]int
}

func (f *failures) take(now time.Time, network string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.since) >= failuresIn || len(f.seen) >= netsMost {
		f.since, f.seen = now, map[string]int{}
	}
	f.seen[network]++
	if f.seen[network] > failuresMost {
		return ErrSlow.After(f.since.Add(failuresIn).Sub(now))
	}
	return nil
}
