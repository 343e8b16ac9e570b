package trial

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"takeback/internal/risk"
)

// Course says how a file of events is gone through: each is decided on before it
// is observed, followed and learnt. Failures teach nothing. Who is an intruder
// serves for the report alone; the file says only what a service would hear, that
// a holder disowned something: then it is un-learnt, and the account given back.
type Course struct {
	Tables *risk.Tables // the limits of ending and freezing; those of asking and holding are set by the budget
	Sizes  risk.Sizes
	Budget risk.Budget
	Kinds  map[string]string // by index, of what is not ordinary; without it a takeover is what was disowned
	Bend   func(*risk.Event) // changes what is known of an event; may be nil
	Poison Poison
	Asked  float64 // the share of sign-ins that is asked for a second proof meanwhile; that of the budget if zero
	Tell   func(*Broken)
	Tick   func(bytes int64)
}

// Poison is what every intruder does before he signs in: fails, and comes quietly
// now and then, from where and with what he will come in the end.
type Poison struct {
	Failed, Quiet int
	Apart         time.Duration // the quiet sign-ins, and the last of them from the one that counts
	Below         float64       // a quiet sign-in of a higher score is challenged, and he gives that up
}

// act is a sign-in or a stolen session, with all that was done in it.
type act struct {
	account  uint32
	kind     string // empty if ordinary
	depth    uint16 // successes that had taught before
	fell     bool   // poison made its score lower
	disowned int64  // when; never if zero
	steps    []step
}

// step is an event with its decision.
type step struct {
	at     int64 // microseconds
	kind   risk.Kind
	action risk.Action // at any budget: limits of asking and holding are out of reach
	scored bool
	weight float32 // what those limits are compared with
}

func (s *step) changes() bool { return s.kind.MovesChannel() || s.kind.MovesValue() }

// takes tells whether value is gone or goes elsewhere from here on. A new address
// is a step on the way.
func (s *step) takes() bool {
	return s.kind == risk.OrderPlaced || s.kind == risk.PayoutChanged || s.kind == risk.Exported || s.kind == risk.KeyMade
}

// under gives the action within limits.
func (s *step) under(l *risk.Limits) risk.Action {
	switch {
	case s.kind == risk.SignedIn && s.scored && float64(s.weight) >= l.StepUp:
		return max(s.action, risk.StepUp)
	case s.changes() && float64(s.weight) >= l.Hold:
		return max(s.action, risk.Hold)
	}
	return s.action
}

// intruder tells whether somebody else than the holder acted.
func (a *act) intruder() bool {
	if at := slices.Index(kindNames[:], a.kind); at >= 0 {
		return kind(at).intruder()
	}
	return a.disowned > 0
}

// coursing is a course under way.
type coursing struct {
	Course
	Heard
	accounts *accounts
	counters *risk.Counters
	asking   asking
	acts     []act
	number   map[string]int // of an act, by the id of its first event
	lessons  map[string]risk.Lesson
	quiet    map[string][]risk.Lesson // of the quiet sign-ins before one
	first    int64
	last     int64
}

// Heard is what was met in a file of events.
type Heard struct {
	Events    int64 `json:"events"`
	Broken    int64 `json:"broken"`
	Unordered int64 `json:"out_of_time_order"`
	Failed    int64 `json:"failed"`
	SignIns   int64 `json:"sign_ins"`
	Changes   int64 `json:"changes"`
	Disowned  int64 `json:"disowned"`
	Accounts  int64 `json:"accounts"`
}

// run goes through a file, and keeps what was decided.
func (p Course) run(from io.Reader) (*coursing, error) {
	tables := *p.Tables
	tables.Limits.StepUp, tables.Limits.Tell, tables.Limits.Hold = math.Inf(1), math.Inf(1), math.Inf(1)
	p.Tables = &tables
	c := &coursing{Course: p, accounts: newAccounts(), counters: risk.NewCounters(1, p.Sizes), asking: asking{share: cmp.Or(p.Asked, p.Budget.Challenge)}, number: map[string]int{}, lessons: map[string]risk.Lesson{}, quiet: map[string][]risk.Lesson{}}
	in, read := bufio.NewReaderSize(from, 1<<20), int64(0)
	for n := int64(1); ; n++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for read += int64(len(line)); errors.Is(err, bufio.ErrBufferFull); read += int64(len(line)) {
			line, err = in.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("after line %d: %w", n, err)
		}
		if text := strings.TrimSpace(string(line)); text != "" {
			c.hear(n, text, long)
		}
		if c.Tick != nil && n%4096 == 0 {
			c.Tick(read)
		}
		if err == io.EOF {
			c.Accounts = int64(len(c.accounts.number))
			return c, nil
		}
	}
}

// hear takes one line.
func (c *coursing) hear(n int64, text string, long bool) {
	e, err := eventOf(text)
	if long {
		err = errors.New("it is longer than a megabyte")
	}
	if err != nil {
		c.Broken++
		if c.Tell != nil && c.Broken <= maxTold {
			c.Tell(&Broken{Line: n, Why: err.Error()})
		}
		return
	}
	c.Events++
	if c.first == 0 {
		c.first = e.At
	}
	if e.At < c.last {
		c.Unordered++
	}
	c.last = max(c.last, e.At)
	if c.Bend != nil {
		c.Bend(&e)
	}
	c.take(&e)
}

