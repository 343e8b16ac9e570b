package signin

import (
	"time"

	"takeback/internal/account"
	"takeback/internal/mail"
)

// Reading says whether a session is given the text of a letter.
type Reading string

// The readings.
const (
	Readable  Reading = ""
	Elsewhere Reading = "elsewhere" // it went to somebody who was no contact of the account: what was said to him is his
	Unsettled Reading = "unsettled" // it may still serve an intruder: see Letter.From
	Unproved  Reading = "unproved"  // a fresh proof is wanted, as for a copy of everything
	NotSent   Reading = "not-sent"  // it waits, so there is no text yet
	NotKept   Reading = "not-kept"  // none was kept, or it was erased
)

// settledAfter is how long a letter may still serve an intruder who is signed
// in: so long a contact that was given up is told, can stop the account and may be good
// for recovery, and so long an account is watched after a case.
const settledAfter = account.ToldFor

// relation is what the address of a letter is to the account.
type relation int

const (
	stranger relation = iota
	formerly          // it was a contact when the letter was written, or lately then
	presently
)

// relationTo tells what an address was to an account that had these contacts, for a letter of a time.
func relationTo(contacts []account.Contact, mailbox string, at time.Time) (r relation) {
	for _, c := range contacts {
		address, err := mail.ParseAddress(c.Address)
		if err != nil || address.Key() != mailbox {
			continue
		}
		if c.Until.IsZero() {
			return presently
		}
		if !c.From.After(at) && at.Sub(c.Until) <= account.ToldFor {
			r = formerly
		}
	}
	return r
}

// trustedThen tells whether a session presented a strong factor that was in place for long enough before a
// letter was written. A password tells nothing: it is what an intruder has
// first. A factor that came with the letter, or after it, may be what the letter warns of.
func trustedThen(all []account.Secret, presented map[string]string, at time.Time) bool {
	s := stand(all, at)
	if !s.established {
		return false
	}
	for _, version := range presented {
		if s.counts[version] {
			return true
		}
	}
	return false
}

// readingOf decides whether a session is given the text of a letter.
//
// An intruder who is signed in must not learn more from letters than the list of
// them shows. A letter to a contact of today, and of no case, says what the
// history and the security page say to the same session: it is shown. One to a
// contact of the past says until when that contact can stop him, and one of a
// case what our people found, what they ask and what they put back, in plain
// values. Those are shown at once only to who trusts himself by something older than the letter, and to others when they
// cannot serve an intruder any more; then still as carefully as a copy of everything, which has them too.
func readingOf(letter mail.Kept, to relation, trusted, proved bool, now time.Time) Reading {
	switch {
	case to == stranger && letter.Kind != mail.KindConfirmChange: // that one goes to who shall be a contact, and says nothing of the account
		return Elsewhere
	case letter.Text == "" && letter.State == mail.Waiting:
		return NotSent
	case letter.Text == "":
		return NotKept
	case to != formerly && letter.Case == "", trusted:
		return Readable
	case now.Sub(letter.At) < settledAfter:
		return Unsettled
	case !proved:
		return Unproved
	}
	return Readable
}
