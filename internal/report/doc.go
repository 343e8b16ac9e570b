// Package report listens to whoever says "this was not me".
//
// It owns no table of its own: what it hears becomes a case, a reporter in it,
// messages and calls to be made (package casefile). It takes four kinds of
// people in. Who is signed in says of a line of the history that it was not
// him: it stops the account, and counts as no proof. Who has the link of a notice stops the account with it, without
// signing in; the link gives him no access, because somebody may still read a
// mailbox that the holder gave up. Who has no link writes from the contact
// page; what he says about himself is no proof of anything, and no answer tells
// him whether the account exists. Who holds the link to a case's page speaks
// with the desk there, even while the account is frozen.
//
// Two people may report about one account, and one of them may be the intruder.
// Each speaks in a thread of his own and never reads the other's, and how far
// the case is told only to somebody whose mailbox was good before, or of whom
// the desk is sure.
//
// Before it comes notice, after it freeze, desk and verify. It stops nothing
// by itself: freeze does, in the same transaction.
package report
