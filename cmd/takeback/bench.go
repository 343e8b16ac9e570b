package main

import (
	"context"
	"io"

	"takeback/internal/bench"
)

// BenchCmd is `takeback bench`.
type BenchCmd struct {
	Only     []string `help:"What to measure: session-check, sign-in, stuffing, change, freeze, restore, campaign, decision, ingest. All if absent."`
	DB       string   `name:"db" help:"Where a fresh database is made for it: beside this file, or on this server (postgres://…). In a temporary folder if absent."`
	Accounts int      `help:"Of the campaign; each has 100 changes."  default:"2000"`
	Past     int      `help:"Of decision: so many events are played before, of an account for each hundred. A hundred million take a quarter of an hour and 2 GB." default:"0"`
	JSON     bool     `help:"Print one JSON object."`
}

// Run measures and prints.
func (c *BenchCmd) Run(ctx context.Context, out io.Writer) error {
	o := bench.Options{Only: c.Only, DB: c.DB, Accounts: c.Accounts, Past: c.Past}
	if c.JSON {
		all := map[string]bench.Result{}
		if err := bench.Run(ctx, o, func(name string, r bench.Result) error { all[name] = r; return nil }); err != nil {
			return err
		}
		return bench.JSON(out, all)
	}
	table := bench.NewTable(out)
	if err := bench.Run(ctx, o, table.Add); err != nil {
		return err
	}
	return table.Flush()
}
