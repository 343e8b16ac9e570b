package risk

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// visits lets somebody come a few times, unasked, and learns it.
func (w *town) visits(e Event, times int, apart time.Duration) Event {
	for range times {
		e.ID, e.At, e.Session = fmt.Sprint(w.now), w.now, fmt.Sprint("quiet", w.now)
		w.learn(e)
		if e.Device.Given != "" {
			e.Device.Token, e.Device.Given = e.Device.Given, ""
		}
		w.wait(apart)
	}
	e.ID, e.At, e.Session = fmt.Sprint(w.now), w.now, "now"
	return e
}

func (w *town) score(e Event) float64 {
	return Decide(&e, w.profile(e.Account), w.counters, w.tables).Score
}

// TestQuietSuccessesNeverLower: whatever the history of an account, and whatever a
// stranger looks like, his visits leave his next score as it would have been.
// Only what he has of his own must stay: network and agent. He may share either
// with the holder, come from other addresses each time, and wait for weeks; the
// holder meanwhile comes as he came before.
func TestQuietSuccessesNeverLower(t *testing.T) {
	t.Parallel()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, p, clean := NewCounters(3, Sizes{Addresses: 1 << 10, Agents: 1 << 10, Sources: 16}), &Profile{}, &Profile{}
		none := NewCounters(3, Sizes{Addresses: 1 << 10, Agents: 1 << 10, Sources: 16})
		at := pilotBegin
		full := false
		learn := func(e Event, p *Profile, c *Counters) {
			l, _ := p.Learn(&e, c)
			c.Learn(l)
			full = full || l.turned || len(p.guests) == maxGuests
		}
		var past []Event
		holder := func(again bool) {
			var e Event
			if again {
				e = rapid.SampledFrom(past).Draw(t, "as before")
			} else {
				e = anySignIn(t, "a")
				past = append(past, e)
			}
			e.At = at
			if rapid.IntRange(0, 3).Draw(t, "proved") == 0 {
				e.Marks = Proved
			}
			learn(e, p, c)
			learn(e, clean, none)
		}
		for range rapid.IntRange(1, 12).Draw(t, "before") {
			holder(false)
			at += int64(rapid.IntRange(0, 20).Draw(t, "days")) * dayMicros
		}
		x := anySignIn(t, "a")
		if rapid.Bool().Draw(t, "foreign") {
			x.Place.Network, x.Place.Country, x.Client.Agent = 9999, "BR", "stranger's"
		}
		x.Device = Device{Asked: rapid.Bool().Draw(t, "asked"), Given: "stranger's"}
		left := ripeDays - 5 // after that silence is a word
		for i := range rapid.IntRange(1, 12).Draw(t, "visits") {
			x.At, x.Place.Address = at, netip.AddrFrom4([4]byte{172, byte(i * rapid.IntRange(0, 1).Draw(t, "elsewhere")), 1, 1})
			learn(x, p, c)
			x.Device.Token = x.Device.Given
			wait := rapid.IntRange(0, min(left, 60)).Draw(t, "waits")
			left -= wait
			at += int64(wait) * dayMicros
			if rapid.Bool().Draw(t, "holder comes") {
				holder(true)
			}
		}
		x.At = at
		now, before := Decide(&x, p, c, tables).Score, Decide(&x, clean, none, tables).Score
		if !full && now < before-.02 { // where guests were sent away, it is those of the holder who are missed
			t.Errorf("%.4f after his visits, %.4f without: %+v", now, before, p.guests)
		}
		network := hashNumber(c.seed, x.Place.Network)
		if c.share(c.census[atNetwork].Counts[network]) != none.share(none.census[atNetwork].Counts[network]) {
			t.Error("his visits made his network popular")
		}
	})
}

// TestWhatVouches: what makes a new place and client the account's own, and what does not.
func TestWhatVouches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(w *town, x Event) Event // gives what is scored in the end
		own  bool
	}{
		{"nothing but coming again", func(w *town, x Event) Event { return w.visits(x, 5, time.Minute) }, false},
		{"coming again for days", func(w *town, x Event) Event { return w.visits(x, 5, 24*time.Hour) }, false},
		{"coming again every two weeks", func(w *town, x Event) Event { return w.visits(x, 3, 14*24*time.Hour) }, false},
		{"coming again every month", func(w *town, x Event) Event { return w.visits(x, 10, 30*24*time.Hour) }, false},
		{"coming again every month, the holder too", func(w *town, x Event) Event {
			for range 10 {
				x = w.visits(x, 1, 15*24*time.Hour)
				w.learn(w.at("a", house, phone))
				w.wait(15 * 24 * time.Hour)
			}
			x.At = w.now
			return x
		}, false},
		{"a proof", func(w *town, x Event) Event { x.Marks = Proved; x = w.visits(x, 1, time.Hour); x.Marks = 0; return x }, true},
		{"a token that the account has long had", func(w *town, x Event) Event {
			x.Device.Token, x.Device.Given = "a on "+phone.Browser, ""
			return w.visits(x, 1, time.Hour)
		}, true},
		{"the token of the first visit", func(w *town, x Event) Event { return w.visits(x, 2, time.Hour) }, false},
		{"the holder's own address", func(w *town, x Event) Event { x.Place = house; return w.visits(x, 1, time.Hour) }, true},
		{"the holder's network and agent", func(w *town, x Event) Event {
			x.Place, x.Client = house, phone
			x.Place.Address = netip.MustParseAddr("81.0.77.9")
			return w.visits(x, 5, time.Hour)
		}, false},
		{"an address where many sit", func(w *town, x Event) Event {
			for i := range 60 {
				w.learn(w.at(fmt.Sprint("guest of the house ", i), house, laptop))
			}
			x.Place = house
			return w.visits(x, 3, time.Hour)
		}, false},
		{"an address of a carrier", func(w *town, x Event) Event {
			x.Place = house
			x.Place.Flags = Mobile
			return w.visits(x, 3, time.Hour)
		}, false},
		{"the holder's word", func(w *town, x Event) Event {
			x = w.visits(x, 2, time.Hour)
			yes := Event{ID: "yes", Account: "a", At: w.now, Kind: HolderConfirmed}
			w.do(yes)
			return x
		}, true},
		{"the holder's word after he had denied", func(w *town, x Event) Event {
			x = w.visits(x, 2, time.Hour)
			w.do(Event{ID: "no", Account: "a", At: w.now, Kind: HolderDenied})
			w.do(Event{ID: "back", Account: "a", At: w.now, Kind: HolderConfirmed})
			return x
		}, false},
		{"a year of silence while the holder came and went", func(w *town, x Event) Event {
			x = w.visits(x, 1, 180*24*time.Hour)
			w.learn(w.at("a", house, phone))
			w.wait(186 * 24 * time.Hour)
			x.At = w.now
			return x
		}, true},
		{"a year in which nobody saw the holder", func(w *town, x Event) Event { return w.visits(x, 2, 183*24*time.Hour) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			town := func() *town {
				w := newTown(t)
				for range 8 {
					w.learn(w.at("a", house, phone))
					w.wait(24 * time.Hour)
				}
				return w
			}
			w := town()
			x := tt.do(w, w.stranger("a"))
			score, without := w.score(x), town().score(x)
			if tt.own && score > without-.3 || !tt.own && score < without-.01 {
				t.Errorf("%.3f, and %.3f if nobody had come; the account's own: want %v", score, without, tt.own)
			}
		})
	}
}

// house is where nobody else signs in from; at home 400 neighbours do.
var house = Place{Address: netip.MustParseAddr("81.0.2.99"), Network: 64500, Country: "NO"}
