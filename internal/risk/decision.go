package risk

// Action is the answer to an event. Each is stronger than the one before it and
// is meant to include it.
type Action uint8

// The actions.
const (
	Let    Action = iota // let it be
	Tell                 // tell every contact, old and new
	StepUp               // ask for a second proof
	Hold                 // the change or order waits, and can be stopped
	End                  // end the session
	Freeze               // hold the account still
)

// actions are the names of the actions in answers.
var actions = [...]string{"let", "tell", "step-up", "hold", "end-session", "freeze"}

// String names an action.
func (a Action) String() string {
	if int(a) < len(actions) {
		return actions[a]
	}
	return ""
}

// ParseAction reads the name of an action.
func ParseAction(name string) (Action, bool) {
	for a, s := range actions {
		if s == name {
			return Action(a), true
		}
	}
	return 0, false
}

// Decision is what is to be done about an event, and why.
type Decision struct {
	Scored  bool    // false: no sign-in, or an account without an earlier one
	Score   float64 // natural log-odds that this sign-in is not the holder's; higher is more suspicious
	Carried float64 // log-odds that the account is in other hands, as carried on from here
	Action  Action
	Reasons []Reason // the weightiest first

	standing float64 // log-odds of the session itself, for Follow
	total    float64 // what the limits of changes are compared with
}

// Total is all that speaks against a change: what is carried on and what spoke in
// this decision alone. Limits of changes, and so their budget, are about it.
func (d *Decision) Total() float64 { return d.total }

// Teaches tells whether a success that was answered so may be learnt at once. A
// sign-in that was asked for more teaches only after it was proved, and then
// whoever asked calls Learn.
func (d *Decision) Teaches() bool { return d.Action < StepUp }

// Reason is one thing that speaks for or against the holder. It keeps values,
// not words: Words puts it into a language.
type Reason struct {
	Signal Signal
	Name   string  `json:",omitzero"` // what was seen: a country, a browser, a kind of event
	Number int64   `json:",omitzero"` // a count, minutes, kilometres, or the number of a network; as the signal says
	Share  float64 // of all sign-ins here that show the same; negative if nobody counted
	Odds   float64 // by how much the odds change; 1 if the signal is a rule and no likelihood
}
