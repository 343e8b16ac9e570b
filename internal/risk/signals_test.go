package risk

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// fail makes a failed try at an account from a place.
func (w *town) fail(account string, p Place, c Client) Event {
	e := w.at(account, p, c)
	e.Kind, e.Session, e.Device = SignInFailed, "", Device{Asked: true}
	return e
}

func spot(n int) Place {
	p := far
	p.Address = netip.AddrFrom4([4]byte{190, byte(n >> 8), byte(n), 7})
	return p
}

// TestSignals brings every signal about and says where it stays silent.
func TestSignals(t *testing.T) {
	t.Parallel()
	strange := func(w *town) Event { return w.stranger("a") }
	tests := []struct {
		signal Signal
		name   string
		after  func(w *town) Event // gives the event to decide on
		want   bool
		least  Action
	}{
		{NewAddress, "another address at home", func(w *town) Event {
			p := home
			p.Address = netip.MustParseAddr("81.0.2.99")
			return w.at("a", p, phone)
		}, true, Let},
		{NewSubnet, "another block at home", func(w *town) Event {
			p := home
			p.Address = netip.MustParseAddr("81.0.200.1")
			return w.at("a", p, laptop)
		}, true, Let},
		{NewNetwork, "a popular network", func(w *town) Event { return w.at("a", cafe, laptop) }, true, Let},
		{RareNetwork, "a network nobody uses", func(w *town) Event {
			p := cafe
			p.Network = 64777
			w.counters.Accounts = 5000
			return w.at("a", p, laptop)
		}, true, Let},
		{NewCountry, "abroad", strange, true, StepUp},
		{NewDevice, "no token", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Device.Token = ""
			return e
		}, true, Let},
		{NewDevice, "a service without tokens", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Device = Device{}
			return e
		}, false, Let},
		{NewBrowser, "an update", func(w *town) Event {
			c := phone
			c.Agent, c.Browser = "Mozilla/5.0 (Linux; Android 11) Chrome/91", "Chrome 91"
			e := w.at("a", home, c)
			e.Device.Token = ""
			return e
		}, true, Let},
		{NewOS, "another system", func(w *town) Event {
			c := phone
			c.Agent, c.OS = "Mozilla/5.0 (Linux; Android 12) Chrome/90", "Android 12"
			return w.at("a", cafe, c)
		}, true, Let},
		{NewDeviceType, "a laptop for once", func(w *town) Event { return w.at("a", far, laptop) }, true, Let},
		{KnownPlace, "home", func(w *town) Event { return w.at("a", home, phone) }, true, Let},
		{KnownClient, "the phone", func(w *town) Event { return w.at("a", home, phone) }, true, Let},
		{KnownDevice, "the phone with its token", func(w *town) Event { return w.at("a", home, phone) }, true, Let},

		{TooFast, "to Brazil within two hours", func(w *town) Event {
			w.do(w.at("a", home, phone))
			w.wait(2 * time.Hour)
			return w.at("a", far, phone)
		}, true, Tell},
		{TooFast, "to Brazil within two days", func(w *town) Event {
			w.do(w.at("a", home, phone))
			w.wait(48 * time.Hour)
			return w.at("a", far, phone)
		}, false, Let},
		{TooFast, "a thousand kilometres within the errors", func(w *town) Event {
			p := home
			p.Lat, p.ErrorKM = 70, 1200
			return w.at("a", p, phone)
		}, false, Let},
		{TooFast, "behind a carrier", func(w *town) Event {
			p := far
			p.Flags = Mobile
			return w.at("a", p, phone)
		}, false, Let},
		{CountryHop, "two countries in ten minutes", func(w *town) Event {
			w.do(w.at("a", home, phone))
			w.wait(10 * time.Minute)
			return w.at("a", far, phone)
		}, true, Tell},
		{DormantReturn, "after half a year from anywhere", func(w *town) Event {
			w.wait(180 * 24 * time.Hour)
			return w.stranger("a")
		}, true, StepUp},

		{OtherLanguage, "an unknown browser in another language", func(w *town) Event {
			e := w.stranger("a")
			e.Setting = Setting{Language: "ro-RO", Usual: "ja"}
			return e
		}, true, Tell},
		{OtherLanguage, "a dialect", func(w *town) Event {
			e := w.stranger("a")
			e.Setting = Setting{Language: "JA_jp", Usual: "ja"}
			return e
		}, false, Let},
		{OtherLanguage, "the holder's own phone", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Setting = Setting{Language: "ro", Usual: "ja"}
			return e
		}, false, Let},
		{OtherLanguage, "nobody knows which is the account's", func(w *town) Event {
			e := w.stranger("a")
			e.Setting = Setting{Language: "ro"}
			return e
		}, false, Let},
		{OtherClock, "a proxy near the holder, a clock far away", func(w *town) Event {
			e := w.at("a", home, laptop)
			e.Device.Token, e.Place.Lon, e.Setting = "", 139, Setting{Clocked: true, Clock: 120}
			return e
		}, true, StepUp},
		{OtherClock, "a traveller who took the clock along", func(w *town) Event {
			e := w.stranger("a")
			e.Setting = Setting{Clocked: true, Clock: int16(e.Place.Lon * 4)}
			return e
		}, false, Let},
		{OtherClock, "the holder's own phone", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Place.Lon, e.Setting = 139, Setting{Clocked: true, Clock: 120}
			return e
		}, false, Let},
		{OtherClock, "behind a relay", func(w *town) Event {
			e := w.at("a", home, laptop)
			e.Device.Token, e.Place.Lon, e.Place.Flags, e.Setting = "", 139, Relay, Setting{Clocked: true, Clock: 120}
			return e
		}, false, Let},
		{FailsAccount, "ten failures", func(w *town) Event {
			for range 9 {
				w.do(w.fail("a", home, phone))
			}
			return w.fail("a", home, phone)
		}, true, StepUp},
		{FailsAccount, "four failures of a holder", func(w *town) Event {
			for range 3 {
				w.do(w.fail("a", home, phone))
			}
			return w.fail("a", home, phone)
		}, false, Let},
		{FailsAccount, "ten failures over ten hours", func(w *town) Event {
			for range 9 {
				w.do(w.fail("a", home, phone))
				w.wait(time.Hour)
			}
			return w.fail("a", home, phone)
		}, false, Let},
		{FailsAddress, "thirty failures at few accounts", func(w *town) Event {
			for i := range 35 {
				w.do(w.fail(fmt.Sprint("x", i%3), far, odd))
			}
			return w.fail("y", far, odd)
		}, true, StepUp},
		{FailsNetwork, "a whole network fails", func(w *town) Event {
			for i := range 220 {
				c := odd
				c.Agent = fmt.Sprint("agent ", i)
				w.do(w.fail(fmt.Sprint("x", i), spot(i), c))
			}
			return w.fail("y", spot(999), phone)
		}, true, StepUp},
		{FailsNetwork, "a large provider on an ordinary day", func(w *town) Event {
			for i := range 220 {
				c := odd
				c.Agent = fmt.Sprint("agent ", i)
				w.do(w.fail(fmt.Sprint("x", i), spot(i), c))
				w.do(w.at(fmt.Sprint("x", i), spot(i), c))
			}
			return w.fail("y", spot(999), phone)
		}, false, Let},
		{FailsDevice, "one device fails", func(w *town) Event {
			var e Event
			for i := range 17 {
				e = w.fail(fmt.Sprint("x", i%3), spot(i), odd)
				e.Device.Token = "theirs"
				w.do(e)
			}
			return e
		}, true, StepUp},
		{StuffingSource, "one try at each of thirty", func(w *town) Event {
			for i := range 30 {
				w.do(w.fail(fmt.Sprint("x", i), far, odd))
			}
			return w.fail("y", far, odd)
		}, true, StepUp},
		{Enumeration, "of thirty names that are none", func(w *town) Event {
			for i := range 30 {
				e := w.fail(fmt.Sprint("x", i), far, odd)
				e.Marks = NameUnknown
				w.do(e)
			}
			return w.fail("y", far, odd)
		}, true, StepUp},
		{Spray, "from thirty addresses of one network", func(w *town) Event {
			for i := range 30 {
				w.do(w.fail(fmt.Sprint("x", i), spot(i), odd))
			}
			return w.fail("y", spot(99), odd)
		}, true, StepUp},
		{Spray, "one account from ten addresses", func(w *town) Event {
			for i := range 10 {
				p := spot(i)
				p.Network = uint32(65000 + i)
				w.do(w.fail("a", p, odd))
			}
			return w.fail("a", spot(99), odd)
		}, true, StepUp},
		{AfterAttack, "a success behind it", func(w *town) Event {
			for i := range 40 {
				w.do(w.fail(fmt.Sprint("x", i), far, odd))
			}
			w.wait(time.Hour)
			return w.stranger("a")
		}, true, StepUp},
		{AfterAttack, "the holder, whose door others knocked at", func(w *town) Event {
			for range 15 {
				w.do(w.fail("a", far, odd))
			}
			return w.at("a", home, phone)
		}, false, Let},
		{AfterAttack, "four hours later", func(w *town) Event {
			for i := range 40 {
				w.do(w.fail(fmt.Sprint("x", i), far, odd))
			}
			w.wait(4 * time.Hour)
			return w.stranger("a")
		}, false, Let},
		{SiteUnderAttack, "five times as many failures", func(w *town) Event {
			quietDays(w)
			for i := range 300 {
				p := spot(i)
				p.Network = uint32(66000 + i)
				w.do(w.fail(fmt.Sprint("x", i), p, odd))
				w.now -= 900_000
			}
			return w.stranger("a")
		}, true, StepUp},
		{SiteUnderAttack, "an ordinary day", func(w *town) Event { quietDays(w); return w.stranger("a") }, false, Let},
		{DeviceManyAccount, "a device that knows them all", func(w *town) Event {
			var e Event
			for i := range 22 {
				e = w.at(fmt.Sprint("x", i), far, odd)
				e.Device.Token = "theirs"
				w.do(e)
			}
			e = w.stranger("a")
			e.Device.Token = "theirs"
			return e
		}, true, StepUp},
		{AddressManyAcc, "an address of many", func(w *town) Event {
			for i := range 22 {
				w.do(w.at(fmt.Sprint("x", i), far, odd))
			}
			return w.stranger("a")
		}, true, Tell},
		{BreachedPassword, "a password from a breach at home", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Marks = PasswordBreached
			return e
		}, true, Tell},
		{BreachedPassword, "a password from a breach on another device", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Device.Token = ""
			e.Marks = PasswordBreached
			return e
		}, true, StepUp},
		{PromptFatigue, "after five refusals", func(w *town) Event {
			for range 5 {
				e := w.fail("a", far, odd)
				e.Kind = PromptRefused
				w.do(e)
			}
			return w.stranger("a")
		}, true, StepUp},

		{SessionMoved, "the same session on another device", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 5, Seen, "")
			e.Device.Token, e.Client = "", odd
			return e
		}, true, StepUp},
		{SessionMoved, "the same phone in another street", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 5, Seen, "")
			e.Place.Address = netip.MustParseAddr("81.0.77.3")
			return e
		}, false, Let},
		{SessionScripted, "and in a program", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 5, Seen, "")
			e.Device.Token, e.Client = "", Client{Agent: "python-requests/2.31"}
			return e
		}, true, StepUp},
		{ChannelAgain, "the second channel within an hour", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			w.do(w.then(e, 5, EmailChanged, "b@example.org"))
			return w.then(e, 50, PhoneChanged, "1")
		}, true, Tell},
		{ChannelAfterRisk, "soon after a strange sign-in", func(w *town) Event {
			e := w.stranger("a")
			w.do(e)
			return w.then(e, 5, NoticeChanged, "off")
		}, true, Hold},
		{Campaign, "the fourth account with one drop", func(w *town) Event {
			for i := range 3 {
				w.settled(fmt.Sprint("victim", i))
			}
			for i := range 3 {
				name := fmt.Sprint("victim", i)
				e := w.stranger(name)
				e.Place = spot(i)
				w.do(e)
				w.do(w.then(e, 2, EmailChanged, fmt.Sprint("a", i, "@drop.example")))
			}
			e := w.at("a", home, phone)
			w.do(e)
			return w.then(e, 3, EmailChanged, "me@drop.example")
		}, true, StepUp},
		{Campaign, "a domain that everybody moves to", func(w *town) Event {
			for i := range 3 {
				w.settled(fmt.Sprint("victim", i))
			}
			for i := range 12 {
				name := fmt.Sprint("neighbour", i)
				e := w.at(name, home, phone)
				w.do(e)
				w.do(w.then(e, 1, EmailChanged, fmt.Sprint("a", i, "@mail.example")))
			}
			for i := range 3 {
				name := fmt.Sprint("victim", i)
				e := w.stranger(name)
				e.Place = spot(i)
				w.do(e)
				w.do(w.then(e, 2, EmailChanged, fmt.Sprint("b", i, "@mail.example")))
			}
			e := w.at("a", home, phone)
			w.do(e)
			return w.then(e, 3, EmailChanged, "me@mail.example")
		}, false, Tell},
		{OnDenyList, "the operator's own list", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Place.Flags = Denied
			return e
		}, true, End},
		{OnTor, "Tor with a new browser", func(w *town) Event {
			e := w.stranger("a")
			e.Place.Flags = Tor
			return e
		}, true, StepUp},
		{OnTor, "somebody whose home Tor is", func(w *town) Event {
			e := w.at("a", home, phone)
			e.Place.Flags = Tor
			return e
		}, false, Let},
		{ScriptedClient, "a program", func(w *town) Event {
			e := w.stranger("a")
			e.Client = Client{Agent: "Go-http-client/2.0"}
			return e
		}, true, StepUp},
		{OddClient, "an agent of another system", func(w *town) Event {
			e := w.stranger("a")
			e.Client = Client{Agent: "Mozilla/5.0 (X11; Linux)", Browser: "Safari 14", OS: "iOS 14", Type: "mobile"}
			return e
		}, true, Let},
		{DisposableContact, "to a disposable address", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 3, EmailChanged, "x@trash.example")
			e.Marks = ContactDisposable
			return e
		}, true, Hold},
		{LookalikeContact, "to a domain like the holder's own", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 3, EmailChanged, "x@exarnple.com")
			e.Marks, e.Like = ContactLookalike, "example.com"
			return e
		}, true, Hold},
		{LookalikeContact, "an order, whatever it is marked as", func(w *town) Event {
			e := w.at("a", home, phone)
			w.do(e)
			e = w.then(e, 3, OrderPlaced, "x@exarnple.com")
			e.Marks, e.Like = ContactLookalike, "example.com"
			return e
		}, false, Let},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s: %s", tt.signal, tt.name), func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.settled("a")
			e := tt.after(w)
			p := w.profiles[e.Account]
			j := judge{}
			d := decideWith(&j, &e, p, w)
			if got := noted(&j, tt.signal); got != tt.want {
				t.Errorf("it is noted: %v, want %v; reasons %v", got, tt.want, d.Reasons)
			}
			if d.Action < tt.least {
				t.Errorf("%v, want %v at least; score %.1f, reasons %v", d.Action, tt.least, d.Score, d.Reasons)
			}
		})
	}
}

