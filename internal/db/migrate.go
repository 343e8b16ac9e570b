package db

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The files are in PostgreSQL's words. What only one engine understands stands
// in a file of the same number that ends in .sqlite.sql or .postgres.sql.
//
//go:embed migrations/*.sql
var migrations embed.FS

var toSQLite = strings.NewReplacer("JSONB", "TEXT", "BYTEA", "BLOB", "BOOLEAN", "INTEGER", "BIGINT", "INTEGER",
	"DOUBLE PRECISION", "REAL", "\n);", "\n) STRICT;")

// schema gives the migrations as one engine reads them.
func schema(e Engine) (fs.FS, error) {
	files := fstest.MapFS{}
	all, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, path := range all {
		name := strings.TrimPrefix(path, "migrations/")
		if strings.Count(name, ".") > 1 {
			continue // read with its common half
		}
		text, err := migrations.ReadFile(path)
		if err != nil {
			return nil, err
		}
		common := string(text)
		if e == SQLite {
			common = toSQLite.Replace(common)
		}
		own, err := migrations.ReadFile(strings.TrimSuffix(path, ".sql") + "." + string(e) + ".sql")
		if err == nil {
			common += "\n" + string(own)
		}
		files[name] = &fstest.MapFile{Data: []byte(common)}
	}
	return files, nil
}

// migrate brings the schema up to date, under a lock where several processes
// may start at once, and refuses a database that is newer than the program.
func migrate(ctx context.Context, e Engine, d *sql.DB) error {
	files, err := schema(e)
	if err != nil {
		return err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if e == Postgres {
		l, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(dialect, d, files, options...)
	if err != nil {
		return err
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if knows := sources[len(sources)-1].Version; has > knows {
		return errNewer(has, knows)
	}
	_, err = p.Up(ctx)
	return err
}
