package risk

import (
	"math"
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
