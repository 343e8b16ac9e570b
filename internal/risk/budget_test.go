package risk

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Of the scores that were added, no more than the share may lie at or above the threshold.
func TestAMeterKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var scores []float64
		for len(scores) < meterNeeds {
			score := rapid.Float64Range(-30, 30).Draw(t, "score")
			scores = append(scores, slices.Repeat([]float64{score}, rapid.IntRange(1, meterNeeds).Draw(t, "times"))...)
		}
		raised := rapid.IntRange(0, 50).Draw(t, "raised")
		share := rapid.Float64Range(0, .3).Draw(t, "share")
		var m Meter
		for _, s := range scores {
			m.Add(s, false)
		}
		for range raised {
			m.Add(0, true)
		}
		at := m.Over(share, 0)
		above := raised
		for _, s := range scores {
			if s >= at {
				above++
			}
		}
		all := float64(len(scores) + raised)
		if float64(above) > share*all && above > raised {
			t.Fatalf("%d of %v lie above %v, the budget is %v", above, all, at, share)
		}
		b, _ := m.MarshalBinary()
		var again Meter
		if err := again.UnmarshalBinary(b); err != nil || again.Over(share, 0) != at {
			t.Fatalf("read back it says %v (%v), not %v", again.Over(share, 0), err, at)
		}
	})
}

func TestAMeterWithoutScoresSaysWhatItIsTold(t *testing.T) {
	t.Parallel()
	var m Meter
	for range meterNeeds - 1 {
		m.Add(3, false)
	}
	if got := m.Over(.02, 7); got != 7 {
		t.Errorf("it says %v", got)
	}
	m.Add(math.NaN(), false)
	if got := m.Over(.02, 7); got != 7 {
		t.Errorf("what is no number was counted: %v", got)
	}
}

func TestAMeterForgets(t *testing.T) {
	t.Parallel()
	var m Meter
	for range meterForgets {
		m.Add(0, false)
	}
	for range meterForgets {
		m.Add(5, false)
	}
	if at := m.Over(.5, 0); at < 5 {
		t.Errorf("half of the scores of late lie above %v", at)
	}
}

func TestAMeterRefusesBrokenBytes(t *testing.T) {
	t.Parallel()
	var m Meter
	for _, b := range [][]byte{nil, make([]byte, 7), slices.Repeat([]byte{0xff}, 4*meterBins)} {
		if err := m.UnmarshalBinary(b); err == nil {
			t.Errorf("%d bytes were taken", len(b))
		}
	}
}

// A limit is set on a sample and kept in another one: what lies above it there
// must stay within the budget, whichever two samples they are.
func TestABudgetHoldsForWhatIsToCome(t *testing.T) {
	t.Parallel()
	for _, n := range []int{meterNeeds, 5_000, 50_000} {
		broken, sum := 0, 0.0
		const rounds = 300
		for seed := range rounds {
			draw := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
			var m Meter
			for range n / 2 {
				score := draw.NormFloat64()
				m.Add(score, false)
				m.Add(score, false) // of the same sitting
			}
			limit := Limits{End: 7}.Within(Budget{Hold: .02}, &Meter{}, &m).Hold
			above := 0
			for range n / 2 {
				if draw.NormFloat64() >= limit {
					above += 2
				}
			}
			sum += float64(above) / float64(n)
			if float64(above) > .02*float64(n) {
				broken++
			}
		}
		if broken > rounds/15 || sum/rounds < .003 {
			t.Errorf("after %d changes the budget was not kept %d times of %d; on average %.4f were held", n, broken, rounds, sum/rounds)
		}
	}
}

// Scores rise while accounts grow older. A limit that moves with them keeps to its
// budget, and spends most of it.
func TestAMovingLimitFollowsScoresThatRise(t *testing.T) {
	t.Parallel()
	const signIns = 120_000
	for seed := range uint64(3) {
		draw := rand.New(rand.NewPCG(seed, 3))
		var m Meter
		asked := 0
		for i := range signIns {
			score := draw.NormFloat64() + .3*float64(i)/signIns
			limit := Limits{End: 7}.Within(Budget{Challenge: .02}, &m, &Meter{}).StepUp
			if i >= signIns/2 && score >= limit {
				asked++
			}
			m.Add(score, false)
		}
		of := float64(asked) / (signIns / 2)
		if of > .02 || of < .015 {
			t.Errorf("%.4f were asked of .02", of)
		}
	}
}

// Whoever makes a thousand risky changes in accounts of their own must not have
// spent what would hold the one that counts.
func TestAFloodDoesNotBuyTheRightToPass(t *testing.T) {
	t.Parallel()
	var flood Meter
	for range meterNeeds * 10 {
		flood.Add(12, false)
	}
	shipped := ShippedLimits()
	got := shipped.Within(Budget{Challenge: .02, Hold: .02}, &flood, &flood)
	if got.Hold > shipped.End || got.StepUp > shipped.End {
		t.Errorf("after a flood it holds from %v on and asks from %v on", got.Hold, got.StepUp)
	}
	if got := shipped.Within(Budget{}, &flood, &flood); !(got.Hold > 12) || !(got.StepUp > 12) {
		t.Errorf("who wants nothing held or asked gets %v and %v", got.Hold, got.StepUp)
	}
}
