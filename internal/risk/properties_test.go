package risk

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyEvent draws an event of a few accounts in a small world, sane or not.
func anyEvent(t *rapid.T) Event {
	e := anySignIn(t, rapid.SampledFrom([]string{"a", "b", "", "nobody"}).Draw(t, "account"))
	e.Kind = Kind(rapid.IntRange(0, int(Custom)+2).Draw(t, "kind"))
	e.Target = rapid.SampledFrom([]string{"", "x", "y@z.example", "@"}).Draw(t, "target")
	e.Marks = Marks(rapid.Uint16Range(0, 15).Draw(t, "marks"))
	e.Place.Flags = PlaceFlags(rapid.Uint16Range(0, 511).Draw(t, "flags"))
	if rapid.Bool().Draw(t, "located") {
		e.Place.Located = true
		e.Place.Lat, e.Place.Lon = rapid.Float32().Draw(t, "lat"), rapid.Float32().Draw(t, "lon")
	}
	if rapid.IntRange(0, 9).Draw(t, "absurd") == 0 {
		e.At = rapid.Int64().Draw(t, "at")
	}
	return e
}

// TestDecideIsAFunction: it changes nothing that it reads, says the same twice,
// and no number in what it says is none.
func TestDecideIsAFunction(t *testing.T) {
	t.Parallel()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		tables := *tables
		tables.Freeman = rapid.Bool().Draw(t, "freeman")
		c := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16})
		profiles := map[string]*Profile{"a": {}, "b": {}, "": {}, "nobody": {}}
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			e := anyEvent(t)
			p := profiles[e.Account]
			before := saved(t, p)
			d := Decide(&e, p, c, &tables)
			if again := Decide(&e, p, c, &tables); !reflect.DeepEqual(d, again) {
				t.Fatalf("%+v, then %+v", d, again)
			}
			if string(saved(t, p)) != string(before) {
				t.Fatal("it changed the profile")
			}
			for _, n := range []float64{d.Score, d.Carried, d.standing} {
				if math.IsNaN(n) || math.IsInf(n, 0) {
					t.Fatalf("%+v", d)
				}
			}
			if d.Carried < 0 || d.Carried > mostCarried || len(d.Reasons) > mostReasons {
				t.Fatalf("%+v", d)
			}
			for _, r := range d.Reasons {
				if r.Odds <= 0 || math.IsNaN(r.Odds) || math.IsInf(r.Odds, 0) {
					t.Fatalf("%+v", r)
				}
				for _, lang := range []string{"en", "ja"} {
					if r.Words(lang) == string(r.Signal) {
						t.Fatalf("nothing is said in %s of %s", lang, r.Signal)
					}
				}
			}
			c.Observe(&e, &d)
			p.Follow(&e, &d, c)
			if l, ok := p.Learn(&e, c); ok && d.Teaches() {
				c.Learn(l)
			}
		}
	})
}

// TestLayerNeverLowers: whatever the layer hears besides, the action is at least
// what it was without, and the score is the same.
func TestLayerNeverLowers(t *testing.T) {
	t.Parallel()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, p := NewCounters(3, Sizes{Addresses: 64, Agents: 64, Sources: 16}), &Profile{}
		for range rapid.IntRange(0, 6).Draw(t, "before") {
			e := anySignIn(t, "a")
			d := Decide(&e, p, c, tables)
			p.Follow(&e, &d, c)
			l, _ := p.Learn(&e, c)
			c.Learn(l)
		}
		e := anyEvent(t)
		e.Account, e.At = "a", min(max(e.At, pilotBegin), pilotBegin+dayMicros*400)
		e.Kind = rapid.SampledFrom([]Kind{SignedIn, SignInFailed, EmailChanged, OrderPlaced, AddressAdded, Seen}).Draw(t, "kind now")
		e.Marks, e.Place.Flags, e.Place.Located = 0, 0, false
		calm := Decide(&e, p, c, tables)
		if calm.Scored {
			r := read(&e, p, c)
			x := r.vector(c, &tables.Weights.Mean)
			if alone := tables.Weights.Score(&x); math.Abs(alone-calm.Score) > 1e-9 && math.Abs(alone) < 50 {
				t.Fatalf("the score is %v and %v without the layer", calm.Score, alone)
			}
		}
		loud := e
		loud.Marks = Marks(rapid.Uint16Range(0, 15).Draw(t, "marks")) &^ NameUnknown
		loud.Place.Flags = PlaceFlags(rapid.Uint16Range(0, 255).Draw(t, "flags")) &^ Mobile
		loud.Setting = Setting{Language: rapid.SampledFrom([]string{"", "ja", "ro"}).Draw(t, "language"), Usual: "ja", Clocked: true, Clock: rapid.Int16().Draw(t, "clock")}
		for range rapid.IntRange(0, 40).Draw(t, "failures") {
			f := e
			f.Kind = SignInFailed
			d := Decide(&f, p, c, tables)
			c.Observe(&f, &d)
			p.Follow(&f, &d, c)
		}
		if d := Decide(&loud, p, c, tables); d.Action < calm.Action || d.Score != calm.Score || d.Carried < calm.Carried {
			t.Errorf("%v %.3f %.3f, without the layer %v %.3f %.3f", d.Action, d.Score, d.Carried, calm.Action, calm.Score, calm.Carried)
		}
	})
}

