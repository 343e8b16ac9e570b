package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"takeback/internal/fault"
)

// Engine names the database behind the seam.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options are what Open needs besides the place. The zero value is usable.
type Options struct {
	Now func() time.Time // the clock that Tx.Now reads; time.Now if nil
	Log *slog.Logger     // slog.Default() if nil
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine engine
	kind   Engine
	now    func() time.Time
	log    *slog.Logger

	mu        sync.Mutex
	listeners map[string]map[int]func(key string)
	nextID    int
}

// engine is what SQLite and PostgreSQL each do in their own way.
type engine interface {
	read(ctx context.Context, fn func(conn) error) error
	write(ctx context.Context, alone bool, fn func(conn) error) error
	line(within time.Duration) (number int64, alive bool)
	claim() error
	close() error
}

// conn is an open transaction of an engine.
type conn interface {
	exec(sql string, args []any) (int64, error)
	put(sql string, args []any) error
	query(sql string, args []any) (rows, error)
}

type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Open opens the database at a file path or a postgres:// URL and brings its
// schema up to date. It fails if the database is newer than this program.
func Open(ctx context.Context, url string, o Options) (_ *DB, err error) {
	defer fault.Wrap(&err, "db.Open")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &DB{now: o.Now, log: o.Log, listeners: map[string]map[int]func(string){}}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		d.kind = Postgres
		d.engine, err = openPostgres(ctx, url, d)
	} else {
		d.kind = SQLite
		d.engine, err = openSQLite(ctx, url)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Engine tells which engine is behind the seam.
func (d *DB) Engine() Engine { return d.kind }

// Now is the time that a transaction beginning now would have: UTC, in whole microseconds.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Close ends all connections. Writes under way are finished first.
func (d *DB) Close() error { return d.engine.close() }

// Claim makes this process the one that serves the database, until Close. It
// fails if another one does and the engine cannot tell it what happens here: its
// memory of sessions would outlive a freeze. PostgreSQL serves any number.
func (d *DB) Claim() error { return d.engine.claim() }

// Read runs fn on one consistent view of the database. fn must not write.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return d.engine.read(ctx, func(c conn) error {
		return fn(&Tx{Now: d.Now(), ctx: ctx, conn: c, db: d, reads: true})
	})
}

type writing struct{}

// Write runs fn in a transaction and returns when its commit is durable. If fn
// returns an error nothing of it is kept. fn may run more than once, and must
// neither call Write nor wait for anything outside the database: on SQLite all
// writers wait for it.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error { return d.write(ctx, false, fn) }

// Alone is Write while nobody else writes: every Write that began before it is
// committed before fn sees the database, and every later one sees what fn did.
// All writers wait for it, so that it is for the few who change what every
// writer goes by, and must be short.
func (d *DB) Alone(ctx context.Context, fn func(*Tx) error) error { return d.write(ctx, true, fn) }

func (d *DB) write(ctx context.Context, alone bool, fn func(*Tx) error) error {
	if ctx.Value(writing{}) != nil {
		return errors.New("db: Write inside Write: pass the Tx on instead")
	}
	var tx *Tx
	err := d.engine.write(ctx, alone, func(c conn) error {
		tx = &Tx{Now: d.Now(), ctx: context.WithValue(ctx, writing{}, true), conn: c, db: d, alone: alone}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// Listen calls hear with the key of every Announce on a topic: in this process
// before the Write that announced it returns, from other processes on the same
// PostgreSQL within milliseconds. hear must be quick and must not use the DB.
func (d *DB) Listen(topic string, hear func(key string)) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := d.nextID
	d.nextID++
	if d.listeners[topic] == nil {
		d.listeners[topic] = map[int]func(string){}
	}
	d.listeners[topic][id] = hear
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.listeners[topic], id)
	}
}

// Line tells whether everything that other processes announced earlier than so
// long ago has been heard here. The line to them has a new number after every
// interruption: what was remembered under another number may be out of date.
// Whoever answers from memory asks here first; it costs next to nothing.
func (d *DB) Line(within time.Duration) (number int64, alive bool) { return d.engine.line(within) }

func (d *DB) tell(topic, key string) {
	d.mu.Lock()
	hear := make([]func(string), 0, len(d.listeners[topic]))
	for _, f := range d.listeners[topic] {
		hear = append(hear, f)
	}
	d.mu.Unlock()
	for _, f := range hear {
		f(key)
	}
}

// errNewer says what an operator should do about a database from the future.
func errNewer(has, knows int64) error {
	return fmt.Errorf("the database has schema version %d, this program knows %d: start the newer program, or restore the backup made before the upgrade", has, knows)
}
