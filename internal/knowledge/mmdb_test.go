package knowledge

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// mmdbFile writes a table like those that are sold and given away.
func mmdbFile(t testing.TB, ipVersion int, records map[string]mmdbtype.DataType) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{IPVersion: ipVersion, RecordSize: 24, IncludeReservedNetworks: true, DatabaseType: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	for network, v := range records {
		_, n, err := net.ParseCIDR(network)
		if err == nil {
			err = w.Insert(n, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "table.mmdb")
	out, err := os.Create(path)
	if err == nil {
		_, err = w.WriteTo(out)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

type (
	m = mmdbtype.Map
	s = mmdbtype.String
)

// nested is a record as MaxMind writes it.
func nested(country, city string, lat, lon float64, radius uint16) mmdbtype.DataType {
	return m{
		"country":  m{"iso_code": s(country), "names": m{"en": s("Land"), "ja": s("国")}, "geoname_id": mmdbtype.Uint32(7)},
		"city":     m{"geoname_id": mmdbtype.Uint32(9), "names": m{"de": s("Stadt"), "en": s(city), "ja": s("市")}},
		"location": m{"accuracy_radius": mmdbtype.Uint16(radius), "latitude": mmdbtype.Float64(lat), "longitude": mmdbtype.Float64(lon), "time_zone": s("Asia/Tokyo")},
	}
}

func TestPlacesInEveryKindOfRecord(t *testing.T) {
	t.Parallel()
	const address = "203.0.113.9"
	for _, c := range []struct {
		name   string
		record mmdbtype.DataType
		want   location
	}{
		{"nested", nested("JP", "Chiyoda", 35.6812, 139.7671, 20), location{"JP", "Chiyoda", Spot{35.6812, 139.7671, 20}}},
		{"nested without accuracy", nested("JP", "Chiyoda", 35.6812, 139.7671, 0), location{"JP", "Chiyoda", Spot{35.6812, 139.7671, 450}}},
		{"country alone", m{"country": m{"iso_code": s("JP")}}, location{country: "JP"}},
		{"flat", m{"country_code": s("JP"), "city": s("Chiyoda"), "latitude": mmdbtype.Float64(35.6812), "longitude": mmdbtype.Float64(139.7671)}, location{"JP", "Chiyoda", Spot{35.6812, 139.7671, 450}}},
		{"flat, in single precision", m{"country_code": s("JP"), "latitude": mmdbtype.Float32(35.5), "longitude": mmdbtype.Float32(139.5)}, location{"JP", "", Spot{35.5, 139.5, 450}}},
		{"flat, in texts", m{"country": s("Japan"), "country_code": s("JP"), "lat": s("35.5"), "lng": s("139.5")}, location{"JP", "", Spot{35.5, 139.5, 450}}},
		{"a code in the place of the map", m{"country": s("jp")}, location{country: "JP"}},
		{"absurd coordinates", nested("JP", "Chiyoda", 135, 999, 20), location{country: "JP", city: "Chiyoda"}},
		{"one coordinate", m{"country_code": s("JP"), "latitude": mmdbtype.Float64(35)}, location{country: "JP"}},
		{"types that nobody foresaw", m{"country": mmdbtype.Bool(true), "city": mmdbtype.Slice{s("x")}, "location": m{"latitude": mmdbtype.Bytes{1}}}, location{}},
	} {
		f := file{key: "places", path: mmdbFile(t, 4, map[string]mmdbtype.DataType{"203.0.113.0/24": c.record})}
		if err := f.read(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, ask := range []string{"first", "again"} {
			got, ok := f.places.find(netip.MustParseAddr(address))
			if !ok || got != c.want {
				t.Errorf("%s, %s: %+v %v, want %+v", c.name, ask, got, ok, c.want)
			}
		}
		if _, ok := f.places.find(netip.MustParseAddr("192.0.2.1")); ok {
			t.Errorf("%s: something is known of another network", c.name)
		}
		if _, ok := f.places.find(netip.MustParseAddr("2001:db8::1")); ok {
			t.Errorf("%s: a table of IPv4 knows of IPv6", c.name)
		}
	}
}

func TestNetworksInEveryKindOfRecord(t *testing.T) {
	t.Parallel()
	want := Network{64500, "Kumo Net"}
	for name, record := range map[string]mmdbtype.DataType{
		"MaxMind's":    m{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": s("Kumo Net")},
		"among traits": m{"country": m{"iso_code": s("JP")}, "traits": m{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": s("Kumo Net")}},
		"as a text":    m{"asn": s("AS64500"), "as_name": s("Kumo Net")},
		"as a number":  m{"asn": mmdbtype.Uint32(64500), "as_name": s("Kumo Net")},
	} {
		f := file{key: "networks", path: mmdbFile(t, 6, map[string]mmdbtype.DataType{"203.0.113.0/24": record, "2001:db8::/32": record})}
		if err := f.read(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, address := range []string{"203.0.113.9", "2001:db8::9"} {
			if got, ok := f.networks.find(netip.MustParseAddr(address)); got != want || !ok {
				t.Errorf("%s: %s is in %v %v", name, address, got, ok)
			}
		}
	}
}

func TestABrokenTableIsNotOpened(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(mmdbFile(t, 4, map[string]mmdbtype.DataType{"203.0.113.0/24": nested("JP", "Chiyoda", 35.7, 139.8, 20)}))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"half a download": whole[:len(whole)/2],
		"a page":          []byte("<html>"),
		"nothing":         nil,
		"its tree is cut": whole[40:],
	} {
		if _, err := readMMDB(text, decodePlace); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	f := file{key: "tor", path: mmdbFile(t, 4, nil)}
	if err := f.read(); err == nil || !strings.Contains(err.Error(), "this is a list") {
		t.Errorf("a table for a list: %v", err)
	}
}

func FuzzMMDB(f *testing.F) {
	whole, err := os.ReadFile(mmdbFile(f, 6, map[string]mmdbtype.DataType{"203.0.113.0/24": nested("JP", "Chiyoda", 35.7, 139.8, 20), "2001:db8::/32": m{"asn": s("AS64500")}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, text []byte) {
		if db, err := readMMDB(text, decodePlace); err == nil {
			_, _ = db.find(netip.MustParseAddr("203.0.113.9"))
			_, _ = db.find(netip.MustParseAddr("2001:db8::9"))
		}
		if db, err := readMMDB(text, decodeNetwork); err == nil {
			_, _ = db.find(netip.MustParseAddr("203.0.113.9"))
		}
	})
}
