package investigate

import "takeback/internal/finding"

// The weights of the soft rules: how much of the confidence in a cause is left
// for what follows from it by the rule. They are set by reasoning and wait to be
// calibrated with what investigators answer; hard rules pass on all of it.
//
// Whatever is only suspect has passed S3 somewhere on its way, and so can never be
// sure enough to be undone without asking.
const (
	// S1: who presented a secret had it. What is left of doubt is a relay, which
	// can present one without ever keeping it.
	weightS1 finding.Confidence = 0.95
	// S2: what stood on a screen was most likely read, but need not have been. Whoever
	// set a secret knows it for sure, so for what a suspect set this is on the careful side.
	weightS2 finding.Confidence = 0.9
	// S3: the reference model met this in 28.4 % of an intruder's sessions and in 0.8 %
	// of a holder's. Where a holder has some fifteen sessions for one of the intruder's,
	// 28.4 / (28.4 + 15 × 0.8) of those asked about are the intruder's.
	weightS3 finding.Confidence = 0.7
	// S4: what a session does or leads to is as doubtful as the session; a little
	// more, since a session can change hands.
	weightS4 finding.Confidence = 0.95
)

// Weight is what a rule leaves of the confidence in what it follows from.
func Weight(r finding.Rule) finding.Confidence {
	switch r {
	case finding.S1:
		return weightS1
	case finding.S2:
		return weightS2
	case finding.S3:
		return weightS3
	case finding.S4:
		return weightS4
	}
	return 1
}

// WeightOf is the weight of the whole step to what has a reason: S3 follows from
// a change through a secret, which the intruder knew by a rule of its own.
func WeightOf(r finding.Reason) finding.Confidence {
	if r.Rule == finding.S3 {
		return Weight(r.Through) * weightS3
	}
	return Weight(r.Rule)
}

// knowledge is what the analysis keeps of a secret or address besides what
// findings tell of it: how sure it is that only the intruder has it.
type knowledge struct {
	set, least     finding.Confidence // the surest that the intruder set it; the least sure of all who set it or saw it
	setAt, leastAt int64              // the changes that say so
}

// unknown is the knowledge of a thing that nobody in the history set or saw.
var unknown = knowledge{least: 2}

// sets keeps that it was set in a change, with which confidence by the intruder.
func (k *knowledge) sets(seq int64, sure finding.Confidence) {
	if sure < k.least || sure == k.least && k.set == 0 {
		k.least, k.leastAt = sure, seq
	}
	if sure > k.set {
		k.set, k.setAt = sure, seq
	}
}

// seen keeps that it was shown in a change.
func (k *knowledge) seen(seq int64, sure finding.Confidence) {
	if sure < k.least {
		k.least, k.leastAt = sure, seq
	}
}

// owned tells how sure it is that only the intruder has it, and which change
// that hangs on: whoever saw it and may be the holder makes it less sure, and a holder makes it 0.
func (k *knowledge) owned() (sure finding.Confidence, from int64) {
	if k.set == 0 {
		return 0, 0
	}
	return k.least, k.leastAt
}
