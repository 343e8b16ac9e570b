package risk

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"takeback/internal/fault"
)

func TestBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	good := Event{ID: "1", Account: "a", At: now, Kind: SignedIn, Place: home, Client: phone}
	tests := []struct {
		name  string
		spoil func(e *Event)
		want  error
		field string
	}{
		{"a good event", func(*Event) {}, nil, ""},
		{"no id", func(e *Event) { e.ID = "" }, ErrMissing, "id"},
		{"no account", func(e *Event) { e.Account = "" }, ErrMissing, "account"},
		{"a custom event without name", func(e *Event) { e.Kind = Custom }, ErrMissing, "name"},
		{"a kind that is none", func(e *Event) { e.Kind = 99 }, ErrKind, "kind"},
		{"the kind zero", func(e *Event) { e.Kind = 0 }, ErrKind, "kind"},
		{"a session of a megabyte", func(e *Event) { e.Session = strings.Repeat("s", 1<<20) }, ErrLong, "session"},
		{"a target of a megabyte", func(e *Event) { e.Target = strings.Repeat("s", 1<<20) }, ErrLong, "target"},
		{"half a character", func(e *Event) { e.Account = "a\xff" }, ErrText, "account"},
		{"a zero byte", func(e *Event) { e.Session = "s\x00" }, ErrText, "session"},
		{"tomorrow", func(e *Event) { e.At += dayMicros }, ErrFuture, "at"},
		{"the end of time", func(e *Event) { e.At = math.MaxInt64 }, ErrFuture, "at"},
		{"four minutes ahead", func(e *Event) { e.At += 4 * 60e6 }, nil, ""},
		{"ten years ago", func(e *Event) { e.At -= 3653 * dayMicros }, ErrAncient, "at"},
		{"before 1970", func(e *Event) { e.At = -1 }, ErrAncient, "at"},
		{"a clock of another planet", func(e *Event) { e.Setting.Clock = 15 * 60 }, ErrClock, "utc_offset"},
		{"a negative amount", func(e *Event) { e.Amount = -1 }, ErrAmount, "amount"},
		{"beyond the pole", func(e *Event) { e.Place.Lat = 91 }, ErrPosition, "place"},
		{"nowhere", func(e *Event) { e.Place.Lon = float32(math.NaN()) }, ErrPosition, "place"},
		{"an error larger than the Earth", func(e *Event) { e.Place.ErrorKM = float32(math.Inf(1)) }, ErrPosition, "place"},
		{"a country in small letters", func(e *Event) { e.Place.Country = "no" }, ErrCountry, "country"},
		{"a country by its name", func(e *Event) { e.Place.Country = "NORWAY" }, ErrCountry, "country"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := good
			tt.spoil(&e)
			_, err := e.Bounded(now)
			if tt.want == nil {
				if err != nil {
					t.Errorf("%v, want none", err)
				}
				return
			}
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != tt.want.(*fault.Error).Code || f.Field != tt.field {
				t.Errorf("%v, want %v on %s", err, tt.want, tt.field)
			}
		})
	}
	t.Run("an agent of ten megabytes is cut between characters", func(t *testing.T) {
		e := good
		e.Client.Agent = "x" + strings.Repeat("語", 10<<20/3)
		b, err := e.Bounded(now)
		if err != nil || len(b.Client.Agent) > MaxAgent || len(b.Client.Agent) < MaxAgent-3 || !utf8.ValidString(b.Client.Agent) {
			t.Errorf("%d bytes, %v", len(b.Client.Agent), err)
		}
	})
	t.Run("a replay has no now", func(t *testing.T) {
		e := good
		e.At = pilotBegin
		if _, err := e.Bounded(0); err != nil {
			t.Error(err)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	for k := SignedIn; k <= Custom; k++ {
		if back, ok := ParseKind(k.String()); !ok || back != k || k.String() == "" {
			t.Errorf("kind %d is called %q and read as %d", k, k.String(), back)
		}
	}
	if _, ok := ParseKind(""); ok {
		t.Error("the empty name is a kind")
	}
	for a := Let; a <= Freeze; a++ {
		if back, ok := ParseAction(a.String()); !ok || back != a {
			t.Errorf("action %d is called %q and read as %d", a, a.String(), back)
		}
	}
	if Kind(200).String() != "" || Action(200).String() != "" {
		t.Error("what does not exist has a name")
	}
}

// TestHashes: what equals hashes equally, what is unknown equals nothing, and one
// row of a table is as likely as another.
func TestHashes(t *testing.T) {
	t.Parallel()
	if hash(1, "") != 0 || hash(1, "a") == 0 || hash(1, "a") != hash(1, "a") || hash(1, "a") == hash(2, "a") || hash(1, "a") == hash(1, "a\x00") {
		t.Error("texts")
	}
	if hashNumber(1, 0) != 0 || hashNumber(1, 7) == 0 {
		t.Error("numbers")
	}
	block := func(s string) uint64 { _, b := hashAddress(1, netip.MustParseAddr(s)); return b }
	whole := func(s string) uint64 { a, _ := hashAddress(1, netip.MustParseAddr(s)); return a }
	if block("192.0.2.1") != block("192.0.2.200") || block("192.0.2.1") == block("192.0.3.1") || whole("192.0.2.1") == whole("192.0.2.2") {
		t.Error("addresses of version 4")
	}
	if block("2001:db8:1::1") != block("2001:db8:1:ffff::1") || block("2001:db8:1::1") == block("2001:db8:2::1") {
		t.Error("addresses of version 6")
	}
	if whole("192.0.2.1") != whole("::ffff:192.0.2.1") || block("192.0.2.1") != block("::ffff:192.0.2.9") {
		t.Error("version 4 within version 6")
	}
	rows := map[*row]int{}
	watched := map[*[4]watch]int{}
	p, w := newPopular(64*ways), newWatches(64*4)
	var d dice
	faces := map[int]int{}
	for i := range 6400 {
		key := hashNumber(9, uint32(i+1))
		rows[p.row(key)]++
		w.at(key, pilotBegin)
		watched[&w.Rows[w.row(key)]]++
		faces[d.upTo(64)]++
	}
	for name, counts := range map[string][]int{"popular": valuesIn(rows), "watches": valuesIn(watched), "dice": valuesIn(faces)} {
		if len(counts) != 64 {
			t.Errorf("%s: %d of 64 rows are used", name, len(counts))
		}
		for _, n := range counts {
			if n < 50 || n > 160 {
				t.Errorf("%s: a row has %d of 6400, want about 100", name, n)
			}
		}
	}
}

func valuesIn[K comparable](m map[K]int) (list []int) {
	for _, n := range m {
		list = append(list, n)
	}
	return list
}

// TestPopular: what occurs often is counted nearly exactly, however many rare
// values come by, and a count is never above the truth.
func TestPopular(t *testing.T) {
	t.Parallel()
	p := newPopular(1024)
	truth := map[uint64]int{}
	var d dice
	for i := range 200_000 {
		key := hashNumber(1, uint32(1_000_000+i)) // seen once
		if i%2 == 0 {
			key = hashNumber(1, uint32(1+d.upTo(50)))
		}
		truth[key]++
		p.add(key)
	}
	for n := range 50 {
		key := hashNumber(1, uint32(1+n))
		if got := p.find(key).count(); got > truth[key] || float64(got) < .8*float64(truth[key]) {
			t.Errorf("value %d is counted %d times of %d", n, got, truth[key])
		}
	}
}

// TestCensusIsBounded: names that strangers make up cannot fill the memory.
func TestCensusIsBounded(t *testing.T) {
	t.Parallel()
	c := newCensus(10)
	for i := range 1000 {
		c.add(uint64(i + 1))
	}
	c.add(1)
	c.own(1)
	c.own(11) // there was no room for it
	if len(c.Counts) != 10 || c.Counts[1] != (tally{2, 1}) {
		t.Errorf("%d values, the first %v", len(c.Counts), c.Counts[1])
	}
}
