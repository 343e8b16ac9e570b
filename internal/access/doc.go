// Package access says who acts, and what each may do.
//
// An Actor is a claim: somebody in a session, a member of staff, the system, a
// connector. It is recorded with every change and is not evidence in itself;
// what counts as evidence are the factors presented (package session).
// The table of permissions in rules.go is the only place that maps a role to
// what it may do; every route names the permission it needs.
// It owns the table api_key: what the protected service proves itself with.
package access
