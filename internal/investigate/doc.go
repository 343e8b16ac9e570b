// Package investigate finds out which parts of an account's history are the
// intruder's.
//
// It owns the marks that an investigator makes on sessions and changes, the
// timeline on which they are made, and the rules that find the rest: taint is a
// question of who knew what, when (rules.go). A session is the intruder's if it
// was opened with something only the intruder could have, and so is an act by a
// grant that the intruder gave (accounts are never merged: there is no verb for
// it, so nothing is to be found of merges); it is suspect if
// everything presented was known to both. Place, browser and word alone clear
// nothing. Several sessions, of a device or from a network, can be marked at once
// (rules_group.go), and all marks be taken back. What the rules cannot decide becomes a question to people.
//
// What the holder says in a limited session (holder.go) clears a suspicion and
// never what the rules are sure of, and it counts only as long as that session is
// not suspect itself. A clear against the rules, by one of ours, takes the label away at once, so
// that everybody sees what would follow; but no proof of the holder rests on it
// before a second member of staff has said the same (agreed in rules_words.go), and restore carries
// out nothing that follows from it before a second person has approved.
//
// Before it, freeze has stopped the account and verify has found the holder;
// after it, restore makes a plan from the findings. It writes nothing to the
// account, and knows nothing of what is done with what it finds. Its table is
// investigate_mark.
package investigate
