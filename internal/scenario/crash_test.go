package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/restore"
)

// scenario writes a world in the format of scenario files.
func (w *world) scenario(title string) string {
	var steps []any
	for i, c := range w.h {
		steps = append(steps, w.line(i, c))
	}
	return string(encode(map[string]any{"scenario": title, "devices": map[string]string{holder: "established", intruder: "new"},
		"history": steps, "seeds": map[string]any{"sessions": append([]string{}, w.entries...)}}))
}

// line writes one change of a world as a step.
func (w *world) line(i int, c history.Change) map[string]any {
	step := map[string]any{"do": string(c.Verb), "by": c.Session, "path": c.Path}
	switch c.Verb {
	case history.Open, history.Recover, history.Derive:
		step = map[string]any{"do": string(c.Verb), "session": c.Session}
		if c.Device != "" {
			step["device"] = c.Device
		}
		switch {
		case c.Verb == history.Derive:
			step["from"] = c.Parent
		case c.Verb == history.Recover:
			step["via"] = c.Factors[0].Version
		case i > 0:
			var with []string
			for _, f := range c.Factors {
				with = append(with, f.Version)
			}
			step["with"] = with
		}
	case history.Set:
		step["to"] = parts(c)
		if step["to"] == nil {
			step["to"] = account.Fact{Value: c.After}.Text()
		}
	case history.Patch:
		step["part"], step["to"] = c.Part, account.Fact{Value: c.After}.Parts()[c.Part]
	case history.Credential:
		step["version"], step["secret"] = c.Version, c.SecretID
	case history.Contact:
		step["version"], step["value"] = c.Version, account.Fact{Value: c.After}.Text()
	case history.Move:
		step["amount"] = c.Amount
	case history.Order:
		step["effect"], step["ship_to"] = []string{string(restore.Undo), string(restore.Compensate), string(restore.Final)}[i%3], c.Reads[0].Path
	}
	return step
}

// parts gives the parts of a value by the names that its kind has for them; nil if it has none.
func parts(c history.Change) any {
	all := account.Fact{Value: c.After}.Parts()
	if all == nil {
		return nil
	}
	if c.Path == "profile" {
		return map[string]string{"family": all["to"], "kana": all["line"]}
	}
	return all
}

func TestAKilledApplyEndsAsIfNobodyHadDied(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d scenario files (%v)", len(files), err)
	}
	p := player(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		playKilled(t, p, file, text)
	}
	for i := range 20 {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		w := newWorld(r.IntN).grow(10 + r.IntN(60))
		playKilled(t, p, fmt.Sprintf("drawn-%d.jsonl", i), []byte(w.scenario("drawn")))
	}
}

// playKilled plays a scenario beside the others: those that wait together commit together.
func playKilled(t *testing.T, p *Player, file string, text []byte) {
	all, err := Parse(file, text, p.Kinds, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Run(file, func(t *testing.T) {
		t.Parallel()
		r, err := p.PlayKilled(t.Context(), all[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Differs {
			t.Error(d)
		}
	})
}

// A plan has a boundary after the lease, the kill,
// the probe and the proof, five for each step (meant, called, applied, read,
// verified), and one when all is done: at each of them one worker dies.
func TestAWorkerDiesAtEveryBoundary(t *testing.T) {
	t.Parallel()
	const text = `{"scenario": "four steps", "history": [
		{"do": "open", "session": "own"},
		{"do": "credential", "by": "own", "path": "password", "version": "p1", "secret": "a"},
		{"do": "open", "session": "thief", "with": ["p1"]},
		{"do": "set", "by": "thief", "path": "name", "to": "N"},
		{"do": "move", "by": "thief", "path": "points", "amount": -3},
		{"do": "order", "by": "thief", "path": "order/1", "effect": "compensate"}],
		"seeds": {"sessions": ["thief"]}}`
	p := player(t)
	all, err := Parse("-", []byte(strings.ReplaceAll(text, "\n", " ")), p.Kinds, false)
	if err != nil {
		t.Fatal(err)
	}
	var met map[string]bool
	_, g, err := p.run(t.Context(), all[0], func(g *play, ctx context.Context) (err error) {
		met, err = g.carryKilled(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := len(g.plan.Rows)
	if want := 4 + 5*steps + 1; steps != 4 || len(met) < want {
		t.Errorf("%d steps, workers died at %d boundaries, want %d: %v", steps, len(met), want, met)
	}
}

// TAKEBACK_TEST_SCENARIOS=FILE keeps what is played, for takeback replay.
func BenchmarkPlay(b *testing.B) {
	p, err := NewPlayer(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	r := rand.New(rand.NewPCG(1, 2))
	var lines strings.Builder
	for i := range 1000 {
		fmt.Fprintln(&lines, newWorld(r.IntN).grow(20+r.IntN(80)).scenario(fmt.Sprint("drawn ", i)))
	}
	if file := os.Getenv("TAKEBACK_TEST_SCENARIOS"); file != "" {
		if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	all, err := Parse("-", []byte(lines.String()), p.Kinds, false)
	if err != nil {
		b.Fatal(err)
	}
	for name, play := range map[string]func(context.Context, Scenario) (Result, error){"plain": p.Play, "killed": p.PlayKilled} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if r, err := play(b.Context(), all[i%len(all)]); err != nil || !r.OK {
					b.Fatal(r.Differs, err)
				}
			}
		})
	}
}
