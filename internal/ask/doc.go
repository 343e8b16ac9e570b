// Package ask puts the questions of a case to its holder.
//
// It owns the holder's part while the account is held still: the link that opens
// a limited session, what is asked in it, the answers, and the contacts that are
// confirmed there. An agent starts it and the holder ends it: the link goes to an
// address that was good before the incident and that nobody else is known to
// read, the agent sees neither link nor code, and the holder must have been
// proved as for a return. In the session no fact can be written. It ends with
// the epoch, with the browser, with the case, and with the first doubt about the
// proof or the address.
//
// What a holder answers is evidence and not truth: it is entered in the history
// as a statement with the proofs behind it, and given to whoever investigates
// and plans, who weigh it. Questions are told with their evidence in the plainest
// words, without any value that the intruder wrote or used.
//
// Before it come verify and investigate, beside it is restore, after it handback, which
// leads to the new password: none is set here.
package ask
