package report

import (
	"context"
	"errors"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// Freezer holds an account still, in the caller's transaction; package freeze is one.
type Freezer interface {
	Stop(tx *db.Tx, c casefile.Case, by access.Actor) (casefile.Case, error)
}

// Desk knows who is there to answer.
type Desk interface {
	OnDuty(tx *db.Tx) (int, error)
}

// Intake takes reports in.
type Intake struct {
	DB      *db.DB
	Seal    *seal.Keeper
	Files   *casefile.Files
	Freezer Freezer
	Desk    Desk
	Post    *mail.Post
	Zone    *time.Location // of "call me at 18:30"; Tokyo if nil

	// Opens tells when somebody is on duty again; nil, or a zero time, if that is not known.
	Opens func(now time.Time) time.Time
	// NameOf gives what a member of staff is called; nil if pages say "our desk".
	NameOf func(tx *db.Tx, staff string) (string, error)
}

// The errors of this room. A case that is not there and one that is not
// somebody's are the same: casefile.ErrNone.
var (
	ErrLink  = fault.New(fault.NotFound, "not-me.unknown", "This link is not valid. Please open it again from the letter, or write to us on the contact page.")
	ErrPhone = fault.New(fault.Invalid, "call.phone", "Please give a telephone number with at least six digits.").On("phone")
	ErrEmpty = fault.New(fault.Invalid, "phishing.empty", "Please paste the text, or choose the letter as a file.").On("text")
)

// Offer is what the link of a notice shows before anybody presses the button.
type Offer struct {
	Way    Way
	Number string // of the notice
	Event  history.Verb
	Path   string
	At     time.Time
	IP     string
	Device string
	Until  time.Time // when the link ends
}

// link is what package notice puts into the links of its letters.
type link struct {
	Number  string `json:"number"`
	Seq     int64  `json:"seq"`
	Version string `json:"version"`
}

// Show tells what the link of a notice is about. It uses nothing up: programs
// that scan mail open every link. It returns ErrLink for a token nobody gave out.
func (i *Intake) Show(ctx context.Context, token string) (o Offer, err error) {
	err = i.DB.Read(ctx, func(tx *db.Tx) error {
		l, about, way, err := i.read(tx, token)
		if err != nil {
			return err
		}
		o = Offer{Way: way, Number: about.Number, Until: l.ExpiresAt}
		c, err := history.At(tx, l.Account, about.Seq)
		if errors.Is(err, db.ErrNone) {
			return nil // a change that was only asked for
		}
		o.Event, o.Path, o.At = c.Verb, c.Path, c.At
		if !c.Role.Staff() {
			o.IP, o.Device = c.Client.IP, session.Describe(c.Client.UserAgent)
		}
		return err
	})
	return o, err
}

func (i *Intake) read(tx *db.Tx, token string) (l seal.Link, about link, way Way, err error) {
	if l, err = i.Seal.Peek(tx, seal.NotMe, token); err != nil {
		return l, about, "", ErrLink.Because(err)
	}
	if err = l.Read(&about); err != nil {
		return l, about, "", err
	}
	a, err := account.Get(tx, l.Account)
	if err != nil {
		return l, about, "", err
	}
	_, err = casefile.OfAccount(tx, a.ID)
	if err != nil && !errors.Is(err, casefile.ErrNone) {
		return l, about, "", err
	}
	return l, about, wayOf(l, a, err == nil, tx.Now), nil
}

// Receipt is what a reporter gets: the case, and the token of its page.
type Receipt struct {
	Case    string
	Token   string
	Stopped bool // the account is held still now
	Expired bool // nothing was done: the link is too old, and there is no case
}

// NotMe stops the account of a notice, in one transaction, and opens a case or
// joins the open one. It works without sign-in. A link that was used already or
// is of a former epoch stops nothing and leads to the case.
func (i *Intake) NotMe(ctx context.Context, token string, from access.Client) (r Receipt, err error) {
	defer fault.Wrap(&err, "report.NotMe")
	by := stranger(from)
	err = i.DB.Write(ctx, func(tx *db.Tx) error {
		r = Receipt{}
		l, about, way, err := i.read(tx, token)
		if err != nil {
			return err
		}
		if way == Stops {
			err = i.Seal.Spend(tx, l)
			if errors.Is(err, seal.ErrUsed) { // by somebody at the same moment
				way, err = Joins, nil
			}
		}
		switch {
		case err != nil:
			return err
		case way == Expired:
			r.Expired = true
			return nil
		}
		c, err := i.caseOf(tx, l, about, way, by)
		if err != nil {
			return err
		}
		who, err := i.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "not-me", Language: from.Language, Claims: l.Account, Via: about.Version}, by)
		if err != nil {
			return err
		}
		r.Case, r.Stopped = c.ID, c.Step == casefile.Frozen
		r.Token, err = casefile.Page{Case: c.ID, Reporter: who.ID, Via: about.Version}.Link(tx, i.Seal)
		return err
	})
	return r, err
}

func (i *Intake) caseOf(tx *db.Tx, l seal.Link, about link, way Way, by access.Actor) (casefile.Case, error) {
	if way == Joins {
		return casefile.OfAccount(tx, l.Account)
	}
	return i.Freezer.Stop(tx, casefile.Case{Account: l.Account, Source: "not-me", Language: by.Client.Language,
		Notice: about.Number, ReportedSeq: about.Seq}, by)
}

// measured is how far back calls are averaged.
const measured = 6 * time.Hour

// Channels tells the best way to a person now, and how long each takes.
func (i *Intake) Channels(ctx context.Context) (c Channels, err error) {
	err = i.DB.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = i.channels(tx)
		return err
	})
	return c, err
}

func (i *Intake) channels(tx *db.Tx) (c Channels, err error) {
	var l load
	if l.onDuty, err = i.Desk.OnDuty(tx); err != nil {
		return c, err
	}
	open, err := casefile.Callbacks(tx)
	if err != nil {
		return c, err
	}
	for _, o := range open {
		if !o.DueAt.After(tx.Now.Add(longCall)) { // who wants a call tonight is not before you now
			l.open++
		}
	}
	if l.average, err = casefile.CallsTook(tx, tx.Now.Add(-measured)); err != nil {
		return c, err
	}
	if i.Opens != nil {
		l.next = i.Opens(tx.Now)
	}
	return recommend(l), nil
}

func (i *Intake) zone() *time.Location {
	if i.Zone != nil {
		return i.Zone
	}
	return time.FixedZone("JST", 9*3600)
}
