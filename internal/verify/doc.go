// Package verify finds out who the holder is, and how sure we are.
//
// It owns the tables proof, code_request, waiver and second_claim. Before it
// come report and desk, which know who speaks in a case; after it investigate,
// restore and handback, which ask Proved. It reads the history and the contacts
// of the account and changes nothing in it; what it accepted stands in every
// later act of staff in the case (Evidence).
//
// Two measures: little suffices to stop an account, much to return it. Whatever
// could be read in the account or changed from inside it proves nothing about
// the holder; answers to questions never return an account. The script decides
// and not the agent: an agent sees neither codes nor right answers. What a proof
// is worth is decided anew at every look, because what the intruder had in his
// hands is often found out later.
package verify
