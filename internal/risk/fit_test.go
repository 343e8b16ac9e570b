package risk

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// somePairs makes pairs in which only a new address says anything.
func somePairs() (pairs []Pair) {
	for i := range 400 {
		p := Pair{Impostor: i%2 == 1}
		p.X[one] = 1
		if p.Impostor && i%4 != 3 || i%8 == 0 || p.Impostor && i%8 == 3 {
			p.X[newAddress] = 1
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func TestFit(t *testing.T) {
	t.Parallel()
	t.Run("weights are the log-odds in the pairs", func(t *testing.T) {
		pairs := somePairs()
		var count [2]float64
		for _, p := range pairs {
			count[kindOf(&p)] += p.X[newAddress]
		}
		w, err := Fit(pairs, FitOptions{L2: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		with := math.Log(count[1] / count[0])
		without := math.Log((200 - count[1]) / (200 - count[0]))
		if got := w.W[one]; math.Abs(got-without) > 1e-3 {
			t.Errorf("without a new address the score is %.4f, want %.4f", got, without)
		}
		if got := w.W[one] + w.W[newAddress]; math.Abs(got-with) > 1e-3 {
			t.Errorf("with a new address it is %.4f, want %.4f", got, with)
		}
	})
	t.Run("the same pairs give the same weights", func(t *testing.T) {
		a, _ := Fit(somePairs(), FitOptions{})
		b, _ := Fit(somePairs(), FitOptions{})
		if !reflect.DeepEqual(a, b) {
			t.Error("they differ")
		}
	})
	t.Run("more holders than impostors do not move the middle", func(t *testing.T) {
		pairs := somePairs()
		for i := range 400 {
			if !pairs[i].Impostor {
				pairs = append(pairs, pairs[i], pairs[i])
			}
		}
		a, _ := Fit(somePairs(), FitOptions{L2: 1e-6})
		b, _ := Fit(pairs, FitOptions{L2: 1e-6})
		if math.Abs(a.W[one]-b.W[one]) > 1e-3 {
			t.Errorf("%v, want %v", b.W[one], a.W[one])
		}
	})
	t.Run("what is unknown takes the average", func(t *testing.T) {
		pairs := somePairs()
		pairs[0].X[newOS] = math.NaN()
		pairs[1].X[newOS] = 1
		if _, err := Fit(pairs, FitOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := pairs[0].X[newOS]; got <= 0 || got >= .1 {
			t.Errorf("it became %v", got)
		}
	})
	t.Run("pairs of one kind are refused", func(t *testing.T) {
		if _, err := Fit(somePairs()[:1], FitOptions{}); !errors.Is(err, ErrPairs) {
			t.Errorf("%v, want %v", err, ErrPairs)
		}
	})
	t.Run("what is no number is refused by name", func(t *testing.T) {
		pairs := somePairs()
		pairs[3].X[newOS] = math.Inf(1)
		if _, err := Fit(pairs, FitOptions{}); err == nil || !strings.Contains(err.Error(), "new-os") {
			t.Errorf("%v, want new-os", err)
		}
	})
}

func TestReadWeights(t *testing.T) {
	t.Parallel()
	w, err := ShippedWeights()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	if back, err := ReadWeights(strings.NewReader(good)); err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("read back %+v, %v", back, err)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"a feature twice", good + "new-os 1 1\n", "new-os"},
		{"a feature nobody knows", good + "shoe-size 1 1\n", "shoe-size"},
		{"a feature missing", strings.Replace(good, "new-os ", "# ", 1), "new-os"},
		{"no number", strings.Replace(good, "new-os ", "new-os x", 1), "invalid syntax"},
		{"half a line", "new-os 1\n", "line 1"},
		{"not a number", "new-os NaN 1\n", "line 1"},
	} {
		if _, err := ReadWeights(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestImpostors: no impostor is the holder, none shows a token, and rare networks
// come more often than they are popular.
func TestImpostors(t *testing.T) {
	t.Parallel()
	m := NewImpostors(1)
	for i := range 1000 {
		e := Event{Account: string(rune('a' + i%20)), Place: home, Client: phone}
		if i%100 == 7 {
			e.Place.Network = uint32(70000 + i)
		}
		m.Add(&e)
	}
	rare, n := 0, 0
	for range 2000 {
		e := Event{ID: "e", Account: "a", At: 5, Kind: SignedIn, Place: home, Client: phone, Device: Device{Asked: true, Token: "t", Given: "g"}}
		f, ok := m.Draw(&e)
		if !ok {
			continue
		}
		n++
		if f.Account != "a" || f.At != 5 || f.Device.Token != "" || f.Device.Given != "" || !f.Device.Asked {
			t.Fatalf("an impostor's event is %+v", f)
		}
		if f.Place.Network >= 70000 {
			rare++
		}
	}
	if share := float64(rare) / float64(n); n < 1900 || share < .1 {
		t.Errorf("of %d impostors %.3f come from networks that 1 in 100 uses, want .1 at least", n, share)
	}
	if _, ok := NewImpostors(1).Draw(&Event{}); ok {
		t.Error("an empty crowd drew somebody")
	}
}
