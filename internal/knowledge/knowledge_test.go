package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/mail"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// shelf is a folder with files.
type shelf struct {
	*testing.T
	folder string
	now    time.Time
	log    bytes.Buffer
}

func newShelf(t *testing.T) *shelf {
	return &shelf{T: t, folder: t.TempDir(), now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
}

// put writes a file as an operator's download does, a second after the last one.
func (sh *shelf) put(name, text string) string {
	sh.Helper()
	path := filepath.Join(sh.folder, name)
	sh.now = sh.now.Add(time.Second)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, sh.now, sh.now)); err != nil {
		sh.Fatal(err)
	}
	return path
}

func (sh *shelf) open(src Sources) *Knowledge {
	sh.Helper()
	k, err := Open(src, slog.New(slog.NewTextHandler(&sh.log, nil)))
	if err != nil {
		sh.Fatal(err)
	}
	return k
}

func country(k *Knowledge, address string) string { return k.Of(netip.MustParseAddr(address)).Country }

func TestWhatNoFileSaysIsUnknown(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	address, _ := mail.ParseAddress("x@mailinator.example")
	for name, k := range map[string]*Knowledge{"no knowledge": nil, "no files": sh.open(Sources{})} {
		if got := k.Of(netip.MustParseAddr("203.0.113.9")); got != (Place{}) {
			t.Errorf("%s: %+v", name, got)
		}
		if got := k.Disposable(address); got != Unknown {
			t.Errorf("%s: disposable %v", name, got)
		}
	}
}

func TestEverythingThatIsKnownOfAnAddress(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	src := Sources{
		Places: []string{
			mmdbFile(t, 4, map[string]mmdbtype.DataType{"203.0.113.0/24": nested("JP", "Chiyoda", 35.7, 139.8, 20)}),
			mmdbFile(t, 6, map[string]mmdbtype.DataType{"2001:db8::/32": m{"country_code": s("GB")}}),
			sh.put("rest.csv", "203.0.113.0/24,US\n198.51.100.0/24,FR\n"),
		},
		Networks:   []string{sh.put("asn4.csv", "203.0.113.0,203.0.113.255,64500,Kumo Net\n"), sh.put("asn6.csv", "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64501,Sora Net\n")},
		Disposable: []string{sh.put("domains", "mailinator.example\n")},
	}
	src.Lists[Tor] = []string{sh.put("tor4", "198.51.100.7\n"), sh.put("tor6", "2001:db8::7\n")}
	src.Lists[Hosting] = []string{sh.put("hosting", "AS64501\n")}
	src.Lists[VPN] = []string{sh.put("vpn", "203.0.113.0/24\n")}
	k := sh.open(src)
	for address, want := range map[string]Place{
		"203.0.113.9":        {Country: "JP", City: "Chiyoda", At: Spot{35.7, 139.8, 20}, Network: Network{64500, "Kumo Net"}, Signs: [Signs]Answer{Tor: No, VPN: Yes, Hosting: No}},
		"::ffff:203.0.113.9": {Country: "JP", City: "Chiyoda", At: Spot{35.7, 139.8, 20}, Network: Network{64500, "Kumo Net"}, Signs: [Signs]Answer{Tor: No, VPN: Yes, Hosting: No}},
		"2001:db8::7":        {Country: "GB", Network: Network{64501, "Sora Net"}, Signs: [Signs]Answer{Tor: Yes, Hosting: Yes}},
		"2001:db8::8%eth0":   {Country: "GB", Network: Network{64501, "Sora Net"}, Signs: [Signs]Answer{Tor: No, Hosting: Yes}},
		"198.51.100.7":       {Country: "FR", Signs: [Signs]Answer{Tor: Yes, VPN: No}},
		"192.0.2.1":          {Signs: [Signs]Answer{Tor: No, VPN: No}},
	} {
		if d := cmp.Diff(want, k.Of(netip.MustParseAddr(address))); d != "" {
			t.Errorf("%s: %s", address, d)
		}
	}
	if got := k.Of(netip.Addr{}); got != (Place{}) {
		t.Errorf("no address is at %+v", got)
	}
	for typed, want := range map[string]Answer{"hana@mailinator.example": Yes, "hana@eu.Mailinator.example": Yes, "hana@notmailinator.example": No, "hana@kumo.example": No} {
		address, err := mail.ParseAddress(typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Disposable(address); got != want {
			t.Errorf("%s: %v, want %v", typed, got, want)
		}
	}
}

func TestAWrongFileIsNamedAtTheStart(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	var trouble *Trouble
	gone := filepath.Join(sh.folder, "gone.csv")
	_, err := Open(Sources{Places: []string{sh.put("ok.csv", "203.0.113.0/24,JP\n")}, Networks: []string{gone}}, slog.Default())
	if !errors.As(err, &trouble) || trouble.Key != "networks" || trouble.Path != gone || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	var src Sources
	src.Lists[Tor] = []string{sh.put("tor", "198.51.100.7\nnonsense\n")}
	_, err = Open(src, slog.Default())
	if want := "tor: " + filepath.Join(sh.folder, "tor") + `: line 2: "nonsense" is no address`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	src.Lists[Tor] = []string{sh.folder}
	if _, err = Open(src, slog.Default()); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestANewVersionIsTakenUpOnceItStandsStill(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	k := sh.open(Sources{Places: []string{sh.put("places.csv", "203.0.113.0/24,JP\n")}})
	is := func(when, want string) {
		t.Helper()
		if got := country(k, "203.0.113.9"); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	k.Refresh()
	is("nothing changed", "JP")
	sh.put("places.csv", "203.0.113.0/24,GB\n198.51.")
	k.Refresh()
	is("half a download", "JP")
	sh.put("places.csv", "203.0.113.0/24,GB\n198.51.100.0/24,FR\n")
	k.Refresh()
	is("it just changed", "JP")
	k.Refresh()
	is("it stood still for one look", "GB")
	if got := country(k, "198.51.100.1"); got != "FR" {
		t.Errorf("its second line says %q", got)
	}
	if said := sh.log.String(); strings.Contains(said, "WARN") || strings.Count(said, "new version") != 1 {
		t.Errorf("it said:\n%s", said)
	}
}

func TestAnUnreadableNewVersionKeepsTheOldOneAndIsSaidOnce(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	path := sh.put("places.csv", "203.0.113.0/24,JP\n")
	k := sh.open(Sources{Places: []string{path}})
	look := func(when, want, trouble string, said int) {
		t.Helper()
		for range 4 {
			k.Refresh()
		}
		if got := country(k, "203.0.113.9"); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
		if got := k.Sources()[0].Trouble; !strings.Contains(got, trouble) || trouble == "" && got != "" {
			t.Errorf("%s: the trouble is %q, want %q", when, got, trouble)
		}
		if got := strings.Count(sh.log.String(), "WARN"); got != said {
			t.Errorf("%s: said %d times, want %d:\n%s", when, got, said, sh.log.String())
		}
	}
	sh.put("places.csv", "203.0.113.0/24,Japan\n")
	look("it is broken", "JP", "line 1:", 1)
	sh.put("places.csv", "203.0.113.0/24,Nippon\n")
	look("it is broken in another way", "JP", "Nippon", 2)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look("it is gone", "JP", "no such file", 3)
	sh.put("places.csv", "203.0.113.0/24,GB\n")
	look("it is good again", "GB", "", 3)
	was := sh.now
	sh.put("places.csv", "")
	look("an empty one came", "GB", "nothing in it", 4)
	sh.now = was.Add(-time.Second)
	sh.put("places.csv", "203.0.113.0/24,GB\n")
	look("the former one was put back", "GB", "", 4)
}

func TestLookingUpGoesOnWhileFilesChange(t *testing.T) {
	t.Parallel()
	sh := newShelf(t)
	k := sh.open(Sources{Places: []string{sh.put("places.csv", "203.0.113.0/24,JP\n")}})
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := country(k, "203.0.113.9"); got != "JP" && got != "GB" {
					t.Errorf("between two versions it is in %q", got)
					return
				}
			}
		})
	}
	for i := range 50 {
		sh.put("places.csv", []string{"203.0.113.0/24,GB\n", "203.0.113.0/24,JP\n"}[i%2])
		k.Refresh()
		k.Refresh()
	}
	close(stop)
	asking.Wait()
}

