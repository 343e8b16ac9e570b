package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"takeback/internal/db"
)

// Options say what to measure and where. The zero value measures everything on SQLite.
type Options struct {
	Only []string // names; all if empty
	// DB is where the fresh database is made: "" for a file in a temporary
	// folder, a file path for a file beside it, or the postgres:// URL of a
	// server for a database there. What is there already is never touched.
	DB string

	Rounds   int           // of each side; 7 if zero
	Round    time.Duration // about how long a round is; 300 ms if zero
	Visitors int           // different sessions that are checked; 2,000 if zero
	Accounts int           // of the campaign; 2,000 if zero
	Past     int           // events that decisions come after, of an account for each hundred; if zero, some three of each of 100 × Visitors accounts
}

// Result is what one measurement found. Latencies are of the real path.
type Result struct {
	PerSecond      float64   `json:"per_s"`
	LimitPerSecond float64   `json:"limit_per_s"`
	Ratio          float64   `json:"ratio"`
	P50            float64   `json:"p50_us"`
	P99            float64   `json:"p99_us"`
	P999           float64   `json:"p999_us"`
	Engine         db.Engine `json:"engine"`
	LimitIs        string    `json:"limit_is"`
	// The quartiles of the ratios of neighbouring rounds: how noisy the machine was.
	RatioLow  float64 `json:"ratio_low"`
	RatioHigh float64 `json:"ratio_high"`
	// More figures that only this measurement has, by their words.
	More map[string]float64 `json:"more,omitempty"`
}

// measurement is one name of the command line.
type measurement struct {
	name string
	run  func(context.Context, *house, Options) (Result, error)
}

var measurements = []measurement{
	{"session-check", sessionCheck},
	{"sign-in", signIn},
	{"stuffing", stuffing},
	{"change", change},
	{"freeze", freezing},
	{"restore", restoring},
	{"campaign", campaigning},
	{"decision", deciding},
	{"ingest", ingesting},
}

// Names lists what can be measured, in the order it is.
func Names() []string {
	names := make([]string, len(measurements))
	for i, m := range measurements {
		names[i] = m.name
	}
	return names
}

// Run measures and hands every result on as soon as it is there.
func Run(ctx context.Context, o Options, found func(name string, r Result) error) error {
	for _, name := range o.Only {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("there is no measurement %q; there are %s", name, strings.Join(Names(), ", "))
		}
	}
	if o.Rounds == 0 {
		o.Rounds = 7
	}
	if o.Round == 0 {
		o.Round = 300 * time.Millisecond
	}
	if o.Visitors == 0 {
		o.Visitors = 2000
	}
	if o.Accounts == 0 {
		o.Accounts = 2000
	}
	for _, m := range measurements {
		if len(o.Only) > 0 && !slices.Contains(o.Only, m.name) {
			continue
		}
		r, err := m.inFreshHouse(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if err := found(m.name, r); err != nil {
			return err
		}
	}
	return nil
}

func (m measurement) inFreshHouse(ctx context.Context, o Options) (r Result, err error) {
	h, err := build(ctx, o.DB)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	r, err = m.run(ctx, h, o)
	r.Engine = h.DB.Engine()
	return r, err
}