// TestSequenceOnlyRises: the same change after a riskier beginning is answered at
// least as strongly.
func TestSequenceOnlyRises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(0, 600).Draw(t, "minutes")
		k := rapid.SampledFrom([]Kind{OrderPlaced, PayoutChanged, Exported, KeyMade, AddressAdded}).Draw(t, "kind")
		var last Decision
		for i, begin := range []func(w *town) Event{
			func(w *town) Event { e := w.at("a", home, phone); w.do(e); return e },
			func(w *town) Event {
				e := w.at("a", home, phone)
				w.do(e)
				w.do(w.then(e, 1, EmailChanged, "b@example.org"))
				return e
			},
			func(w *town) Event {
				e := w.stranger("a")
				w.do(e)
				w.do(w.then(e, 1, EmailChanged, "b@example.org"))
				return e
			},
		} {
			w := shared(t)
			e := begin(w)
			d := w.do(w.then(e, minutes, k, "drop"))
			if i > 0 && d.Action < last.Action {
				t.Errorf("beginning %d: %v, but %v after a calmer one", i, d.Action, last.Action)
			}
			last = d
		}
	})
}

// shared gives a small town with one settled account.
func shared(t rapid.TB) *town {
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	w := &town{counters: NewCounters(1, Sizes{Addresses: 64, Agents: 64, Sources: 16}), tables: tables,
		profiles: map[string]*Profile{}, lessons: map[string]Lesson{}, now: pilotBegin}
	w.settled("a")
	return w
}

// TestPoisoning: failed sign-ins from the intruder's place, before, change the
// score by nothing; nor do successes that were challenged and not passed; nor do
// successes that the holder disowned. Successes of the intruder in accounts of
// their own make the place known, so that it stops being rare; they cannot make it
// the holder's. And of successes in the account itself that nobody disowned the
// first teaches all there is to teach about what is new: later ones do not.
func TestPoisoning(t *testing.T) {
	t.Parallel()
	score := func(w *town) float64 {
		e := w.stranger("a")
		e.Session = "x"
		return Decide(&e, w.profiles["a"], w.counters, w.tables).Score
	}
	town := func() *town { w := newTown(t); w.settled("a"); return w }

	t.Run("by failures", func(t *testing.T) {
		w := town()
		before := score(w)
		for range 200 {
			w.do(w.fail("a", far, odd))
			w.now -= 900_000
		}
		if after := score(w); math.Abs(after-before) > .02 { // minutes have passed
			t.Errorf("%.3f after, %.3f before", after, before)
		}
	})
	t.Run("by slow successes that were asked for a proof", func(t *testing.T) {
		w := town()
		before := score(w)
		for range 20 {
			if d := w.do(w.stranger("a")); d.Teaches() {
				t.Fatalf("%v at %.2f teaches", d.Action, d.Score)
			}
		}
		if after := score(w); after < before-.02 {
			t.Errorf("%.3f after, %.3f before", after, before)
		}
	})
	t.Run("by slow successes that were disowned", func(t *testing.T) {
		w := town()
		before := score(w)
		var ids []string
		for range 20 {
			e := w.stranger("a")
			w.learn(e)
			ids = append(ids, e.ID)
		}
		for _, id := range ids {
			w.profiles["a"].Unlearn(w.lessons[id])
			w.counters.Unlearn(w.lessons[id])
		}
		if after := score(w); math.Abs(after-before) > .02 {
			t.Errorf("%.3f after, %.3f before", after, before)
		}
	})
	t.Run("by the intruder's own account", func(t *testing.T) {
		w := town()
		w.learn(w.stranger("intruder's"))
		once := score(w)
		network := hashNumber(w.counters.seed, far.Network)
		share := w.counters.share(w.counters.census[atNetwork].Counts[network])
		for range 500 {
			w.learn(w.stranger("intruder's"))
		}
		if after := w.counters.share(w.counters.census[atNetwork].Counts[network]); after != share {
			t.Errorf("the network is one of %.4f of accounts, %.4f before", after, share)
		}
		if after := score(w); after < once-.05 {
			t.Errorf("%.3f after 500 sign-ins in one account, %.3f after the first", after, once)
		}
		if after := score(w); after < w.tables.Limits.StepUp {
			t.Errorf("%.3f is not asked for a proof", after)
		}
	})
}

