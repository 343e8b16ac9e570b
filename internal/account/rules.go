package account

import (
	"slices"
	"time"
)

// How long an old contact counts, and where that comes from: Google keeps one for
// 7 days, Microsoft for 30 when all of them were replaced.
const (
	ToldFor     = 30 * 24 * time.Hour // every contact held this lately hears of a sensitive change
	goodAfter   = 7 * 24 * time.Hour  // an old contact stays good for recovery after a change
	goodIfAll   = 30 * 24 * time.Hour // the same if every contact was replaced
	releasedFor = 30 * 24 * time.Hour // a released address cannot be registered anew by somebody else
)

// within gives the state of an account that is held together with others since
// an epoch, 0 if it is not. What was decided about it alone, later, counts more.
func within(own State, turned, hold int64) State {
	if hold > turned && own != Closed {
		return Frozen
	}
	return own
}

// Quarantine is the time since when a released address is not free yet.
func Quarantine(now time.Time) time.Time { return now.Add(-releasedFor) }

// GoodForRecovery picks the contacts that a way back in may be sent to, best
// first: confirmed ones that no case found to be the intruder's, and of these
// not what somebody may have put in place lately. A contact that replaced another one less than a week ago (a month, if
// all were replaced) is not good while the one it replaced still is; nor does it become good by being replaced itself.
func GoodForRecovery(contacts []Contact, now time.Time) []Contact {
	confirmed := slices.DeleteFunc(slices.Clone(contacts), func(c Contact) bool { return c.ConfirmedAt.IsZero() || !c.BadAt.IsZero() })
	window := goodAfter
	if allReplaced(confirmed, now) {
		window = goodIfAll
	}
	var old, young []Contact
	for _, c := range confirmed {
		switch {
		case c.Until.IsZero() && heldBefore(confirmed, c, now.Add(-window)):
			old = append(old, c)
		case c.Until.IsZero():
			young = append(young, c)
		case now.Sub(c.Until) < window && !currently(confirmed, c.Address) && settled(confirmed, c):
			old = append(old, c) // given up so lately that it may not have been the holder's doing
		}
	}
	if len(old) > 0 {
		return old
	}
	return young // a young account, or one whose former contacts are past their time
}

// heldBefore tells whether the address of c was held, in this slot, at time t or before. An address
// that was given up long before it came back does not count: somebody else may read it by now.
func heldBefore(all []Contact, c Contact, t time.Time) bool {
	return slices.ContainsFunc(all, func(o Contact) bool {
		return o.Slot == c.Slot && o.Address == c.Address && !o.From.After(t) && (o.Until.IsZero() || c.From.Sub(o.Until) < goodIfAll)
	})
}

// settled tells whether a contact that was given up had ever been more than a
// visitor's: the account began with it, or it was held for a week and did not
// make way for the very address that it had replaced. Without this an
// intruder's address would be good for recovery from the moment on in which it
// is replaced, by himself or by whoever drives him out.
func settled(all []Contact, c Contact) bool {
	if !slices.ContainsFunc(all, func(o Contact) bool { return o.SetSeq < c.SetSeq }) {
		return true
	}
	return heldBefore(all, c, c.Until.Add(-goodAfter)) && !detour(all, c)
}

// detour tells whether a contact stood, for less than a month, between two times of one other address.
func detour(all []Contact, c Contact) bool {
	if c.Until.Sub(c.From) >= goodIfAll {
		return false
	}
	return slices.ContainsFunc(all, func(o Contact) bool {
		return o.Slot == c.Slot && o.Address != c.Address && o.SetSeq < c.SetSeq && slices.ContainsFunc(all, func(l Contact) bool {
			return l.Slot == c.Slot && l.Address == o.Address && l.SetSeq > c.SetSeq
		})
	})
}

func currently(all []Contact, address string) bool {
	return slices.ContainsFunc(all, func(o Contact) bool { return o.Until.IsZero() && o.Address == address })
}

// allReplaced tells whether every present contact is younger than a month and took the place of another one.
func allReplaced(all []Contact, now time.Time) bool {
	past := slices.ContainsFunc(all, func(c Contact) bool { return !c.Until.IsZero() })
	return past && !slices.ContainsFunc(all, func(c Contact) bool {
		return c.Until.IsZero() && heldBefore(all, c, now.Add(-goodIfAll))
	})
}
