package console

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"takeback/internal/access"
	"takeback/internal/finding"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/web"
)

// Picked is the session or change that a reader has picked, and why it has its label.
type Picked struct {
	Title  string
	Whose  web.Badge
	Reason string // in a sentence
	Hops   []Hop  // from the seed to what it led to
	Path   []Link // the same in words, a link to each change
	Height int
	Marks  []markForm
	Said   []string // what was marked about it until now
}

// Hop is one station of the path of evidence as it is drawn.
type Hop struct {
	Kind string // seed, session, thing, change or done
	Y    int
	Edge string // how the station before leads here; empty at the seed
	Head string
	Sub  string

	Weight string // what the way here leaves of the confidence; empty if all of it
	Sure   string // how sure it is here
}

// Link is one station of the path in words.
type Link struct {
	Words, Why, Address string
}

const (
	hopHigh  = 44
	hopApart = 74 // from the top of a station to the top of the next
	hopWider = 14 // more than that where the weight of the way is said
)

// Box, Upper, Lower, Arrow and Said are where the parts of a station are drawn.
func (h Hop) Box() int { return h.Y + hopHigh/2 }

// Upper is the line of its name.
func (h Hop) Upper() int { return h.Y + 18 }

// Lower is the line below.
func (h Hop) Lower() int { return h.Y + 34 }

// apart is from the top of the station before.
func (h Hop) apart() int {
	if h.Weight != "" {
		return hopApart + hopWider
	}
	return hopApart
}

// Begins is where the arrow to it begins.
func (h Hop) Begins() int { return h.Y - h.apart() + hopHigh }

// Ends is where the arrow to it ends.
func (h Hop) Ends() int { return h.Y - 2 }

// Beside is the line of what is said beside the arrow.
func (h Hop) Beside() int { return h.Begins() + (hopApart-hopHigh)/2 + 4 }

// Below is the line under it, of its weight.
func (h Hop) Below() int { return h.Beside() + hopWider }

// picked says why what the address picks is labelled; nil if it picks nothing that there is.
func (v TimelineView) picked() *Picked {
	if l, some := v.lanes[v.scope.Session]; some {
		return v.pickedSession(l)
	}
	if a, some := v.act(v.scope.Change); some {
		return v.pickedChange(a)
	}
	return nil
}

func (v TimelineView) pickedSession(l investigate.Lane) *Picked {
	p := &Picked{Title: v.Lane(l.Session), Whose: v.Badge("heart.label", v.Label(l.Label.String())), Reason: v.Why(l.Reason)}
	p.Marks = append(p.Marks, v.MarkSession(l))
	p.Marks[0].Reason = true
	p.said(v, l.Mark)
	if l.Since == 0 {
		p.Reason = v.T("heart.why.nothing")
		return p
	}
	p.Reason += " " + v.sure(l.Reason.Confidence)
	p.follow(v, v.pathTo(l.Since))
	if done := v.doneIn(l); done != "" {
		p.Hops = append(p.Hops, Hop{Kind: "done", Edge: v.T("heart.edge.H1"), Head: v.T("heart.hop.done"), Sub: done})
	}
	p.draw()
	return p
}

func (v TimelineView) pickedChange(a investigate.Act) *Picked {
	p := &Picked{Title: v.ref(a.Seq), Whose: v.Whose(a), Reason: v.Why(a.Reason), Marks: v.marksOf(a)}
	p.said(v, a.Mark, a.VersionMark, a.AgentMark)
	if a.Reason.Rule == finding.NoRule {
		p.Reason = v.T("heart.why.nothing")
		return p
	}
	p.Reason += " " + v.sure(a.Reason.Confidence)
	p.follow(v, a.Grounds)
	p.draw()
	return p
}

func (p *Picked) said(v TimelineView, marks ...*investigate.Marked) {
	for _, m := range marks {
		if m != nil {
			p.Said = append(p.Said, v.Marked(m))
		}
	}
}

// pathTo is the path of evidence to a change, with itself.
func (v TimelineView) pathTo(seq int64) []finding.Station {
	a, _ := v.act(seq)
	return a.Grounds
}

// sure says in words and percent how sure it is that something is the intruder's.
func (v TimelineView) sure(c finding.Confidence) string {
	return v.T("heart.confidence", v.T("heart.sure."+sureWord(c)), int(math.Round(float64(c)*100)))
}

// weight says what a way leaves of the confidence, in words and as the number that
// the confidence is multiplied with; nothing if that is all of it.
func (v TimelineView) weight(c finding.Confidence) string {
	if c == 1 {
		return ""
	}
	return v.T("heart.weight", v.T("heart.sign."+signWord(c)), fmt.Sprintf("%.2f", float64(c)))
}

// reckon says how strong a sign the last way to something is, and how sure that leaves one of it.
func (v TimelineView) reckon(r finding.Reason) string {
	sure := v.sure(r.Confidence)
	if weight := v.weight(investigate.WeightOf(r)); weight != "" {
		return weight + " · " + sure
	}
	return sure
}

func signWord(c finding.Confidence) string {
	switch {
	case c >= 0.9:
		return "strong"
	case c >= 0.6:
		return "fair"
	}
	return "weak"
}

func sureWord(c finding.Confidence) string {
	switch {
	case c >= finding.Automatic:
		return "certain"
	case c > 0.6:
		return "likely"
	case c >= finding.Ignored:
		return "perhaps"
	}
	return "hardly"
}

