// Package jobs does work later, surely and in order.
//
// A job is queued in the transaction that causes it, so it exists exactly if
// its cause was committed. Runner carries jobs out, at least once: a handler
// either ends its job in the transaction of its own effect (Work.Finish), which
// makes that effect happen once, or must bear being called again after a crash.
// Jobs of one key run one at a time in the order they were queued. What fails
// is tried again with growing waits; what keeps failing is a dead letter that
// staff see and may revive.
//
// It owns the table job. It knows nothing of what the work is.
package jobs
