package investigate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/finding"
)

// guess is a mark of the thief's session, and one of another that is less sure.
func guess(session string, p finding.Confidence) Marks {
	return Marks{Sessions: []string{"thief", session}, Unsure: map[string]finding.Confidence{"session " + session: p}}
}

func TestConfidence(t *testing.T) {
	t.Parallel()
	type sure = finding.Confidence
	for _, c := range []struct {
		name string
		tell func(s *story)
		mark Marks
		want sure  // of the last change
		path []int // by seq; nil: not compared
	}{
		{"what a seed's session does is as sure as the seed",
			func(s *story) { s.open("x", "password p1"); s.set("x", "name") }, guess("x", 0.8), 0.8, []int{6, 7}},
		{"a hard rule passes all of it on",
			func(s *story) { s.open("x", "password p1"); s.derive("y", "x") }, guess("x", 0.8), 0.8, []int{6, 7}},
		{"a session can become surer",
			func(s *story) {
				s.open("x", "password p1")
				s.secret("thief", "totp", "o1", "id-o")
				s.stepUp("x", "totp o1")
				s.set("x", "name")
			}, guess("x", 0.5), 1, []int{5, 7, 8, 9}},
		{"a mark from a change on makes surer what a rule had guessed before",
			func(s *story) {
				s.open("x", "password p1")
				s.secret("x", "token/a", "t1", "id-t")
				s.open("y", "token/a t1")
				s.set("y", "name")
				s.set("y", "name")
			}, Marks{Sessions: []string{"x"}, From: map[string]int64{"y": 9}, Unsure: map[string]sure{"session x": 0.5}}, 1, []int{9, 10}},
		{"what a doubtful session saw may be the holder's",
			func(s *story) {
				s.secret("thief", "token/a", "t1", "id-t")
				s.open("x", "password p1")
				s.view("x", "token/a")
				s.open("y", "token/a t1")
			}, guess("x", 0.7), 0.7, []int{7, 8, 9}},
		{"it is suspect besides, if that is surer",
			func(s *story) {
				s.secret("thief", "token/a", "t1", "id-t")
				s.open("x", "password p1")
				s.view("x", "token/a")
				s.open("y", "token/a t1")
			}, guess("x", 0.5), weightS3, []int{5, 6, 9}},
		{"a caller was verified as surely as by the least of it",
			func(s *story) {
				s.open("x", "password p1")
				s.secret("thief", "token/a", "t1", "id-a")
				s.secret("x", "token/b", "t2", "id-b")
				s.agent("kim", "name", "token/b t2", "token/a t1")
			}, guess("x", 0.5), 0.5, []int{6, 8, 9}},
		{"what is all known is doubtful as the least known of it",
			func(s *story) {
				s.secret("own", "totp", "o1", "id-o")
				s.open("x", "passkey/a k1")
				s.view("x", "totp")
				s.open("y", "password p1", "totp o1")
			}, guess("x", 0.5), sure(0.5) * weightS2 * weightS3, []int{7, 8, 9}},
		{"of two ways the better one counts, also if it comes later",
			func(s *story) {
				s.open("x", "passkey/a k1")
				s.stepUp("x", "passkey/a k1")
				s.open("y", "passkey/a k1")
				s.stepUp("thief", "passkey/a k1")
				s.set("y", "name")
			}, guess("x", 0.5), sure(1) * weightS1 * weightS3 * weightS4, []int{5, 9, 8, 10}},
		{"a single change", func(s *story) { s.set("own", "name") },
			Marks{Changes: []int64{6}, Unsure: map[string]sure{"change 6": 0.8}}, 0.8, []int{6}},
		{"an agent", func(s *story) { s.agent("kim", "name") }, Marks{Agents: []string{"kim"}, Unsure: map[string]sure{"agent kim": 0.8}}, 0.8, []int{6}},
		{"a version", func(s *story) { s.open("x", "password p1") },
			Marks{Versions: []VersionRef{{"password", "p1"}}, Unsure: map[string]sure{"version password p1": 0.8}}, 0.8 * weightS3, []int{2, 6}},
		{"a seed without sense is certain", func(s *story) { s.set("own", "name") },
			Marks{Changes: []int64{6}, Unsure: map[string]sure{"change 6": -1}}, 1, []int{6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := home()
			c.tell(s)
			f := analyst.Analyse(s.h, c.mark, nil)
			last := s.h[len(s.h)-1].Seq
			if got := f.Why(last).Confidence; got != c.want {
				t.Errorf("the last change is the intruder's with %v, want %v: %v", got, c.want, f.Paths().To(last))
			}
			var path []int
			for _, one := range f.Paths().Because(last) {
				path = append(path, int(one))
			}
			if diff := cmp.Diff(c.path, path); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
		})
	}
}

// Of what the rules only asked about, a clear is the answer and contradicts nothing.
func TestClearingAGuessIsNoContradiction(t *testing.T) {
	t.Parallel()
	s := home()
	s.secret("thief", "token/a", "t1", "id-t")
	s.open("x", "token/a t1")
	name := s.set("thief", "name")
	m := Marks{Sessions: []string{"thief"}, ClearedSessions: []string{"x"}, ClearedChanges: []int64{name}}
	if f := analyst.Analyse(s.h, m, nil); len(f.Contradictions) != 2 {
		t.Errorf("by a certain seed there are two contradictions, got %v", f.Contradictions)
	}
	m.Unsure = map[string]finding.Confidence{"session thief": 0.8}
	f := analyst.Analyse(s.h, m, nil)
	if len(f.Contradictions) != 0 || f.Of(name).Label != finding.Clean || f.Sessions["x"].Label() != finding.Clean {
		t.Errorf("the clears do not hold, or contradict a guess: %v", f.Contradictions)
	}
}

// Only hard rules may lead to what is undone without asking.
func TestWhatIsSuspectIsAlwaysAsked(t *testing.T) {
	t.Parallel()
	if weightS3 >= finding.Automatic || weightS3*weightS1 < finding.Ignored {
		t.Errorf("the weight of S3, %v, undoes or hides what is suspect", weightS3)
	}
}
