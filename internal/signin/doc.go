// Package signin is ordinary life: what a holder does in an account nobody took.
//
// It owns registering, signing in and out, passkeys and the second factor, how strong a
// proof an act wants, changing names,
// contacts, passwords, addresses and cards, confirming contacts and giving them up, placing orders on behalf of the
// service, changes that wait in a guarded account, the copy of one's own data, which letters a
// session may read, the end of an account, and the way back in for a
// person who forgot the password. Its rules say what a good password is and
// what looks like a card number; both are refused or kept in one place.
//
// It does not tell anybody of a change (notice does, by way of the history),
// does not judge whether a sign-in is the holder's (investigate), and
// never opens an account that is held still (freeze, handback). It comes before
// every other room: what it enters in the history is what they work with.
//
// Its tables are registration, recovery, second_step, pending_change, enrolment, move_key,
// strong_proof, shown and spent.
package signin
