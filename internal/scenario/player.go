package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/restore"
	"takeback/internal/seal"
)

// start is when every scenario begins.
var start = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// Player plays scenarios on an embedded database of its own.
type Player struct {
	Kinds  account.Kinds
	keeper *seal.Keeper
	db     *db.DB
	dir    string
}

// NewPlayer opens a fresh database in a temporary folder. Close it after use.
func NewPlayer(ctx context.Context) (_ *Player, err error) {
	defer fault.Wrap(&err, "scenario.NewPlayer")
	p := &Player{}
	if p.Kinds, err = account.NewKinds(); err != nil {
		return nil, err
	}
	if p.keeper, err = seal.NewKeeper(make([]byte, 32)); err != nil { // the secrets of a scenario are none
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "takeback-replay-"); err != nil {
		return nil, err
	}
	p.db, err = db.Open(ctx, filepath.Join(p.dir, "replay.db"), db.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	return p, nil
}

// Close closes the database and removes it.
func (p *Player) Close() error { return errors.Join(p.db.Close(), os.RemoveAll(p.dir)) }

// Play plays one scenario and tells what came out, and how that differs from
// what the scenario expects. It may be called by several at once, which then
// commit together.
func (p *Player) Play(ctx context.Context, s Scenario) (r Result, err error) {
	defer fault.Wrap(&err, "%s", s.Title)
	r, _, err = p.run(ctx, s, (*play).carry)
	return r, err
}

// run plays a scenario and lets its plan be carried out in one way or another.
func (p *Player) run(ctx context.Context, s Scenario, carry func(*play, context.Context) error) (r Result, g *play, err error) {
	err = p.db.Write(ctx, func(tx *db.Tx) (err error) {
		g = p.begin(tx, s)
		return g.live()
	})
	if err != nil {
		return r, g, err
	}
	if err := carry(g, ctx); err != nil {
		return r, g, err
	}
	err = p.db.Write(ctx, func(tx *db.Tx) (err error) {
		g.tx = tx
		if err := g.restored(); err != nil {
			return err
		}
		r, err = g.result()
		return err
	})
	r.compare(s.Expect)
	return r, g, err
}

// begin makes a play of a scenario with an account of its own. An address in it
// is nobody's in any other, so that each finds the database fresh.
func (p *Player) begin(tx *db.Tx, s Scenario) *play {
	id := seal.ID("acc")
	book := &history.Book{Kinds: p.Kinds, AddressKey: func(_, address string) string { return id + " " + address }}
	return &play{db: p.db, tx: tx, book: book, keeper: p.keeper, s: s, id: id, actors: map[string]access.Actor{},
		slots: map[string]string{}, seqs: map[string]int64{}, before: map[string]int64{}, steps: map[int64]string{}, refused: []string{}}
}

// play is one scenario being played.
type play struct {
	db     *db.DB
	tx     *db.Tx
	book   *history.Book
	keeper *seal.Keeper
	s      Scenario
	id     string // of the account
	epoch  int64  // in which the account was opened, and staff were let at it

	actors  map[string]access.Actor // by session
	order   []string                // sessions as they were opened
	slots   map[string]string       // version -> path
	paths   []string                // touched, in order, perhaps repeated
	seqs    map[string]int64        // by step id
	before  map[string]int64        // by id of a step that removed nothing: what was put there for it
	steps   map[int64]string        // step ids by seq; of a step that removed nothing, twice
	refused []string

	frozen   time.Time // zero before
	files    casefile.Files
	caseID   string
	findings investigate.Findings
	plan     restore.Stored
}

// live plays the history up to its end, finds out what in it is the intruder's,
// makes the plan, and lets nobody but the plan write any more.
func (g *play) live() error {
	if err := account.Create(g.tx, g.id, "ja"); err != nil {
		return err
	}
	a, err := account.Get(g.tx, g.id)
	if err != nil {
		return err
	}
	g.epoch = a.Epoch
	for _, s := range g.s.Steps {
		g.tx.Now = start.Add(s.At)
		err := g.step(s)
		if errors.Is(err, account.ErrFrozen) || errors.Is(err, account.ErrMoved) {
			g.refused = append(g.refused, s.ID)
			continue
		}
		if err != nil {
			return fmt.Errorf("step %s in line %d: %w", s.ID, s.line, err)
		}
	}
	if g.frozen.IsZero() {
		g.tx.Now = g.tx.Now.Add(time.Minute)
		if err := g.freeze(""); err != nil {
			return err
		}
	}
	h, err := history.Of(g.tx, g.id)
	if err != nil {
		return err
	}
	g.findings = new(investigate.Analyst).Analyse(h, g.marks(), g.s.Devices)
	return g.undertake(restore.MakePlan(h, g.findings, g.book.Kinds, g.frozen))
}

// undertake opens a case about the account, brings it to where a plan has its
// second person, and lets nobody but the plan write any more.
func (g *play) undertake(plan restore.Plan) error {
	by := access.Do("replay")
	c, _, err := g.files.Open(g.tx, casefile.Case{Account: g.id, Source: "desk", Language: "ja", Step: casefile.Frozen}, by)
	if err != nil {
		return err
	}
	for _, step := range []casefile.Step{casefile.Investigating, casefile.Planned, casefile.Approved} {
		if c, err = g.files.Advance(g.tx, c.ID, step, by); err != nil {
			return err
		}
	}
	g.caseID = c.ID
	g.plan, err = g.restorer(nil).Undertake(g.tx, by, c, plan)
	return err
}

// freeze turns the account into the next epoch and enters it.
func (g *play) freeze(id string) error {
	if _, err := account.Turn(g.tx, g.id, account.Frozen, time.Time{}, account.Open, account.Guarded); err != nil {
		return err
	}
	g.frozen = g.tx.Now
	return g.enter(id, history.Entry{By: access.Do("freeze"), Verb: history.Freeze})
}

// enter appends an entry for a step.
func (g *play) enter(id string, e history.Entry) error {
	e.Account = g.id
	c, err := g.book.Append(g.tx, e)
	if err != nil || id == "" {
		return err
	}
	g.seqs[id], g.steps[c.Seq] = c.Seq, id
	if e.Path != "" {
		g.paths = append(g.paths, e.Path)
	}
	return nil
}

// step appends what a step of the scenario says.
func (g *play) step(s Step) error {
	if s.Do == "freeze" {
		return g.freeze(s.ID)
	}
	e, err := g.entry(s)
	if err != nil {
		return err
	}
	for _, version := range s.With {
		e.Factors = append(e.Factors, history.Factor{Path: g.slots[version], Version: version, Proof: "presented"})
	}
	if err := g.present(s.ID, e); err != nil {
		return err
	}
	if err := g.enter(s.ID, e); err != nil {
		return err
	}
	if e.By.Session != "" {
		g.actors[e.By.Session] = e.By
	}
	if s.Session != "" {
		g.order = append(g.order, s.Session)
	}
	return nil
}

// present puts something where a step is about to remove it. The history refuses
// to remove what is not there; a scenario may do so, and it is a total write all the
// same. What it puts there is part of the step: it carries the same label, so that
// it never comes back without the step.
func (g *play) present(id string, e history.Entry) error {
	if e.Verb != history.Remove && e.Verb != history.Drop {
		return nil
	}
	now, err := account.FactAt(g.tx, g.id, e.Path)
	if err != nil || now.Value != nil {
		return err
	}
	e.Verb, e.Value = history.Add, encode(map[string]string{})
	switch kind, _ := g.book.Kinds.Of(e.Path); kind.Algebra {
	case account.SecretOf:
		e.Verb, e.Value = history.Credential, nil
	case account.ContactOf:
		e.Verb, e.Value = history.Contact, encode(seal.ID("nobody"))
	}
	e.Account = g.id
	c, err := g.book.Append(g.tx, e)
	if err != nil {
		return err
	}
	g.before[id], g.steps[c.Seq] = c.Seq, id
	return nil
}

// entry turns a step into an entry: who acts, and what is done.
func (g *play) entry(s Step) (history.Entry, error) {
	switch s.Do {
	case "open":
		return history.Entry{By: g.newcomer(s.Session), Verb: history.Open, Device: s.Device}, nil
	case "recover":
		via := []history.Factor{{Path: g.slots[s.Via], Version: s.Via, Proof: "link"}}
		return history.Entry{By: g.newcomer(s.Session), Verb: history.Recover, Device: s.Device, Factors: via}, nil
	case "derive":
		by := g.newcomer(s.Session)
		by.Epoch = g.actor(s.From).Epoch
		return history.Entry{By: by, Verb: history.Derive, Parent: s.From, Device: s.Device}, nil
	case "step-up":
		return history.Entry{By: g.actor(s.By), Verb: history.StepUp}, nil
	case "handover":
		by := g.actor(s.By)
		by.Segment++
		return history.Entry{By: by, Verb: history.Handover, Device: s.Device}, nil
	case "agent":
		// An agent's grant carries the epoch it was given in, like every authority.
		return g.change(*s.Act, access.Actor{Role: access.Agent, ID: s.Agent, Name: s.Agent, Epoch: g.epoch})
	}
	return g.change(s, g.actor(s.By))
}

// change turns a step that is about a path into an entry.
func (g *play) change(s Step, by access.Actor) (history.Entry, error) {
	e := history.Entry{By: by, Path: s.Path, Part: s.Part, Verb: history.Verb(s.Do), Version: s.Version, Amount: s.Amount}
	if s.Version != "" {
		g.slots[s.Version] = s.Path
	}
	switch s.Do {
	case "set", "patch", "add", "contact":
		e.Value = encode(s.Text)
		if s.Parts != nil {
			e.Value = encode(s.Parts)
		}
	case "credential":
		if !s.Unique {
			e.SecretID = g.keeper.SecretID(g.id, seal.NewSecret(s.Secret))
		}
		e.Stored = "stored" // a scenario has nothing to check it against
	case "order":
		order := restore.Effect{Class: restore.Class(s.Effect), ShipTo: s.ShipTo, Amount: s.Amount}
		if s.hasUntil {
			order.Until = start.Add(s.Until)
		}
		e.Value, e.Amount = encode(order), 0
		if s.ShipTo != "" {
			e.Reads = []history.Read{{Path: s.ShipTo}}
		}
	}
	now, err := account.FactAt(g.tx, g.id, s.Path)
	if e.Verb == history.Add && now.Value != nil {
		e.Verb = history.Set // it is there already: a total write all the same
	}
	return e, err
}

// newcomer is the actor of a session that is being opened, in the present epoch.
func (g *play) newcomer(session string) access.Actor {
	by := access.Actor{Role: access.Holder, ID: g.id, Account: g.id, Session: session, Segment: 1, Epoch: g.epoch}
	if a, err := account.Get(g.tx, g.id); err == nil {
		by.Epoch = a.Epoch
	}
	return by
}

// actor is the actor of a session. One whose opening was refused has what it
// would have been given: nothing newer than the freeze.
func (g *play) actor(session string) access.Actor {
	if by, ok := g.actors[session]; ok {
		return by
	}
	return g.newcomer(session)
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("scenario: " + err.Error()) // unreachable: texts, maps of texts and orders have a JSON form
	}
	return b
}

// marks gives the investigator's marks by seq. What was refused is in no history and has none.
func (g *play) marks() investigate.Marks {
	m := investigate.Marks{Sessions: g.s.Seeds.Sessions, Agents: g.s.Seeds.Agents, From: map[string]int64{},
		Changes: g.seqsOf(g.s.Seeds.Steps), ClearedSessions: g.s.Clears.Sessions, ClearedChanges: g.seqsOf(g.s.Clears.Steps)}
	for session, step := range g.s.Seeds.From {
		if seqs := g.seqsOf([]string{step}); len(seqs) > 0 {
			m.From[session] = seqs[0]
		}
	}
	for _, version := range g.s.Seeds.Credentials {
		m.Versions = append(m.Versions, investigate.VersionRef{Path: g.slots[version], Version: version})
	}
	return m
}

func (g *play) seqsOf(steps []string) []int64 {
	var all []int64
	for _, id := range steps {
		if seq, ok := g.before[id]; ok {
			all = append(all, seq)
		}
		if seq, ok := g.seqs[id]; ok {
			all = append(all, seq)
		}
	}
	return all
}
