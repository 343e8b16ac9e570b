// Package account holds the accounts: their state, their epoch and the facts
// that are true now.
//
// It owns the tables account, fact, contact, secret, scope, scope_member and
// epoch_sequence, and the kinds of paths.
//
// All epochs come from one sequence. Accounts that one thing happened to stand
// in a scope, and all stand in the installation; the epoch of an account is the
// newest of its own and its scopes', so that a scope is fenced by one row.
//
// It reads them for everybody. It changes them only through package history,
// which calls Store inside the transaction that appends the entry: nothing
// about an account changes without one. Freezing (state and epoch) is asked of
// it by rooms, and is entered in the history by them.
package account
