package risk

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Budget is which share of sign-ins may be asked for a second proof, and which
// share of changes may have to wait.
type Budget struct{ Challenge, Hold float64 }

// Within gives limits that keep to a budget, by how high scores were of late. A
// budget does not make the holder's usual place suspicious: below even odds
// nobody is asked. Nor does it let pass what is sure enough to end a session:
// else a flood of risky events, in accounts of the intruder's own if need be,
// would spend the budget and open the way for the one that counts.
func (l Limits) Within(b Budget, signIns, changes *Meter) Limits {
	l.StepUp = max(signIns.Over(signIns.aim(b.Challenge), l.StepUp), 0)
	l.Hold = max(changes.Over(changes.aim(b.Hold), l.Hold), 0)
	if b.Challenge > 0 {
		l.StepUp = min(l.StepUp, l.End)
	}
	if b.Hold > 0 {
		l.Hold = min(l.Hold, l.End)
	}
	l.Tell = min(l.Tell, l.StepUp)
	return l
}

// aim is which share of the scores of late must lie above a limit, so that of
// those to come no more than a share will. It stays away by two and a half
// spreads of the difference of two such samples, of events that come in pairs:
// what is done in one sitting is held together. On a busy site that is little.
func (m *Meter) aim(share float64) float64 {
	if m.all < meterNeeds {
		return share
	}
	c := 2.5 * math.Sqrt2 * math.Sqrt2 / math.Sqrt(m.all)
	x := (math.Sqrt(c*c+4*share) - c) / 2 // x² + c·x = share: the aim is x², and c·x are its spreads
	return x * x
}

// The bins of a meter: log-odds from -20 to 20 in steps of a twentieth. Whatever
// the signals raised by themselves lies above all scores: it is spent from the
// same budget and leaves less of it for scores.
const (
	meterStep   = 0.05
	meterBins   = 802
	meterLowest = -20.0
	// meterForgets is when everything counts half from there on, so that a meter goes
	// by the last days of a busy site and the last year of a quiet one. Scores rise as
	// accounts have more to lose; with four times as many a limit came after them too
	// late, and 2.1 of 100 were asked of 2.
	meterForgets = 50_000
	// meterMost is what one kept before may have counted.
	meterMost = 200_000
	// meterNeeds is how many scores a threshold needs below it before it is believed.
	meterNeeds = 500
)

// Meter remembers how high scores were of late, and gives the score above which
// a given share of them lies. Its zero value is empty.
type Meter struct {
	counts [meterBins]float64
	all    float64
}

// Add takes a score. raised tells that the answer did not come from the score.
func (m *Meter) Add(score float64, raised bool) {
	i := meterBins - 1
	if !raised {
		i = min(max(int((score-meterLowest)/meterStep), 0), meterBins-2)
	}
	if math.IsNaN(score) {
		return
	}
	m.counts[i]++
	if m.all++; m.all >= meterForgets {
		for i := range m.counts {
			m.counts[i] /= 2
		}
		m.all /= 2
	}
}

// Over gives the lowest score that no more than a share of all lie above. Until
// there are enough it gives what is handed in.
func (m *Meter) Over(share, untilThen float64) float64 {
	if m.all < meterNeeds {
		return untilThen
	}
	left := share * m.all
	for i := meterBins - 1; i >= 0; i-- {
		if left -= m.counts[i]; left < 0 {
			if i >= meterBins-2 {
				return math.Inf(1) // the signals alone have spent it, or scores beyond all bins
			}
			return meterLowest + float64(i+1)*meterStep
		}
	}
	return math.Inf(-1)
}

// MarshalBinary gives the meter's bytes.
func (m *Meter) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 4*meterBins)
	for _, c := range m.counts {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(c)))
	}
	return b, nil
}

// UnmarshalBinary reads them.
func (m *Meter) UnmarshalBinary(b []byte) error {
	if len(b) != 4*meterBins {
		return fmt.Errorf("risk: a meter has %d bytes, not %d", 4*meterBins, len(b))
	}
	*m = Meter{}
	for i := range m.counts {
		c := float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		if !(c >= 0 && c <= meterMost) {
			return fmt.Errorf("risk: a meter counts %v", c)
		}
		m.counts[i] = c
		m.all += c
	}
	return nil
}
