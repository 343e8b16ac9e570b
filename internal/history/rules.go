package history

import (
	"encoding/json"
	"slices"

	"takeback/internal/access"
)

// Judge is who holds and releases an order for risk, without a case.
const Judge = "judge"

// Lacks names what of its provenance a change does not say. Nothing can add it
// later, and what an investigation cannot follow it must ask people: so it is
// counted from the first day on. A complete change lacks nothing.
//
//   - session: the holder's session and the stretch of it
//   - factors: what was presented, each with its version
//   - device: the browser in which a session was opened
//   - parent: the session that this one came from, or that was ended
//   - secret: which other secrets this one equals
//   - version: which version or value was shown
//   - reads: the address and the card that an order went by
//   - case: the case in which staff acted, or an account was held and let go
//   - request: the request that caused it; for the program itself the request or the case
func (c Change) Lacks() (what []string) {
	miss := func(is bool, name string) {
		if is {
			what = append(what, name)
		}
	}
	miss(c.Role == access.Holder && (c.Session == "" || c.Segment == 0), "session")
	opens := c.Verb == Open || c.Verb == Recover
	miss((opens || c.Verb == StepUp) && len(c.Factors) == 0 || slices.ContainsFunc(c.Factors, Factor.unsaid), "factors")
	miss(opens && c.Device == "", "device")
	switch c.Verb {
	case Derive, SignOut:
		miss(c.Parent == "", "parent")
	case Credential:
		miss(c.SecretID == "", "secret")
	case View:
		miss(c.Version == "" && !c.read(c.Path), "version")
	case Order:
		miss(!c.read(c.orderedBy("ship_to")) || !c.read(c.orderedBy("card")), "reads")
	}
	miss(c.Case == "" && (c.Role.Staff() || c.ofCase()), "case")
	miss(c.Request == "" && !(c.Role == access.System && c.Case != ""), "request")
	return what
}

// Disownable tells whether a holder can say of a change that it was not she who
// made it: what was done in a session of her account, or by the service on
// somebody's behalf. What a case, our staff or the program did is told of elsewhere.
func (c Change) Disownable() bool {
	switch c.Verb {
	case Freeze, Unfreeze, Hold, Release, Look, State, Statement:
		return false
	}
	return c.Role == access.Holder || c.Role == access.Service
}

// unsaid tells whether it is not known what it was that was presented.
func (f Factor) unsaid() bool { return f.Path == "" || f.Version == "" }

// read tells whether a change says which value it saw at a path; the empty path needs none.
func (c Change) read(path string) bool {
	return path == "" || slices.ContainsFunc(c.Reads, func(r Read) bool { return r.Path == path && r.Seq != 0 })
}

// orderedBy gives the path that a part of an order names; empty if it names none.
func (c Change) orderedBy(part string) (path string) {
	var order map[string]json.RawMessage
	if json.Unmarshal(c.After, &order) == nil && order[part] != nil {
		_ = json.Unmarshal(order[part], &path) // what is no text names no path
	}
	return path
}

// ofCase tells whether a change is what was done about an account, for which
// there is a case. An order that the judge lets wait for a day has none.
func (c Change) ofCase() bool {
	judged := c.Role == access.System && c.Actor == Judge && (c.Verb == Hold || c.Verb == Release)
	return c.Verb != View && slices.Contains(ofCase, c.Verb) && !judged
}

// Coverage says of how many changes it is known who made them, from where and
// with what.
type Coverage struct {
	Changes int64
	Lacking []Lacking // by verb and what is missing, most first; empty when nothing is
}

// Lacking counts the changes of one verb that lack the same.
type Lacking struct {
	Verb  Verb
	What  string // names of Change.Lacks, apart by spaces
	Count int64
}

// Complete counts the changes that lack nothing.
func (c Coverage) Complete() int64 {
	n := c.Changes
	for _, l := range c.Lacking {
		n -= l.Count
	}
	return n
}

// Share is the part of the changes that lack nothing, in percent rounded down
// to a tenth: it says 100 only if nothing is missing.
func (c Coverage) Share() float64 {
	if c.Changes == 0 {
		return 100
	}
	return float64(c.Complete()*1000/c.Changes) / 10
}