// full is knowledge of the size that an operator has, at a scale of 20: half a
// million ranges, 20,000 records in an .mmdb, and lists.
func full(b testing.TB, scale int) (*Knowledge, []netip.Addr) {
	r := rand.New(rand.NewPCG(1, 2))
	var networks, hosting strings.Builder
	step := uint32(1<<32/26000) / uint32(scale)
	for i := range uint32(26000 * scale) {
		from := i * step
		fmt.Fprintf(&networks, "%s,%s,%d,Network %d\n", v4(from), v4(from+step-1), 1+r.IntN(70000), i%70000)
	}
	for range 2000 * scale {
		fmt.Fprintf(&hosting, "%s/24\n", v4(r.Uint32()))
	}
	records := map[string]mmdbtype.DataType{}
	for i := range 1000 * scale {
		records[v4(uint32(i)*uint32(4294967/scale)).String()+"/18"] = nested("JP", fmt.Sprintf("City %d", i%3000), float64(i%90), float64(i%180), 20)
	}
	folder := b.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	src := Sources{Places: []string{mmdbFile(b, 4, records)}, Networks: []string{put("asn.csv", networks.String())}}
	for _, l := range []Sign{Tor, VPN, Hosting} {
		src.Lists[l] = []string{put(l.String(), hosting.String())}
	}
	k, err := Open(src, slog.Default())
	if err != nil {
		b.Fatal(err)
	}
	addresses := make([]netip.Addr, 1<<12)
	for i := range addresses {
		addresses[i] = v4(r.Uint32())
	}
	return k, addresses
}

func v4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func BenchmarkOf(b *testing.B) {
	k, addresses := full(b, 20)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		_ = k.Of(addresses[i%len(addresses)])
		i++
	}
}

func TestLookingUpAllocatesAtMostOnce(t *testing.T) {
	k, addresses := full(t, 1)
	i := 0
	if got := testing.AllocsPerRun(5000, func() { _ = k.Of(addresses[i%len(addresses)]); i++ }); got > 1 {
		t.Errorf("%v allocations", got)
	}
}
