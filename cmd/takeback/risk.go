package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"takeback/internal/risk"
	"takeback/internal/trial"
)

// RiskCmd is `takeback risk`.
type RiskCmd struct {
	Eval     RiskEvalCmd     `cmd:"" help:"Try the score of sign-ins on a file with the columns of the public RBA data set."`
	Fit      RiskFitCmd      `cmd:"" help:"Fit the score's weights on the sign-ins of such a file."`
	Ablate   RiskAblateCmd   `cmd:"" help:"Try what the score is worth with less than it has: without cookies, without files about addresses, on the first days, under attack."`
	Try      RiskTryCmd      `cmd:"" help:"Try a rule of your own on what happened already."`
	Generate RiskGenerateCmd `cmd:"" help:"Write synthetic sign-ins in the shape of that data set, from published marginals."`
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

// RiskEvalCmd is `takeback risk eval`.
type RiskEvalCmd struct {
	CSV       string  `name:"csv" help:"The rows; those of a pipe in the order of time." type:"path" placeholder:"FILE" xor:"what" required:""`
	Events    string  `help:"Instead of rows: events, and what follows sign-ins is tried (.jsonl)." type:"path" placeholder:"FILE" xor:"what" required:""`
	Scorer    string  `enum:"ours,freeman,both" default:"both" help:"ours, freeman (the reference), or both side by side. The actions are those of ours, unless there is freeman alone."`
	Weights   string  `help:"Weights of our score, as risk fit writes them. Those that the program brings along if absent." type:"path" placeholder:"FILE"`
	Truth     string  `help:"The kinds of takeovers, as risk generate writes them." type:"path" placeholder:"FILE"`
	Challenge float64 `help:"With --events: of sign-ins, at most, are asked for a second proof." default:"0.02"`
	Hold      float64 `help:"With --events: of changes, at most, wait." default:"0.02"`
	Split     float64 `help:"The part of the time after which is judged. Thresholds are set between a fifth and it." default:"0.6"`
	Seed      uint64  `help:"Of the bootstrap." default:"1"`
	JSON      bool    `name:"json" help:"Print one JSON object."`
	Plot      string  `help:"A picture of what is blocked by what is challenged (.svg)." type:"path" placeholder:"FILE"`
	Scores    string  `help:"index,score,action of every row (.csv)." type:"path" placeholder:"FILE"`
}

// Run goes through the file, and prints what the scorers would have done.
func (c *RiskEvalCmd) Run(out io.Writer) (err error) {
	replay := trial.Replay{Tell: tell}
	replay.Use[trial.Ours], replay.Use[trial.Freeman] = c.Scorer != "freeman", c.Scorer != "ours"
	if replay.Tables, err = risk.ShippedTables(); err != nil {
		return err
	}
	if c.Weights != "" {
		if replay.Tables.Weights, err = readFile(c.Weights, risk.ReadWeights); err != nil {
			return err
		}
	}
	if c.Truth != "" {
		if replay.Kinds, err = readFile(c.Truth, trial.ReadTruth); err != nil {
			return err
		}
	}
	if c.Events != "" {
		return c.events(out, replay)
	}
	rows, size, end, err := openRows(c.CSV)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if c.Scores != "" {
		file, err := os.Create(c.Scores)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		replay.Scores = file
	}
	bar := newBar(size)
	replay.Tick = bar.tick
	report, err := trial.Eval(rows, replay, trial.Judging{Split: c.Split, Seed: c.Seed})
	bar.end()
	if err != nil {
		return err
	}
	return c.give(out, report)
}

// events tries what follows sign-ins.
func (c *RiskEvalCmd) events(out io.Writer, of trial.Replay) error {
	if c.Scores != "" || c.Scorer == "freeman" {
		return errors.New("--events: there are no --scores and no other scorer of what follows a sign-in")
	}
	events, size, err := open(c.Events)
	if err != nil {
		return err
	}
	defer events.Close()
	bar := newBar(size)
	report, err := trial.EvalEvents(events, trial.Course{Tables: of.Tables, Kinds: of.Kinds, Budget: risk.Budget{Challenge: c.Challenge, Hold: c.Hold}, Tell: tell, Tick: bar.tick}, trial.Judging{Split: c.Split, Seed: c.Seed})
	bar.end()
	if err != nil {
		return err
	}
	return c.give(out, report)
}

// give draws and prints a report.
func (c *RiskEvalCmd) give(out io.Writer, report interface {
	Text(io.Writer) error
	JSON(io.Writer) error
	Plot(io.Writer) error
}) error {
	if c.Plot != "" {
		if err := writeFile(c.Plot, report.Plot); err != nil {
			return err
		}
	}
	if c.JSON {
		return report.JSON(out)
	}
	return report.Text(out)
}

// RiskFitCmd is `takeback risk fit`.
type RiskFitCmd struct {
	CSV   string  `name:"csv" help:"The rows; those of a pipe in the order of time." required:"" type:"path" placeholder:"FILE"`
	Out   string  `help:"The weights, for risk eval and for the configuration of the server." required:"" type:"path" placeholder:"FILE"`
	Until float64 `help:"The part of the file after which nothing is fitted on, so that it can be judged." default:"1"`
	Seed  uint64  `help:"Of the draw of impostors." default:"1"`
}

// Run fits and writes.
func (c *RiskFitCmd) Run(out io.Writer) (err error) {
	rows, size, end, err := openRows(c.CSV)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	bar := newBar(size)
	weights, err := trial.Fit(rows, trial.Fitting{Size: size, Until: c.Until, Seed: c.Seed, Tell: tell, Tick: bar.tick})
	bar.end()
	if err != nil {
		return err
	}
	return writeFile(c.Out, func(w io.Writer) error { _, err := weights.WriteTo(w); return err })
}

// openRows opens rows and puts them in the order of time, if they are not and can be.
func openRows(name string) (rows io.Reader, size int64, end func() error, err error) {
	file, size, err := open(name)
	if err != nil {
		return nil, 0, nil, err
	}
	if rows, end = file, file.Close; size == 0 {
		return rows, size, end, nil // a pipe is read as it comes
	}
	rows, astray, err := trial.Ordered(file, size)
	if err != nil {
		return nil, 0, nil, errors.Join(err, file.Close())
	}
	if astray > 0 {
		fmt.Fprintf(os.Stderr, "%d rows stand behind later ones: they are gone through in the order of time\n", astray)
	}
	return rows, size, end, nil
}

func open(name string) (*os.File, int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	if !info.Mode().IsRegular() {
		return file, 0, nil
	}
	return file, info.Size(), nil
}

func readFile[T any](name string, read func(io.Reader) (T, error)) (t T, err error) {
	file, err := os.Open(name)
	if err != nil {
		return t, err
	}
	defer file.Close()
	if t, err = read(file); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return t, err
}

func writeFile(name string, write func(io.Writer) error) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return write(file)
}

// tell names a broken row on standard error.
func tell(b *trial.Broken) { fmt.Fprintln(os.Stderr, "broken row:", b) }

// bar shows progress on standard error, if that is a terminal.
type bar struct {
	size  int64
	begun time.Time
	shown time.Time
	on    bool
}

func newBar(size int64) *bar {
	info, err := os.Stderr.Stat()
	return &bar{size: size, begun: time.Now(), on: err == nil && info.Mode()&os.ModeCharDevice != 0 && size > 0}
}

func (b *bar) tick(read int64) {
	now := time.Now()
	if !b.on || now.Sub(b.shown) < 200*time.Millisecond {
		return
	}
	b.shown = now
	part := min(float64(read)/float64(b.size), 1)
	left := time.Duration(float64(now.Sub(b.begun)) * (1/max(part, 1e-6) - 1)).Round(time.Second)
	const wide = 40
	full := int(part * wide)
	fmt.Fprintf(os.Stderr, "\r[%s%s] %3.0f %%, %v left ", strings.Repeat("=", full), strings.Repeat(" ", wide-full), 100*part, left)
}

func (b *bar) end() {
	if b.on {
		fmt.Fprintf(os.Stderr, "\r%60s\r", "")
	}
}
