package risk

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// metropolis of the benchmark is made once, because the benchmark is called several times.
var metropolis struct {
	town                  *town
	names                 []string
	megabytes, perAccount float64
}

// crowded makes a million accounts with some sign-ins each. `takeback bench --only
// decision --past 100000000` plays a hundred million events before it decides.
func crowded(b *testing.B) (*town, []string) {
	b.Helper()
	if metropolis.town != nil {
		return metropolis.town, metropolis.names
	}
	tables, err := ShippedTables()
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w := &town{t: b, counters: NewCounters(1, Sizes{}), tables: tables, now: pilotBegin}
	runtime.GC()
	runtime.ReadMemStats(&after)
	metropolis.megabytes = float64(after.HeapAlloc-before.HeapAlloc) / 1e6
	runtime.GC()
	runtime.ReadMemStats(&before)
	w.profiles = make(map[string]*Profile, benchAccounts)
	names := make([]string, benchAccounts)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range names {
		names[i] = "account" + strconv.Itoa(i)
		p := &Profile{}
		w.profiles[names[i]] = p
		for range 1 + r.IntN(6) {
			e := benchEvent(r, names[i])
			if l, ok := p.Learn(&e, w.counters); ok {
				w.counters.Learn(l)
			}
			d := Decision{}
			p.Follow(&e, &d, w.counters)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	metropolis.perAccount = float64(after.HeapAlloc-before.HeapAlloc) / benchAccounts
	for range 200_000 {
		e := benchEvent(r, names[r.IntN(len(names))])
		e.Kind, e.At = SignInFailed, w.now+int64(r.IntN(3600e6))
		d := Decision{}
		w.counters.Observe(&e, &d)
	}
	metropolis.town, metropolis.names = w, names
	return w, names
}

const benchAccounts = 1_000_000

func benchEvent(r *rand.Rand, account string) Event {
	n, k := uint32(r.IntN(60000)), r.IntN(2000)
	return Event{
		ID: "e", Account: account, Kind: SignedIn, At: pilotBegin + int64(r.IntN(200))*dayMicros, Session: "s",
		Place: Place{Address: netip.AddrFrom4([4]byte{byte(n), byte(n >> 8), byte(r.IntN(256)), byte(r.IntN(256))}), Network: n/4 + 1,
			Country: string([]byte{byte('A' + n%8), 'A'}), Located: true, Lat: float32(n % 90), Lon: float32(n % 180), ErrorKM: 50},
		Client: Client{Agent: fmt.Sprintf("Mozilla/5.0 (Linux; Android 11; SM-G%d) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.%d Mobile Safari/537.36", k, k),
			Browser: fmt.Sprint("Chrome Mobile 90.0.", k), OS: fmt.Sprint("Android ", k%40), Type: "mobile"},
		Device: Device{Asked: true, Token: fmt.Sprint("token", k)},
	}
}

// BenchmarkDecide measures decisions at a million accounts, one at random each
// time, and says the median and the 99th percentile of single calls.
func BenchmarkDecide(b *testing.B) {
	w, names := crowded(b)
	r := rand.New(rand.NewPCG(2, 2))
	events := make([]Event, 1<<16)
	for i := range events {
		events[i] = benchEvent(r, names[r.IntN(len(names))])
		events[i].At = w.now + 200*dayMicros
		if i%4 == 3 {
			events[i].Kind = EmailChanged
		}
	}
	took := make([]time.Duration, 0, 1<<20)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		e := &events[i%len(events)]
		begin := time.Now()
		d := Decide(e, w.profiles[e.Account], w.counters, w.tables)
		if len(took) < cap(took) {
			took = append(took, time.Since(begin))
		}
		if d.Action > Freeze {
			b.Fatal(d)
		}
	}
	slices.Sort(took)
	b.ReportMetric(metropolis.megabytes, "MB-counters")
	b.ReportMetric(metropolis.perAccount, "B/account")
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
	runtime.KeepAlive(names)
}

// BenchmarkLearn measures what follows a decision: observe, follow, learn.
func BenchmarkLearn(b *testing.B) {
	w := newTown(b)
	r := rand.New(rand.NewPCG(2, 2))
	events := make([]Event, 1<<12)
	for i := range events {
		events[i] = benchEvent(r, fmt.Sprint("a", i%50))
	}
	b.ReportAllocs()
	for i := range b.N {
		w.do(events[i%len(events)])
	}
}
