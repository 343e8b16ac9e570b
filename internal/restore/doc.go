// Package restore puts an account back.
//
// It owns the plan: what of the intruder's is undone, step by step, with what
// is there before and what is wanted after; the questions that only people can
// answer; the approvals, which are bound to the plan; the journal of applying
// it; and reading back every step. The rules (rules.go) are one table by the
// algebra of a path. They are the history played again without the tainted
// changes, and touch nothing that no tainted change touched.
//
// Secrets are never put back, only revoked and enrolled again. A value that
// nobody ever saw is never written without a person, and what was erased at the
// holder's wish is neither written nor shown. Ways in are closed before
// anything is given back, so that stopping anywhere leaves the intruder with
// no more than before.
//
// Beside the plan runs a lane for orders whose deadline would not wait for it
// (loss.go): it begins with the freeze and waits for nobody.
//
// A clear against the rules takes effect only when two different people of ours
// stand behind it: the contradiction must be answered before the plan can be
// approved, and who answered it cannot approve. The holder's word alone clears
// nothing there: what it contradicts is undone as the rules say (Claimed).
//
// Before it, investigate found what is the intruder's; after it, handback
// returns the account to its holder. It decides nothing about whose a change was.
// Its tables are restore_plan, restore_step, restore_approval, restore_answer,
// restore_loss, restore_false and card_check.
package restore
