package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/session"
)

// changesEach is how many changes each account of the campaign has.
const changesEach = 100

const (
	pattern  = "acc_pattern" // of whom the others are copies
	intruder = "dev_intruder"
)

// campaigning holds accounts that one device was in, and looks at all of them:
// it reads their histories, analyses them and makes their plans, as a campaign
// does. Its limit reads the same histories and decides nothing. The latencies are
// of the fence: from asking for it to its durable commit.
func campaigning(ctx context.Context, h *house, o Options) (r Result, err error) {
	r.LimitIs = fmt.Sprintf("reading the histories of the same accounts, of %d at %d changes", o.Accounts, changesEach)
	r.More = map[string]float64{}
	begun := time.Now()
	if err := h.settle(ctx, o.Accounts); err != nil {
		return r, err
	}
	r.More["settling in, s"] = time.Since(begun).Seconds()
	k := campaign.Key{Kind: campaign.Device, Value: intruder, From: h.DB.Now().Add(-24 * time.Hour), Until: h.DB.Now().Add(time.Hour)}
	c, err := h.holdAll(ctx, k, &r)
	if err != nil {
		return r, err
	}
	if err := h.fences(ctx, c.ID, o, &r); err != nil {
		return r, err
	}
	r.More["fence of all, one commit, ms"] = r.P50 / 1000
	err = h.lookAtAll(ctx, c, &r)
	r.More["peak memory, MB"] = peak()
	return r, err
}

// holdAll drafts and confirms.
func (h *house) holdAll(ctx context.Context, k campaign.Key, r *Result) (c campaign.Campaign, err error) {
	begun := time.Now()
	c, err = h.Campaigns.Draft(ctx, access.Actor{Role: access.Investigator, ID: "one"}, k, "bench")
	if err != nil {
		return c, err
	}
	r.More["counting, s"] = time.Since(begun).Seconds()
	begun = time.Now()
	err = h.Campaigns.Confirm(ctx, access.Actor{Role: access.Supervisor, ID: "another"}, c.ID)
	r.More["confirming: all join and are held, s"] = time.Since(begun).Seconds()
	return c, err
}

// fences fences the cohort over and over.
func (h *house) fences(ctx context.Context, scope string, o Options, r *Result) error {
	took := make([]float64, max(1, 10*o.Rounds))
	for i := range took {
		begun := time.Now()
		if err := h.DB.Alone(ctx, func(tx *db.Tx) error { _, err := account.Fence(tx, scope); return err }); err != nil {
			return err
		}
		took[i] = float64(time.Since(begun).Nanoseconds()) / 1000
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[int(share*float64(len(took)-1))] }
	r.P50, r.P99, r.P999 = at(0.5), at(0.99), at(0.999)
	return nil
}

// lookAtAll examines every account, and reads the histories of some of them in between.
func (h *house) lookAtAll(ctx context.Context, c campaign.Campaign, r *Result) error {
	var looking, reading, read, found float64
	for after, batch := "", 0; ; batch++ {
		var ids []string
		err := h.DB.Read(ctx, func(tx *db.Tx) (err error) {
			ids, err = account.Members(tx, c.ID, after, perWrite)
			return err
		})
		if err != nil || len(ids) == 0 {
			all := float64(c.Accounts)
			r.PerSecond, r.LimitPerSecond = all/looking, read/reading
			r.Ratio = r.PerSecond / r.LimitPerSecond
			r.RatioLow, r.RatioHigh = r.Ratio, r.Ratio
			r.More["accounts with findings"] = found
			return errors.Join(err, h.thinkOnly(ctx, c, r))
		}
		after = ids[len(ids)-1]
		begun := time.Now()
		all, err := h.Campaigns.Examine(ctx, c.Key, ids)
		if err != nil {
			return err
		}
		looking += time.Since(begun).Seconds()
		for _, x := range all {
			if x.Found.Steps+x.Found.Questions > 0 {
				found++
			}
		}
		if batch%5 != 0 {
			continue // a fifth of them tells as well how long reading takes
		}
		begun = time.Now()
		if err := h.readOnly(ctx, ids); err != nil {
			return err
		}
		reading += time.Since(begun).Seconds()
		read += float64(len(ids))
	}
}

// readOnly reads histories as Examine does, some together and as many such
// groups at a time as there are processors.
func (h *house) readOnly(ctx context.Context, ids []string) error {
	groups := slices.Collect(slices.Chunk(ids, 16))
	return inParallel(len(groups), func(i int) error {
		return h.DB.Read(ctx, func(tx *db.Tx) error {
			_, err := history.OfMany(tx, groups[i])
			return err
		})
	})
}

// inParallel does n things, as many at a time as there are processors.
func inParallel(n int, do func(i int) error) error {
	workers := runtime.GOMAXPROCS(0)
	faults := make(chan error, workers)
	for w := range workers {
		go func() {
			var err error
			for i := w; i < n && err == nil; i += workers {
				err = do(i)
			}
			faults <- err
		}()
	}
	var all error
	for range workers {
		all = errors.Join(all, <-faults)
	}
	return all
}

// thinkOnly analyses and plans what is in memory already.
func (h *house) thinkOnly(ctx context.Context, c campaign.Campaign, r *Result) error {
	var changes []history.Change
	var known []session.Device
	err := h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if changes, err = history.Of(tx, pattern); err == nil {
			known, err = session.Devices(tx, pattern)
		}
		return err
	})
	if err != nil {
		return err
	}
	const times = 2000
	now, begun := h.DB.Now(), time.Now()
	err = inParallel(times, func(int) error {
		h.Campaigns.Finder.Examine(changes, known, c.Key.Seeds(changes, h.Book.AddressKey), now)
		return nil
	})
	r.More["analysis and plan alone, accounts per s"] = times / time.Since(begun).Seconds()
	return err
}

// peak is the most memory that the process ever had, in megabytes.
func peak() float64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			var kB float64
			if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kB); err == nil {
				return kB / 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}
