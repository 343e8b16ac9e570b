package trial

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"takeback/internal/risk"
)

// aftermath judges a file of events.
func aftermath(t testing.TB, events string, kinds map[string]string) *Aftermath {
	t.Helper()
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	a, err := EvalEvents(strings.NewReader(events), Course{Tables: tables, Sizes: small, Kinds: kinds}, Judging{Seed: 1, Rounds: 40})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func kindsIn(t testing.TB, m made) map[string]string {
	t.Helper()
	kinds, err := ReadTruth(strings.NewReader(m.truth))
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

// The bounds are wide because the file is small: of 50,000 accounts the figures
// are in the operator's guide.
func TestTakeoversAreStoppedBeforeValueMoves(t *testing.T) {
	m := generate(t, 3_000, 1, 0.02)
	a := aftermath(t, m.events, kindsIn(t, m))
	if len(a.Takeovers) != 7 {
		t.Fatalf("there are %d kinds of takeovers", len(a.Takeovers))
	}
	for _, x := range a.Takeovers {
		if x.Stopped.N < 30 || x.Stopped.Value < 0.88 || x.Kind == "takeover" && x.Stopped.Value < 0.95 {
			t.Errorf("of %d %s %.3f are stopped", x.Stopped.N, x.Kind, x.Stopped.Value)
		}
		if x.WithChallenge.Value < x.Stopped.Value || x.Ended.Value > x.Stopped.Value || x.Stopped.Low > x.Stopped.Value || x.Stopped.High < x.Stopped.Value {
			t.Errorf("%s: %+v", x.Kind, x)
		}
		if x.Seconds.Median < 30 || x.Seconds.Median > 900 || x.Events.Median < 1 || x.Events.P95 > 5 {
			t.Errorf("%s are stopped after %v s and %v events", x.Kind, x.Seconds, x.Events)
		}
	}
	for i, x := range a.Aims {
		if x.Hold >= 0.02 && x.Held.Value > x.Hold || i > 0 && (x.Held.Value < a.Aims[i-1].Held.Value || x.Stopped.Value < a.Aims[i-1].Stopped.Value) {
			t.Errorf("of a budget of %v are held %.4f, stopped %.4f", x.Hold, x.Held.Value, x.Stopped.Value)
		}
	}
	h := a.Holders[0]
	if h.Kind != "holder" || h.Frozen.Value > 0.001 || h.Held.Value > 0.06 || h.Asked.Value > 0.04 {
		t.Errorf("holders bear %+v", h)
	}
	for _, c := range a.Curves {
		for i := range c {
			for j := 1; j < len(c[i].X); j++ {
				if c[i].X[j] < c[i].X[j-1] || c[i].Y[j] < c[i].Y[j-1] {
					t.Errorf("the curve of %s falls at %v", c[i].Kind, c[i].X[j])
				}
			}
		}
	}
	var picture bytes.Buffer
	if err := errors.Join(a.Text(io.Discard), a.JSON(io.Discard), a.Plot(&picture)); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(&picture); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot: %v", err)
		}
	}
}

// Who is an intruder is for the report alone: without the truth every decision
// is the same, and a takeover is what its holder disowned.
func TestTheTruthDecidesNothing(t *testing.T) {
	m := generate(t, 800, 2, 0.02)
	with, without := aftermath(t, m.events, kindsIn(t, m)), aftermath(t, m.events, nil)
	if diff := cmp.Diff(with.Heard, without.Heard); diff != "" {
		t.Error(diff)
	}
	if with.Takeovers[0].Stopped.N == 0 {
		t.Fatal("there are no takeovers")
	}
	if diff := cmp.Diff(with.Takeovers[0], without.Takeovers[0]); diff != "" {
		t.Errorf("with and without the truth (-with +without):\n%s", diff)
	}
	if diff := cmp.Diff(with.Holders[0], without.Holders[0]); diff != "" {
		t.Errorf("with and without the truth (-with +without):\n%s", diff)
	}
}

// An intruder who was let in teaches, as there is nobody who knows better, until
// his holder disowns him; failures never do.
func TestWhatIsDisownedIsUnlearnt(t *testing.T) {
	m := generate(t, 300, 3, 0.05)
	c := course(t, m.events)
	if len(c.lessons) != int(c.SignIns)-disownedSignIns(c) {
		t.Errorf("%d lessons are left of %d sign-ins, of which %d were disowned", len(c.lessons), c.SignIns, disownedSignIns(c))
	}
	if c.counters.SignIns != uint64(len(c.lessons)) {
		t.Errorf("the counters know %d sign-ins, %d taught", c.counters.SignIns, len(c.lessons))
	}
}