// eventOf reads a line as package risk knows events.
func eventOf(text string) (e risk.Event, err error) {
	var o outside
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return e, err
	}
	kind, _ := risk.ParseKind(o.Kind) // Bounded refuses what is none
	e = risk.Event{
		ID: o.ID, Account: o.Account, At: o.At.UnixMicro(), Kind: kind, Session: o.Session, Amount: o.Amount, Target: o.Target,
		Device: risk.Device{Asked: true, Token: o.Device.Token, Given: o.Device.Given},
		Client: risk.Client{Agent: o.Client.Agent, Browser: o.Client.Browser, OS: o.Client.OS, Type: o.Client.Type},
		Place:  risk.Place{Network: o.Place.Network, Country: o.Place.Country},
	}
	e.Place.Address, _ = netip.ParseAddr(o.Place.Address) // what is no address is unknown
	if o.Unknown {
		e.Marks = risk.NameUnknown
	}
	return e.Bounded(0)
}

// take decides on an event, and lets it have its effects.
func (c *coursing) take(e *risk.Event) {
	if e.Marks&risk.NameUnknown != 0 || e.Kind == risk.SignInFailed {
		c.Failed++
		_, p := c.accounts.find([]byte(e.Account))
		if e.Marks&risk.NameUnknown != 0 {
			p = nil
		}
		d := risk.Decide(e, p, c.counters, c.Tables)
		c.counters.Observe(e, &d)
		return
	}
	number, p := c.accounts.open([]byte(e.Account))
	depth, clean := uint16(min(p.Successes(), math.MaxUint16)), c.prepare(e, p)
	d := risk.Decide(e, p, c.counters, c.Tables)
	c.counters.Observe(e, &d)
	p.Follow(e, &d, c.counters)
	if e.Kind == risk.HolderDenied {
		c.giveBack(e, p)
		return
	}
	if e.Kind == risk.SignedIn {
		if c.asking.asked(&d, risk.ShippedLimits().StepUp) || d.Action >= risk.StepUp {
			e.Marks |= risk.Proved
		}
	}
	if lesson, ok := p.Learn(e, c.counters); ok {
		c.counters.Learn(lesson)
		c.lessons[e.ID] = lesson
	}
	s := step{at: e.At, kind: e.Kind, action: d.Action, scored: d.Scored, weight: float32(d.Score)}
	switch {
	case e.Kind == risk.SignedIn:
		c.SignIns++
	case s.changes():
		c.Changes++
		s.weight = float32(d.Total())
	}
	a := c.actOf(e.ID, number)
	if len(a.steps) == 0 {
		a.depth, a.fell = depth, clean > d.Score
	}
	a.steps = append(a.steps, s)
}

// prepare poisons an account before an intruder's sign-in, and gives the score
// that the sign-in would have had without.
func (c *coursing) prepare(e *risk.Event, p *risk.Profile) (clean float64) {
	if e.Kind != risk.SignedIn || c.Poison == (Poison{}) || !(&act{kind: c.kindOf(e.ID)}).intruder() {
		return math.Inf(-1)
	}
	before := risk.Decide(e, p, c.counters, c.Tables)
	for range c.Poison.Failed {
		f := *e
		f.Kind, f.Session, f.Device.Given = risk.SignInFailed, "", ""
		d := risk.Decide(&f, p, c.counters, c.Tables)
		c.counters.Observe(&f, &d)
	}
	for left := c.Poison.Quiet; left > 0; left-- {
		q := *e
		q.At = max(e.At-int64(left)*c.Poison.Apart.Microseconds(), c.first)
		d := risk.Decide(&q, p, c.counters, c.Tables)
		if d.Action >= risk.StepUp || d.Score >= c.Poison.Below {
			break
		}
		if lesson, ok := p.Learn(&q, c.counters); ok {
			c.counters.Learn(lesson)
			c.quiet[e.ID] = append(c.quiet[e.ID], lesson)
			e.Device.Token, e.Device.Given = q.Device.Given, "" // his browser has one now
		}
	}
	return before.Score
}

// actOf finds the act that an event belongs to: "r7.2" is the second thing that followed on "r7".
func (c *coursing) actOf(id string, account uint32) *act {
	if root, _, follows := strings.Cut(id, "."); follows {
		if n, ok := c.number[root]; ok && c.acts[n].account == account {
			return &c.acts[n]
		}
	}
	c.number[id] = len(c.acts)
	c.acts = append(c.acts, act{account: account, kind: c.kindOf(id)})
	return &c.acts[len(c.acts)-1]
}

// kindOf tells what lies behind an event: for the report, and for the poison.
func (c *coursing) kindOf(id string) string {
	if kind, ok := c.Kinds[id]; ok {
		return kind
	}
	return c.Kinds[strings.TrimPrefix(id, "r")]
}

// giveBack is what follows when a holder disowns something: what it taught is
// taken back, and the case ends with the account in the holder's hands. How long
// that takes is not tried here.
func (c *coursing) giveBack(e *risk.Event, p *risk.Profile) {
	c.Disowned++
	if n, ok := c.number[e.Target]; ok && c.acts[n].disowned == 0 {
		c.acts[n].disowned = e.At
	}
	if lesson, ok := c.lessons[e.Target]; ok {
		p.Unlearn(lesson)
		c.counters.Unlearn(lesson)
		delete(c.lessons, e.Target)
	}
	for _, lesson := range c.quiet[e.Target] {
		p.Unlearn(lesson)
		c.counters.Unlearn(lesson)
	}
	delete(c.quiet, e.Target)
	back := risk.Event{ID: e.ID, Account: e.Account, At: e.At, Kind: risk.HolderConfirmed}
	d := risk.Decide(&back, p, c.counters, c.Tables)
	p.Follow(&back, &d, c.counters)
}
