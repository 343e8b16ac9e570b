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

// Longest is how many stations a path has at most. Of a longer one the seed is
// given and those next to its end: what lies between can be read from there on.
// Else a chain of thousands of sessions that came out of one another would be told
// again, from its beginning, for each of its links.
const Longest = 100

// Paths gives the paths of evidence to many changes. It remembers where they begin,
// so that a chain is walked once. One goroutine uses it.
type Paths struct {
	findings *Findings
	begins   map[Reason]Station // zero while it is looked for
}

// Paths gives the paths to changes of which this was found.
func (f *Findings) Paths() *Paths { return &Paths{f, map[Reason]Station{}} }

// To gives the path of evidence from a seed to the change seq. The confidence of the
// seed, times the weights along it, is that of the change.
func (p *Paths) To(seq int64) []Station { return p.path(seq, p.findings.Why(seq)) }

// path is To by one of the reasons of a change.
func (p *Paths) path(seq int64, why Reason) []Station {
	path := []Station{{seq, why}}
	turned := false // a path that only goes back in time cannot come round, however long it is
	for {
		next, ok := p.before(why)
		if turned = turned || why.From >= seq; !ok || turned && why.Through != Seed && slices.ContainsFunc(path, func(s Station) bool { return s.Seq == next.Seq }) {
			break
		}
		if len(path) == Longest-1 {
			path = append(path, p.begin(next))
			break
		}
		seq, why = next.Seq, next.Reason
		path = append(path, next)
	}
	slices.Reverse(path)
	return path
}

// before gives the station from which another one follows; ok is false of one that is a seed.
func (p *Paths) before(why Reason) (s Station, ok bool) {
	switch {
	case why.From == 0:
		return s, false
	case why.Through == Seed: // what was presented was marked by itself: whatever else is known of the change that set it leads elsewhere
		return Station{why.From, Reason{Rule: Seed, Confidence: p.findings.Known(why.From).Reason.Confidence}}, true
	}
	return Station{why.From, p.findings.behind(why)}, true
}

// begin gives the station at which the path to another one begins, or comes round.
func (p *Paths) begin(s Station) Station {
	var passed []Reason
	for {
		next, ok := p.before(s.Reason)
		if !ok {
			break
		}
		known, some := p.begins[s.Reason]
		if some && known.Seq != 0 {
			s = known
		}
		if some {
			break
		}
		p.begins[s.Reason] = Station{}
		passed = append(passed, s.Reason)
		s = next
	}
	for _, r := range passed {
		p.begins[r] = s
	}
	return s
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
func (p *Paths) Because(seq int64) []int64 { return seqs(p.To(seq)) }

// BecauseKnown gives the path from a seed to the change by which the intruder
// came to know what the change seq set.
func (p *Paths) BecauseKnown(seq int64) []int64 {
	switch t := p.findings.Known(seq); {
	case t.Owned():
		return seqs(p.path(t.Set, p.findings.Of(t.Set).Reason))
	case t.Exposed && t.Reason.Rule == Seed:
		return []int64{t.Reason.From}
	case t.Exposed:
		return seqs(p.path(t.Reason.From, p.findings.behind(t.Reason)))
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
