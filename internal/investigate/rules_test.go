package investigate

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/access"
	"takeback/internal/finding"
	"takeback/internal/history"
)

// analyst is one for all tests: each history is read in the memory of another one.
var analyst Analyst

// story builds a history. Every verb gives the seq of its change.
type story struct{ h []history.Change }

func (s *story) add(c history.Change) int64 {
	c.Seq = int64(len(s.h) + 1)
	if c.Session != "" {
		c.Role, c.Segment = access.Holder, max(1, c.Segment)
	}
	c.Total = c.Verb != history.Patch
	s.h = append(s.h, c)
	return c.Seq
}

// factors reads "password p1" and the like.
func factors(all []string) (fs []history.Factor) {
	for _, one := range all {
		var f history.Factor
		if n, err := fmt.Sscan(one, &f.Path, &f.Version); n != 2 || err != nil {
			panic("a factor is a path and a version, not " + one)
		}
		fs = append(fs, f)
	}
	return fs
}

func (s *story) open(session string, with ...string) int64 {
	return s.add(history.Change{Verb: history.Open, Session: session, Factors: factors(with)})
}

func (s *story) recover(session, via string) int64 {
	return s.add(history.Change{Verb: history.Recover, Session: session, Factors: factors([]string{via})})
}

func (s *story) derive(session, parent string) int64 {
	return s.add(history.Change{Verb: history.Derive, Session: session, Parent: parent})
}

func (s *story) stepUp(session string, with ...string) int64 {
	return s.add(history.Change{Verb: history.StepUp, Session: session, Factors: factors(with)})
}

func (s *story) secret(session, path, version, id string) int64 {
	return s.add(history.Change{Verb: history.Credential, Session: session, Path: path, Version: version, SecretID: id})
}

func (s *story) contact(session, path, version, address string) int64 {
	after, _ := json.Marshal(address)
	return s.add(history.Change{Verb: history.Contact, Session: session, Path: path, Version: version, After: after})
}

func (s *story) view(session, path string) int64 {
	return s.add(history.Change{Verb: history.View, Session: session, Path: path})
}

func (s *story) set(session, path string) int64 {
	return s.add(history.Change{Verb: history.Set, Session: session, Path: path, After: json.RawMessage(`"x"`)})
}

func (s *story) patch(session, path string) int64 {
	return s.add(history.Change{Verb: history.Patch, Session: session, Path: path, Part: "a", After: json.RawMessage(`{"a":"x"}`)})
}

func (s *story) agent(name, path string, verified ...string) int64 {
	return s.add(history.Change{Verb: history.Set, Role: access.Agent, Actor: name, Path: path, After: json.RawMessage(`"x"`), Factors: factors(verified)})
}

// granted is a change that the service makes for somebody who acts by a grant.
func (s *story) granted(by, path string) int64 {
	return s.add(history.Change{Verb: history.Set, Role: access.Service, Path: path, After: json.RawMessage(`"x"`), Grant: history.Read{Path: by}})
}

// home is how most stories begin: the holder has a password, an address and a key, and the thief the password.
func home() *story {
	s := &story{}
	s.open("own")
	s.secret("own", "password", "p1", "id-p")
	s.contact("own", "email", "e1", "own@home.example")
	s.secret("own", "passkey/a", "k1", "id-k")
	s.open("thief", "password p1")
	return s
}