func TestClocksAstray(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		minutes  int16
		lat, lon float32
		wrong    float32
		want     bool
	}{
		{"Tokyo", 540, 35.7, 139.7, 50, false},
		{"Kashgar on the time of Beijing", 480, 39.5, 76, 50, false},
		{"A Coruña in summer", 120, 43.4, -8.4, 50, false},
		{"Kiritimati, a day ahead", 840, 1.9, -157.4, 50, false},
		{"Fiji, behind the line", 720, -17.8, 178, 50, false},
		{"Bucharest's clock in Tokyo", 120, 35.7, 139.7, 50, true},
		{"New York's clock in Oslo", -300, 59.9, 10.7, 50, true},
		{"and the table knows the continent at best", -300, 59.9, 10.7, 4900, false},
		{"at the pole", 0, 90, 180, 50, false},
	} {
		p := Place{Located: true, Lat: tt.lat, Lon: tt.lon, ErrorKM: tt.wrong}
		if got := astray(tt.minutes, &p); got >= clockAstray != tt.want {
			t.Errorf("%s: %.1f hours astray, want a sign: %v", tt.name, got, tt.want)
		}
	}
}

// decideWith is Decide with all notes left to look at, not the weightiest alone.
func decideWith(j *judge, e *Event, p *Profile, w *town) Decision {
	if p == nil {
		p = &Profile{}
	}
	*j = judge{e: e, p: p, c: w.counters, t: w.tables}
	return j.weighAll()
}

func noted(j *judge, s Signal) bool {
	for _, r := range j.notes.list[:j.notes.n] {
		if r.Signal == s {
			return true
		}
	}
	return false
}

// quietDays lets two days pass on which a sign-in fails now and then.
func quietDays(w *town) {
	for range 2 * dayTicks {
		w.wait(5 * time.Minute)
		w.do(w.fail("neighbour1", home, phone))
		w.do(w.at("neighbour2", home, phone))
	}
}
