package main

import (
	"fmt"
	"io"
	"os"

	"takeback/internal/risk"
	"takeback/internal/trial"
)

// RiskAblateCmd is `takeback risk ablate`.
type RiskAblateCmd struct {
	Users   int     `help:"How many accounts a world has." default:"20000"`
	Seeds   int     `help:"How many worlds are made." default:"3"`
	Attacks float64 `help:"Takeovers of each kind per later sign-in; one ablation has ten times as many." default:"0.03"`
	Weights string  `help:"Weights of the score, as risk fit writes them. Those that the program brings along if absent." type:"path" placeholder:"FILE"`
	JSON    bool    `name:"json" help:"Print one JSON object."`
}

// Run makes worlds and judges them with less than there is.
func (c *RiskAblateCmd) Run(out io.Writer) (err error) {
	a := trial.Ablating{Users: c.Users, Seeds: c.Seeds, Attacks: c.Attacks, Say: func(line string) { fmt.Fprintln(os.Stderr, line) }}
	if a.Tables, err = risk.ShippedTables(); err != nil {
		return err
	}
	if c.Weights != "" {
		if a.Tables.Weights, err = readFile(c.Weights, risk.ReadWeights); err != nil {
			return err
		}
	}
	found, err := trial.Ablate(a)
	if err != nil {
		return err
	}
	if c.JSON {
		return found.JSON(out)
	}
	return found.Text(out)
}
