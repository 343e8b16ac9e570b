// Package proof is the one table of what shows that somebody is the holder, and
// what each way suffices for: to stop an account, to return one that was taken,
// to get back into one's own, to undo a freeze that was a mistake.
//
// It owns no table of the database and asks nobody anything. Whether a proof is
// good (was in place before, is in nobody else's hands) is for those to say who
// take it: verify in a case, signin in ordinary life.
package proof
