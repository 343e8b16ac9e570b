package casefile

import "slices"

// Step is where a case stands.
type Step string

// The steps, in the order of the story.
const (
	Reported      Step = "reported"      // somebody wrote to us; no account is held still
	Frozen        Step = "frozen"        // the account is held still
	Verified      Step = "verified"      // the holder is proved; investigation may end in a return
	Investigating Step = "investigating" // somebody marks what is the intruder's
	Planned       Step = "planned"       // a plan waits for its second person
	Approved      Step = "approved"      // it has one
	Restoring     Step = "restoring"     // steps are being carried out
	Restored      Step = "restored"      // every step was read back
	HandedBack    Step = "handed-back"   // the letter is on its way, the account guarded
	Closed        Step = "closed"        // the watch is over, or there was nothing to do
	FalseAlarm    Step = "false-alarm"   // it was the holder all along
)

// next is the whole story as a table: which step may follow which.
var next = map[Step][]Step{
	"":            {Reported, Frozen},
	Reported:      {Frozen, Closed},
	Frozen:        {Verified, Investigating, FalseAlarm},
	Verified:      {Investigating, FalseAlarm},
	Investigating: {Verified, Planned, FalseAlarm},
	Planned:       {Planned, Investigating, Approved, FalseAlarm},
	Approved:      {Planned, Investigating, Restoring},
	Restoring:     {Planned, Restored},
	Restored:      {HandedBack, Planned},
	HandedBack:    {Closed, Frozen},
	Closed:        {},
	FalseAlarm:    {},
}

// May tells whether a case may go from one step to another.
func May(from, to Step) bool { return slices.Contains(next[from], to) }

// Held tells whether the account of a case at this step is held still for it.
func (s Step) Held() bool { return s != Reported && s != HandedBack && !s.Over() }

// Over tells whether a step ends its case.
func (s Step) Over() bool { return s == Closed || s == FalseAlarm }
