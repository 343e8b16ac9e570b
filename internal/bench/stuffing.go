package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/notice"
	"takeback/internal/seal"
)

const (
	// stuffed is how many sign-ins are sent in a second, whether or not those before were answered.
	stuffed = 500
	// mostWires is how many of them may be under way.
	mostWires = 1000
	// between is the pause between two who say "this was not me".
	between = 20 * time.Millisecond
	// leastAlarms are how many say so, however short the measurement is.
	leastAlarms = 4
)

// stuffing tries stolen passwords at 500 accounts a second, from many addresses,
// while holders open the link "this was not me" and press the button. What counts
// is how long they wait, for the page and for the account to be stopped. The
// limit is the same while nobody tries anything.
func stuffing(ctx context.Context, h *house, o Options) (r Result, err error) {
	s, err := serve(h.Handler())
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	long := o.Round * time.Duration(o.Rounds) * 2
	var calm, loaded histogram
	n := max(leastAlarms, int(long/between))
	links, err := h.notMe(ctx, 3*n)
	if err != nil {
		return r, err
	}
	before, err := alarms(s.addr, long/4, links[:n], &calm)
	if err != nil {
		return r, err
	}
	f := &flood{addr: s.addr}
	stop := f.begin(ctx)
	during, err := alarms(s.addr, long, links[n:2*n], &loaded)
	err = errors.Join(err, stop())
	if err != nil {
		return r, err
	}
	after, err := alarms(s.addr, long/4, links[2*n:], &calm)
	if err != nil {
		return r, err
	}
	r = Result{PerSecond: during, LimitPerSecond: (before + after) / 2, P50: loaded.micros(0.5), P99: loaded.micros(0.99), P999: loaded.micros(0.999),
		LimitIs: "the same page while nobody tries passwords"}
	r.Ratio = r.PerSecond / r.LimitPerSecond
	r.RatioLow, r.RatioHigh = r.Ratio, r.Ratio
	r.More = map[string]float64{"p99 of the page without the flood, in ms": calm.micros(0.99) / 1000, "sign-ins sent, per s": f.rate(&f.sent),
		"sign-ins whose password was checked, per s": f.rate(&f.checked), "sign-ins refused at once, per s": f.rate(&f.refused), "sign-ins not sent, since too many were under way, per s": f.rate(&f.dropped)}
	return r, nil
}

// alarms lets holders say "this was not me" for a while, and gives how many a
// second could if they came one after the other without a pause.
func alarms(addr string, long time.Duration, paths []string, times *histogram) (perSecond float64, err error) {
	w, err := dial(addr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var took time.Duration
	asked := 0
	for end := time.Now().Add(long); asked < leastAlarms || asked < len(paths) && time.Now().Before(end); asked++ {
		from := fmt.Sprintf("X-Forwarded-For: 10.9.%d.%d", asked/250%250, asked%250)
		for _, step := range []struct {
			request []byte
			want    int
		}{{getFrom(paths[asked], from), http.StatusOK}, {post(paths[asked], "", from), http.StatusSeeOther}} {
			sent := time.Now()
			status, _, err := w.ask(step.request)
			if err == nil && status != step.want {
				err = fmt.Errorf("the page of the link was answered with %d", status)
			}
			if err != nil {
				return 0, err
			}
			times.add(time.Since(sent))
			took += time.Since(sent)
		}
		pause := time.NewTimer(between) // people come when they come, not when the one before is served
		<-pause.C
	}
	return float64(asked) / took.Seconds(), nil
}

// notMe makes holders, each with a link of a letter.
func (h *house) notMe(ctx context.Context, n int) (paths []string, err error) {
	people, err := h.moveIn(ctx, n, 1, "")
	if err != nil {
		return nil, err
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		paths = paths[:0]
		for _, p := range people {
			all, err := history.Of(tx, p.id)
			if err != nil {
				return err
			}
			last := all[len(all)-1]
			path, _, err := h.Teller.NotMe(tx, p.id, p.actor.Epoch, notice.Link{Seq: last.Seq})
			if err != nil {
				return err
			}
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

func getFrom(path, line string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\n%s\r\n\r\n", path, line)
}

// flood sends sign-ins at a rate that does not wait for answers.
type flood struct {
	addr string

	mu   sync.Mutex
	idle []*wire

	began                           time.Time
	lasted                          time.Duration
	sent, checked, refused, dropped atomic.Int64
	underway                        atomic.Int64
}

// begin begins; The function it gives ends it, waits for what is under way, and tells what failed.
func (f *flood) begin(ctx context.Context) (stop func() error) {
	ctx, end := context.WithCancel(ctx)
	f.began = time.Now()
	done := make(chan error, 1)
	go func() { done <- f.run(ctx) }()
	return func() error {
		end()
		f.lasted = time.Since(f.began)
		err := <-done // those who wait in line are still served
		return errors.Join(err, closeAll(f.idle))
	}
}

func (f *flood) run(ctx context.Context) error {
	var all sync.WaitGroup
	failed := make(chan error, 1)
	tick := time.NewTicker(time.Second / stuffed)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			all.Wait()
			select {
			case err := <-failed:
				return err
			default:
				return nil
			}
		case <-tick.C:
		}
		// A ticker leaves out what it could not deliver; the rate is kept all the same.
		for due := int64(time.Since(f.began).Seconds() * stuffed); f.sent.Load()+f.dropped.Load() < due; {
			if f.underway.Load() >= mostWires {
				f.dropped.Add(1)
				continue
			}
			i := f.sent.Add(1)
			f.underway.Add(1)
			all.Go(func() {
				defer f.underway.Add(-1)
				if err := f.try(i); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
		}
	}
}

// try sends one sign-in, from an address of its own.
func (f *flood) try(i int64) error {
	w, err := f.take()
	if err != nil {
		return err
	}
	status, _, err := w.ask(post("/sign-in", fmt.Sprintf("email=n%d%%40mail.example&password=%s", i, seal.ID("guess")),
		"Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", i>>16&255, i>>8&255, i&255)))
	if err != nil {
		return errors.Join(err, w.close())
	}
	switch status {
	case http.StatusUnauthorized:
		f.checked.Add(1)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		f.refused.Add(1)
	default:
		return errors.Join(fmt.Errorf("a sign-in was answered with %d", status), w.close())
	}
	f.mu.Lock()
	f.idle = append(f.idle, w)
	f.mu.Unlock()
	return nil
}

func (f *flood) take() (*wire, error) {
	f.mu.Lock()
	if n := len(f.idle); n > 0 {
		w := f.idle[n-1]
		f.idle = f.idle[:n-1]
		f.mu.Unlock()
		return w, nil
	}
	f.mu.Unlock()
	return dial(f.addr)
}

func (f *flood) rate(n *atomic.Int64) float64 { return float64(n.Load()) / f.lasted.Seconds() }
