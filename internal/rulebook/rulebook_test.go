package rulebook

import (
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	t.Parallel()
	export := Facts{Event: Event{Kind: "exported", Hour: 3, Country: "JP", DistanceKm: 800, NewDevice: true}, Account: Account{SignIns: 2}, Score: 4}
	for _, c := range []struct {
		name, when string
		want       bool
	}{
		{"what is asked is so", `event.kind == "exported" && event.hour < 5 && account.sign_ins < 3`, true},
		{"what is asked is not so", `event.kind == "order-placed"`, false},
		{"whole numbers compare with broken ones", `event.distance_km > 500 && score > 3`, true},
		{"a list is one of the ways to ask", `event.country in ["JP", "KR"]`, true},
		{"a long text is cut", `event.name.size() <= 100`, true},
		{"what is not known is empty", `event.browser == "" && event.network == 0`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rules, err := Compile([]Written{{Name: "one", When: c.when, Do: "hold"}})
			if err != nil {
				t.Fatal(err)
			}
			fired, err := rules.Fired(export)
			if err != nil || len(fired) == 1 != c.want {
				t.Errorf("%s fired %d times (%v)", c.when, len(fired), err)
			}
		})
	}
}

func TestWhatIsNoRuleIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	ok := Written{Name: "one", When: "true", Do: "tell"}
	with := func(change func(*Written)) []Written {
		w := ok
		change(&w)
		return []Written{w}
	}
	many := make([]Written, maxRules+1)
	for _, c := range []struct {
		name  string
		rules []Written
		want  string
	}{
		{"an unknown act", with(func(w *Written) { w.Do = "explode" }), `rule "one": do: "explode" is none of tell`},
		{"no name", with(func(w *Written) { w.Name = "" }), "rules[0].name"},
		{"a name twice", []Written{ok, ok}, `rules[1].name: there is a rule "one" already`},
		{"too many", many, "at most 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(c.rules)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Compile([]Written{{Name: "one", When: "nothing", Do: "tell"}, {Name: "two", When: "true", Do: "tell"}, {Name: "three", When: "1", Do: "tell"}})
	if err == nil || !strings.Contains(err.Error(), `"one"`) || !strings.Contains(err.Error(), `"three"`) || strings.Contains(err.Error(), `"two"`) {
		t.Errorf("got %v", err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`event.kind == "order-placed"`, `score > 1.0`, `[1].map(x, x).exists(y, y == event.hour)`, `event.name.matches('a+')`, "\x00", `"`, "score > 3 and\nevent.tor", "(not event.tor", "event.hour in 3", "[[]]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, when string) {
		rules, err := Compile([]Written{{Name: "one", When: when, Do: "tell"}})
		if err != nil {
			if said := err.Error(); !strings.HasPrefix(said, `rule "one": when: line `) || strings.Contains(said, "expecting") || strings.Contains(said, "overload") {
				t.Errorf("%q is refused with %q", when, said)
			}
			return
		}
		_, _ = rules.Fired(Facts{Event: Event{Name: strings.Repeat("x", 5000)}}) // may divide by nothing, and never hang
	})
}

func BenchmarkFired(b *testing.B) {
	w := make([]Written, 30)
	for i := range w {
		w[i] = Written{Name: "r" + strings.Repeat("x", i), Do: "hold", When: `event.kind == "exported" && event.hour < 5 && account.sign_ins < 3 && score > 2.0`}
	}
	rules, err := Compile(w)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := rules.Fired(Facts{Event: Event{Kind: "order-placed"}}); err != nil {
			b.Fatal(err)
		}
	}
}
