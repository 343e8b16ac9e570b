package restore

import (
	"takeback/internal/finding"
	"takeback/internal/history"
)

// Addressee says who can answer a question.
type Addressee string

// The addressees.
const (
	ToHolder       Addressee = "holder"       // only the holder knows: was it hers, is a merged value right
	ToAgent        Addressee = "agent"        // it takes a conversation: contacts, who is reached where, what is under way outside
	ToInvestigator Addressee = "investigator" // the evidence decides: words against the rules, drift, sessions of two people
)

// Addressees lists them in the order in which they are asked.
var Addressees = []Addressee{ToHolder, ToAgent, ToInvestigator}

// Addressee says who can answer a question of this kind. unsure tells that the
// holder was asked and does not know: then somebody must decide by the evidence,
// and so whoever reads evidence is asked whatever nobody else can know.
func (w Why) Addressee(unsure bool) Addressee {
	switch w {
	case SuspectChange, PartialOnTaintedBase, AddedThenEdited, ErasedByOther:
		if !unsure {
			return ToHolder
		}
	case ContactExposed, Uniqueness, InvalidOldValue, DeadlinePassed, AffectedEffect:
		return ToAgent
	}
	return ToInvestigator
}

// unsureOf tells of which questions the holder of a case has said, and not taken
// back, that she does not know.
func unsureOf(h []history.Change, caseID string) func(Question) bool {
	unsure := map[string]bool{}
	for _, c := range h {
		if said, ok := c.Said(); ok && c.Case == caseID {
			for _, about := range said.About {
				unsure[about] = said.Word == history.Unsure
			}
		}
	}
	return func(q Question) bool {
		if unsure[q.Path] || unsure[finding.Node{Change: q.Seq}.String()] {
			return true
		}
		if len(h) == 0 || q.Seq < h[0].Seq || q.Seq > h[len(h)-1].Seq {
			return false // no change raised it
		}
		session := h[q.Seq-h[0].Seq].Session
		return session != "" && unsure[finding.Node{Session: session}.String()]
	}
}
