package risk

import (
	"testing"
	"time"
)

// TestLately: of what an account knows, the score is told what was used last; and a
// guest is not asked what he himself used last.
func TestLately(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, c := range []Client{phone, laptop} {
		e := w.at("a", house, c)
		e.Marks = Proved
		w.learn(e)
		w.wait(48 * time.Hour)
	}
	look := func(place Place, c Client) [3]float64 {
		e := w.at("a", place, c)
		r := read(&e, w.profile("a"), w.counters)
		x := r.vector(w.counters, &w.tables.Weights.Mean)
		return [3]float64{x[lastNetwork], x[lastOS], x[lastType]}
	}
	stranger := w.stranger("a")
	for _, tt := range []struct {
		name   string
		place  Place
		client Client
		want   [3]float64
	}{
		{"what was used last", house, laptop, [3]float64{1, 1, 1}},
		{"what was used before", house, phone, [3]float64{1, 0, 0}},
		{"what was never used", stranger.Place, laptop, [3]float64{0, 1, 1}},
	} {
		if got := look(tt.place, tt.client); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	before := look(stranger.Place, stranger.Client)
	w.visits(stranger, 3, time.Hour)
	if got := look(stranger.Place, stranger.Client); got != before {
		t.Errorf("after a stranger's quiet visits %v, want %v as before", got, before)
	}
	if got, want := look(house, phone), [3]float64{0, 0, 0}; got != want {
		t.Errorf("the holder's, when somebody else came last: %v, want %v", got, want)
	}
}
