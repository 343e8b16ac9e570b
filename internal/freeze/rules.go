package freeze

import (
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
)

// A stranger's freeze is free, so that it must not become a way to lock the
// holder out again and again: after so many false alarms in so long a time,
// strangers reach the desk and no longer the account.
const (
	falseAlarmsBorne = 3
	falseAlarmsCount = 30 * 24 * time.Hour
)

// stoppable are the states an account can be stopped from. A frozen or
// restoring one is held still already; a closed one has nobody in it.
var stoppable = []account.State{account.Open, account.Guarded}

// withheld tells whether a stranger's wish to stop an account goes to the desk instead.
func withheld(by access.Actor, former []casefile.Case, now time.Time) bool {
	if by.May(access.Freeze) || by.Role == access.System || by.Role == access.Service {
		return false
	}
	n := 0
	for _, c := range former {
		if c.Step == casefile.FalseAlarm && now.Sub(c.ClosedAt) < falseAlarmsCount {
			n++
		}
	}
	return n > falseAlarmsBorne
}

// toHold picks the orders that were made or touched so lately that the
// intruder may have done it. An order that he redirected counts from then.
func toHold(facts []account.Fact, kinds account.Kinds, now time.Time, window time.Duration) (paths []string) {
	for _, f := range facts {
		kind, ok := kinds.Of(f.Path)
		if ok && kind.Algebra == account.Effect && now.Sub(f.Since) < window {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// mayLetGo tells whether somebody may let an account go without restoring
// anything. It takes a verified holder, and somebody of the desk to act: an
// agent's belief alone does not do, nor does a proof alone that nobody read.
func mayLetGo(by access.Actor, verified bool) bool {
	return verified && (by.May(access.Freeze) || by.Role == access.System)
}

// verified tells whether the holder was verified since the account was last
// stopped: what was proved before a second takeover proves nothing after it.
func verified(entries []casefile.Entry) (yes bool) {
	for _, e := range entries {
		switch e.What {
		case "step." + string(casefile.Frozen):
			yes = false
		case "step." + string(casefile.Verified):
			yes = true
		}
	}
	return yes
}

// Undone is what is noted in a case when its holder undid the freeze himself.
const Undone = "freeze.undone"

// undoneOnce is how often a holder may undo a freeze himself: whoever stole his
// strongest proof would undo every report of his, so the second one stays.
const undoneOnce = 30 * 24 * time.Hour

// mayUndo tells whether the freeze of a case is one that its holder may undo by
// himself: a stranger's click or the program's own doubt, which nobody of the
// staff has taken up, and no other undone lately.
func mayUndo(c casefile.Case, entries []casefile.Entry, former []casefile.Entry, now time.Time) bool {
	if c.Step != casefile.Frozen && c.Step != casefile.Verified || c.Source == "api" || c.Source == "campaign" {
		return false
	}
	for _, e := range former {
		if e.What == Undone && now.Sub(e.At) < undoneOnce {
			return false
		}
	}
	ours := false
	for _, e := range entries {
		if e.What == "step."+string(casefile.Frozen) {
			ours = e.Role.Staff() || e.Role == access.Service
		}
	}
	return !ours
}

// after is the state that an account goes back to.
func after(guardedUntil, now time.Time) account.State {
	if now.Before(guardedUntil) {
		return account.Guarded
	}
	return account.Open
}
