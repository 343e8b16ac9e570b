package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/account"
)

func player(t *testing.T) *Player {
	t.Helper()
	p, err := NewPlayer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestEveryScenarioComesOutAsExpected(t *testing.T) {
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
		all, err := Parse(file, text, p.Kinds, true)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(all[0].Title, func(t *testing.T) {
			r, err := p.Play(t.Context(), all[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Differs {
				t.Errorf("%s: %s", file, d)
			}
		})
	}
}

func TestWhatDiffersIsToldByName(t *testing.T) {
	t.Parallel()
	const line = `{"scenario": "wrong in every way", "devices": {}, "history": [
		{"do": "open", "session": "own"},
		{"do": "credential", "by": "own", "path": "password", "version": "p1", "secret": "a"},
		{"do": "open", "session": "thief", "with": ["p1"]},
		{"do": "set", "by": "thief", "path": "name", "to": "N"},
		{"do": "order", "by": "thief", "path": "order/1", "effect": "undo"}],
		"seeds": {"sessions": ["thief"]},
		"expect": {"sessions": {"own": "tainted"}, "steps": {"s4": "clean"}, "state": {"name": "N", "points": 3, "phone": "1"},
			"asked": [{"why": "drift", "path": "name"}], "effects": {"order/1": "kept"}, "untouched": ["name"],
			"refused": ["s1"], "alive": ["own"]}}`
	p := player(t)
	all, err := Parse("-", []byte(strings.ReplaceAll(line, "\n", " ")), p.Kinds, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Play(t.Context(), all[0])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`sessions own: want "tainted", got "clean"`,
		`steps s4: want "clean", got "tainted"`,
		`state name: want "N", got "absent"`,
		`state phone: want "1", got "absent"`,
		`state points: want 3, got 0`,
		`asked: want {"why":"drift","path":"name"}, got "not there"`,
		`effects order/1: want "kept", got "cancelled"`,
		`untouched name: want "no step", got "remove"`,
		`refused: want "s1", got "not there"`,
		`alive: want "own", got "not there"`,
	}
	if diff := cmp.Diff(want, r.Differs); diff != "" || r.OK {
		t.Errorf("ok is %v; differs (-want +got):\n%s", r.OK, diff)
	}
}

func TestTheJSONFormIsTheFormat(t *testing.T) {
	t.Parallel()
	const text = `
scenario: small
history:
  - {do: open, session: own}
  - {do: credential, by: own, path: password, version: p1, secret: a}
  - {id: in, do: open, session: thief, with: [p1]}
  - {id: new, do: credential, by: thief, path: password, version: p2, secret: b}
  - {id: moved, do: move, by: thief, path: points, amount: -3}
  - {id: end, do: freeze}
  - {id: late, do: set, by: own, path: name, to: N}
seeds: {sessions: [thief]}
`
	p := player(t)
	all, err := Parse("small.yaml", []byte(text), p.Kinds, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Play(t.Context(), all[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"scenario":"small","ok":true,"differs":[],"sessions":{"own":"clean","thief":"tainted"},` +
		`"steps":{"end":"clean","in":"tainted","moved":"tainted","new":"tainted","s1":"clean","s2":"clean"},` +
		`"state":{"password":"revoked","points":0},"asked":[],"effects":{},"refused":["late"],"alive":[],` +
		`"plan":[{"op":"revoke","path":"password","pre":"p2","want":null,"because":["in","new"]},` +
		`{"op":"move","path":"points","pre":-3,"want":0,"because":["in","moved"]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAMalformedFileIsRefusedWithLineAndKey(t *testing.T) {
	t.Parallel()
	const own = "  - {do: open, session: own}\n"
	const pass = "  - {do: credential, by: own, path: password, version: p1, secret: a}\n"
	for _, c := range []struct {
		what, history, rest string
		line                int
		key                 string
	}{
		{"a step nobody knows", "  - {do: steal}\n", "", 3, "history[0].do"},
		{"a step without do", "  - {session: own}\n", "", 3, "history[0].do"},
		{"a key nobody knows", "  - {do: open, session: own, sesion: x}\n", "", 3, "history[0].sesion"},
		{"a key that stands there twice", "  - {do: open, session: own, session: x}\n", "", 3, "history[0].session"},
		{"a key that is missing", own + "  - {do: set, by: own, path: name}\n", "", 4, "history[1].to"},
		{"a session nobody opened", own + "  - {do: set, by: x, path: name, to: N}\n", "", 4, "history[1].by"},
		{"a session opened twice", own + pass + "  - {do: open, session: own, with: [p1]}\n", "", 5, "history[2].session"},
		{"a version nobody set", own + "  - {do: open, session: x, with: [p1]}\n", "", 4, "history[1].with"},
		{"a version set twice", own + pass + pass, "", 5, "history[2].version"},
		{"a second session without a version", own + "  - {do: open, session: x}\n", "", 4, "history[1].with"},
		{"a recovery through a password", own + pass + "  - {do: recover, session: x, via: p1}\n", "", 5, "history[2].via"},
		{"a path nobody knows", own + "  - {do: set, by: own, path: nam, to: N}\n", "", 4, "history[1].path"},
		{"a verb that the kind has not", own + "  - {do: set, by: own, path: password, to: N}\n", "", 4, "history[1].path"},
		{"digits without quotes", own + "  - {do: set, by: own, path: name, to: 7}\n", "", 4, "history[1].to"},
		{"text for a group", own + "  - {do: set, by: own, path: profile, to: N}\n", "", 4, "history[1].to"},
		{"a part that the kind has not", own + "  - {do: patch, by: own, path: profile, part: nose, to: N}\n", "", 4, "history[1].part"},
		{"an amount in words", own + "  - {do: move, by: own, path: points, amount: ten}\n", "", 4, "history[1].amount"},
		{"an effect nobody knows", own + "  - {do: order, by: own, path: order/1, effect: gone}\n", "", 4, "history[1].effect"},
		{"a window without an end", own + "  - {do: order, by: own, path: order/1, effect: window}\n", "", 4, "history[1].until"},
		{"a time without a unit", "  - {do: open, session: own, at: \"5\"}\n", "", 3, "history[0].at"},
		{"a step before the one before it", "  - {do: open, session: own, at: 5d}\n  - {do: freeze, at: 4d}\n", "", 4, "history[1].at"},
		{"two steps of one id", "  - {do: open, session: own, id: s2}\n" + pass, "", 4, "history[1].id"},
		{"an agent who opens a session", own + "  - {do: agent, agent: kim, act: {do: open, session: x}}\n", "", 4, "history[1].act.do"},
		{"an agent who acts in a session", own + "  - {do: agent, agent: kim, act: {do: set, by: own, path: name, to: N}}\n", "", 4, "history[1].act.by"},
		{"a seed nobody knows", own, "seeds: {sessions: [x]}\n", 4, "seeds.sessions[0]"},
		{"a seed from a step nobody knows", own, "seeds: {from: {own: x}}\n", 4, "seeds.from.own"},
		{"a clear nobody knows", own, "clears: {steps: [x]}\n", 4, "clears.steps[0]"},
		{"an expectation nobody knows", own, "expect: {session: {}}\n", 4, "expect.session"},
		{"a label nobody knows", own, "expect: {steps: {s1: dirty}}\n", 4, "expect.steps.s1"},
		{"a balance in words", own, "expect: {state: {points: \"3\"}}\n", 4, "expect.state.points"},
		{"a question nobody asks", own, "expect: {asked: [{why: so, path: name}]}\n", 4, "expect.asked[0].why"},
		{"a device that is neither", own, "devices: {a: old}\n", 4, "devices.a"},
		{"a part of a register", own + "  - {do: patch, by: own, path: name, part: a, to: N}\n", "", 4, "history[1].path"},
		{"a second session derived from nowhere", own + "  - {do: derive, session: x, from: y}\n", "", 4, "history[1].from"},
		{"a time before the start", "  - {do: open, session: own, at: \"-5m\"}\n", "", 3, "history[0].at"},
		{"an end without a window", own + "  - {do: order, by: own, path: order/1, effect: undo, until: 5d}\n", "", 4, "history[1].until"},
		{"goods sent nowhere", own + "  - {do: order, by: own, path: order/1, effect: undo, ship_to: home}\n", "", 4, "history[1].ship_to"},
		{"an amount with a point", own + "  - {do: move, by: own, path: points, amount: 1.5}\n", "", 4, "history[1].amount"},
		{"an amount in quotes", own + "  - {do: move, by: own, path: points, amount: \"15\"}\n", "", 4, "history[1].amount"},
		{"an amount that no balance can count", own + "  - {do: move, by: own, path: points, amount: 9223372036854775807}\n", "", 4, "history[1].amount"},
		{"a list for a text", own + "  - {do: set, by: own, path: name, to: [N]}\n", "", 4, "history[1].to"},
		{"a truth for a text", own + "  - {do: set, by: own, path: name, to: true}\n", "", 4, "history[1].to"},
		{"a step that is no map", "  - open\n", "", 3, "history[0]"},
		{"an agent who does nothing", own + "  - {do: agent, agent: kim}\n", "", 4, "history[1].act"},
		{"a seed of a session that is a step", own, "seeds: {from: {x: s1}}\n", 4, "seeds.from.x"},
		{"a seed of a step nobody took", own, "seeds: {steps: [s2]}\n", 4, "seeds.steps[0]"},
		{"a seed of a version nobody set", own, "seeds: {credentials: [p1]}\n", 4, "seeds.credentials[0]"},
		{"a seed nobody can plant", own, "seeds: {devices: [x]}\n", 4, "seeds.devices"},
		{"a clear of a session nobody opened", own, "clears: {sessions: [x]}\n", 4, "clears.sessions[0]"},
		{"an outcome nobody knows", own, "expect: {effects: {order/1: gone}}\n", 4, "expect.effects.order/1"},
		{"an outcome of what is no order", own, "expect: {effects: {name: kept}}\n", 4, "expect.effects.name"},
		{"a refused step nobody took", own, "expect: {refused: [x]}\n", 4, "expect.refused[0]"},
		{"a second scenario", own, "---\nscenario: b\n", 4, ""},
		{"what is no UTF-8", "  - {do: open, session: \"o\xff\"}\n", "", 3, ""},
		{"a section nobody knows", own, "marks: {}\n", 4, "marks"},
		{"no history", "", "", 2, "history"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			kinds, err := account.NewKinds()
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse("a.yaml", []byte("scenario: a\nhistory:\n"+c.history+c.rest), kinds, false)
			var m Malformed
			if !errors.As(err, &m) || m.File != "a.yaml" || m.Line != c.line || m.Key != c.key {
				t.Errorf("got %v, want a.yaml:%d: %s", err, c.line, c.key)
			}
		})
	}
}

func TestLinesOfJSON(t *testing.T) {
	t.Parallel()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"scenario":"a","history":[{"do":"open","session":"own"}]}`
	for _, c := range []struct {
		what, text string
		line       int // of the mistake; 0 for none
	}{
		{"empty lines are nothing", "\n" + good + "\n\n" + good + "\n", 0},
		{"a line that ends too early is refused", good + "\n" + good[:30], 2},
		{"two scenarios in a line are refused", good + good, 1},
		{"a repeated key is refused", `{"scenario":"a","scenario":"b","history":[]}`, 1},
		{"a number where text must be is refused", `{"scenario":7,"history":[]}`, 1},
		{"nothing at all is refused", "\n", 1},
		{"what follows a scenario in its line is refused", good + " x", 1},
		{"a bracket too many is refused", good + "\n" + good + "]", 2},
		{"what is no UTF-8 is refused", good + "\n\xff" + good, 2},
		{"deep nesting is refused", strings.Repeat("[", 10000), 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			all, err := Parse("x.jsonl", []byte(c.text), kinds, false)
			var m Malformed
			switch {
			case c.line == 0 && (err != nil || len(all) != 2):
				t.Errorf("got %d scenarios and %v", len(all), err)
			case c.line != 0 && (!errors.As(err, &m) || m.Line != c.line):
				t.Errorf("got %v, want a mistake in line %d", err, c.line)
			}
		})
	}
	if _, err := Parse("a.yaml", []byte("scenario: a\nhistory: [{do: open, session: own}]\n"), kinds, true); err == nil || !strings.Contains(err.Error(), "expect") {
		t.Errorf("a scenario without expectations was taken: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	kinds, err := account.NewKinds()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("scenario: a\nhistory:\n  - {do: open, session: own}\n", true)
	f.Add(`{"scenario":"a","history":[{"do":"open","session":"own"}]}`, false)
	f.Fuzz(func(t *testing.T, text string, yaml bool) {
		file := map[bool]string{true: "a.yaml", false: "a.jsonl"}[yaml]
		_, err := Parse(file, []byte(text), kinds, false)
		var m Malformed
		if err != nil && (!errors.As(err, &m) || m.Line < 1) {
			t.Errorf("an error without a place: %v", fmt.Sprint(err))
		}
	})
}

// What an investigator says of a credential begins the path of evidence, also
// where the session that set it is suspect because of it.
func TestTheEvidenceBeginsAtTheSeed(t *testing.T) {
	t.Parallel()
	const line = `{"scenario": "known", "history": [
		{"do": "open", "session": "own"},
		{"do": "credential", "by": "own", "path": "totp", "version": "o1", "secret": "a"},
		{"do": "open", "session": "maybe", "with": ["o1"]},
		{"do": "credential", "by": "maybe", "path": "token/a", "version": "t1", "secret": "a"},
		{"do": "drop", "by": "own", "path": "link/a"},
		{"do": "set", "by": "own", "path": "name", "to": "N"}],
		"seeds": {"credentials": ["t1"], "from": {"own": "s5"}}}`
	p := player(t)
	all, err := Parse("-", []byte(strings.ReplaceAll(line, "\n", " ")), p.Kinds, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Play(t.Context(), all[0])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, s := range r.Plan {
		got[s.Path] = s.Because
	}
	want := map[string][]string{"totp": {"s4"}, "token/a": {"s4"}, "name": {"s5", "s6"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
