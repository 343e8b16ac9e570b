package knowledge

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTablesOfPlacesAsTheyAreFound(t *testing.T) {
	t.Parallel()
	tokyo := Spot{35.6812, 139.7671, 450}
	for _, c := range []struct {
		name, text string
		want       location
	}{
		{"two addresses and a country", "203.0.113.0,203.0.113.255,JP\n", location{country: "JP"}},
		{"a network and a country", "203.0.113.0/24,JP\n", location{country: "JP"}},
		{"quoted, in small letters, with Windows lines", "\uFEFF\"203.0.113.0\",\"203.0.113.255\",\"jp\"\r\n", location{country: "JP"}},
		{"country, name", "203.0.113.0/24,JP,Japan\n", location{country: "JP"}},
		{"country, city, place", "203.0.113.0/24,JP,Chiyoda,35.6812,139.7671\n", location{"JP", "Chiyoda", tokyo}},
		{"country, city, place, accuracy", "203.0.113.0/24,JP,Chiyoda,35.6812,139.7671,20\n", location{"JP", "Chiyoda", Spot{35.6812, 139.7671, 20}}},
		{"eight fields behind the range", "203.0.113.0,203.0.113.255,JP,Tokyo,,Chiyoda,100-0001,35.6812,139.7671,Asia/Tokyo\n", location{"JP", "Chiyoda", tokyo}},
		{"columns by name", "# ours\ncity,longitude,latitude,country_code,country,from,to\nChiyoda,139.7671,35.6812,JP,Japan,203.0.113.0,203.0.113.255\n", location{"JP", "Chiyoda", tokyo}},
		{"tabs", "203.0.113.0\t203.0.113.255\tJP\n", location{country: "JP"}},
		{"semicolons", "network;country\n203.0.113.0/24;JP\n", location{country: "JP"}},
		{"a comma in a quoted name", "203.0.113.0/24,JP,\"Chiyoda, \"\"east\"\"\",35.6812,139.7671\n", location{"JP", `Chiyoda, "east"`, tokyo}},
		{"no place", "203.0.113.0/24,JP,Chiyoda,,\n", location{country: "JP", city: "Chiyoda"}},
		{"nought for no place", "203.0.113.0/24,JP,Chiyoda,0,0\n", location{country: "JP", city: "Chiyoda"}},
		{"IPv4 written as IPv6", "::ffff:203.0.113.0/120,JP\n", location{country: "JP"}},
		{"an unknown country", "203.0.113.0/24,ZZ\n192.0.2.1,JP\n", location{}},
		{"a name that plays tricks", "203.0.113.0/24,JP,Chi\u202eyoda\x1b[1m,35.6812,139.7671\n", location{"JP", "Chiyoda[1m", tokyo}},
	} {
		r, err := readPlaces(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, _ := r.find(netip.MustParseAddr("203.0.113.9"))
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(location{})); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestTablesOfNetworksAsTheyAreFound(t *testing.T) {
	t.Parallel()
	want := Network{64500, "Kumo Net, KK"}
	for name, text := range map[string]string{
		"two addresses":   "203.0.113.0,203.0.113.255,64500,\"Kumo Net, KK\"\n192.0.2.0,192.0.2.255,0,Not routed\n",
		"a network":       "203.0.113.0/24,AS64500,\"Kumo Net, KK\"\n",
		"a country among": "203.0.113.0\t203.0.113.255\t64500\tJP\tKumo Net, KK\n",
		"columns by name": "network,autonomous_system_number,autonomous_system_organization\n203.0.113.0/24,64500,\"Kumo Net, KK\"\n",
	} {
		r, err := readNetworks(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, ok := r.find(netip.MustParseAddr("203.0.113.9")); got != want || !ok {
			t.Errorf("%s: %v %v", name, got, ok)
		}
		if got, ok := r.find(netip.MustParseAddr("192.0.2.9")); ok {
			t.Errorf("%s: what nobody routes is in %v", name, got)
		}
	}
}

func TestABrokenTableIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	good := "203.0.113.0/24,JP,Chiyoda,35.6,139.7\n"
	for name, c := range map[string]struct{ text, says string }{
		"no address":               {good + "203.0.113,JP,x,1,1\n", `line 2: "203.0.113" is neither an address nor a network`},
		"a page instead":           {"<!DOCTYPE html>\n", "line 1: it neither begins with an address"},
		"a mask too long":          {good + "203.0.113.0/33,JP,x,1,1\n", "line 2:"},
		"backwards":                {"10.0.0.9,10.0.0.1,JP\n", "line 1: the first address of the range comes after the last"},
		"two families":             {"10.0.0.9,::1,JP\n", "line 1: the range begins with IPv4"},
		"a country in words":       {"# x\n\n203.0.113.0/24,Japan\n", `line 3: "Japan" is no country`},
		"beyond the pole":          {good + "192.0.2.0/24,JP,x,90.5,139\n", "line 2: there is no place at latitude 90.5"},
		"beyond the date line":     {good + "192.0.2.0/24,JP,x,35,999\n", "line 2: there is no place"},
		"not a number":             {good + "192.0.2.0/24,JP,x,NaN,139\n", "line 2: there is no place"},
		"a place in words":         {good + "192.0.2.0/24,JP,x,north,139\n", `line 2: "north" is no number`},
		"an absurd accuracy":       {"203.0.113.0/24,JP,x,1,1,1e9\n", "line 1: there is no place"},
		"an open quote":            {good + "192.0.2.0/24,\"JP,x,35,139\n", "line 2: a quote is not closed"},
		"something behind a quote": {good + "192.0.2.0/24,\"JP\"x,35,139\n", "line 2: something stands behind"},
		"a line without end":       {good + "192.0.2.0/24," + strings.Repeat("x", maxLine), "line 2: it is longer than 4096 bytes"},
		"fields without end":       {good + "192.0.2.0/24" + strings.Repeat(",", 100), "line 2: it has more than 64 fields"},
	} {
		_, err := readPlaces(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
	_, err := readNetworks(strings.NewReader("203.0.113.0/24,AS4294967296,x\n"))
	if err == nil || !strings.Contains(err.Error(), `line 1: "AS4294967296" is no number`) {
		t.Errorf("got %v", err)
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("203.0.113.0/24,JP,Chiyoda,35.6,139.7\n10.0.0.1,10.0.0.2,US\n")
	f.Add("network;country;latitude\n::/0;JP;1\n::1;GB;2\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := readPlaces(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, one := range r.four {
			if one.from > one.to || i > 0 && r.four[i-1].to >= one.from {
				t.Fatalf("%v follows %v", one, r.four[i-1])
			}
		}
		for i, one := range r.six {
			if one.from.compare(one.to) > 0 || i > 0 && r.six[i-1].to.compare(one.from) >= 0 {
				t.Fatalf("%v follows %v", one, r.six[i-1])
			}
		}
		for _, v := range r.values {
			if len(v.country) != 0 && len(v.country) != 2 || len(v.city) > maxName || v.at.Known() && !(v.at.Lat >= -90 && v.at.Lat <= 90) {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func FuzzNetworks(f *testing.F) {
	f.Add("203.0.113.0/24,AS64500,\"Kumo Net, KK\"\n")
	f.Add("203.0.113.0\t203.0.113.255\t64500\tJP\tKumo Net, KK\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := readNetworks(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, v := range r.values {
			if v.Number == 0 || len(v.Name) > maxName {
				t.Fatalf("%+v", v)
			}
		}
	})
}