var thief = Marks{Sessions: []string{"thief"}}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule string
		tell func(s *story)
		mark Marks
		want map[string]string // sessions
		last string            // label of the last change
	}{
		{"H1: what the intruder's session does is the intruder's",
			func(s *story) { s.set("thief", "name") }, thief, nil, "tainted"},
		{"H1: a single seed taints no session",
			func(s *story) { s.set("own", "name") }, Marks{Changes: []int64{6}}, map[string]string{"own": "clean"}, "tainted"},
		{"H1: from a change on, which is included",
			func(s *story) { s.set("own", "name") }, Marks{From: map[string]int64{"own": 6}}, map[string]string{"own": "tainted"}, "tainted"},
		{"H1: before that change the session is the holder's",
			func(s *story) { s.set("own", "name") }, Marks{From: map[string]int64{"own": 7}}, map[string]string{"own": "tainted"}, "clean"},
		{"H3: one owned factor beside the holder's own is enough",
			func(s *story) { s.secret("thief", "token/a", "t1", "id-t"); s.open("x", "passkey/a k1", "token/a t1") },
			thief, map[string]string{"x": "tainted"}, "tainted"},
		{"H3: a version that the holder set with an equal secret is not owned",
			func(s *story) { s.secret("thief", "password", "p2", "id-p"); s.open("x", "password p2") },
			thief, map[string]string{"x": "suspect"}, "suspect"},
		{"H3: a secret without an id equals no other",
			func(s *story) {
				s.secret("own", "token/a", "t1", "")
				s.secret("thief", "token/b", "t2", "")
				s.open("x", "token/b t2")
			},
			thief, map[string]string{"x": "tainted"}, "tainted"},
		{"H4: who proves an owned address is the intruder",
			func(s *story) { s.contact("thief", "email", "e2", "thief@away.example"); s.recover("x", "email e2") },
			thief, map[string]string{"x": "tainted"}, "tainted"},
		{"H5: what is derived from the intruder's session is the intruder's",
			func(s *story) { s.derive("x", "thief") }, thief, map[string]string{"x": "tainted"}, "tainted"},
		{"H5: what was derived before the session changed hands is not",
			func(s *story) { s.derive("x", "own"); s.set("own", "name") },
			Marks{From: map[string]int64{"own": 7}}, map[string]string{"x": "clean"}, "tainted"},
		{"H6: an owned factor inside a session taints it from there",
			func(s *story) { s.secret("thief", "totp", "o1", "id-o"); s.stepUp("own", "totp o1") },
			thief, map[string]string{"own": "tainted"}, "tainted"},
		{"H6: another factor neither taints nor clears",
			func(s *story) { s.open("x", "password p1"); s.stepUp("x", "passkey/a k1") },
			thief, map[string]string{"x": "suspect"}, "suspect"},
		{"H7: an agent deceived by owned evidence alone",
			func(s *story) {
				s.contact("thief", "phone", "t2", "1")
				s.agent("kim", "name", "phone t2")
			}, thief, nil, "tainted"},
		{"H7: an agent who also saw the holder's own is not",
			func(s *story) {
				s.contact("thief", "phone", "t2", "1")
				s.agent("kim", "name", "phone t2", "passkey/a k1")
			}, thief, nil, "clean"},
		{"H7: an agent who saw nothing is not",
			func(s *story) { s.agent("kim", "name") }, thief, nil, "clean"},
		{"H7: every act of a seeded agent is tainted",
			func(s *story) { s.agent("kim", "name", "passkey/a k1") }, Marks{Agents: []string{"kim"}}, nil, "tainted"},
		{"H8: an act by a grant that the intruder gave",
			func(s *story) { s.set("thief", "delegate/d"); s.granted("delegate/d", "name") }, thief, nil, "tainted"},
		{"H8: one by a grant that was given by such a grant",
			func(s *story) {
				s.set("thief", "delegate/d")
				s.granted("delegate/d", "household/h")
				s.granted("household/h", "name")
			}, thief, nil, "tainted"},
		{"H8: one by the holder's own grant is not",
			func(s *story) { s.set("own", "delegate/d"); s.set("thief", "name"); s.granted("delegate/d", "name") }, thief, nil, "clean"},
		{"H8: nor is one by a grant that the holder has given anew since",
			func(s *story) {
				s.set("thief", "delegate/d")
				s.set("own", "delegate/d")
				s.granted("delegate/d", "name")
			}, thief, nil, "clean"},
		{"H8: what was done before the intruder took the grant over is the holder's",
			func(s *story) {
				s.set("own", "delegate/d")
				s.granted("delegate/d", "name")
				s.set("thief", "delegate/d")
				s.granted("delegate/d", "language")
				s.set("own", "note/n")
			}, thief, nil, "clean"},
		{"H9: what the holder was shown is not owned",
			func(s *story) {
				s.secret("thief", "token/a", "t1", "id-t")
				s.view("own", "token/a")
				s.open("x", "token/a t1")
			},
			thief, map[string]string{"x": "suspect"}, "suspect"},
		{"H9: to be shown a passkey teaches nobody anything",
			func(s *story) {
				s.secret("thief", "passkey/b", "k2", "id-b")
				s.view("own", "passkey/b")
				s.open("x", "passkey/b k2")
			},
			thief, map[string]string{"x": "tainted"}, "tainted"},
		{"H9: to be shown an address is not to receive there",
			func(s *story) {
				s.contact("thief", "email", "e2", "thief@away.example")
				s.view("own", "email")
				s.recover("x", "email e2")
			},
			thief, map[string]string{"x": "tainted"}, "tainted"},
		{"S1: what the intruder presented is exposed, and alone makes suspect",
			func(s *story) { s.open("x", "password p1") }, thief, map[string]string{"x": "suspect"}, "suspect"},
		{"S1: what was presented before the session changed hands is not exposed",
			func(s *story) { s.open("x", "password p1") },
			Marks{From: map[string]int64{"thief": 6}}, map[string]string{"thief": "tainted", "x": "clean"}, "clean"},
		{"S1: exposure reaches back",
			func(s *story) { s.open("x", "passkey/a k1"); s.stepUp("thief", "passkey/a k1") },
			thief, map[string]string{"x": "suspect"}, "tainted"},
		{"S2: what the intruder was shown is exposed",
			func(s *story) {
				s.secret("own", "token/a", "t1", "id-t")
				s.view("thief", "token/a")
				s.open("x", "token/a t1")
			},
			thief, map[string]string{"x": "suspect"}, "suspect"},
		{"S2: a passkey that the intruder was shown is not",
			func(s *story) { s.view("thief", "passkey/a"); s.open("x", "passkey/a k1") },
			thief, map[string]string{"x": "clean"}, "clean"},
		{"S2: what a suspect set is exposed",
			func(s *story) {
				s.open("x", "password p1")
				s.secret("x", "token/a", "t1", "id-t")
				s.open("y", "token/a t1")
			},
			thief, map[string]string{"y": "suspect"}, "suspect"},
		{"S3: one factor that is not exposed protects",
			func(s *story) { s.open("x", "password p1", "passkey/a k1") }, thief, map[string]string{"x": "clean"}, "clean"},
		{"S3: an established device protects",
			func(s *story) {
				s.add(history.Change{Verb: history.Open, Session: "x", Device: "old", Factors: factors([]string{"password p1"})})
			},
			thief, map[string]string{"x": "clean"}, "clean"},
		{"S4: what is derived from a suspect session is suspect",
			func(s *story) { s.open("x", "password p1"); s.derive("y", "x") }, thief, map[string]string{"y": "suspect"}, "suspect"},
		{"affected: a part written on the intruder's value",
			func(s *story) { s.set("thief", "prefs"); s.patch("own", "prefs") }, thief, nil, "affected"},
		{"affected: not after somebody wrote the whole",
			func(s *story) { s.set("thief", "prefs"); s.set("own", "prefs"); s.patch("own", "prefs") }, thief, nil, "clean"},
		{"affected: an order that read the intruder's value",
			func(s *story) {
				s.set("thief", "address/a")
				s.add(history.Change{Verb: history.Order, Session: "own", Path: "order/1", Reads: []history.Read{{Path: "address/a"}}})
			}, thief, nil, "affected"},
		{"clear: a cleared session is neither tainted nor suspect",
			func(s *story) { s.open("x", "password p1") },
			Marks{Sessions: []string{"thief"}, ClearedSessions: []string{"x"}}, map[string]string{"x": "clean"}, "clean"},
		{"clear: what is cleared passes nothing on",
			func(s *story) { s.derive("x", "thief"); s.derive("y", "x") },
			Marks{Sessions: []string{"thief"}, ClearedSessions: []string{"x"}}, map[string]string{"y": "clean"}, "clean"},
		{"credentials: a known version is exposed",
			func(s *story) { s.open("x", "password p1") },
			Marks{Versions: []VersionRef{{"password", "p1"}}}, map[string]string{"x": "suspect"}, "suspect"},
		{"a job of ours teaches the holder nothing",
			func(s *story) {
				s.secret("thief", "token/a", "t1", "id-t")
				s.add(history.Change{Verb: history.View, Role: access.System, Path: "token/a"})
				s.open("x", "token/a t1")
			},
			thief, map[string]string{"x": "tainted"}, "tainted"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			s := home()
			c.tell(s)
			f := analyst.Analyse(s.h, c.mark, map[string]bool{"old": true})
			for session, want := range c.want {
				if got := f.Sessions[session].Label().String(); got != want {
					t.Errorf("session %s is %s, want %s", session, got, want)
				}
			}
			if got := f.Changes[len(s.h)-1].Word(); got != c.last {
				t.Errorf("the last change is %s, want %s", got, c.last)
			}
		})
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	s := home()
	s.secret("thief", "token/a", "t1", "id-t")
	x := s.open("x", "token/a t1")
	name := s.set("thief", "name")
	view := s.view("thief", "token/a")
	f := analyst.Analyse(s.h, Marks{Sessions: []string{"thief", "own"}, ClearedSessions: []string{"x", "own"}, ClearedChanges: []int64{name, view}}, nil)
	want := []finding.Contradiction{
		{Session: "x", Path: "x", Reason: finding.Reason{Rule: finding.H3, From: 6, Confidence: 1}},
		{Seq: name, Path: "name", Reason: finding.Reason{Rule: finding.H1, From: 5, Confidence: 1}},
	}
	if diff := cmp.Diff(want, f.Contradictions); diff != "" {
		t.Errorf("a clear of a seed and of a view are none (-want +got):\n%s", diff)
	}
	if f.Of(x).Label != finding.Clean || f.Of(name).Label != finding.Clean {
		t.Error("the clears do not hold")
	}
}

