package restore

import (
	"encoding/json"
	"slices"
	"time"

	"takeback/internal/account"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Outside is what is known of the world that a plan would write into, by path.
// The zero Outside knows nothing, and takes nothing back. That nothing comes back which its holder took
// away or had erased needs no word from outside: the history says so.
type Outside struct {
	Taken   map[string]bool            // contacts: another account came to have the former address or number meanwhile
	Lost    map[string]bool            // contacts: the last letter to the former address, or call at the former number, reached nobody or somebody else
	Present map[string]json.RawMessage // what the system that holds the facts says now; a path that is not in it was not asked
}

// check takes back the steps that would write what is not valid any more, and asks.
func (p *Plan) check(o Outside, kinds account.Kinds, now time.Time) {
	drifts := map[string]bool{} // by path, once its first step was looked at: the second one follows the first
	for _, s := range slices.Clone(p.Steps) {
		there, asked := o.Present[s.Path]
		if _, followed := drifts[s.Path]; !followed {
			drifts[s.Path] = asked && !same(there, s.Pre) && !same(there, s.Want)
		}
		switch {
		case drifts[s.Path]:
			p.drift(s, there)
		case s.Op == PutBack && o.Taken[s.Path]:
			p.hold(s, Uniqueness)
		case s.Op == PutBack && o.Lost[s.Path]:
			p.hold(s, InvalidOldValue)
		case s.Op == Put && expired(s.Want, now):
			if kind, ok := kinds.Of(s.Path); ok && kind.Pattern == "card/*" {
				p.hold(s, InvalidOldValue)
			}
		}
	}
}

// drift asks about a step before which somebody else has written. A value waits
// for the answer, but a way in is closed whatever it holds by now.
func (p *Plan) drift(s Step, there json.RawMessage) {
	if s.Phase != WaysIn {
		p.hold(s, Drift)
		return
	}
	for i := range p.Steps {
		if o := &p.Steps[i]; o.Path == s.Path && o.Op == s.Op {
			o.Pre = there
		}
	}
	p.Questions = append(p.Questions, Question{Why: Drift, Path: s.Path, Because: s.Because})
}

// mixed asks about the sessions that are the intruder's from a moment on at
// which nothing changed hands: the same device, in the same segment, was the
// holder's a moment before. Where nothing is known of devices nothing is asked.
func (p *planner) mixed(h []history.Change) {
	from, last := map[string]*history.Change{}, int64(0) // where each of them turns, and the last of these
	for name, s := range p.findings.Sessions {
		i := s.TaintedFrom - p.findings.First
		if s.TaintedFrom == 0 || i < 0 || i >= int64(len(h)) || begins(&h[i], name) {
			continue
		}
		if h[i].Session == name { // else the mark names a change of another session: its next own one counts
			from[name], last = &h[i], max(last, i)
		}
	}
	for i := last - 1; i >= 0 && len(from) > 0; i-- {
		before := &h[i]
		c := from[before.Session]
		if c == nil || before.Seq >= c.Seq {
			continue
		}
		delete(from, before.Session)
		if device := before.Client.Device; device != "" && device == c.Client.Device && before.Segment == c.Segment &&
			p.findings.Of(before.Seq).Label != finding.Tainted {
			p.Questions = append(p.Questions, Question{Why: MixedSession, Path: c.Session, Seq: c.Seq})
		}
	}
}

// begins tells whether a change is where a session comes to be or goes on from another client.
func begins(c *history.Change, session string) bool {
	switch c.Verb {
	case history.Open, history.Recover, history.Derive, history.Handover:
		return c.Session == session
	}
	return false
}
