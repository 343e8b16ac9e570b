package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"

	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
)

// PlayKilled plays a scenario twice: once as Play does, and once with a worker
// who is killed at every boundary of the journal, and another one who goes on.
// Both must come out alike, and each step must be one act.
func (p *Player) PlayKilled(ctx context.Context, s Scenario) (r Result, err error) {
	defer fault.Wrap(&err, "%s", s.Title)
	if r, err = p.Play(ctx, s); err != nil {
		return r, err
	}
	killed, g, err := p.run(ctx, s, func(g *play, ctx context.Context) error {
		_, err := g.carryKilled(ctx)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("killed at every boundary: %w", err)
	}
	r.sameAs(killed)
	acts, err := g.acts(ctx)
	for _, step := range g.plan.Rows {
		if n := acts[step.ID]; n != 1 {
			r.differs("killed: "+string(step.Op)+" "+step.Path, "done once", fmt.Sprintf("done %d times", n))
		}
	}
	r.OK = len(r.Differs) == 0
	return r, err
}

// sameAs notes what came out otherwise when the workers were killed.
func (r *Result) sameAs(killed Result) {
	for _, c := range []struct {
		what      string
		want, got any
	}{
		{"sessions", r.Sessions, killed.Sessions}, {"steps", r.Steps, killed.Steps}, {"state", r.State, killed.State},
		{"asked", r.Asked, killed.Asked}, {"effects", r.Effects, killed.Effects}, {"refused", r.Refused, killed.Refused},
		{"alive", r.Alive, killed.Alive}, {"plan", r.Plan, killed.Plan},
	} {
		if !reflect.DeepEqual(c.want, c.got) {
			r.differs("killed: "+c.what, c.want, c.got)
		}
	}
}

// acts counts the entries that each step of the plan has left in the history.
func (g *play) acts(ctx context.Context) (map[string]int, error) {
	h, err := history.Reader{DB: g.db}.Since(ctx, g.id, 1, math.MaxInt32)
	acts := map[string]int{}
	for _, c := range h {
		if c.Actor == restore.ActorID {
			acts[c.Request]++
		}
	}
	return acts, err
}

// errKilled ends a worker.
var errKilled = errors.New("scenario: the worker was killed")

// killer kills each worker at the first boundary at which none was killed
// before: around what the port does, and after each row of the journal. A dead
// worker does nothing more and learns nothing more, because his context is over.
type killer struct {
	connector.Own
	caseID  string
	end     context.CancelCauseFunc // of the worker at work
	met     map[string]bool         // boundaries
	written int                     // rows of the journal
	proves  bool                    // the next commit is the proof of the kill, which every worker enters anew
}

func (k *killer) boundary(name string) {
	if !k.met[name] {
		k.met[name] = true
		k.end(errKilled)
	}
}

// hear is told of every commit about a case; it runs before the worker knows that it was made.
func (k *killer) hear(caseID string) {
	switch {
	case caseID != k.caseID:
	case k.proves:
		k.proves = false
		k.boundary("proof")
	default:
		k.written++
		k.boundary(fmt.Sprintf("row %d", k.written))
	}
}

// Read implements connector.Port.
func (k *killer) Read(ctx context.Context, account, path string) (connector.Value, error) {
	v, err := k.Own.Read(ctx, account, path)
	k.boundary(fmt.Sprintf("read %s after row %d", path, k.written))
	return v, errors.Join(err, ctx.Err())
}

// CompareAndSet implements connector.Port.
func (k *killer) CompareAndSet(ctx context.Context, c connector.Call) (connector.Outcome, error) {
	done, err := k.Own.CompareAndSet(ctx, c)
	k.boundary("call " + c.Key)
	return done, errors.Join(err, ctx.Err())
}

// Kill implements connector.Port.
func (k *killer) Kill(ctx context.Context, account string, f connector.Fence) error {
	k.boundary("lease")
	if err := ctx.Err(); err != nil {
		return err
	}
	err := k.Own.Kill(ctx, account, f)
	k.boundary("kill")
	return errors.Join(err, ctx.Err())
}

// Probe implements connector.Prober.
func (k *killer) Probe(ctx context.Context, account string, f connector.Fence) (int, error) {
	alive, err := k.Own.Probe(ctx, account, f)
	k.boundary("probe")
	k.proves = ctx.Err() == nil
	return alive, errors.Join(err, ctx.Err())
}

// carryKilled carries the plan out with as many workers as there are boundaries
// to die at, and one who ends it. It tells where they died.
func (g *play) carryKilled(ctx context.Context) (met map[string]bool, err error) {
	k := &killer{Own: g.port(), caseID: g.caseID, met: map[string]bool{}}
	defer g.db.Listen(casefile.Topic, k.hear)()
	for {
		work, end := context.WithCancelCause(ctx)
		k.end = end
		err := g.restorer(k).Carry(work, g.plan.ID)
		killed := errors.Is(context.Cause(work), errKilled)
		end(nil)
		switch {
		case errors.Is(err, restore.ErrTurn):
			return k.met, nil // the one before was killed when all was done
		case !killed:
			return k.met, err
		}
	}
}

// carry carries the plan out through the port that the server uses.
func (g *play) carry(ctx context.Context) error { return g.restorer(g.port()).Carry(ctx, g.plan.ID) }

func (g *play) port() connector.Own { return connector.Own{DB: g.db, Book: g.book} }

func (g *play) restorer(port connector.Port) *restore.Restorer {
	return &restore.Restorer{DB: g.db, Book: g.book, Files: &g.files, Port: port,
		Finder: &investigate.Investigator{DB: g.db, Files: &g.files, Kinds: g.book.Kinds}}
}

// restored fails unless every step of the plan was read back.
func (g *play) restored() error {
	c, err := casefile.Get(g.tx, g.caseID)
	if err == nil && c.Step != casefile.Restored {
		steps, _ := json.Marshal(g.plan.Steps) // they were kept as JSON
		err = fmt.Errorf("the plan stopped: something else was there than it saw: %s", steps)
	}
	return err
}
