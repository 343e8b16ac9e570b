package trial

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"takeback/internal/risk"
)

// The scorers.
const (
	Ours = iota
	Freeman
	scorers
)

// scorerNames are those of the command line.
var scorerNames = [scorers]string{"ours", "freeman"}

// Replay says how a file is gone through. Every row is scored before it teaches
// anything. Rows that failed or are marked as takeovers teach nothing, and the
// mark serves for nothing else here.
type Replay struct {
	Tables *risk.Tables      // weights of our score, and the limits of the actions in Scores
	Sizes  risk.Sizes        // of the counters; the zero value is what a server has
	Use    [scorers]bool     // which scorers
	Kinds  map[string]string // by index, of what is not ordinary; nil if nobody knows
	Scores io.Writer         // index,score,action of every row; nil if not wanted
	Tell   func(*Broken)     // called for the first broken rows
	Tick   func(bytes int64) // called now and then
}

// Count is what was met on the way.
type Count struct {
	Rows        int64 `json:"rows"`
	Broken      int64 `json:"broken"`
	Unordered   int64 `json:"out_of_time_order"`
	Failed      int64 `json:"failed"`
	Takeovers   int64 `json:"takeovers"`
	UnknownName int64 `json:"unknown_names"`
	First       int64 `json:"first_sign_ins"` // of accounts: they have no score
	Listed      int64 `json:"from_listed_addresses"`
	Accounts    int64 `json:"accounts"`
	Scored      int64 `json:"scored"`
}

// record is a success that was scored: what the trial is judged by.
type record struct {
	at      int32 // seconds since the first row
	account uint32
	depth   uint16 // successes that had taught before
	kind    uint8  // an index of kinds; 0 is the holder's own
	score   [scorers]float32
}

// record kinds: 0 the holder, 1 a takeover of no named kind, then those of the truth file.
type history struct {
	Count
	records []record
	kinds   []string
	numbers map[string]uint8
	first   time.Time
	last    time.Time
}

const (
	holders  = 0
	takeover = 1
)

// maxTold is how many broken rows are told one by one.
const maxTold = 20

// Rows goes through a file.
func (p Replay) run(from io.Reader) (*history, error) {
	r, err := NewReader(from)
	if err != nil {
		return nil, err
	}
	if !p.Use[Ours] {
		tables := *p.Tables
		tables.Freeman = true // the one scorer there is decides
		p.Tables = &tables
	}
	g := &going{Replay: p, accounts: newAccounts(), counters: risk.NewCounters(1, p.Sizes), asking: asking{share: askedOfRows}, newcomers: newNewcomers(),
		history: &history{kinds: []string{"holder", "takeover"}, numbers: map[string]uint8{}}}
	if p.Scores != nil {
		g.scores = bufio.NewWriterSize(p.Scores, 1<<20)
		_, _ = g.scores.WriteString("index,score,action\n") // Flush tells
	}
	var row Row
	for {
		err := r.Read(&row)
		var broken *Broken
		switch {
		case err == io.EOF:
			g.Accounts = int64(len(g.accounts.number))
			if g.scores != nil {
				return g.history, g.scores.Flush()
			}
			return g.history, nil
		case errors.As(err, &broken):
			g.Broken++
			if p.Tell != nil && g.Broken <= maxTold {
				p.Tell(broken)
			}
		case err != nil:
			return nil, fmt.Errorf("after line %d: %w", r.Line(), err)
		default:
			if err := g.step(&row); err != nil {
				return nil, err
			}
		}
		if p.Tick != nil && r.Rows()%4096 == 0 {
			p.Tick(r.Bytes())
		}
	}
}

// going is a replay under way.
type going struct {
	Replay
	*history
	accounts *accounts
	counters *risk.Counters
	asking   asking
	newcomers
	scores *bufio.Writer
	line   []byte
}

// step decides on a row, writes what came out, and learns it if it may teach.
func (g *going) step(row *Row) error {
	g.count(row)
	event := row.Event()
	g.pass(event.At)
	number, profile := g.accounts.find(row.User)
	seen := profile
	if g.Use[Ours] { // Freeman's model knows no newcomers
		seen = g.view(&event, number, profile, g.counters)
	}
	var decision risk.Decision
	if g.scores != nil || g.Use[Ours] {
		decision = risk.Decide(&event, seen, g.counters, g.Tables)
		g.counters.Observe(&event, &decision)
	}
	known := profile != nil && profile.Successes() > 0
	if known {
		g.Scored++
		if row.Success {
			g.record(row, &event, number, profile, decision.Score)
		}
	}
	if row.Success && !row.Takeover {
		if !known {
			g.First++
		}
		number, profile = g.accounts.open(row.User)
		days := 0
		if g.asking.asked(&decision, g.Tables.Limits.StepUp) {
			event.Marks |= risk.Proved
			if g.Use[Ours] {
				days = heldBack(risk.NewsOf(&event, seen, g.counters), g.counters.PartOfCountry(&event))
			}
		}
		g.learn(&event, number, profile, g.counters, days)
	}
	return g.write(row, known, &decision)
}

func (g *going) count(row *Row) {
	if g.Rows == 0 {
		g.first, g.last = row.At, row.At
	}
	g.Rows++
	if row.At.Before(g.last) {
		g.Unordered++
	} else {
		g.last = row.At
	}
	if !row.Success {
		g.Failed++
	}
	if row.Takeover {
		g.Takeovers++
	}
	if row.Listed {
		g.Listed++
	}
	if row.Nobody() {
		g.UnknownName++
	}
}

// record keeps what both scorers say of a success, for the report.
func (g *going) record(row *Row, event *risk.Event, number uint32, profile *risk.Profile, ours float64) {
	r := record{
		at: int32(row.At.Sub(g.first) / time.Second), account: number, kind: g.kindOf(row),
		depth: uint16(min(profile.Successes(), 1<<16-1)),
	}
	if g.Use[Ours] {
		r.score[Ours] = float32(ours)
	}
	if g.Use[Freeman] {
		r.score[Freeman] = float32(risk.Freeman(event, profile, g.counters))
	}
	g.records = append(g.records, r)
}

// kindOf names what a success was, for the report alone.
func (g *going) kindOf(row *Row) uint8 {
	name := g.Kinds[string(row.Index)]
	if name == "" {
		if row.Takeover {
			return takeover
		}
		return holders
	}
	if !row.Takeover {
		name = "holder: " + name
	}
	n, known := g.numbers[name]
	if !known {
		if len(g.kinds) == 256 {
			return takeover
		}
		n = uint8(len(g.kinds))
		g.numbers[name] = n
		g.kinds = append(g.kinds, name)
	}
	return n
}

// write writes the line of a row. The score is empty where nobody has signed in
// to the account before.
func (g *going) write(row *Row, scored bool, d *risk.Decision) error {
	if g.scores == nil {
		return nil
	}
	b := append(appendField(g.line[:0], row.Index), ',')
	if scored {
		b = strconv.AppendFloat(b, d.Score, 'g', 8, 64)
	}
	b = append(append(append(b, ','), d.Action.String()...), '\n')
	g.line = b
	_, err := g.scores.Write(b)
	return err
}
