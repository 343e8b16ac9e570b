// Package fault says what went wrong, twice: once for the public and once for us.
//
// Every error that reaches a person has a kind, a stable code, plain words and,
// where a form is concerned, the field it is about. The private cause travels
// with it and is logged once, at the edge. Only this package knows which kind
// becomes which HTTP status. It knows nothing of accounts or takeovers.
package fault
