package access

import "slices"

// Permission is what a route needs. Every route names one.
type Permission string

// The permissions, by who needs them first in the story.
const (
	Public      Permission = "public"       // anybody, also a stranger
	OwnAccount  Permission = "own-account"  // a holder's session, full
	OwnRecovery Permission = "own-recovery" // a holder's limited session, and nobody else
	DeskWork    Permission = "desk-work"    // queue, cases, call-back, verification
	Freeze      Permission = "freeze"       // stop an account from the desk
	Investigate Permission = "investigate"  // mark sessions, make and carry out plans
	Approve     Permission = "approve"      // be the second person
	Manage      Permission = "manage"       // appoint staff, dead letters, audit
	API         Permission = "api"          // the protected service's key
)

// allowed is the whole of what each role may do.
var allowed = map[Role][]Permission{
	Nobody:       {Public},
	Holder:       {Public, OwnAccount, OwnRecovery},
	Agent:        {Public, DeskWork, Freeze},
	Investigator: {Public, DeskWork, Freeze, Investigate, Approve},
	Supervisor:   {Public, DeskWork, Freeze, Investigate, Approve, Manage},
	Service:      {Public, API},
}

// May tells whether the actor may do what p protects. A limited session may
// do only what recovery needs, and a full one has nothing to do there. System and connectors never come in by a route.
func (a Actor) May(p Permission) bool {
	if a.Limited && p == OwnAccount || !a.Limited && p == OwnRecovery {
		return false
	}
	return slices.Contains(allowed[a.Role], p)
}
