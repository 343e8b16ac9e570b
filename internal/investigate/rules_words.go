package investigate

import (
	"slices"

	"takeback/internal/finding"
	"takeback/internal/history"
)

// believed leaves out what the holder is said to have said in a session that may
// be somebody else's after all: an intruder who reads the mailbox to which the
// questions were sent would call his own acts the holder's, and the holder's his.
// Whose the session is, is found without anything that was said in one.
func (t *Analyst) believed(h []history.Change, all []Marked, established map[string]bool) []Marked {
	said := func(m Marked) bool { return m.SaidIn != "" }
	if !slices.ContainsFunc(all, said) {
		return all
	}
	staff := slices.DeleteFunc(slices.Clone(all), said)
	f := t.Analyse(h, marksOf(staff), established)
	return slices.DeleteFunc(slices.Clone(all), func(m Marked) bool {
		return said(m) && f.Sessions[m.SaidIn].Label() != finding.Clean
	})
}

// agreed leaves out every clear that contradicts the rules and has only one
// person of ours behind it. What follows from a plan waits for the second one
// anyhow; a proof of the holder that is good only by such a clear must wait for him too.
func agreed(all []Marked, f *Findings) []Marked {
	against := map[string]bool{}
	for _, c := range f.Contradictions {
		node := Mark{Session: c.Session, Change: c.Seq}.node()
		against[node] = against[node] || !c.Claimed
	}
	if len(against) == 0 {
		return all
	}
	voices := map[string][]string{} // by node: who has called it the holder's since somebody called it something else
	for _, m := range all {
		switch node := m.node(); {
		case m.Verdict != Holder:
			voices[node] = nil
		case m.SaidIn == "" && !slices.Contains(voices[node], m.Actor):
			voices[node] = append(voices[node], m.Actor)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(m Marked) bool {
		node := m.node()
		return m.Verdict == Holder && against[node] && len(voices[node]) < 2
	})
}
