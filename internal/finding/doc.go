// Package finding holds what an investigation found out about the history of
// one account: a label for every session and change, who knew which secret,
// and for each of them the reason.
//
// It owns the words tainted, suspect, clean and affected, and the names of the
// rules. It decides nothing and stores nothing: package investigate makes
// Findings, package restore reads them, and pages show them. It is apart from
// both because the two rooms may not know one another.
package finding
