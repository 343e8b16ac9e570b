package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// ErrNone says that a query found no row.
var ErrNone = errors.New("no row")

// Tx is a transaction. It lives as long as the function it is handed to, and
// must not be kept. It carries its context, so that verbs which compose inside
// a transaction need only one argument for both.
type Tx struct {
	Now   time.Time // when it began: UTC, whole microseconds
	ctx   context.Context
	conn  conn
	db    *DB
	after []func()
	alone bool
	reads bool
}

// Context gives the context of the Read or Write that began it.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Reads tells whether it can write nothing.
func (tx *Tx) Reads() bool { return tx.reads }

// Alone tells whether nobody else writes while it lasts; see DB.Alone.
func (tx *Tx) Alone() bool { return tx.alone }

// Exec runs a statement and tells how many rows it changed.
func (tx *Tx) Exec(sql string, args ...any) (int64, error) {
	n, err := tx.conn.exec(sql, bind(args))
	return n, located(err, sql)
}

// Put runs a statement whose count nobody needs. It may travel later, together
// with other statements, but before any that has an answer and before the
// commit; its error may therefore come up there.
func (tx *Tx) Put(sql string, args ...any) error {
	return located(tx.conn.put(sql, bind(args)), sql)
}

// Row runs a query of at most one row.
func (tx *Tx) Row(sql string, args ...any) Row {
	r, err := tx.conn.query(sql, bind(args))
	return Row{r, located(err, sql)}
}

// OnCommit runs f after a successful commit, before Write returns.
func (tx *Tx) OnCommit(f func()) { tx.after = append(tx.after, f) }

// Announce tells the listeners of a topic, in every process on this database,
// after the commit. It says only that something changed, never what.
func (tx *Tx) Announce(topic, key string) error {
	tx.OnCommit(func() { tx.db.tell(topic, key) })
	if tx.db.kind == Postgres {
		return tx.Put(`SELECT pg_notify('takeback', $1)`, topic+" "+key)
	}
	return nil
}

// AnnounceHere is Announce for this process only: cheap enough for every write,
// and enough where others look by themselves.
func (tx *Tx) AnnounceHere(topic, key string) { tx.OnCommit(func() { tx.db.tell(topic, key) }) }

// Row is the answer of Tx.Row.
type Row struct {
	rows rows
	err  error
}

// Scanner is what a scan function reads a row from.
type Scanner interface{ Scan(dest ...any) error }

// Scan reads the row. It returns ErrNone if there is none.
func (r Row) Scan(dest ...any) (err error) {
	if r.err != nil {
		return r.err
	}
	defer func() { err = errors.Join(err, r.rows.Close()) }()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNone
	}
	return r.rows.Scan(dest...)
}

// ForUpdate ends a SELECT of rows that the caller will write: until the commit
// nobody else does. Who does that to several has them in order, so that no two wait
// for one another. SQLite has one writer, and no word for it.
func (tx *Tx) ForUpdate() string {
	if tx.db.kind == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// All runs a query and scans every row.
func All[T any](tx *Tx, scan func(Scanner) (T, error), sql string, args ...any) (all []T, err error) {
	r, err := tx.conn.query(sql, bind(args))
	if err != nil {
		return nil, located(err, sql)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		one, err := scan(r)
		if err != nil {
			return nil, located(err, sql)
		}
		all = append(all, one)
	}
	return all, located(r.Err(), sql)
}

// One runs a query of at most one row and scans it. It returns ErrNone if there is none.
func One[T any](tx *Tx, scan func(Scanner) (T, error), sql string, args ...any) (T, error) {
	all, err := All(tx, scan, sql, args...)
	if err != nil || len(all) == 0 {
		var none T
		if err == nil {
			err = ErrNone
		}
		return none, err
	}
	return all[0], nil
}

// mostAtOnce is how many rows a statement is about at most, a power of two.
const mostAtOnce = 64

// AtOnce cuts rows into portions, each for one statement: 64 of them as long as
// there are so many, then 32, 16 and so on. Every number of rows is a text of its
// own, which the engines prepare and keep: so there are seven.
func AtOnce[T any](rows []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for n := mostAtOnce; len(rows) > 0; {
			for n > len(rows) {
				n /= 2
			}
			if !yield(rows[:n:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// Values writes the placeholders of so many rows, the first of them after some
// that came before: ($2, $3), ($4, $5) are Values(2, 2, 1).
func Values(rows, columns, after int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$")
		b.WriteString(strconv.Itoa(after + i + 1))
	}
	b.WriteString(")")
	return b.String()
}

// UnionAll writes a SELECT once for each of so many rows of arguments, with its
// placeholders counted on. Each row is looked up by itself: asked for a list,
// PostgreSQL makes a plan for the young table, which goes through all of it, and
// keeps that while it grows.
func UnionAll(rows int, sql string) string {
	places := placeholder.FindAllStringIndex(sql, -1)
	columns := 0
	for _, at := range places {
		n, _ := strconv.Atoi(sql[at[0]+1 : at[1]]) // the pattern is of digits
		columns = max(columns, n)
	}
	var b strings.Builder
	b.Grow(rows * (len(sql) + 16))
	for row := range rows {
		if row > 0 {
			b.WriteString(" UNION ALL ")
		}
		from := 0
		for _, at := range places {
			n, _ := strconv.Atoi(sql[at[0]+1 : at[1]])
			b.WriteString(sql[from : at[0]+1])
			b.WriteString(strconv.Itoa(row*columns + n))
			from = at[1]
		}
		b.WriteString(sql[from:])
	}
	return b.String()
}

// Scan1 is a scan function for queries of one column.
func Scan1[T any](s Scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// At scans a BIGINT of Unix microseconds into t; NULL gives the zero time.
func At(t *time.Time) any { return at{t} }

type at struct{ t *time.Time }

// Scan implements sql.Scanner.
func (a at) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*a.t = time.Time{}
	case int64:
		*a.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("db.At: a %T is no time", src)
	}
	return nil
}

// JSON scans a TEXT of JSON into v, which points to anything json.Unmarshal
// takes; NULL, the empty text and null leave it as it is.
func JSON(v any) any { return jsonText{v} }

type jsonText struct{ v any }

// Scan implements sql.Scanner.
func (j jsonText) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		text = []byte(v)
	case []byte:
		text = append(text, v...)
	default:
		return fmt.Errorf("db.JSON: a %T is no text", src)
	}
	if len(text) == 0 {
		return nil
	}
	if raw, ok := j.v.(*json.RawMessage); ok {
		*raw = text
		return nil
	}
	if string(text) == "null" {
		return nil // as most lists are: not worth a decoder
	}
	return json.Unmarshal(text, j.v)
}

var _, _ sql.Scanner = at{}, jsonText{}

// bind turns what rooms work with into what both engines store alike: times
// into microseconds (the zero time into NULL), JSON into text (nil into NULL).
func bind(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = any(nil)
			if !v.IsZero() {
				args[i] = v.UnixMicro()
			}
		case json.RawMessage:
			args[i] = any(nil)
			if v != nil {
				args[i] = string(v)
			}
		}
	}
	return args
}

// located puts the head of the statement before an error: with SQL beside its
// scan that is enough to find the place.
func located(err error, sql string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%.60q: %w", sql, err)
}
