package bench

import (
	"context"
	"database/sql"
	"errors"

	_ "modernc.org/sqlite" // the driver that db uses, too
)

// sameSettings are those that decide what a commit costs, as package db has them.
const sameSettings = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)&_pragma=wal_autocheckpoint(4000)"

// toSQLite has one writer, because the engine has one.
func (p *plain) toSQLite(ctx context.Context, path string) error {
	d, err := sql.Open("sqlite", "file:"+path+sameSettings)
	if err != nil {
		return err
	}
	c, err := d.Conn(ctx)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	p.groups, p.finish = 1, func() error { return errors.Join(c.Close(), d.Close()) }
	var all []*sql.Stmt
	prepare := func(text string) *sql.Stmt {
		s, e := c.PrepareContext(ctx, text)
		err = errors.Join(err, e)
		return s
	}
	begin, commit := prepare("BEGIN IMMEDIATE"), prepare("COMMIT")
	for _, k := range p.kinds {
		all = append(all, prepare(k.statement()))
	}
	if err != nil {
		return errors.Join(err, p.finish())
	}
	p.commit = func(_ context.Context, group []filled) error {
		if _, err := begin.Exec(); err != nil {
			return err
		}
		for _, rows := range group {
			for i, s := range all {
				if _, err := s.Exec(rows[i]...); err != nil {
					return err
				}
			}
		}
		_, err := commit.Exec()
		return err
	}
	return nil
}
