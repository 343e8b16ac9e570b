// Package session says who is signed in, from where, and with what.
//
// It owns the tables session, segment, device and device_proof. A session is an opaque
// random token, stored hashed, bound to the epoch of its account: when the
// account is frozen every session is over with that commit. A limited one is opened
// afterwards, for a holder who answers questions: it is bound to the epoch of the
// freeze or of the restore, and to its browser. A session that goes
// on from another client gets a new segment, so that a stolen cookie can be told
// from its owner; one whose device keeps a key does not go on from another device:
// it ends, and its holder is told. Ended sessions are kept: they are evidence.
//
// A step-up, a new password and another client go on in the same session, and a
// reset ends the one that it opened. A session that comes out of another one
// (Derive) names its Parent; it is what a service holds that has people sign in
// here (room pass). It ends with its parent, its token is exchanged as the
// service refreshes it, and no browser can use it.
//
// A device is known by its cookie, and by a key that its browser keeps once it
// has shown one: see ProveDevice and Recognise. A device that was revoked stays in
// the table, as evidence, and never counts as known again.
//
// Check is asked at every request of the protected service. It answers from a
// cache that the epoch keeps honest: whoever moves an account's epoch or ends a
// session announces it, and the cache forgets before that commit is answered.
package session