func course(t testing.TB, events string) *coursing {
	t.Helper()
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Course{Tables: tables, Sizes: small}.run(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func disownedSignIns(c *coursing) (n int) {
	for i := range c.acts {
		if a := &c.acts[i]; a.disowned > 0 && a.steps[0].kind == risk.SignedIn {
			n++
		}
	}
	return n
}

func TestABudgetThatIsNoShareIsRefused(t *testing.T) {
	for _, b := range []risk.Budget{{Challenge: -.1}, {Hold: 1.1}, {Hold: math.NaN()}} {
		if _, err := EvalEvents(strings.NewReader(""), Course{Tables: &risk.Tables{}, Budget: b}, Judging{}); err == nil {
			t.Errorf("%+v was taken", b)
		}
	}
}

// Whatever a file of events says, its lines are decided on or broken, and counted.
func FuzzCourse(f *testing.F) {
	tables, err := risk.ShippedTables()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"id":"r1","account":"a","at":"2020-02-03T12:48:38Z","kind":"sign-in","session":"s","place":{"address":"192.0.2.1","network":7,"country":"NO"}}` + "\n" +
		`{"id":"r1.1","account":"a","at":"2020-02-03T12:49:38Z","kind":"email-changed","session":"s","target":"mail"}` + "\n" +
		`{"id":"r1.2","account":"a","at":"2020-02-03T13:48:38Z","kind":"holder-denied","target":"r1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		sizes := risk.Sizes{Addresses: 16, Agents: 16, Values: 16, Sources: 16}
		c, err := Course{Tables: tables, Sizes: sizes}.run(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if int(c.Events+c.Broken) != lines {
			t.Fatalf("%d events and %d broken of %d lines", c.Events, c.Broken, lines)
		}
	})
}

func TestFate(t *testing.T) {
	limits := risk.Limits{StepUp: 2, Hold: 3}
	in := func(weight float32) step { return step{at: 1e6, kind: risk.SignedIn, scored: true, weight: weight} }
	does := func(at int64, kind risk.Kind, weight float32, action risk.Action) step {
		return step{at: at * 1e6, kind: kind, weight: weight, action: action}
	}
	for name, c := range map[string]struct {
		steps []step
		want  fate
	}{
		"nothing stops it":         {[]step{in(0), does(5, risk.OrderPlaced, 1, risk.Let)}, fate{}},
		"the order is held":        {[]step{in(0), does(5, risk.OrderPlaced, 3, risk.Let)}, fate{by: risk.Hold, events: 2, micros: 4e6}},
		"the hold comes too late":  {[]step{in(0), does(5, risk.OrderPlaced, 1, risk.Let), does(6, risk.OrderPlaced, 9, risk.Freeze)}, fate{}},
		"an address takes nothing": {[]step{in(0), does(5, risk.AddressAdded, 1, risk.Let), does(9, risk.OrderPlaced, 1, risk.End)}, fate{by: risk.End, events: 3, micros: 8e6}},
		"a payee does":             {[]step{in(0), does(5, risk.PayoutChanged, 1, risk.Let), does(9, risk.OrderPlaced, 1, risk.End)}, fate{}},
		"asked and not stopped":    {[]step{in(2), does(5, risk.OrderPlaced, 1, risk.Let)}, fate{asked: true}},
		"asked within the session": {[]step{does(1, risk.Seen, 9, risk.StepUp), does(5, risk.Exported, 1, risk.Let)}, fate{asked: true}},
	} {
		a := act{steps: c.steps}
		if diff := cmp.Diff(c.want, a.fate(&limits), cmp.AllowUnexported(fate{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	asked := fate{asked: true}
	for kind, want := range map[string]float64{"naive": 0.96, "targeted": 0.76, "": 0.76} {
		if got := asked.stopped(kind, true); math.Abs(got-want) > 1e-9 || asked.stopped(kind, false) != 0 {
			t.Errorf("a challenge of %q stops %.2f", kind, got)
		}
	}
}

func TestBrokenEventsAreCountedAndNamed(t *testing.T) {
	good := `{"id":"r1","account":"a","at":"2020-02-03T12:48:38Z","kind":"sign-in","session":"s"}`
	var told []int64
	tables, err := risk.ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{good, "", "{", `{"id":"x"}`, `{"id":"x","account":"a","at":"2020-02-03T12:48:38Z","kind":"dance"}`, `{"at":7}`, strings.Repeat("x", 1<<20+9), good}
	a, err := EvalEvents(strings.NewReader(strings.Join(lines, "\n")), Course{Tables: tables, Sizes: small, Tell: func(b *Broken) { told = append(told, b.Line) }}, Judging{Rounds: 5})
	if err != nil {
		t.Fatal(err)
	}
	if a.Heard.Broken != 5 || a.Heard.Events != 2 || fmt.Sprint(told) != "[3 4 5 6 7]" {
		t.Errorf("%d broken, %d events, told of lines %v", a.Heard.Broken, a.Heard.Events, told)
	}
	if err := errors.Join(a.Text(io.Discard), a.JSON(io.Discard), a.Plot(io.Discard)); err != nil {
		t.Error(err)
	}
}
