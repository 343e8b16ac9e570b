package report

import (
	"strings"
	"time"
	"unicode/utf8"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/seal"
)

// Promise is how soon a person calls back while somebody is on duty day or night.
const Promise = 2 * time.Minute

const (
	usualCall = 8 * time.Minute  // a call takes about so long, until we have measured our own
	longCall  = 20 * time.Minute // who must wait longer than this for a call had better write
	chatShare = 3                // so many people can be written with at once, where one can be called
	writeBack = 12 * time.Hour   // letters are answered within this, nights included
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Call   Channel = "call"
	Chat   Channel = "chat"
	Letter Channel = "mail"
)

// Channels are the ways to a person now, with honest waiting times.
type Channels struct {
	Best   Channel
	OnDuty int
	Ahead  int           // people who wait for a call before you
	Call   time.Duration // meaningless if nobody is on duty
	Chat   time.Duration // the same
	Letter time.Duration
	Next   time.Time // nobody is on duty: when somebody will be; zero if we do not know
}

// load is what the desk has to do now.
type load struct {
	onDuty  int
	open    int           // calls nobody has made yet
	average time.Duration // of the calls of the last hours; 0 if there were none
	next    time.Time
}

// recommend says which way reaches a person soonest. Nothing in it is a hope:
// a free person calls at once, else the calls before this one are counted.
func recommend(l load) Channels {
	c := Channels{Best: Letter, OnDuty: l.onDuty, Ahead: l.open, Letter: writeBack, Next: l.next}
	if l.onDuty <= 0 {
		return c
	}
	c.Best = Call
	average := l.average
	if average <= 0 {
		average = usualCall
	}
	c.Call, c.Chat = Promise, Promise
	if l.open >= l.onDuty {
		rounds := l.open/l.onDuty + 1 // the whole queue goes round so many times before it is your turn
		c.Call = time.Duration(rounds) * average
		c.Chat = max(Promise, c.Call/chatShare)
	}
	if c.Call > longCall {
		c.Best = Chat
	}
	return c
}

// due is when a call that is wanted now has to be made: by what the page
// promised. While nobody is on duty it is due as soon as somebody is.
func due(best string, c Channels, now time.Time, zone *time.Location) time.Time {
	if t, ok := clockTime(best, now, zone); ok {
		return t
	}
	switch {
	case c.OnDuty > 0:
		return now.Add(c.Call)
	case !c.Next.IsZero():
		return c.Next.Add(Promise)
	}
	return now.Add(Promise)
}

// clockTime reads "18:30" as the next such time of day.
func clockTime(s string, now time.Time, zone *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation("15:04", strings.TrimSpace(s), zone)
	if err != nil {
		return t, false
	}
	local := now.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), t.Hour(), t.Minute(), 0, 0, zone)
	if at.Before(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC(), true
}

// phoneLike tells whether a text can be a telephone number. It is dialled by a person, so it need not be more.
func phoneLike(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+-() .", r):
			return false
		}
	}
	return digits >= 6 && digits <= 15 && utf8.RuneCountInString(s) <= 30
}

// Way is what the link of a notice leads to.
type Way string

// The ways.
const (
	Stops   Way = "stops"   // it will stop the account
	Joins   Way = "joins"   // the account is held still, or was meanwhile: it leads to the case
	Expired Way = "expired" // its time has passed: a person decides
)

// wayOf says what a link does now. One that was used, or that is of a former
// epoch, never stops the account again: it may be the very one the intruder
// keeps for the day after the hand-back. caseOpen says whether there is a case to lead to.
func wayOf(l seal.Link, a account.Account, caseOpen bool, now time.Time) Way {
	switch {
	case !now.Before(l.ExpiresAt):
		return Expired
	case l.UsedAt.IsZero() && l.VoidAt.IsZero() && l.Epoch == a.Epoch:
		return Stops
	case caseOpen:
		return Joins
	}
	return Expired
}

// trusted tells whether a reporter may see how far the case is: the desk is
// sure of him, or he reads a mailbox that was good before the change he reported.
func trusted(r casefile.Reporter, via string, c casefile.Case, contacts []account.Contact) bool {
	if !r.ProvedAt.IsZero() {
		return true
	}
	if via == "" {
		return false
	}
	for _, k := range account.GoodForRecovery(contacts, c.OpenedAt) {
		if k.Version == via && (c.ReportedSeq == 0 || k.SetSeq < c.ReportedSeq) {
			return true
		}
	}
	return false
}

// Stage is where a case stands, in the words of the person's page.
type Stage string

// The stages, in order.
const (
	Received   Stage = "received"
	Stopped    Stage = "stopped"
	Proving    Stage = "proving"
	Finding    Stage = "finding"
	PuttingOut Stage = "restoring"
	Back       Stage = "back"
	Over       Stage = "over" // closed without all that
)

// Stages lists what the page shows, in order.
var Stages = []Stage{Received, Stopped, Proving, Finding, PuttingOut, Back}

// stageOf says it. Somebody of whom we are not sure learns that we have heard
// him, and when we are done, nothing more: the same for every account, and for none.
func stageOf(step casefile.Step, sure bool) Stage {
	if !sure {
		if step.Over() {
			return Over
		}
		return Received
	}
	switch step {
	case casefile.Frozen:
		return Proving // stopped it is; now we have to know the holder
	case casefile.Verified, casefile.Investigating, casefile.Planned:
		return Finding
	case casefile.Approved, casefile.Restoring, casefile.Restored:
		return PuttingOut
	case casefile.HandedBack, casefile.Closed:
		return Back
	case casefile.FalseAlarm:
		return Over
	}
	return Received
}

// stranger is who acts where nobody is signed in, or where it does not matter who is.
func stranger(c access.Client) access.Actor { return access.Actor{Client: c} }
