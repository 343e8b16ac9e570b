package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"takeback/internal/db"
	"takeback/internal/db/dbtest/cluster"
)

// Engines are the engines that everything has to run on.
var Engines = []db.Engine{db.SQLite, db.Postgres}

// Each runs fn as a subtest on each engine, with a fresh database.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) { fn(t, New(t, e, db.Options{})) })
	}
}

// EachWithClock is Each with a clock that the test moves by hand.
func EachWithClock(t *testing.T, fn func(t *testing.T, d *db.DB, clock *Clock)) {
	t.Helper()
	for _, e := range Engines {
		t.Run(string(e), func(t *testing.T) {
			clock := NewClock()
			fn(t, New(t, e, db.Options{Now: clock.Now}), clock)
		})
	}
}

// New opens a fresh database that is gone after the test. What it logs goes to
// the test's output unless o says otherwise.
func New(t testing.TB, e db.Engine, o db.Options) *db.DB {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	d, err := db.Open(t.Context(), Place(t, e), o)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("dbtest: closing: %v", err)
		}
	})
	return d
}

// Place gives the path or URL of a fresh database with the schema in it, for
// tests that open it themselves, more than once or from the real program.
func Place(t testing.TB, e db.Engine) string {
	t.Helper()
	place := sqlitePlace
	if e == db.Postgres {
		place = postgresPlace
	}
	p, err := place(t)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return p
}

// sqliteTemplate is a migrated database as bytes.
var sqliteTemplate = sync.OnceValues(func() (_ []byte, err error) {
	folder, err := os.MkdirTemp("", "dbtest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "template.db")
	if err := migrated(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func sqlitePlace(t testing.TB) (string, error) {
	template, err := sqliteTemplate()
	if err != nil {
		return "", err
	}
	path := filepath.Join(t.TempDir(), "takeback.db")
	return path, os.WriteFile(path, template, 0o600)
}

// migrated opens and closes a database, which brings its schema up to date.
func migrated(place string) error {
	d, err := db.Open(context.Background(), place, db.Options{})
	if err != nil {
		return err
	}
	return d.Close()
}

// server is the PostgreSQL of this process.
type server struct {
	base    *url.URL
	name    string           // what the names of our databases begin with; that of the template is no longer
	cluster *cluster.Cluster // kept: it is stopped when this process, and so its pipe, is gone
	made    atomic.Int64
}

var postgres = sync.OnceValues(func() (*server, error) {
	s := &server{name: "test_" + strings.ToLower(rand.Text()[:12])}
	at := os.Getenv("TAKEBACK_TEST_POSTGRES")
	if at == "" {
		c, err := cluster.Start()
		if err != nil {
			return nil, err
		}
		s.cluster, at = c, c.URL
	}
	var err error
	if s.base, err = url.Parse(at); err != nil {
		return nil, fmt.Errorf("TAKEBACK_TEST_POSTGRES: %w", err)
	}
	if err := s.run("CREATE DATABASE " + s.name); err != nil {
		return nil, err
	}
	return s, migrated(s.url(s.name))
})

// url gives the URL of a database on the server.
func (s *server) url(name string) string {
	u := *s.base
	u.Path = "/" + name
	return u.String()
}

// run runs one statement that belongs to no database of a test.
func (s *server) run(statement string) (err error) {
	ctx := context.Background() // a cleanup runs when the context of its test is over
	c, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return fmt.Errorf("the PostgreSQL of the tests: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	_, err = c.Exec(ctx, statement)
	return err
}

func postgresPlace(t testing.TB) (string, error) {
	s, err := postgres()
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s_%d", s.name, s.made.Add(1))
	if err := s.run("CREATE DATABASE " + name + " TEMPLATE " + s.name + " STRATEGY FILE_COPY"); err != nil {
		return "", err
	}
	t.Cleanup(func() {
		if err := s.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("dbtest: %v", err)
		}
	})
	return s.url(name), nil
}
