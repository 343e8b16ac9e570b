// Package handback returns an account to its holder.
//
// It owns the letter (what happened, what was put back, how to come back in),
// the moment at which the account is its holder's again, and the watch of thirty
// days over it; its table is hand_back. The letter is written from the history,
// from the intruder's changes and from our own, so that it tells what was done
// and not what was meant; who signs it may add words of his own. It goes to
// contacts that the intruder never had, and to no others.
//
// Before it, restore has put back and read back everything, and verify has
// proved the holder. After it the account is guarded: changes of contacts wait,
// and when the watch ends quietly the case is closed. It sets no password: the
// letter leads to where the holder does that himself.
package handback
