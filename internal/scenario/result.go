package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/history"
	"takeback/internal/restore"
)

// result reads back what came out.
func (g *play) result() (Result, error) {
	r := Result{Scenario: g.s.Title, Sessions: map[string]string{}, Steps: map[string]string{}, State: map[string]any{},
		Asked: []Asked{}, Effects: map[string]string{}, Refused: g.refused, Alive: []string{}, Plan: []Planned{}, Differs: []string{}}
	for _, session := range g.order {
		r.Sessions[session] = g.findings.Sessions[session].Label().String()
	}
	for id, seq := range g.seqs {
		r.Steps[id] = g.findings.Of(seq).Word()
	}
	for _, q := range g.plan.Questions {
		r.Asked = append(r.Asked, Asked{string(q.Why), q.Path})
	}
	for _, s := range g.plan.Steps {
		r.Plan = append(r.Plan, g.planned(s))
	}
	facts, err := account.Facts(g.tx, g.id)
	if err != nil {
		return r, err
	}
	values := map[string]json.RawMessage{}
	for _, f := range facts {
		values[f.Path] = f.Value
	}
	for _, path := range g.paths {
		kind, _ := g.book.Kinds.Of(path)
		if kind.Algebra == account.Effect {
			r.Effects[path] = outcome(values[path])
			continue
		}
		if r.State[path], err = g.holds(path, kind, values[path]); err != nil {
			return r, err
		}
	}
	r.Alive, err = g.alive()
	return r, err
}

// holds gives what a path holds, in the words of the format.
func (g *play) holds(path string, kind account.Kind, value json.RawMessage) (any, error) {
	fact := account.Fact{Value: value}
	switch {
	case kind.Algebra == account.Ledger:
		return history.Balance(value)
	case value == nil && contains(g.plan.Enrol, path):
		return revoked, nil
	case value == nil && contains(g.plan.Held, path):
		return held, nil
	case value == nil:
		return absent, nil
	case kind.Algebra == account.Group || kind.Algebra == account.Element:
		return fact.Parts(), nil
	}
	return fact.Text(), nil
}

// outcomes are the words of the format for what a plan did about an effect.
var outcomes = map[restore.Op]string{"": "kept", restore.Cancel: "cancelled", restore.Refund: "refund", restore.Claim: "claim",
	restore.CorrectShipTo: "correct-ship-to", restore.BookLoss: "booked-loss"}

func outcome(order json.RawMessage) string {
	var e restore.Effect
	if json.Unmarshal(order, &e) != nil {
		return "unreadable"
	}
	return outcomes[e.Undone]
}

// alive tries every session: who can still act after the plan? The account is
// reopened for it, so that who is refused is refused for the epoch alone.
func (g *play) alive() ([]string, error) {
	alive := []string{}
	if _, err := account.Turn(g.tx, g.id, account.Guarded, time.Time{}, account.Restoring); err != nil {
		return nil, err
	}
	for _, session := range g.order {
		_, err := g.book.Append(g.tx, history.Entry{Account: g.id, By: g.actors[session], Verb: history.StepUp})
		switch {
		case err == nil:
			alive = append(alive, session)
		case !errors.Is(err, account.ErrFrozen):
			return nil, err
		}
	}
	return alive, nil
}

func (g *play) planned(s restore.Step) Planned {
	p := Planned{Op: string(s.Op), Path: s.Path, Pre: plain(s.Pre), Want: plain(s.Want), Because: []string{}}
	for _, seq := range s.Because {
		if id, ok := g.steps[seq]; ok && !contains(p.Because, id) {
			p.Because = append(p.Because, id)
		}
	}
	return p
}

// plain gives a value for printing; nil prints as null.
func plain(value json.RawMessage) any {
	if value == nil {
		return nil
	}
	return value
}

// compare fills in how the result differs from what was expected. Only what an
// expectation names is compared, but alive always.
func (r *Result) compare(e *Expect) {
	if e == nil {
		e = &Expect{}
	}
	differ(r, "sessions", e.Sessions, r.Sessions, absent)
	differ(r, "steps", e.Steps, r.Steps, absent)
	for _, path := range slices.Sorted(maps.Keys(e.State)) {
		got, ok := r.State[path]
		if _, number := e.State[path].(int64); !ok && number {
			got = int64(0)
		} else if !ok {
			got = absent
		}
		if !reflect.DeepEqual(e.State[path], got) {
			r.differs("state "+path, e.State[path], got)
		}
	}
	if e.Asked != nil {
		differSets(r, "asked", *e.Asked, r.Asked)
	}
	differ(r, "effects", e.Effects, r.Effects, absent)
	for _, path := range e.Untouched {
		for _, s := range r.Plan {
			if s.Path == path {
				r.differs("untouched "+path, "no step", s.Op)
			}
		}
	}
	if e.Refused != nil {
		differSets(r, "refused", *e.Refused, r.Refused)
	}
	differSets(r, "alive", e.Alive, r.Alive)
	r.OK = len(r.Differs) == 0
}

func (r *Result) differs(what string, want, got any) {
	r.Differs = append(r.Differs, fmt.Sprintf("%s: want %s, got %s", what, encode(want), encode(got)))
}

func differ(r *Result, what string, want, got map[string]string, none string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		have, ok := got[key]
		if !ok {
			have = none
		}
		if have != want[key] {
			r.differs(what+" "+key, want[key], have)
		}
	}
}

func differSets[T comparable](r *Result, what string, want, got []T) {
	for _, one := range want {
		if !slices.Contains(got, one) {
			r.differs(what, one, "not there")
		}
	}
	for _, one := range got {
		if !slices.Contains(want, one) {
			r.differs(what, "not there", one)
		}
	}
}
