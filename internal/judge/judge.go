package judge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/risk"
	"takeback/internal/rulebook"
)

// Knows tells what is known of addresses. What no table says is zero.
type Knows interface {
	Place(address netip.Addr) risk.Place
	// ThrowAway tells whether anybody can have a mailbox at an e-mail address for ten minutes.
	ThrowAway(email string) bool
}

// Judge decides. All fields but Knows are needed. Begin comes before everything else.
type Judge struct {
	DB    *db.DB
	Kinds account.Kinds
	Knows Knows          // may be nil: then nothing is known of places
	Zone  *time.Location // in which rules speak of hours
	Log   *slog.Logger

	policy policy
	began  time.Time

	mu       sync.Mutex // over all below
	counters *risk.Counters
	signIns  risk.Meter // scores of sign-ins
	changes  risk.Meter // all that spoke against changes
	domains  domains    // of contacts
	tally    map[count]int64
}

// Begin reads what was remembered. It refuses settings that are wrong.
func (j *Judge) Begin(ctx context.Context, s Settings) (err error) {
	defer fault.Wrap(&err, "judge.Begin")
	if j.policy, err = s.policy(); err != nil {
		return err
	}
	j.tally = map[count]int64{}
	fresh := make([]byte, 8)
	_, _ = rand.Read(fresh) // never fails: crypto/rand ends the program instead
	return j.DB.Write(ctx, func(tx *db.Tx) error {
		seed, began, err := begin(tx, "seed", fresh)
		if err != nil {
			return err
		}
		j.began, j.counters = began, risk.NewCounters(binary.LittleEndian.Uint64(seed), j.policy.sizes)
		for name, into := range j.memory() {
			body, _, err := remembered(tx, name)
			if err == nil && len(body) > 0 {
				err = into.UnmarshalBinary(body)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// memory is what is kept between two starts, by name. Where several processes
// serve one database, each goes by what it saw and the last one to save is read
// at the next start: each is a sample of the same traffic.
func (j *Judge) memory() map[string]kept {
	return map[string]kept{"counters": counters{j.counters}, "sign-ins": &j.signIns, "changes": &j.changes, "domains": &j.domains}
}

// kept is what can be written down as bytes.
type kept interface {
	MarshalBinary() ([]byte, error)
	UnmarshalBinary([]byte) error
}

// counters are risk's, as bytes.
type counters struct{ *risk.Counters }

// MarshalBinary implements kept.
func (c counters) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	err := c.Save(&b)
	return b.Bytes(), err
}

// UnmarshalBinary implements kept.
func (c counters) UnmarshalBinary(b []byte) error { return c.Load(bytes.NewReader(b)) }

// savesEvery is how much of the counters a crash may cost. Profiles and
// decisions are in the transactions of what they are about, and cost nothing.
const savesEvery = time.Minute

// Run saves the counters now and then until ctx ends, and once more then.
func (j *Judge) Run(ctx context.Context) error {
	tick := time.NewTicker(savesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := j.Save(ctx); err != nil {
				j.Log.Error("counters of risk not saved", "error", err)
			}
		case <-ctx.Done():
			return j.Save(context.WithoutCancel(ctx))
		}
	}
}

// Save writes the counters and the tally down.
func (j *Judge) Save(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "judge.Save")
	j.mu.Lock()
	bodies := map[string][]byte{}
	for name, of := range j.memory() {
		if bodies[name], err = of.MarshalBinary(); err != nil {
			j.mu.Unlock()
			return err
		}
	}
	counted := j.tally
	j.tally = map[count]int64{}
	j.mu.Unlock()
	err = j.DB.Write(ctx, func(tx *db.Tx) error {
		for name, body := range bodies {
			if err := remember(tx, name, body); err != nil {
				return err
			}
		}
		for c, n := range counted {
			if err := addTally(tx, c, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		j.mu.Lock()
		for c, n := range counted {
			j.tally[c] += n
		}
		j.mu.Unlock()
	}
	return err
}

// Doing is what somebody is about to do in an account, or has done.
type Doing struct {
	Account string // empty for a name that is nobody's
	Event   string // number of it: the same one again is the same event
	Kind    risk.Kind
	Session string
	Client  access.Client
	Amount  int64  // of an order, in the smallest unit
	Target  string // where an order goes, or letters from now on
	Marks   risk.Marks
}

// event is a doing as risk looks at it.
func (j *Judge) event(d Doing, at time.Time) risk.Event {
	if (d.Kind == risk.EmailChanged || d.Kind == risk.RecoveryChanged) && j.Knows != nil && j.Knows.ThrowAway(d.Target) {
		d.Marks |= risk.ContactDisposable
	}
	return risk.Event{ID: d.Event, Account: d.Account, At: at.UnixMicro(), Kind: d.Kind, Session: d.Session,
		Device: risk.Device{Asked: true, Token: d.Client.Device, Given: d.Client.Device},
		Place:  j.place(d.Client.IP), Client: clientOf(d.Client.UserAgent), Setting: risk.Setting{Language: d.Client.Language}, Amount: d.Amount, Target: d.Target, Marks: d.Marks}
}

func (j *Judge) place(ip string) risk.Place {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return risk.Place{}
	}
	address = address.Unmap().WithZone("")
	if j.Knows == nil {
		return risk.Place{Address: address}
	}
	return j.Knows.Place(address)
}

// Verdict is what follows from a decision.
type Verdict struct {
	risk.Decision
	Acting bool          // false: in shadow; whoever asked lets it be
	For    time.Duration // how long what is held waits
}

// Does gives the action that counts: none in shadow.
func (v Verdict) Does() risk.Action {
	if !v.Acting {
		return risk.Let
	}
	return v.Action
}

// KindOf tells what a change is to risk; false if it is nothing to it.
func (j *Judge) KindOf(verb history.Verb, path string, fresh bool) (risk.Kind, bool) {
	kind, _ := j.Kinds.Of(path)
	c := history.Change{Verb: verb, Path: path}
	if !fresh {
		c.Before = json.RawMessage("null")
	}
	return kindOf(c, kind.Algebra)
}

// Weigh decides about what somebody is about to do, and records it. It teaches
// nothing: that a sign-in succeeded is heard from the history.
func (j *Judge) Weigh(tx *db.Tx, d Doing) (v Verdict, err error) {
	defer fault.Wrap(&err, "judge.Weigh(%s)", d.Kind)
	p, err := profileOf(tx, d.Account)
	if err != nil {
		return v, err
	}
	e := j.event(d, tx.Now)
	e.ID = newID()
	if err := j.complete(tx, &e); err != nil {
		return v, err
	}
	t := j.limited()
	v, fired := j.decide(tx, &t, &e, &p)
	return v, j.note(tx, "", &e, v, fired)
}

// decide asks risk and the operator's rules. The lock is for the counters.
func (j *Judge) decide(tx *db.Tx, t *risk.Tables, e *risk.Event, p *risk.Profile) (v Verdict, fired []string) {
	var facts rulebook.Facts
	j.mu.Lock()
	v.Decision = risk.Decide(e, p, j.counters, t)
	if len(j.policy.rules) > 0 {
		facts = j.facts(e, p, v.Decision)
	}
	j.mu.Unlock()
	v.Acting, v.For = j.policy.mode.acting(j.began, tx.Now), j.policy.holdFor
	if len(j.policy.rules) == 0 {
		return v, nil
	}
	rules, broken := j.policy.rules.Fired(facts)
	if broken != nil {
		j.Log.Warn("a rule could not be decided", "error", broken)
	}
	for _, r := range rules {
		fired = append(fired, r.Name)
		if do, ok := risk.ParseAction(r.Do); ok && !r.Shadow && do > v.Action {
			v.Action = do
		}
	}
	return v, fired
}

// limited are the tables with limits that keep to the budgets.
func (j *Judge) limited() risk.Tables {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := *j.policy.tables
	t.Limits = t.Limits.Within(risk.Budget{Challenge: float64(j.policy.challenge), Hold: float64(j.policy.hold)}, &j.signIns, &j.changes)
	return t
}

// note records a decision that was more than letting be, and counts every one.
func (j *Judge) note(tx *db.Tx, source string, e *risk.Event, v Verdict, fired []string) error {
	tx.OnCommit(func() { j.counted(tx, e, v) })
	if v.Action == risk.Let && fired == nil {
		return nil
	}
	body, err := bodyOf(e)
	if err != nil {
		return err
	}
	_, err = record(tx, source, []told{{e, body, judgedOf(e, v, fired)}})
	return err
}

// judgedOf is a decision as it is recorded.
func judgedOf(e *risk.Event, v Verdict, fired []string) Judged {
	return Judged{ID: newID(), Account: e.Account, At: time.UnixMicro(e.At).UTC(), Kind: e.Kind.String(), Session: e.Session,
		Decision: v.Decision, Acted: v.Acting && v.Action > risk.Let, Rules: fired}
}

// counted takes a decision into the meters and the tally, once it is committed.
func (j *Judge) counted(tx *db.Tx, e *risk.Event, v Verdict) {
	l := j.limited().Limits
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case e.Kind == risk.SignedIn && v.Scored:
		j.signIns.Add(v.Score, v.Action >= risk.StepUp && v.Score < l.StepUp)
	case e.Kind.MovesChannel() || e.Kind.MovesValue():
		j.changes.Add(v.Total(), v.Action >= risk.Hold && v.Total() < l.Hold)
	}
	j.tally[count{tx.Now.Unix() / 86400, e.Kind.String(), v.Action, v.Acting && v.Action > risk.Let}]++
}

// Hear learns from a change as history enters it, in its transaction. It is
// meant for history.Book.OnAppend.
func (j *Judge) Hear(tx *db.Tx, c history.Change) (err error) {
	defer fault.Wrap(&err, "judge.Hear(%s %d)", c.Account, c.Seq)
	e, ok := j.heard(c)
	if !ok {
		return nil
	}
	if err := j.complete(tx, &e); err != nil {
		return err
	}
	p, err := profileOf(tx, c.Account) // append has locked the account
	if err != nil {
		return err
	}
	j.mu.Lock()
	d := risk.Decide(&e, &p, j.counters, j.policy.tables)
	j.mu.Unlock()
	j.follow(tx, &e, &p, d)
	return keepProfiles(tx, locked{c.Account: &p})
}

// follow takes an event that was decided on into the profile, which the caller
// keeps, and into the counters once it is committed.
func (j *Judge) follow(tx *db.Tx, e *risk.Event, p *risk.Profile, d risk.Decision) {
	j.mu.Lock()
	p.Follow(e, &d, j.counters)
	lesson, learnt := p.Learn(e, j.counters)
	j.mu.Unlock()
	tx.OnCommit(func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.counters.Observe(e, &d)
		if learnt {
			j.counters.Learn(lesson)
		}
		if domain := domainOf(e); domain != "" && e.Marks&(risk.ContactDisposable|risk.ContactLookalike) == 0 {
			j.domains.add(domain)
		}
	})
}

// Failed hears of a sign-in that failed. It writes nothing: a flood of them must
// cost memory that is bounded, and no rows.
func (j *Judge) Failed(d Doing) {
	d.Kind = risk.SignInFailed
	e := j.event(d, j.DB.Now())
	j.mu.Lock()
	defer j.mu.Unlock()
	decided := risk.Decide(&e, nil, j.counters, j.policy.tables)
	j.counters.Observe(&e, &decided)
	j.tally[count{e.At / 86_400_000_000, e.Kind.String(), risk.Let, false}]++
}

// facts are what the operator's rules go by. The caller has the lock.
func (j *Judge) facts(e *risk.Event, p *risk.Profile, d risk.Decision) rulebook.Facts {
	f := rulebook.Facts{Score: d.Score, Event: rulebook.Event{Kind: e.Kind.String(), Name: e.Name, Country: e.Place.Country, Network: int64(e.Place.Network),
		Browser: e.Client.Browser, System: e.Client.OS, Device: e.Client.Type, Amount: e.Amount,
		Tor: e.Place.Flags&risk.Tor != 0, VPN: e.Place.Flags&risk.VPN != 0, Hosting: e.Place.Flags&risk.Hosting != 0,
		Disposable: e.Marks&risk.ContactDisposable != 0, Lookalike: e.Marks&risk.ContactLookalike != 0,
		Hour: int64(time.UnixMicro(e.At).In(j.Zone).Hour())}}
	n := risk.NewsOf(e, p, j.counters)
	f.Event.NewAddress, f.Event.NewNetwork, f.Event.NewCountry = n.Address, n.Network, n.Country
	f.Event.NewBrowser, f.Event.NewSystem, f.Event.NewDevice = n.Browser, n.OS, n.Device
	f.Event.DistanceKm = n.DistanceKM
	f.Account = rulebook.Account{SignIns: int64(p.Successes()), DaysSince: n.SinceDays}
	return f
}
