package knowledge

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	tokyo, osaka := Spot{35.6812, 139.7671, 1}, Spot{34.7025, 135.4959, 1}
	for _, c := range []struct {
		name  string
		a, b  Spot
		want  float64
		known bool
	}{
		{"one place", tokyo, tokyo, 0, true},
		{"Tokyo and Osaka, both exact to a kilometre", tokyo, osaka, 401, true},
		{"the other way round", osaka, tokyo, 401, true},
		{"what both may be wrong by is taken off", Spot{35.6812, 139.7671, 100}, Spot{34.7025, 135.4959, 200}, 103, true},
		{"the errors reach over each other", Spot{35.6812, 139.7671, 300}, Spot{34.7025, 135.4959, 300}, 0, true},
		{"across the date line", Spot{0, 179.5, 0.5}, Spot{0, -179.5, 0.5}, 110, true},
		{"the other side of the Earth", Spot{90, 0, 0.5}, Spot{-90, 0, 0.5}, 20014, true},
		{"London and New York", Spot{51.5074, -0.1278, 5}, Spot{40.7128, -74.006, 5}, 5560, true},
		{"one is unknown", tokyo, Spot{}, 0, false},
		{"both are unknown", Spot{}, Spot{}, 0, false},
	} {
		got, known := Distance(c.a, c.b)
		if math.Abs(got-c.want) > 1 || known != c.known {
			t.Errorf("%s: %.1f km, %v; want %.0f, %v", c.name, got, known, c.want, c.known)
		}
	}
}

func TestDistanceIsNeverAbsurd(t *testing.T) {
	t.Parallel()
	place := rapid.Custom(func(t *rapid.T) Spot {
		return Spot{rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(0.1, 100).Draw(t, "error")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := place.Draw(t, "a"), place.Draw(t, "b")
		there, _ := Distance(a, b)
		back, _ := Distance(b, a)
		if there != back && math.Abs(there-back) > 1e-6 || !(there >= 0 && there <= math.Pi*earth) {
			t.Fatalf("%v to %v: %v km there, %v back", a, b, there, back)
		}
	})
}

func TestNoDistanceWhereNobodyIs(t *testing.T) {
	t.Parallel()
	at := Place{At: Spot{35.7, 139.8, 10}}
	far := Place{At: Spot{51.5, -0.1, 10}}
	if km, known := Apart(at, far); !known || km < 9000 {
		t.Errorf("%v km, %v", km, known)
	}
	for _, s := range []Sign{Tor, VPN, Hosting, Relay, Residential, Mobile} {
		hidden := far
		hidden.Signs[s] = Yes
		if _, known := Apart(at, hidden); known {
			t.Errorf("a distance to where %v ends", s)
		}
	}
	for _, s := range []Sign{BadNetwork, BadReputation, Denied} {
		listed := far
		listed.Signs[s] = Yes
		if _, known := Apart(listed, at); !known {
			t.Errorf("%v says nothing of where somebody is", s)
		}
	}
}

func TestPlacesWithoutAccuracyTakeThatOfTheirCountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		lat, lon, radius float64
		country          string
		want             Spot
		ok               bool
	}{
		{"the file's own accuracy", 35.7, 139.8, 20, "JP", Spot{35.7, 139.8, 20}, true},
		{"Japan", 35.7, 139.8, 0, "JP", Spot{35.7, 139.8, 450}, true},
		{"a country that was not measured", 47.4, 8.5, 0, "CH", Spot{47.4, 8.5, 1000}, true},
		{"the United States", 37.8, -97.8, 0, "US", Spot{37.8, -97.8, 4900}, true},
		{"no place at all", 0, 0, 0, "JP", Spot{}, true},
		{"beyond the pole", 90.1, 0, 0, "JP", Spot{}, false},
		{"beyond the date line", 0, -180.1, 0, "JP", Spot{}, false},
		{"no number", math.NaN(), 0, 0, "JP", Spot{}, false},
		{"endless", math.Inf(1), 0, 0, "JP", Spot{}, false},
		{"an accuracy below zero", 35, 139, -1, "JP", Spot{}, false},
		{"an accuracy beyond the Earth", 35, 139, 20100, "JP", Spot{}, false},
	} {
		if got, ok := spot(c.lat, c.lon, c.radius, c.country); got != c.want || ok != c.ok {
			t.Errorf("%s: %v %v, want %v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}
