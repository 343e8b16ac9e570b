package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
)

// VerifyHistoryCmd is `takeback verify-history`.
type VerifyHistoryCmd struct {
	DB string `help:"Database: a file or postgres://…" default:"takeback.db" env:"TAKEBACK_DB"`
}

var errBroken = errors.New("the history is not what was written")

// Run checks every account and names the first wrong change of each.
func (c *VerifyHistoryCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, err := db.Open(ctx, c.DB, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	accounts, changes, broken := 0, 0, 0
	err = d.Read(ctx, func(tx *db.Tx) error {
		return history.VerifyAll(tx, func(_ account.Account, n int, err error) {
			accounts++
			changes += n
			if err != nil {
				broken++
				fmt.Fprintln(out, "BROKEN", err)
			}
		})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d accounts, %d changes, %d broken\n", accounts, changes, broken)
	if broken > 0 {
		return errBroken
	}
	return nil
}
