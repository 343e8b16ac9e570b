package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"takeback/internal/app"
	"takeback/internal/rulebook"
)

// RiskTryCmd is `takeback risk try`.
type RiskTryCmd struct {
	Rule   string `arg:"" help:"The rule, as it would stand under when: event.kind == 'exported' && account.sign_ins < 3"`
	DB     string `help:"Database: a file or postgres://…" default:"takeback.db" env:"TAKEBACK_DB"`
	Config string `help:"Configuration file (YAML)." type:"existingfile" env:"TAKEBACK_CONFIG"`
	Days   int    `help:"How far to go back." default:"90"`
}

// Run plays the past once more, and says on what the rule would have fired.
func (c *RiskTryCmd) Run(ctx context.Context, out io.Writer) (err error) {
	rules, err := rulebook.Compile([]rulebook.Written{{Name: "tried", When: c.Rule, Do: rulebook.Acts[0]}})
	if err != nil {
		return err
	}
	file, err := app.ReadFile(c.Config)
	if err != nil {
		return err
	}
	j, end, err := app.JudgeOf(ctx, app.Config{DB: c.DB, File: file, Log: slog.Default()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	t, err := j.Try(ctx, rules, time.Now().AddDate(0, 0, -c.Days))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d events of %d accounts in %d days: it would have fired on %d", t.Events, t.Accounts, c.Days, t.Fired)
	if t.Events > 0 {
		fmt.Fprintf(out, " (%.2f %%)", 100*float64(t.Fired)/float64(t.Events))
	}
	fmt.Fprintf(out, "\nOf their sessions %d were an intruder's and %d the holder's, as people found; of the others nobody has said anything.\n", t.Confirmed, t.False)
	if t.Broken > 0 {
		fmt.Fprintf(out, "On %d events it could not be decided.\n", t.Broken)
	}
	for _, by := range []map[string]int64{t.ByKind, t.ByDay} {
		for _, name := range slices.Sorted(maps.Keys(by)) {
			fmt.Fprintf(out, "  %-18s %d\n", name, by[name])
		}
	}
	for _, e := range t.Examples {
		fmt.Fprintf(out, "for example %s %s %s\n", e.At.Format(time.RFC3339), e.Account, e.Kind)
	}
	return nil
}
