package investigate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/finding"
	"takeback/internal/history"
)

func TestWhatTheHolderSaysClearsASuspicionAndNoMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tell    func(s *story)
		claimed Marks
		last    string // label of the last change
		doubt   bool   // it is a contradiction, of the holder's word alone
	}{
		"a suspect session": {func(s *story) { s.open("x", "password p1"); s.set("x", "name") }, Marks{ClaimedSessions: []string{"x"}}, "clean", false},
		"what comes out of it": {func(s *story) { s.open("x", "password p1"); s.derive("y", "x"); s.set("y", "name") },
			Marks{ClaimedSessions: []string{"x"}}, "clean", false},
		"another suspect session stays one": {func(s *story) { s.open("x", "password p1"); s.open("y", "password p1"); s.set("y", "name") },
			Marks{ClaimedSessions: []string{"x"}}, "suspect", false},
		"one suspect change": {func(s *story) { s.open("x", "password p1"); s.set("x", "name") }, Marks{ClaimedChanges: []int64{7}}, "clean", false},
		"the intruder's own session": {func(s *story) {
			s.secret("thief", "token/a", "t1", "id-t")
			s.open("x", "token/a t1")
			s.set("x", "name")
		},
			Marks{ClaimedSessions: []string{"x"}}, "tainted", true},
		"a change of the intruder's": {func(s *story) { s.set("thief", "name") }, Marks{ClaimedChanges: []int64{6}}, "tainted", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := home()
			c.tell(s)
			c.claimed.Sessions = []string{"thief"}
			f := analyst.Analyse(s.h, c.claimed, nil)
			if got := f.Changes[len(s.h)-1].Word(); got != c.last {
				t.Errorf("the last change is %s, want %s", got, c.last)
			}
			if got := len(f.Contradictions) == 1 && f.Contradictions[0].Claimed; got != c.doubt {
				t.Errorf("contradictions are %+v", f.Contradictions)
			}
		})
	}
}

// An intruder who reads the mailbox to which the questions went is not believed
// as soon as that is found out.
func TestWhatWasSaidInASessionOfTheIntrudersIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := home()
	s.open("x", "password p1")
	s.add(history.Change{Verb: history.Recover, Session: "answers", Factors: factors([]string{"email e1"})})
	seed := Marked{Mark: Mark{Verdict: Intruder, Session: "thief"}, No: 1, Actor: "staff_1"}
	said := Marked{Mark: Mark{Verdict: Holder, Session: "x"}, No: 2, Actor: "acc_1", SaidIn: "answers"}
	mailbox := Marked{Mark: Mark{Verdict: Intruder, Version: VersionRef{"email", "e1"}}, No: 3, Actor: "staff_1"}
	taken := Marked{Mark: Mark{Verdict: Intruder, Session: "answers"}, No: 3, Actor: "staff_1"}
	own := Marked{Mark: Mark{Verdict: Holder, Session: "answers"}, No: 4, Actor: "acc_1", SaidIn: "answers"}
	for name, c := range map[string]struct {
		all  []Marked
		want int // how many of them count
	}{
		"nobody said anything":                        {[]Marked{seed}, 1},
		"the mailbox is clean":                        {[]Marked{seed, said}, 2},
		"the intruder reads the mailbox":              {[]Marked{seed, said, mailbox}, 2},
		"the session was his":                         {[]Marked{seed, said, taken}, 2},
		"that the session is hers she does not prove": {[]Marked{seed, said, mailbox, own}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(analyst.believed(s.h, c.all, nil)); got != c.want {
				t.Errorf("%d of %d count, want %d", got, len(c.all), c.want)
			}
		})
	}
}

func TestAClearAgainstTheRulesNeedsTwoOfUs(t *testing.T) {
	t.Parallel()
	hard := &Findings{Contradictions: []finding.Contradiction{{Session: "x", Path: "x"}}}
	clear := func(actor string) Marked {
		return Marked{Mark: Mark{Verdict: Holder, Session: "x"}, Actor: actor}
	}
	says := clear("acc_1")
	says.SaidIn = "answers"
	again := Marked{Mark: Mark{Verdict: Intruder, Session: "x"}, Actor: "b"}
	for name, c := range map[string]struct {
		all  []Marked
		f    *Findings
		want bool // the last mark counts
	}{
		"one person":                          {[]Marked{clear("a")}, hard, false},
		"two people":                          {[]Marked{clear("a"), clear("b")}, hard, true},
		"one person twice":                    {[]Marked{clear("a"), clear("a")}, hard, false},
		"one person and the holder":           {[]Marked{clear("a"), says}, hard, false},
		"one, another's doubt, and the other": {[]Marked{clear("a"), again, clear("b")}, hard, false},
		"where nothing contradicts":           {[]Marked{clear("a")}, &Findings{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			left := agreed(c.all, c.f)
			got := len(left) > 0 && cmp.Equal(left[len(left)-1], c.all[len(c.all)-1])
			if got != c.want {
				t.Errorf("it counts: %t, want %t", got, c.want)
			}
		})
	}
}
