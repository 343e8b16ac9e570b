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
	if err := h.settle(ctx, o.Accounts); err != nil {
		return r, err
	}
	k := campaign.Key{Kind: campaign.Device, Value: intruder, From: h.DB.Now().Add(-24 * time.Hour), Until: h.DB.Now().Add(time.Hour)}
	c, err := h.holdAll(ctx, k, &r)
	if err != nil {
		return r, err
	}
	if err := h.fences(ctx, c.ID, o, &r); err != nil {
		return r, err
	}
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

// readOnly reads histories, as many at a time as there are processors.
func (h *house) readOnly(ctx context.Context, ids []string) error {
	return inParallel(len(ids), func(i int) error {
		return h.DB.Read(ctx, func(tx *db.Tx) error {
			_, err := history.Of(tx, ids[i])
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

// settle makes one account with a history of its own, and copies of it.
func (h *house) settle(ctx context.Context, n int) error {
	if err := h.DB.Write(ctx, h.movePattern); err != nil {
		return err
	}
	for made := 1; made < n; made += 2 * perWrite {
		some := min(2*perWrite, n-made)
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			for i := range some {
				if err := account.Create(tx, fmt.Sprintf("acc_copy_%07d", made+i), "ja"); err != nil {
					return err
				}
			}
			first, last := fmt.Sprintf("acc_copy_%07d", made), fmt.Sprintf("acc_copy_%07d", made+some-1)
			for _, c := range copies {
				if err := c.make(tx, first, last); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// movePattern makes the account that the others are copies of: a holder who
// changes this and that, and somebody in the end who does, too.
func (h *house) movePattern(tx *db.Tx) error {
	if err := account.Create(tx, pattern, "ja"); err != nil {
		return err
	}
	a, err := account.Get(tx, pattern)
	if err != nil {
		return err
	}
	for _, visit := range []struct {
		device string
		n      int
	}{{"dev_home", changesEach - 6}, {intruder, 4}} {
		by := client(visit.device)
		by.Device = visit.device
		s, _, _, err := h.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Client: by})
		if err != nil {
			return err
		}
		for i := range visit.n {
			e := history.Entry{Account: pattern, By: s.Actor(by), Verb: history.Set, Path: []string{"name", "note/a", "note/b", "default/address"}[i%4],
				Value: quoted(fmt.Sprintf("%s %d", visit.device, i))}
			if _, err := h.Book.Append(tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// copied is a table whose rows of the pattern are copied for others. What is not
// as it is in the pattern is said by column; n.id is the other account.
type copied struct {
	table, columns, of string
	but                map[string]string
}

var copies = []copied{
	{"change", "account seq epoch at verb path part session segment role actor client factors before after total base reads " +
		"version secret_id amount parent device case_id request hash commitment nonce lacks", "c.account = $1",
		map[string]string{"account": "n.id", "session": "CASE WHEN c.session = '' THEN '' ELSE c.session || n.id END"}},
	{"session", "id account token_hash epoch limited verb parent opened_seq opened_at proved_at seen_at expires_at segment device ip user_agent ended_at ended_why",
		"c.account = $1", map[string]string{"account": "n.id", "id": "c.id || n.id", "token_hash": "c.token_hash || n.id"}},
	{"segment", "session no from_seq at device ip network user_agent", "c.session IN (SELECT id FROM session WHERE account = $1)",
		map[string]string{"session": "c.session || n.id"}},
	{"device", "account id first_at last_at user_agent", "c.account = $1", map[string]string{"account": "n.id"}},
	{"fact", "account path value seq since", "c.account = $1", map[string]string{"account": "n.id"}},
}

func (c copied) make(tx *db.Tx, first, last string) error {
	names := strings.Fields(c.columns)
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = "c." + name
		if other := c.but[name]; other != "" {
			values[i] = other
		}
	}
	text := "INSERT INTO " + c.table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM account n CROSS JOIN " + c.table + " c WHERE " + c.of + " AND n.id >= $2 AND n.id <= $3"
	_, err := tx.Exec(text, pattern, first, last)
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
