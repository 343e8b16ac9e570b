// Package freeze holds an account still, and lets it go again.
//
// It owns the table order_hold. Freezing is cheap: one factor, or a link from
// a letter, is enough, because a wrong freeze is undone and a late one is not.
// Stop does everything in the caller's transaction, so that there is one
// moment before which everything counts and after which nothing does: the
// account gets the next epoch, and with it every session, link, code and
// pending change is void; the orders of the last day are held; the case is at
// hand. Package history refuses every writer of the epoch before, in the
// same statement in which it numbers the change.
//
// LetGo is for false alarms, after the desk verified the holder; Undo for those
// that the holder ends himself, with a proof that no intruder has, once in 30
// days and only where nobody of the staff has taken the case up. Returning an
// account that was really taken over is not here: that is restore and
// handback. Nor does it tell anybody; app queues the letters when a case enters
// its step. Before it come report and desk, after it verify.
package freeze