// TestTimeRunsBack: events that come late, or with a clock that is wrong, are no
// reason to fall over or to be believed less.
func TestTimeRunsBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.at("a", home, phone)
	w.do(e)
	w.now -= (30 * 24 * time.Hour).Microseconds()
	if d := w.do(w.stranger("a")); d.Action < StepUp {
		t.Errorf("a stranger of last month: %v", d.Action)
	}
}

// FuzzDecide looks for events that make a decision, or what follows it, fall over.
func FuzzDecide(f *testing.F) {
	tables, err := ShippedTables()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(1), int64(1580000000000000), "a", "s", "Mozilla/5.0", "x@y", []byte{1, 2, 3, 4}, uint32(7), "NO", float32(1), float32(2), float32(3), uint16(0), uint16(0), true)
	f.Add(uint8(200), int64(-5), "", "", "\xff", "@", []byte{}, uint32(0), "NOO", float32(math.NaN()), float32(math.Inf(1)), float32(-1), uint16(65535), uint16(65535), false)
	f.Fuzz(func(t *testing.T, kind uint8, at int64, account, session, agent, target string, address []byte, network uint32, country string, lat, lon, wrong float32, flags, marks uint16, asked bool) {
		a, _ := netip.AddrFromSlice(address)
		e := Event{ID: "e", Account: account, At: at, Kind: Kind(kind), Session: session, Target: target, Marks: Marks(marks),
			Place:  Place{Address: a, Network: network, Country: country, Located: asked, Lat: lat, Lon: lon, ErrorKM: wrong, Flags: PlaceFlags(flags)},
			Client: Client{Agent: agent, Browser: agent, OS: country, Type: session}, Device: Device{Asked: asked, Token: target, Given: session}}
		// Fresh ones each time: what was found must be found again. First the holder signs in.
		c, p := NewCounters(3, Sizes{Addresses: 16, Agents: 16, Values: 16, Sources: 16}), &Profile{}
		own := Event{ID: "o", Account: account, At: at, Kind: SignedIn, Session: session, Place: Place{Country: country}, Device: Device{Asked: true, Given: target}}
		for _, x := range []*Event{&own, &e, &e} {
			d := Decide(x, p, c, tables)
			if math.IsNaN(d.Score) || math.IsNaN(d.Carried) {
				t.Fatalf("%+v", d)
			}
			for _, r := range d.Reasons {
				_ = r.Words("ja")
			}
			c.Observe(x, &d)
			p.Follow(x, &d, c)
			if l, ok := p.Learn(x, c); ok {
				c.Learn(l)
				b, _ := l.MarshalBinary()
				if err := new(Lesson).UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		b, _ := p.MarshalBinary()
		if err := new(Profile).UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		_, _ = e.Bounded(at)
	})
}

// FuzzReadProfile looks for bytes that are no profile and are taken for one that
// cannot be written down as it is.
func FuzzReadProfile(f *testing.F) {
	w := shared(f)
	b, _ := w.profiles["a"].MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Profile
		if p.UnmarshalBinary(b) != nil {
			return
		}
		e := w.at("a", home, phone)
		d := Decide(&e, &p, w.counters, w.tables)
		p.Follow(&e, &d, w.counters)
		if l, ok := p.Learn(&e, w.counters); ok {
			p.Unlearn(l)
		}
		_ = fmt.Sprint(d)
	})
}

// TestScripts: looked for all at once, the same names are found as one by one.
func TestScripts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(scripts[:]), rapid.StringMatching(`[A-Za-z0-9/ .;(-]{0,40}`)), 0, 8).Draw(t, "words")
		agent := strings.Join(words, rapid.SampledFrom([]string{"", " ", "c"}).Draw(t, "between"))
		if rapid.Bool().Draw(t, "capitals") {
			agent = strings.ToUpper(agent)
		}
		head := strings.ToLower(agent[:min(len(agent), agentHead)])
		want := slices.ContainsFunc(scripts[:], func(s string) bool { return strings.Contains(head, s) })
		if got := isScript(agent); got != want {
			t.Fatalf("%q: %v, want %v", agent, got, want)
		}
	})
}
