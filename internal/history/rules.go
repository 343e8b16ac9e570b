package history

import (
	"slices"

	"takeback/internal/access"
)

// Lacks names what of its provenance a change does not say. Nothing can add it
// later, and what an investigation cannot follow it must ask people: so it is
// counted from the first day on. A complete change lacks nothing.
//
//   - session: the holder's session and the stretch of it
//   - factors: what was presented, each with its version
//   - parent: the session that this one came from
//   - secret: which other secrets this one equals
//   - case: the case in which staff acted
//   - request: the request that caused it; for the program itself the request or the case
func (c Change) Lacks() (what []string) {
	miss := func(is bool, name string) {
		if is {
			what = append(what, name)
		}
	}
	miss(c.Role == access.Holder && (c.Session == "" || c.Segment == 0), "session")
	switch c.Verb {
	case Open, Recover, StepUp:
		unsaid := func(f Factor) bool { return f.Path == "" || f.Version == "" }
		miss(len(c.Factors) == 0 || slices.ContainsFunc(c.Factors, unsaid), "factors")
	case Derive:
		miss(c.Parent == "", "parent")
	case Credential:
		miss(c.SecretID == "", "secret")
	}
	miss(c.Role.Staff() && c.Case == "", "case")
	miss(c.Request == "" && !(c.Role == access.System && c.Case != ""), "request")
	return what
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
