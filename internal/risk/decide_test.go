package risk

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// town is a site with its accounts, as whoever keeps them drives this package.
type town struct {
	t        testing.TB
	counters *Counters
	tables   *Tables
	profiles map[string]*Profile
	now      int64
	lessons  map[string]Lesson
}

func newTown(t testing.TB) *town {
	t.Helper()
	tables, err := ShippedTables()
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, counters: NewCounters(1, Sizes{Addresses: 1 << 12, Agents: 1 << 10, Sources: 1 << 10}), tables: tables,
		profiles: map[string]*Profile{}, lessons: map[string]Lesson{}, now: pilotBegin}
	for i := range 400 { // neighbours, so that it is known what is popular
		e := w.at(fmt.Sprintf("neighbour%d", i), home, phone)
		if i%4 == 0 {
			e.Place = Place{Address: netip.AddrFrom4([4]byte{81, 2, byte(i), 9}), Network: 64502, Country: "NO"}
		}
		if i%3 == 0 {
			e.Client = laptop
		}
		w.do(e)
	}
	return w
}

var (
	home   = Place{Address: netip.MustParseAddr("81.0.2.10"), Network: 64500, Country: "NO", Located: true, Lat: 60, Lon: 10, ErrorKM: 50}
	cafe   = Place{Address: netip.MustParseAddr("81.2.7.77"), Network: 64502, Country: "NO", Located: true, Lat: 60, Lon: 11, ErrorKM: 50}
	far    = Place{Address: netip.MustParseAddr("190.5.6.7"), Network: 64990, Country: "BR", Located: true, Lat: -23, Lon: -46, ErrorKM: 100}
	phone  = Client{Agent: "Mozilla/5.0 (Linux; Android 11) Chrome/90", Browser: "Chrome 90", OS: "Android 11", Type: "mobile"}
	laptop = Client{Agent: "Mozilla/5.0 (Windows NT 10.0) Firefox/88", Browser: "Firefox 88", OS: "Windows 10", Type: "desktop"}
	odd    = Client{Agent: "Mozilla/5.0 (X11; Linux) Opera/12", Browser: "Opera 12", OS: "Linux", Type: "desktop"}
)

// at makes a sign-in now, with the token that belongs to account and client.
func (w *town) at(account string, p Place, c Client) Event {
	w.now += 1_000_000
	token := account + " on " + c.Browser
	return Event{ID: fmt.Sprint(w.now), Account: account, At: w.now, Kind: SignedIn, Session: fmt.Sprint("s", w.now), Place: p, Client: c,
		Device: Device{Asked: true, Token: token, Given: token}}
}

// do decides about an event and lets everything that follows from it happen.
func (w *town) do(e Event) Decision {
	p := w.profile(e.Account)
	d := Decide(&e, p, w.counters, w.tables)
	w.counters.Observe(&e, &d)
	p.Follow(&e, &d, w.counters)
	if d.Teaches() {
		w.learn(e)
	}
	return d
}

func (w *town) profile(account string) *Profile {
	p := w.profiles[account]
	if p == nil {
		p = &Profile{}
		w.profiles[account] = p
	}
	return p
}

func (w *town) learn(e Event) {
	p := w.profile(e.Account)
	if l, ok := p.Learn(&e, w.counters); ok {
		w.counters.Learn(l)
		w.lessons[e.ID] = l
	}
}

func (w *town) wait(d time.Duration) { w.now += d.Microseconds() }

// settled gives an account with a history at home on the phone.
func (w *town) settled(account string) {
	for range 8 {
		e := w.at(account, home, phone)
		w.do(e)
		w.wait(24 * time.Hour)
	}
}

// then makes a later event in the session of an earlier one.
func (w *town) then(e Event, minutes int, k Kind, target string) Event {
	w.wait(time.Duration(minutes) * time.Minute)
	w.now++
	e.ID, e.At, e.Kind, e.Target = fmt.Sprint(w.now), w.now, k, target
	e.Device.Token, e.Device.Given = max(e.Device.Given, e.Device.Token), ""
	return e
}

func (d Decision) has(s Signal) bool {
	return slices.ContainsFunc(d.Reasons, func(r Reason) bool { return r.Signal == s })
}

// stranger signs in from far away without a token.
func (w *town) stranger(account string) Event {
	e := w.at(account, far, odd)
	e.Device.Token, e.Device.Given = "", "stranger's"
	return e
}

