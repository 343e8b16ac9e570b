package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// The log is moved into the file after 16 MB and not after 4: a page that many
// writers touch is then moved once instead of four times.
const pragmas = "_txlock=immediate&_defensive=1&_dqs=0" +
	"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=trusted_schema(0)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)&_pragma=wal_autocheckpoint(4000)"

// registerChain gives SQLite the function that a migration gives PostgreSQL:
// chain(head, commit) is the next head of an account's hash chain.
var registerChain = sync.OnceFunc(func() {
	sqlite.MustRegisterDeterministicScalarFunction("chain", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		head, ok1 := args[0].(string)
		commit, ok2 := args[1].(string)
		if !ok1 || !ok2 {
			return nil, errors.New("chain takes two texts")
		}
		sum := sha256.Sum256([]byte(head + commit))
		return hex.EncodeToString(sum[:]), nil
	})
})

// sqliteEngine has one connection that writes and several that read.
type sqliteEngine struct {
	wdb, rdb *sql.DB
	turns    turns
	readers  chan *sqliteConn
	path     string
	release  func() error // of the claim; nil without one
}

var errClaimed = errors.New("another process serves this database file (several need PostgreSQL)")

func (e *sqliteEngine) claim() (err error) {
	if e.release == nil {
		e.release, err = claimFile(e.path + ".serving")
	}
	return err
}

func openSQLite(ctx context.Context, path string) (_ *sqliteEngine, err error) {
	registerChain()
	if err := private(path); err != nil {
		return nil, err
	}
	e := &sqliteEngine{path: path}
	if e.wdb, err = sql.Open("sqlite", "file:"+path+"?"+pragmas); err != nil {
		return nil, err
	}
	e.wdb.SetMaxOpenConns(1)
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, errors.Join(err, e.wdb.Close())
	}
	err = errors.Join(checkPragmas(ctx, e.wdb), migrate(ctx, SQLite, e.wdb))
	unlock()
	if err != nil {
		return nil, errors.Join(err, e.wdb.Close())
	}
	if e.rdb, err = sql.Open("sqlite", "file:"+path+"?"+pragmas+"&_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, e.wdb.Close())
	}
	if e.turns.conn, err = newSQLiteConn(ctx, e.wdb); err != nil {
		return nil, errors.Join(err, e.wdb.Close(), e.rdb.Close())
	}
	n := max(4, runtime.GOMAXPROCS(0))
	e.readers = make(chan *sqliteConn, n)
	for range n {
		c, err := newSQLiteConn(ctx, e.rdb)
		if err != nil {
			return nil, errors.Join(err, e.wdb.Close(), e.rdb.Close())
		}
		e.readers <- c
	}
	return e, nil
}

// private makes a new file that only its owner reads: it holds the keys, unless
// the operator keeps them elsewhere, and where people live. A file that is there is
// not touched: closing it would end the locks that this process holds on it.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// checkPragmas reads back what the driver would ignore without a word if it were misspelt.
func checkPragmas(ctx context.Context, w *sql.DB) error {
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "trusted_schema": "0"} {
		var got string
		if err := w.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("PRAGMA %s is %s, not %s: the disk may not support it", name, got, want)
		}
	}
	return nil
}

// write needs nothing more to be alone: there is one writer.
func (e *sqliteEngine) write(ctx context.Context, _ bool, fn func(conn) error) error {
	return e.turns.write(ctx, fn)
}

// line never breaks: only one process serves (claim), and it tells itself before a Write returns.
func (e *sqliteEngine) line(time.Duration) (int64, bool) { return 1, true }

func (e *sqliteEngine) read(ctx context.Context, fn func(conn) error) error {
	var c *sqliteConn
	select {
	case c = <-e.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.readers <- c }()
	if _, err := c.exec("BEGIN DEFERRED", nil); err != nil {
		return err
	}
	defer c.exec("ROLLBACK", nil) //nolint:errcheck // a read has nothing to lose
	return fn(c)
}

func (e *sqliteEngine) close() error {
	e.turns.close()
	writer := e.turns.conn
	var err error
	for range cap(e.readers) {
		err = errors.Join(err, (<-e.readers).close())
	}
	_, e1 := writer.exec("PRAGMA optimize", nil)
	_, e2 := writer.exec("PRAGMA wal_checkpoint(TRUNCATE)", nil)
	err = errors.Join(err, e1, e2, writer.close(), e.rdb.Close(), e.wdb.Close())
	if e.release != nil {
		err = errors.Join(err, e.release())
	}
	return err
}

// sqliteConn is one connection with its prepared statements.
type sqliteConn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSQLiteConn(ctx context.Context, d *sql.DB) (*sqliteConn, error) {
	c, err := d.Conn(ctx)
	return &sqliteConn{c, map[string]*sql.Stmt{}}, err
}

func (c *sqliteConn) stmt(text string) (*sql.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), nameless(text))
	if err == nil {
		c.stmts[text] = s
	}
	return s, err
}

var placeholder = regexp.MustCompile(`\$[0-9]+`)

// nameless writes $1, $2, $3 as ?, ?, ? where they stand in that order and each
// once. To SQLite $1 is a name, and the driver has each name looked up from the
// first on whenever a statement is run: of a hundred and seventy that costs more
// than writing them.
func nameless(text string) string {
	n, inOrder := 0, true
	bare := placeholder.ReplaceAllStringFunc(text, func(name string) string {
		n++
		inOrder = inOrder && name == "$"+strconv.Itoa(n)
		return "?"
	})
	if !inOrder {
		return text
	}
	return bare
}

func (c *sqliteConn) exec(text string, args []any) (int64, error) {
	s, err := c.stmt(text)
	if err != nil {
		return 0, err
	}
	// Not the caller's context: cancelling one writer must not interrupt those that commit with it.
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (c *sqliteConn) put(text string, args []any) error {
	_, err := c.exec(text, args)
	return err
}

func (c *sqliteConn) query(text string, args []any) (rows, error) {
	s, err := c.stmt(text)
	if err != nil {
		return nil, err
	}
	r, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (c *sqliteConn) close() error {
	var err error
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.c.Close())
}
