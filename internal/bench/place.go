package bench

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"takeback/internal/fault"
	"takeback/internal/seal"
)

// place is a fresh database and what takes it away again.
type place struct {
	url    string
	remove func() error
}

// newPlace makes room for a database where at says, see Options.DB. On a server
// it is a database of our own, which is dropped again.
func newPlace(ctx context.Context, at string) (p place, err error) {
	defer fault.Wrap(&err, "a database to measure on")
	if strings.HasPrefix(at, "postgres://") || strings.HasPrefix(at, "postgresql://") {
		return newPostgresPlace(ctx, at)
	}
	parent := ""
	if at != "" {
		parent = filepath.Dir(at)
	}
	folder, err := os.MkdirTemp(parent, "takeback-bench-")
	if err != nil {
		return p, err
	}
	return place{filepath.Join(folder, "bench.db"), func() error { return os.RemoveAll(folder) }}, nil
}

func newPostgresPlace(ctx context.Context, at string) (p place, err error) {
	u, err := url.Parse(at)
	if err != nil {
		return p, err
	}
	name := "takeback_bench_" + seal.ID("db")[3:]
	if err := onServer(ctx, at, "CREATE DATABASE "+name); err != nil {
		return p, err
	}
	u.Path = "/" + name
	return place{u.String(), func() error {
		return onServer(context.WithoutCancel(ctx), at, "DROP DATABASE "+name+" WITH (FORCE)")
	}}, nil
}

func onServer(ctx context.Context, at, sql string) (err error) {
	c, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	_, err = c.Exec(ctx, sql)
	return err
}