func TestHolder(t *testing.T) {
	t.Parallel()
	t.Run("signs in as always and is let in", func(t *testing.T) {
		w := newTown(t)
		w.settled("a")
		d := w.do(w.at("a", home, phone))
		if d.Action != Let || !d.Scored || d.Score > -5 {
			t.Errorf("%v with %.1f, want let below -5: %v", d.Action, d.Score, d.Reasons)
		}
		if !d.has(KnownDevice) {
			t.Errorf("reasons %v do not name the device", d.Reasons)
		}
	})
	t.Run("changes the e-mail address at home and is told, no more", func(t *testing.T) {
		w := newTown(t)
		w.settled("a")
		e := w.at("a", home, phone)
		w.do(e)
		if d := w.do(w.then(e, 2, EmailChanged, "new@example.org")); d.Action != Tell {
			t.Errorf("%v, want tell: %v", d.Action, d.Reasons)
		}
		if d := w.do(w.then(e, 5, OrderPlaced, "old address")); d.Action != Let {
			t.Errorf("an order to an old address: %v, want let: %v", d.Action, d.Reasons)
		}
	})
	t.Run("orders as a present to a new address and is let", func(t *testing.T) {
		w := newTown(t)
		w.settled("a")
		e := w.at("a", home, phone)
		w.do(e)
		w.do(w.then(e, 2, AddressAdded, "aunt"))
		if d := w.do(w.then(e, 2, OrderPlaced, "aunt")); d.Action != Let {
			t.Errorf("%v, want let: %v", d.Action, d.Reasons)
		}
	})
	t.Run("orders to a new address half a day after a new address for letters and is let", func(t *testing.T) {
		w := newTown(t)
		w.settled("a")
		e := w.at("a", home, phone)
		w.do(e)
		w.do(w.then(e, 2, EmailChanged, "new@example.org"))
		w.do(w.then(e, 12*60, AddressAdded, "aunt"))
		if d := w.do(w.then(e, 2, OrderPlaced, "aunt")); d.Action != Let {
			t.Errorf("%v, want let: %v", d.Action, d.Reasons)
		}
	})
	t.Run("orders in the week after a new address for letters and is let", func(t *testing.T) {
		w := newTown(t)
		w.settled("a")
		e := w.at("a", home, phone)
		w.do(e)
		w.do(w.then(e, 2, EmailChanged, "new@example.org"))
		w.wait(7 * 24 * time.Hour)
		e = w.at("a", home, phone)
		w.do(e)
		w.do(w.then(e, 2, AddressAdded, "aunt"))
		if d := w.do(w.then(e, 2, OrderPlaced, "aunt")); d.Action != Let {
			t.Errorf("%v, want let: %v", d.Action, d.Reasons)
		}
	})
}

func TestIntruder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		enter func(w *town) Event
		in    Action // of the sign-in, at least
		email Action
		order Action // at least
	}{
		{"comes from far away", func(w *town) Event { return w.stranger("a") }, StepUp, End, Freeze},
		{"takes a session elsewhere", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e.Place, e.Client, e.Device.Token, e.Device.Given = far, odd, "", ""
			return w.then(e, 5, Seen, "")
		}, StepUp, End, Freeze},
		{"wears the holder's clothes next door", func(w *town) Event {
			p := home
			p.Address = netip.MustParseAddr("81.0.200.1")
			e := w.at("a", p, phone)
			e.Device.Token, e.Device.Given = "", "other"
			return e
		}, Let, Tell, Hold},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.settled("a")
			e := tt.enter(w)
			d := w.do(e)
			if d.Action < tt.in || d.Action > StepUp {
				t.Errorf("the sign-in: %v with %.1f, want %v at least and no freeze: %v", d.Action, d.Score, tt.in, d.Reasons)
			}
			if d := w.do(w.then(e, 3, EmailChanged, "mine@example.net")); d.Action < tt.email {
				t.Errorf("the e-mail address: %v, want %v: %v", d.Action, tt.email, d.Reasons)
			}
			w.do(w.then(e, 2, AddressAdded, "drop"))
			d = w.do(w.then(e, 2, OrderPlaced, "drop"))
			if d.Action < tt.order {
				t.Errorf("the order: %v carried %.1f, want %v: %v", d.Action, d.Carried, tt.order, d.Reasons)
			}
			if !d.has(ValueAfterChannel) || !d.has(ValueToNewcomer) {
				t.Errorf("reasons %v do not tell the sequence", d.Reasons)
			}
		})
	}
}

