// Package session says who is signed in, from where, and with what.
//
// It owns the tables session, segment, device and device_proof. A session is an opaque
// random token, stored hashed, bound to the epoch of its account: when the
// account is frozen every session is over with that commit. A limited one is opened
// afterwards, for a holder who answers questions: it is bound to the epoch of the
// freeze or of the restore, and to its browser. A session that goes
// on from another client gets a new segment, so that a stolen cookie can be told
// from its owner. Ended sessions are kept: they are evidence.
//
// No room of ours opens a session out of another one: a step-up, a new password
// and another client go on in the same session, and a reset ends the one that it
// opened. Derive is for whoever has sessions that come out of others (refresh,
// remember-me); it must name its Parent, or its change lacks it.
//
// A device is known by its cookie, and by a key that its browser keeps once it
// has shown one: see ProveDevice and Recognise. A device that was revoked stays in
// the table, as evidence, and never counts as known again.
//
// Check is asked at every request of the protected service. It answers from a
// cache that the epoch keeps honest: whoever moves an account's epoch or ends a
// session announces it, and the cache forgets before that commit is answered.
package session
