package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgEngine gives every transaction a connection of its own.
type pgEngine struct {
	pool  *pgxpool.Pool
	stop  context.CancelFunc
	done  chan struct{}
	heard atomic.Pointer[beat] // the last one that came back
}

// beat is an announcement to ourselves.
type beat struct {
	line int64
	sent time.Time
}

// Announcements come in the order of their commits. So whoever hears one of his
// own has heard all that were made before he sent it: that is how we know that
// silence means nothing happened, and not that the line is dead.
const (
	beatEvery = 200 * time.Millisecond
	beatLost  = 5 * time.Second // a line that says nothing for so long is dead
	beatTopic = "beat"
)

func (e *pgEngine) claim() error { return nil }

func (e *pgEngine) line(within time.Duration) (int64, bool) {
	b := e.heard.Load()
	if b == nil || time.Since(b.sent) >= within {
		return 0, false
	}
	return b.line, true
}

func openPostgres(ctx context.Context, url string, d *DB) (_ *pgEngine, err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = 16
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	std := stdlib.OpenDBFromPool(pool)
	err = errors.Join(migrate(ctx, Postgres, std), std.Close())
	if err != nil {
		pool.Close()
		return nil, err
	}
	listening, stop := context.WithCancel(context.Background())
	e := &pgEngine{pool: pool, stop: stop, done: make(chan struct{})}
	go e.listen(listening, d)
	return e, nil
}

// listen hears what other processes announce, and comes back after a lost connection.
func (e *pgEngine) listen(ctx context.Context, d *DB) {
	defer close(e.done)
	for line := int64(1); ctx.Err() == nil; line++ {
		err := e.hear(ctx, d, line)
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("listening for announcements was interrupted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (e *pgEngine) hear(ctx context.Context, d *DB, line int64) error {
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	own := c.Hijack()                     // it stays in LISTEN for as long as we live
	defer own.Close(context.Background()) //nolint:errcheck // it is gone either way
	// The beats need not be durable, so they do not wait for the disk.
	if _, err := own.Exec(ctx, "SET synchronous_commit = off; LISTEN takeback"); err != nil {
		return err
	}
	me := strconv.Itoa(int(own.PgConn().PID()))
	for {
		b := beat{line, time.Now()}
		if _, err := own.Exec(ctx, "SELECT pg_notify('takeback', $1)", beatTopic+" "+me); err != nil {
			return err
		}
		if err := e.hearUntil(ctx, own, d, b, me); err != nil {
			return err
		}
	}
}

// hearUntil passes on what is announced until the next beat is due. The beat
// sent last must be among it.
func (e *pgEngine) hearUntil(ctx context.Context, own *pgx.Conn, d *DB, b beat, me string) error {
	for came := false; ; {
		due := b.sent.Add(beatEvery)
		if !came {
			due = b.sent.Add(beatLost)
		}
		waiting, stop := context.WithDeadline(ctx, due)
		n, err := own.WaitForNotification(waiting)
		stop()
		switch {
		case err != nil && came && waiting.Err() != nil && ctx.Err() == nil:
			return nil
		case err != nil:
			return err
		}
		topic, key, _ := strings.Cut(n.Payload, " ")
		if topic != beatTopic {
			d.tell(topic, key)
		} else if key == me {
			e.heard.Store(&b)
			came = true
		}
	}
}

func (e *pgEngine) close() error {
	e.stop()
	<-e.done
	e.pool.Close()
	return nil
}

const tries = 10

// Every writer holds this lock until it has committed: together with the other
// writers, or alone. It is the first thing that a transaction asks for, so that
// nobody who waits for it holds anything else, and it lives in memory: a lock on a
// row would be written to the disk by every writer. The number is our own.
const (
	lockShared = "select pg_advisory_xact_lock_shared(7262010)"
	lockAlone  = "select pg_advisory_xact_lock(7262010)"
)

// write begins, runs fn and commits; on a conflict of transactions the whole again.
func (e *pgEngine) write(ctx context.Context, alone bool, fn func(conn) error) error {
	begin := []string{"begin", lockShared}
	if alone {
		begin[1] = lockAlone
	}
	var err error
	for try := range tries {
		if err = e.once(ctx, begin, "commit", fn); err == nil || !mayRunAgain(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(1+rand.IntN(1<<min(try, 6))) * time.Millisecond):
		}
	}
	return err
}

func (e *pgEngine) read(ctx context.Context, fn func(conn) error) error {
	return e.once(ctx, []string{"begin isolation level repeatable read read only"}, "rollback", fn)
}

// once runs one transaction. Its begin travels with the first statement and its
// end with the last Puts: a change costs two round trips and not seven.
func (e *pgEngine) once(ctx context.Context, begin []string, end string, fn func(conn) error) (err error) {
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	p := &pgConn{ctx: ctx, c: c.Conn()}
	for _, statement := range begin {
		p.pending.Queue(statement)
	}
	defer func() {
		if c.Conn().PgConn().TxStatus() == 'I' {
			return
		}
		undo, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		if _, e := c.Exec(undo, "rollback"); e != nil {
			err = errors.Join(err, e, c.Conn().Close(undo)) // a connection in doubt is not reused
		}
	}()
	if err := fn(p); err != nil {
		return err
	}
	if !p.begun && p.pending.Len() == len(begin) {
		return nil // nothing was asked of the database
	}
	p.pending.Queue(end)
	return p.flush()
}

// pgConn is a transaction with the statements that have not travelled yet.
type pgConn struct {
	ctx     context.Context
	c       *pgx.Conn
	pending pgx.Batch
	begun   bool
}

func (p *pgConn) take() *pgx.Batch {
	b := p.pending
	p.pending = pgx.Batch{}
	p.begun = true
	return &b
}

func (p *pgConn) flush() error { return p.c.SendBatch(p.ctx, p.take()).Close() }

func (p *pgConn) put(sql string, args []any) error {
	p.pending.Queue(sql, args...)
	return nil
}

func (p *pgConn) exec(sql string, args []any) (int64, error) {
	before := p.pending.Len()
	p.pending.Queue(sql, args...)
	r := p.c.SendBatch(p.ctx, p.take())
	for range before {
		if _, err := r.Exec(); err != nil {
			return 0, errors.Join(err, r.Close())
		}
	}
	tag, err := r.Exec()
	return tag.RowsAffected(), errors.Join(err, r.Close())
}

func (p *pgConn) query(sql string, args []any) (rows, error) {
	before := p.pending.Len()
	p.pending.Queue(sql, args...)
	b := p.c.SendBatch(p.ctx, p.take())
	for range before {
		if _, err := b.Exec(); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	r, err := b.Query()
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return pgRows{r, b}, nil
}

type pgRows struct {
	pgx.Rows
	batch pgx.BatchResults
}

// Close ends the rows and the round trip they came with.
func (r pgRows) Close() error {
	r.Rows.Close()
	return errors.Join(r.Err(), r.batch.Close())
}
