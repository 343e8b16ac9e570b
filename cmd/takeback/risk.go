package main

import (
	"errors"
	"io"
	"os"

	"takeback/internal/trial"
)

// RiskCmd is `takeback risk`.
type RiskCmd struct {
	Generate RiskGenerateCmd `cmd:"" help:"Write synthetic sign-ins in the shape of the public RBA data set, from published marginals."`
}

// RiskGenerateCmd is `takeback risk generate`.
type RiskGenerateCmd struct {
	Users   int     `help:"How many accounts." default:"60000"`
	Seed    uint64  `help:"The same seed gives the same bytes." default:"1"`
	Attacks float64 `help:"Takeovers of each kind per later sign-in." default:"0.1"`
	Out     string  `help:"The rows (.csv)." required:"" type:"path" placeholder:"FILE"`
	Truth   string  `help:"What lies behind the rows that are not ordinary: index, kind, depth (.csv)." type:"path" placeholder:"FILE"`
	Events  string  `help:"The rows and what follows them as events (.jsonl)." type:"path" placeholder:"FILE"`
}

// Run generates, and prints how close each marginal came.
func (c *RiskGenerateCmd) Run(out io.Writer) (err error) {
	m := trial.Making{Users: c.Users, Seed: c.Seed, Attacks: c.Attacks}
	for _, f := range []struct {
		name string
		to   *io.Writer
	}{{c.Out, &m.Rows}, {c.Truth, &m.Truth}, {c.Events, &m.Events}} {
		if f.name == "" {
			continue
		}
		file, e := os.Create(f.name)
		if e != nil {
			return e
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		*f.to = file
	}
	marginals, err := trial.Generate(m)
	if err != nil {
		return err
	}
	return trial.PrintMarginals(out, marginals)
}
