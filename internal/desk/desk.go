package desk

import (
	"context"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// Post takes letters in.
type Post interface {
	Queue(tx *db.Tx, l mail.Letter) (id string, err error)
}

// Freezer stops accounts; it is the freeze room.
type Freezer interface {
	Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error)
}

// Desk is where people answer.
type Desk struct {
	DB      *db.DB
	Files   *casefile.Files
	Book    *history.Book
	Seal    *seal.Keeper
	Post    Post
	Freezer Freezer
	Service string // what the authenticator app calls us
}

// Topic is announced whenever something of the desk itself changed: duty, staff.
const Topic = "desk"

// The errors of this package.
var (
	ErrSignIn   = fault.New(fault.Unauthenticated, "desk.sign-in", "E-mail address, password or code is wrong. A code counts once: wait for the next one.")
	ErrOver     = fault.New(fault.Unauthenticated, "desk.over", "You were signed out.")
	ErrSlow     = fault.New(fault.TooMany, "desk.slow", "Too many tries. Please wait.")
	ErrStale    = fault.New(fault.Conflict, "case.stale", "Somebody else worked on this case meanwhile. Nothing of yours was done; please look at it as it is now.")
	ErrReason   = fault.New(fault.Invalid, "desk.reason", "This case is over. Please say why you look at it.").On("reason")
	ErrQuota    = fault.New(fault.TooMany, "desk.quota", "You have seen as many fields in clear as an hour allows. A supervisor can allow more.").After(time.Hour)
	ErrUnknown  = fault.New(fault.Invalid, "desk.no-account", "No account has exactly this address or id.").On("account")
	ErrTwoCases = fault.New(fault.Conflict, "desk.two-cases", "This account has an open case already. Please work there.")
	ErrNoField  = fault.New(fault.NotFound, "desk.no-field", "There is no such field to show.")
	ErrStaff    = fault.New(fault.NotFound, "staff.none", "There is no such member of staff.")
	ErrEmail    = fault.New(fault.Conflict, "staff.email", "A member of staff has this address already.").On("email")
	ErrWeak     = fault.New(fault.Invalid, "staff.weak", "This password is too easy to guess. Take at least 12 characters, such as a sentence.").On("password")
	ErrCode     = fault.New(fault.Invalid, "staff.code", "This is not the code that the app shows now.").On("code")
	ErrRole     = fault.New(fault.Invalid, "staff.role", "There is no such role.").On("role")
	ErrSelf     = fault.New(fault.Forbidden, "staff.self", "Nobody does this to himself. Ask another supervisor.")
	ErrLast     = fault.New(fault.Conflict, "staff.last", "This is the last supervisor. Appoint another one first.")
	ErrTied     = fault.New(fault.Forbidden, "desk.tied", "One of you let the other in within the last seven days, or since this case was opened, directly or through somebody else. Somebody from before must be the second pair of eyes.")
	ErrNotYours = fault.New(fault.Forbidden, "desk.forbidden", "You may not do this.")
)

// Changes tells that something changed: in one case, or with an empty id in
// anything that the queue shows. It says so until ctx ends, and never what.
func (d *Desk) Changes(ctx context.Context, caseID string) <-chan string {
	changed := make(chan string, 1)
	hear := func(key string) {
		if caseID != "" && key != caseID {
			return
		}
		select {
		case changed <- key:
		default: // one is waiting already, and many at once are one
		}
	}
	topics := []string{casefile.Topic}
	if caseID == "" {
		topics = append(topics, Topic, casefile.PhishingTopic)
	}
	for _, topic := range topics {
		context.AfterFunc(ctx, d.DB.Listen(topic, hear))
	}
	return changed
}

// inCase runs an act of staff in a case, if the case is as the page showed it.
// rev 0 asks for no check: for acts that are right whatever happened meanwhile.
func (d *Desk) inCase(ctx context.Context, caseID string, rev int64, do func(tx *db.Tx, c casefile.Case) error) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err == nil && rev != 0 && c.Revision != rev {
			err = ErrStale
		}
		if err != nil {
			return err
		}
		return do(tx, c)
	})
}

// inHistory is how staff stand in the history of an account: their sessions at
// the desk are none of the account's.
func inHistory(by access.Actor, caseID string) access.Actor {
	by.Session, by.Case = "", caseID
	return by
}
