package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"takeback/internal/breach"
	"takeback/internal/seal"
)

// BreachCmd is `takeback breach`.
type BreachCmd struct {
	Build BreachBuildCmd `cmd:"" help:"Build a filter from lists: SHA-1 lines (HASH or HASH:COUNT, as Have I Been Pwned gives them) or plain words, one a line."`
	Check BreachCheckCmd `cmd:"" help:"Read words from standard input, one a line, and say which are in a filter."`
}

// BreachBuildCmd is `takeback breach build`.
type BreachBuildCmd struct {
	From     []string `help:"List to build from; may be given several times." required:"" type:"existingfile"`
	Out      string   `help:"Where to put the filter. It takes the place of a former one when it is whole." required:"" type:"path"`
	MinCount uint64   `help:"Leave out what was seen less often; needs lists with counts." default:"1"`
}

// Run builds the filter.
func (c *BreachBuildCmd) Run(ctx context.Context, out io.Writer) error {
	return breach.Build(ctx, breach.Building{From: c.From, Out: c.Out, MinCount: c.MinCount, Say: func(line string) { fmt.Fprintln(out, line) }})
}

// BreachCheckCmd is `takeback breach check`. Words come from standard input
// alone: arguments are seen by everybody on the machine. They are told by the
// number of their line, so that the answer holds none.
type BreachCheckCmd struct {
	Filter string `arg:"" help:"A filter made by breach build." type:"existingfile"`
}

// Run reads the words.
func (c *BreachCheckCmd) Run(in io.Reader, out io.Writer) (err error) {
	f, err := breach.Open(c.Filter)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	n, found := 0, 0
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		n++
		has, err := f.Has(seal.NewSecret(lines.Text()))
		if err != nil {
			return err
		}
		word := "not in it"
		if has {
			found++
			word = "in it"
		}
		fmt.Fprintf(out, "line %d: %s\n", n, word)
	}
	if lines.Err() != nil {
		return fmt.Errorf("line %d: %w", n+1, lines.Err())
	}
	_, err = fmt.Fprintf(out, "%d of %d are in it, which holds %d passwords\n", found, n, f.Passwords())
	return err
}
