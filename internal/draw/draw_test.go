package draw

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWhatIsDrawnIsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	const n = 100_000
	r, s := rand.New(rand.NewPCG(1, 1)), Zipf(50, 1.1)
	met, rate, square := make([]float64, len(s)), 0.0, 0.0
	for range n {
		met[s.At(r.Float64())]++
		b := Beta(r, .8, 1.5)
		rate += b / n
		square += b * b / n
	}
	whole := 0.0
	for i := range s {
		whole += s.Of(i)
		if want := s.Of(0) * math.Pow(float64(i+1), -1.1); math.Abs(s.Of(i)-want) > 1e-9 {
			t.Errorf("the share of %d is %v, want %v", i, s.Of(i), want)
		}
		if want := s.Of(i) * n; math.Abs(met[i]-want) > 6*math.Sqrt(want) {
			t.Errorf("%d was drawn %v times, want about %v", i, met[i], want)
		}
	}
	if math.Abs(whole-1) > 1e-9 || s.At(0) != 0 || s.At(1) != len(s)-1 {
		t.Errorf("the shares add up to %v, and lead from %d to %d", whole, s.At(0), s.At(1))
	}
	if mean, spread := .8/2.3, .8*1.5/(2.3*2.3*3.3); math.Abs(rate-mean) > .005 || math.Abs(square-rate*rate-spread) > .005 {
		t.Errorf("rates have the mean %v and the variance %v, want %v and %v", rate, square-rate*rate, mean, spread)
	}
}

func TestNeighboursLookLikeStrangers(t *testing.T) {
	t.Parallel()
	seen, bits := map[uint64]bool{}, [64]int{}
	const n = 10_000
	for i := range uint64(n) {
		x := Mix(i)
		seen[x] = true
		for b := range bits {
			bits[b] += int((x ^ Mix(i+1)) >> b & 1)
		}
	}
	if len(seen) != n {
		t.Errorf("%d numbers came to %d", n, len(seen))
	}
	for b, changed := range bits {
		if math.Abs(float64(changed)-n/2) > 6*math.Sqrt(n)/2 {
			t.Errorf("bit %d changes %d times in %d", b, changed, n)
		}
	}
}