// follow goes along a path of evidence: what was marked, then each change of the
// path, with the secret or contact between two of them by which one led to the other.
func (p *Picked) follow(v TimelineView, path []finding.Station) {
	var before investigate.Act
	for i, station := range path {
		seq, reason := station.Seq, station.Reason
		a, some := v.act(seq)
		if !some {
			continue
		}
		edge, why, weight := v.Or("heart.edge."+reason.Rule.String(), ""), v.Why(reason), investigate.WeightOf(reason)
		if i == 0 {
			p.Hops = append(p.Hops, Hop{Kind: "seed", Head: v.T("heart.hop.seed"), Sub: v.seedOf(a)})
			edge, weight = v.T("heart.edge.seed"), 1
			why = cmp.Or(why, v.seedOf(a)) // of a version that was marked, the change that set it may be the holder's
		}
		if i > 0 && reason.From != path[i-1].Seq { // see finding.Longest
			edge, weight, why = v.T("heart.edge.left"), 1, v.T("heart.path.left")+" "+why
		} else if i > 0 && byThing(reason.Rule) && before.Path != "" && setsThing(before.Verb) {
			known := "heart.hop.theirs"
			through := finding.Confidence(1)
			if reason.Rule >= finding.H9 {
				known = "heart.hop.both"
				through = investigate.Weight(reason.Through)
				weight = investigate.Weight(reason.Rule)
			}
			p.Hops = append(p.Hops, Hop{Kind: "thing", Edge: v.T("heart.edge.sets"), Head: heartPath(v.Page, before.Path), Sub: v.T(known), Weight: v.weight(through)})
		}
		if opens(a.Verb) && a.Role == access.Holder {
			p.Hops = append(p.Hops, Hop{Kind: "session", Edge: edge, Head: v.Lane(a.Session), Sub: v.ref(seq), Weight: v.weight(weight), Sure: v.sure(reason.Confidence)})
		} else {
			p.Hops = append(p.Hops, Hop{Kind: "change", Edge: edge, Head: v.ref(seq), Sub: v.By(a), Weight: v.weight(weight), Sure: v.sure(reason.Confidence)})
		}
		p.Path = append(p.Path, Link{Words: v.ref(seq), Why: strings.TrimSpace(why + " " + v.reckon(reason)), Address: v.PickLink(seq)})
		before = a
	}
}

// draw puts the stations one below the other, and cuts words that have no room.
func (p *Picked) draw() {
	for i := range p.Hops {
		h := &p.Hops[i]
		if h.Y = 4; i > 0 {
			h.Y = p.Hops[i-1].Y + h.apart()
		}
		h.Head, h.Edge = fit(h.Head, 42), fit(h.Edge, 44)
		if h.Sub = fit(h.Sub, 46-width(h.Sure)); h.Sure != "" {
			h.Sub += " · " + h.Sure
		}
		p.Height = h.Y + hopHigh + 4
	}
}

// Outline says the drawn path in one sentence, for whoever cannot see it.
func (p *Picked) Outline() string {
	said := make([]string, len(p.Hops))
	for i, h := range p.Hops {
		said[i] = strings.Join(strings.Fields(h.Edge+" "+h.Weight+" "+h.Head+" "+h.Sure), " ")
	}
	return strings.Join(said, " → ")
}

// seedOf says which mark a seed is.
func (v TimelineView) seedOf(a investigate.Act) string {
	for i := len(v.Marks) - 1; i >= 0; i-- {
		m := &v.Marks[i]
		if m.Verdict != investigate.Intruder {
			continue
		}
		if m.Session != "" && m.Session == a.Session || m.Change == a.Seq && m.Change != 0 || m.Agent != "" && m.Agent == a.Actor ||
			m.Version.Version != "" && m.Version == (investigate.VersionRef{Path: a.Path, Version: a.Change.Version}) {
			return v.Marked(m)
		}
	}
	return v.T("heart.why.seed")
}

// doneIn says what was done in a session since it has its label: the first acts, and how many more.
func (v TimelineView) doneIn(l investigate.Lane) string {
	const named = 2
	var said []string
	n := 0
	for _, a := range v.Changes {
		if a.Session != l.Session || a.Seq < l.Since || !a.Writes {
			continue
		}
		n++
		if what := v.What(a); len(said) < named && !slices.Contains(said, what) {
			said = append(said, what)
		}
	}
	words := strings.Join(said, " · ")
	if n > len(said) {
		words = v.T("heart.more", words, n-len(said))
	}
	return words
}

// byThing tells whether a rule follows a secret or contact from one change to the next.
func byThing(r finding.Rule) bool {
	return slices.Contains([]finding.Rule{finding.H3, finding.H4, finding.H6, finding.H7, finding.H9, finding.S1, finding.S2, finding.S3}, r)
}

func setsThing(verb history.Verb) bool {
	return verb == history.Credential || verb == history.Contact || verb == history.View
}

func opens(verb history.Verb) bool {
	return verb == history.Open || verb == history.Recover || verb == history.Derive || verb == history.Handover
}

// width of words, of which a Latin letter takes one and a Japanese one two.
func width(words string) (used int) {
	for _, r := range words {
		if used++; r >= 0x1100 {
			used++
		}
	}
	return used
}

// fit cuts words to a width.
func fit(words string, width int) string {
	used := 0
	for i, r := range words {
		if used++; r >= 0x1100 {
			used++
		}
		if used > width {
			return words[:i] + "…"
		}
	}
	return words
}