func TestBecauseLeadsFromTheSeedToTheChange(t *testing.T) {
	t.Parallel()
	s := home()
	mail := s.contact("thief", "email", "e2", "thief@away.example")
	x := s.recover("x", "email e2")
	y := s.derive("y", "x")
	last := s.set("y", "name")
	f := analyst.Analyse(s.h, thief, nil)
	if got, want := f.Paths().Because(last), []int64{5, mail, x, y, last}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := f.Paths().BecauseKnown(2), []int64{5}; !slices.Equal(got, want) {
		t.Errorf("the password is exposed by %v, want %v", got, want)
	}
	if got, want := f.Of(x).Reason, (finding.Reason{Rule: finding.H4, From: mail, Confidence: 1}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestASegmentHasTheLabelOfItsOwnTime(t *testing.T) {
	t.Parallel()
	s := home()
	s.set("own", "name")
	over := s.add(history.Change{Verb: history.Handover, Session: "own", Segment: 2})
	s.add(history.Change{Verb: history.Set, Session: "own", Segment: 2, Path: "name"})
	f := analyst.Analyse(s.h, Marks{From: map[string]int64{"own": over}}, nil)
	want := []finding.Label{finding.Clean, finding.Tainted}
	if diff := cmp.Diff(want, f.Sessions["own"].Segments); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
