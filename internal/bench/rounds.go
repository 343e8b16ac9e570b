package bench

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// side is one of the two that are compared.
type side struct {
	// ready prepares n pieces of work before the clock starts; it may be nil.
	ready func(ctx context.Context, n int) error
	// do does piece i of the round, on behalf of a client.
	do func(ctx context.Context, client, i int) error
	// timed is do for work of which only a part counts; it tells how long that
	// took. It is for one client.
	timed func(ctx context.Context, i int) (time.Duration, error)
}

// versus lets clients work on both sides in turn. The number of pieces in a
// round is found in a first one, which does not count.
func versus(ctx context.Context, o Options, clients int, subject, limit side) (r Result, err error) {
	sides := [2]side{subject, limit}
	var pieces [2]int
	for i, s := range sides {
		n := 2 * clients
		for range 2 { // the first time everything is new, also to the machine
			rate, err := s.round(ctx, clients, n, new(histogram))
			if err != nil {
				return r, err
			}
			n = max(clients, int(rate*o.Round.Seconds()))
		}
		pieces[i] = n
	}
	var rates [2][]float64
	var ratios []float64
	var times [2]histogram
	for n := range o.Rounds {
		for turn := range 2 {
			i := (n + turn) % 2 // neither side always has what the other one left behind
			rate, err := sides[i].round(ctx, clients, pieces[i], &times[i])
			if err != nil {
				return r, err
			}
			rates[i] = append(rates[i], rate)
		}
		ratios = append(ratios, rates[0][n]/rates[1][n])
	}
	slices.Sort(ratios)
	r = Result{PerSecond: median(rates[0]), LimitPerSecond: median(rates[1]),
		P50: times[0].micros(0.5), P99: times[0].micros(0.99), P999: times[0].micros(0.999),
		RatioLow: ratios[len(ratios)/4], RatioHigh: ratios[len(ratios)-1-len(ratios)/4]}
	r.Ratio = r.PerSecond / r.LimitPerSecond
	return r, nil
}

// round does n pieces of work by so many clients at once and gives the rate.
func (s side) round(ctx context.Context, clients, n int, h *histogram) (perSecond float64, err error) {
	if s.ready != nil {
		if err := s.ready(ctx, n); err != nil {
			return 0, err
		}
	}
	runtime.GC() // nobody pays for what the other side left behind
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, clients)
	times := make([]histogram, clients)
	var counted time.Duration
	began := time.Now()
	for client := range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				took, err := s.piece(ctx, client, i)
				if err != nil {
					failed <- err
					next.Add(int64(n)) // the others stop, too
					return
				}
				times[client].add(took)
				if s.timed != nil {
					counted += took
				}
			}
		})
	}
	all.Wait()
	if s.timed == nil {
		counted = time.Since(began)
	}
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	for i := range times {
		h.merge(&times[i])
	}
	return float64(n) / counted.Seconds(), nil
}

func (s side) piece(ctx context.Context, client, i int) (time.Duration, error) {
	if s.timed != nil {
		return s.timed(ctx, i)
	}
	sent := time.Now()
	err := s.do(ctx, client, i)
	return time.Since(sent), err
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