// TestNothingIsFrozenBeforeValueGoesElsewhere: a holder abroad with a new phone and
// a new password who orders to where things always went loses the session at most.
func TestNothingIsFrozenBeforeValueGoesElsewhere(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.stranger("a")
	w.do(e)
	w.do(w.then(e, 3, EmailChanged, "new@example.net"))
	w.do(w.then(e, 2, PasswordChanged, ""))
	if d := w.do(w.then(e, 2, OrderPlaced, "the old address")); d.Action != End {
		t.Errorf("an order to where things always went: %v, want end-session: %v", d.Action, d.Reasons)
	}
	if d := w.do(w.then(e, 2, AddressAdded, "drop")); d.Action != End {
		t.Errorf("a new address: %v, want end-session: %v", d.Action, d.Reasons)
	}
	if d := w.do(w.then(e, 2, OrderPlaced, "drop")); d.Action != Freeze {
		t.Errorf("an order to the new address: %v, want freeze: %v", d.Action, d.Reasons)
	}
}

// TestScoreAloneNeverFreezes: whatever a sign-in looks like, it is asked for a
// proof and no more. Nearly all high scores are holders'.
func TestScoreAloneNeverFreezes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.stranger("a")
	e.Place.Flags = Tor | Hosting | VPN | Residential | BadNetwork | BadReputation
	e.Client.Agent = "curl/8"
	if d := w.do(e); d.Action != StepUp {
		t.Errorf("%v, want step-up", d.Action)
	}
	for i := range 20 { // and again and again
		if d := w.do(w.stranger("a")); d.Action != StepUp {
			t.Fatalf("the %dth time: %v, want step-up", i, d.Action)
		}
	}
}

func TestHoldersWord(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.at("a", home, phone)
	w.do(e)
	if d := w.do(w.then(e, 1, HolderDenied, "")); d.Action != Freeze || d.Reasons[0].Signal != NotMe {
		t.Errorf("not me: %v for %v, want freeze for H01", d.Action, d.Reasons)
	}
	if d := w.do(w.then(e, 60*24*10, OrderPlaced, "x")); d.Action != Freeze {
		t.Errorf("ten days later, unanswered: %v, want freeze", d.Action)
	}
	w.do(w.then(e, 1, HolderConfirmed, ""))
	if d := w.do(w.then(e, 1, OrderPlaced, "x")); d.Action != Let {
		t.Errorf("after it was me: %v, want let: %v", d.Action, d.Reasons)
	}
	w.do(w.then(e, 1, NoticeBounced, ""))
	if d := w.do(w.then(e, 1, EmailChanged, "b@example.org")); !d.has(CannotWarn) {
		t.Errorf("letters come back, but the reasons are %v", d.Reasons)
	}
}

func TestSuspicionFades(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.settled("a")
	e := w.stranger("a")
	w.do(e)
	d := w.do(w.then(e, 3, EmailChanged, "b@example.org"))
	before := d.Carried
	w.wait(24 * time.Hour)
	e = w.at("a", home, phone)
	if d := w.do(e); d.Carried > before/2+.01 || d.Carried < before/2-.01 {
		t.Errorf("a day later %.2f of %.2f is carried, want half", d.Carried, before)
	}
}

func TestPrior(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	t.Run("an account without sign-in has no score", func(t *testing.T) {
		e := w.at("nobody", home, phone)
		if d := Decide(&e, nil, w.counters, w.tables); d.Scored || !d.has(ColdProfile) {
			t.Errorf("scored %v for %v", d.Scored, d.Reasons)
		}
	})
	t.Run("one that was away for years has", func(t *testing.T) {
		w.settled("b")
		w.wait(5 * 365 * 24 * time.Hour)
		e := w.at("b", far, odd)
		if d := Decide(&e, w.profiles["b"], w.counters, w.tables); !d.Scored || d.Score < 0 {
			t.Errorf("scored %v %.1f, want a score above zero", d.Scored, d.Score)
		}
	})
	t.Run("a failed try is scored too", func(t *testing.T) {
		w.settled("c")
		e := w.stranger("c")
		e.Kind = SignInFailed
		if d := Decide(&e, w.profiles["c"], w.counters, w.tables); !d.Scored {
			t.Error("it has no score")
		}
	})
}
