package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"takeback/internal/scenario"
)

// ReplayCmd is `takeback replay`: it plays scenario files and tells how what
// came out differs from what they expect.
type ReplayCmd struct {
	JSON  bool     `help:"Print one JSON object per scenario."`
	Crash string   `enum:"none,each" default:"none" help:"each: the same, killed at every journal boundary of the apply and resumed."`
	Files []string `arg:"" name:"file" help:"Scenario files: .yaml holds one, .jsonl one a line, - reads lines from standard input."`
}

// errDiffers makes the program end with status 1 after everything was printed.
var errDiffers = errors.New("not every scenario came out as expected")

// Run reads every file before it plays any: a malformed one is refused and nothing is run.
func (c *ReplayCmd) Run(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	p, err := scenario.NewPlayer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	all, err := c.read(p, in)
	if err != nil {
		return err
	}
	one := p.Play
	if c.Crash == "each" {
		one = p.PlayKilled
	}
	results, err := play(ctx, one, all)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	differs := false
	for _, r := range results {
		differs = differs || !r.OK
		if err := c.print(w, r); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || !differs {
		return err
	}
	return errDiffers
}

// play plays many scenarios at once, because those that wait together commit together.
func play(ctx context.Context, one func(context.Context, scenario.Scenario) (scenario.Result, error), all []scenario.Scenario) ([]scenario.Result, error) {
	results := make([]scenario.Result, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, s := range all {
		g.Go(func() (err error) {
			results[i], err = one(ctx, s)
			return err
		})
	}
	return results, g.Wait()
}

func (c *ReplayCmd) read(p *scenario.Player, in io.Reader) ([]scenario.Scenario, error) {
	var all []scenario.Scenario
	for _, name := range c.Files {
		var text []byte
		var err error
		if name == "-" {
			text, err = io.ReadAll(in)
		} else {
			text, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, err
		}
		some, err := scenario.Parse(name, text, p.Kinds, !c.JSON)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (c *ReplayCmd) print(w io.Writer, r scenario.Result) error {
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	line := "ok  " + r.Scenario
	if !r.OK {
		line = "differs  " + r.Scenario + ": " + strings.Join(r.Differs, "; ")
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
