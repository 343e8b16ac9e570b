package finding

import "slices"

// Confidence is how sure it is that something is the intruder's: 0 not at all, 1
// without doubt. It is that of a seed, times the weight of every soft rule on the
// way from there; of several ways the best one counts, so that what follows by
// ten doubtful ways is not surer than by one.
type Confidence float32

// The limits between what is undone, asked and left alone. They are those of
// reference designs and wait to be calibrated with what investigators answer.
const (
	Automatic Confidence = 0.95 // from here on nobody is asked
	Ignored   Confidence = 0.2  // below it nobody is asked either: it is left as it is
)

// Station is a change on a path of evidence, and why it stands there.
type Station struct {
	Seq    int64
	Reason Reason
}

// Why gives the reason by which the change seq is the intruder's with the highest confidence.
func (f *Findings) Why(seq int64) Reason {
	if r, some := f.Likelier[seq]; some {
		return r
	}
	return f.Of(seq).Reason
}

// Path gives the path of evidence from a seed to the change seq. The confidence of the
// seed, times the weights along it, is that of the change.
func (f *Findings) Path(seq int64) []Station { return f.path(seq, f.Why(seq)) }

// path is Path by one of the reasons of a change.
func (f *Findings) path(seq int64, why Reason) []Station {
	path := []Station{{seq, why}}
	turned := false // a path that only goes back in time cannot come round, however long it is
	for why.From != 0 && why.Through != Seed {
		turned = turned || why.From >= seq
		if turned && slices.ContainsFunc(path, func(s Station) bool { return s.Seq == why.From }) {
			break
		}
		seq, why = why.From, f.behind(why)
		path = append(path, Station{seq, why})
	}
	if why.From != 0 && why.Through == Seed { // what was presented was marked by itself: whatever else is known of the change that set it leads elsewhere
		path = append(path, Station{why.From, Reason{Rule: Seed, Confidence: f.Known(why.From).Reason.Confidence}})
	}
	slices.Reverse(path)
	return path
}

// behind gives the reason of the change from which something follows. A hard
// rule follows from what is tainted, whatever a soft path says of it besides.
func (f *Findings) behind(why Reason) Reason {
	if why.Rule == S4 || why.Rule == S2 || why.Through == S2 {
		return f.Why(why.From)
	}
	return f.Of(why.From).Reason
}

// Because gives the path of evidence from a seed to the change seq, by seq.
func (f *Findings) Because(seq int64) []int64 { return seqs(f.Path(seq)) }

// BecauseKnown gives the path from a seed to the change by which the intruder
// came to know what the change seq set.
func (f *Findings) BecauseKnown(seq int64) []int64 {
	switch t := f.Known(seq); {
	case t.Owned():
		return seqs(f.path(t.Set, f.Of(t.Set).Reason))
	case t.Exposed && t.Reason.Rule == Seed:
		return []int64{t.Reason.From}
	case t.Exposed:
		return seqs(f.path(t.Reason.From, f.behind(t.Reason)))
	}
	return nil
}

func seqs(path []Station) []int64 {
	all := make([]int64, len(path))
	for i, s := range path {
		all[i] = s.Seq
	}
	return all
}
