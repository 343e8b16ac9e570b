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
	StopsFor    = 14 * 24 * time.Hour // the link in a letter stops the account; the longest grace anybody else gives
	stopsIfAll  = 30 * 24 * time.Hour // the same after every contact was replaced
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
		return o.Slot == c.Slot && o.Address == c.Address && !o.since().After(t) && (o.Until.IsZero() || c.From.Sub(o.Until) < goodIfAll)
	})
}

// since is from when on a contact was the holder's as far as we know. A number that stood in the account for years
// and was confirmed today may have been moved to another card yesterday: it counts from today.
func (c Contact) since() time.Time {
	if !c.Mail() && c.ConfirmedAt.After(c.From) {
		return c.ConfirmedAt
	}
	return c.From
}

// Standing is what a contact is worth for a way back in.
type Standing struct {
	Contact
	Good  bool
	From  time.Time // not good: from when on it will be, if nothing changes; zero for never
	Until time.Time // good and given up: until when
}

// Standings tells of every contact that is held, or that is or will be good, how it stands with it: the rule of
// GoodForRecovery asked anew at every moment at which its answer can change.
func Standings(contacts []Contact, now time.Time) (all []Standing) {
	turns := []time.Time{now}
	for _, c := range contacts {
		for _, from := range []time.Time{c.From, c.since(), c.Until} {
			for _, window := range []time.Duration{goodAfter, goodIfAll} {
				if t := from.Add(window); !from.IsZero() && t.After(now) {
					turns = append(turns, t)
				}
			}
		}
	}
	slices.SortFunc(turns, time.Time.Compare)
	for _, c := range contacts {
		s := Standing{Contact: c}
		for i, t := range turns {
			good := goodAt(contacts, c, t)
			switch {
			case i == 0:
				s.Good = good
			case s.Good && !good && s.Until.IsZero():
				s.Until = t
			case !s.Good && good && s.From.IsZero():
				s.From = t
			}
		}
		if s.Contact.Until.IsZero() || s.Good || !s.From.IsZero() {
			all = append(all, s)
		}
	}
	return all
}

func goodAt(contacts []Contact, c Contact, t time.Time) bool {
	return slices.ContainsFunc(GoodForRecovery(contacts, t), func(g Contact) bool { return g.SetSeq == c.SetSeq })
}

// StopFor is how long the letter about a change of contacts stops the account:
// two weeks, and a month if every contact is new, because nobody but the reader of
// an old one is left to hear of it. contacts are as they are after the change.
func StopFor(contacts []Contact, now time.Time) time.Duration {
	confirmed := slices.DeleteFunc(slices.Clone(contacts), func(c Contact) bool { return c.ConfirmedAt.IsZero() || !c.BadAt.IsZero() })
	if allReplaced(confirmed, now) {
		return stopsIfAll
	}
	return StopsFor
}

// Removable tells whether a contact can be given up without another one in its
// place: somebody must be reachable afterwards who ever proved to be, and the
// sign-in name is changed and not removed.
func Removable(contacts []Contact, slot string) bool {
	return slot != "email" && slices.ContainsFunc(contacts, func(c Contact) bool {
		return c.Slot != slot && c.Until.IsZero() && !c.ConfirmedAt.IsZero() && c.BadAt.IsZero()
	})
}

// Advised is how many confirmed contacts a holder should have: with one, whoever loses it has lost the way back.
const Advised = 2

// Confirmed counts the present contacts that somebody proved to receive at.
func Confirmed(contacts []Contact) (n int) {
	for _, c := range contacts {
		if c.Until.IsZero() && !c.ConfirmedAt.IsZero() && c.BadAt.IsZero() {
			n++
		}
	}
	return n
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
