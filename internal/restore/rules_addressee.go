package restore

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
	case SuspectChange, PartialOnTaintedBase, AddedThenEdited:
		if !unsure {
			return ToHolder
		}
	case ContactExposed, Uniqueness, InvalidOldValue, DeadlinePassed, AffectedEffect:
		return ToAgent
	}
	return ToInvestigator
}
