// Package risk says how likely it is that somebody else than the holder does
// something: facts in, score, action and reasons out.
//
// It owns no table and does no I/O; it asks no clock. Decide is a function of an
// Event, the Profile of its account, the Counters of everybody and the Tables, so
// that every decision can be played again. Whoever keeps profiles and counters
// calls Decide first, then Counters.Observe and Profile.Follow, and
// Profile.Learn once the event has proved to be a success of the holder.
//
// Two scorers read a sign-in: the log-odds fitted on pairs of our own users
// (features.go, fit.go) and Freeman's model as published (freeman.go). Over them
// stands the layer of signals (rules_*.go), which can raise an action and never
// lower one. Budgets set its limits (budget.go).
//
// Profiles learn from successes alone: were failures to teach, four wrong
// passwords would make the intruder's place a familiar one. And of successes only
// what something vouches for becomes the account's own: a proof, a token that the
// account has long had, an address that is its own and nobody else's, the holder's
// word, or a year of his silence. The rest are guests (guest.go), who never
// speak for their like, so that quiet visits win an intruder nothing. A profile
// that learns is in lesson.go. Freeman's model knows no guests: it is as published.
package risk
