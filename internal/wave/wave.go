package wave

import (
	"context"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
)

// Wave is a time in which more names than usual failed. Tries and Names are the
// most there were within a few minutes.
type Wave struct {
	Source             string // empty: everybody; else with By and Of
	Began, High, Ended time.Time
	Tries, Names       int
}

// By tells what the wave has in common: "all", "network" or "agent".
func (w Wave) By() string {
	switch {
	case strings.HasPrefix(w.Source, byNetwork):
		return "network"
	case strings.HasPrefix(w.Source, byAgent):
		return "agent"
	}
	return "all"
}

// Of names the network or the client.
func (w Wave) Of() string {
	return strings.TrimPrefix(strings.TrimPrefix(w.Source, byNetwork), byAgent)
}

// Watch counts what fails at the door. DB and Log are needed.
type Watch struct {
	DB  *db.DB
	Log *slog.Logger

	mu     sync.Mutex
	seed   maphash.Seed
	minute int64
	counts map[string]*count
	stands map[string]Level // sources that are not calm

	looking sync.Mutex // one look at a time
	usual   map[string]usual
}

// usual is what is usual for a source, and when that was found out.
type usual struct {
	names int
	at    time.Time
}

// counted is how many tries and names there were.
type counted struct{ tries, names int }

// count is what a source did in this minute, and how much of it is in the database.
type count struct {
	tries int
	names map[uint64]struct{}
	saved counted
}

func (c *count) fresh() counted {
	return counted{c.tries - c.saved.tries, len(c.names) - c.saved.names}
}

// What one minute may take of the memory. A source that does not fit is counted
// with everybody; and there are so many sources only if everybody is under attack.
const (
	sourcesMost = 4000
	namesOfAll  = 100_000
	namesOfOne  = 1000
)

// Failed hears that somebody who gave a name was not let in.
func (w *Watch) Failed(name string, from access.Client) {
	sources := sourcesOf(from)
	minute := minuteOf(w.DB.Now())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.counts == nil {
		w.seed, w.counts, w.minute = maphash.MakeSeed(), map[string]*count{}, minute
	}
	hash := maphash.String(w.seed, name)
	for _, s := range sources {
		c := w.counts[s]
		if c == nil {
			if len(w.counts) >= sourcesMost {
				continue
			}
			c = &count{names: map[uint64]struct{}{}}
			w.counts[s] = c
		}
		c.tries++
		most := namesOfOne
		if s == everybody {
			most = namesOfAll
		}
		if len(c.names) < most {
			c.names[hash] = struct{}{}
		}
	}
}

// Stands tells how the door stands for a client.
func (w *Watch) Stands(c access.Client) Level {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.stands) == 0 {
		return Calm
	}
	highest := Calm
	for _, s := range sourcesOf(c) {
		highest = max(highest, w.stands[s])
	}
	return highest
}

// Open lists waves: those that go on, and the latest that are over.
func (w *Watch) Open(ctx context.Context, most int) (all []Wave, err error) {
	defer fault.Wrap(&err, "wave.Open")
	err = w.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = latestWaves(tx, most)
		return err
	})
	return all, err
}

// looksEvery is how long a wave may go unseen.
const looksEvery = 5 * time.Second

// Run looks again and again until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(looksEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := w.Look(ctx); err != nil && ctx.Err() == nil {
				w.Log.ErrorContext(ctx, "failed sign-ins were not counted", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Look writes down what was counted since the last look, and decides whether a
// wave began, goes on or is over.
func (w *Watch) Look(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "wave.Look")
	w.looking.Lock()
	defer w.looking.Unlock()
	minute, fresh := w.take()
	var stands map[string]Level
	var begun, ended []Wave
	err = w.DB.Write(ctx, func(tx *db.Tx) (err error) {
		for source, c := range fresh {
			if err := addMinute(tx, minute, source, c); err != nil {
				return err
			}
		}
		stands, begun, ended, err = w.judge(tx)
		return err
	})
	if err != nil {
		return err
	}
	w.saved(fresh)
	w.mu.Lock()
	w.stands = stands
	w.mu.Unlock()
	for _, x := range begun {
		w.Log.WarnContext(ctx, "a wave of guessed passwords has begun: whoever signs in is asked for a proof of work", "by", x.By(), "of", x.Of(), "names", x.Names, "tries", x.Tries)
	}
	for _, x := range ended {
		w.Log.InfoContext(ctx, "a wave of guessed passwords is over", "by", x.By(), "of", x.Of(), "began", x.Began, "names", x.Names, "tries", x.Tries)
	}
	return nil
}

// take gives what is not yet in the database. Of networks and clients only what
// many names failed from is worth a row.
func (w *Watch) take() (minute int64, fresh map[string]counted) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fresh = map[string]counted{}
	for s, c := range w.counts {
		if s == everybody || len(c.names) >= lowest/window {
			if f := c.fresh(); f != (counted{}) {
				fresh[s] = f
			}
		}
	}
	minute = w.minute
	if minute != minuteOf(w.DB.Now()) {
		w.counts = nil // the next minute begins with an empty page
	}
	return minute, fresh
}

// saved notes what is in the database now.
func (w *Watch) saved(fresh map[string]counted) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, f := range fresh {
		if c := w.counts[s]; c != nil {
			c.saved.tries += f.tries
			c.saved.names += f.names
		}
	}
}

// judge says how the door stands towards every source, and begins and ends waves.
func (w *Watch) judge(tx *db.Tx) (stands map[string]Level, begun, ended []Wave, err error) {
	now := minuteOf(tx.Now)
	recent, err := lately(tx, now-window)
	if err != nil {
		return nil, nil, nil, err
	}
	open, err := openWaves(tx)
	if err != nil {
		return nil, nil, nil, err
	}
	stands = map[string]Level{}
	for _, x := range open {
		stands[x.Source] = Rising // until it is over
	}
	for source, c := range recent {
		usual, err := w.usualOf(tx, source)
		if err != nil {
			return nil, nil, nil, err
		}
		level := standing(source, c.names, c.tries, usual)
		if level == Calm {
			continue
		}
		stands[source] = max(stands[source], level)
		x := Wave{Source: source, Began: tx.Now, Tries: c.tries, Names: c.names}
		first, err := begin(tx, x)
		if err != nil {
			return nil, nil, nil, err
		}
		if first {
			begun = append(begun, x)
		} else if err := grow(tx, source, c); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, x := range open {
		done, err := end(tx, x.Source, tx.Now.Add(-over))
		if err != nil {
			return nil, nil, nil, err
		}
		if done {
			delete(stands, x.Source)
			ended = append(ended, x)
		}
	}
	return stands, begun, ended, forgetMinutes(tx, minuteOf(tx.Now.Add(-usualOver))-window)
}

// usualFor is how long what is usual is taken for granted: it is a day's middle.
const usualFor = 10 * time.Minute

// usualOf gives what is usual for a source. It is found out again now and then,
// and never while a wave of it would be in what is looked at: that is at its end.
func (w *Watch) usualOf(tx *db.Tx, source string) (int, error) {
	if u, ok := w.usual[source]; ok && tx.Now.Sub(u.at) < usualFor {
		return u.names, nil
	}
	now := minuteOf(tx.Now)
	counted, err := namesOf(tx, source, minuteOf(tx.Now.Add(-usualOver)), now-window)
	if err != nil {
		return 0, err
	}
	if w.usual == nil || len(w.usual) >= sourcesMost {
		w.usual = map[string]usual{}
	}
	u := usual{usually(counted, int(usualOver/time.Minute)), tx.Now}
	w.usual[source] = u
	return u.names, nil
}
