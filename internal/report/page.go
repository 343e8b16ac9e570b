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
)

// How much one reporter may say in an hour.
const (
	messagesIn = 60
	wishesIn   = 3
)

// View is the page of a case, as one reporter sees it.
type View struct {
	Case     string
	Stage    Stage
	Sure     bool // we know whom we speak with: the page shows how far the case is
	OpenedAt time.Time
	MovedAt  time.Time
	Messages []Message
	Call     *casefile.Callback // his newest call that is not over; nil if there is none
	Agent    string             // who has taken the call; empty if nobody yet
	CallCode string             // what the caller must be able to say; empty before he ever spoke
	Channels Channels
	Over     bool
	Promised bool // the time of the call is a promise: somebody is on duty, or the time is a later one
	reporter string
}

// Message is something said in his thread.
type Message struct {
	ID   string
	At   time.Time
	Ours bool
	Name string // of ours; may be empty
	Text string
}

// Page shows a case to who has the token of its page. A wrong token, one of
// another case and a case that is not there all give casefile.ErrNone.
func (i *Intake) Page(ctx context.Context, caseID, token string) (v View, err error) {
	err = i.DB.Read(ctx, func(tx *db.Tx) error {
		v, err = i.page(tx, caseID, token)
		return err
	})
	return v, err
}

func (i *Intake) page(tx *db.Tx, caseID, token string) (v View, err error) {
	p, c, who, err := i.enter(tx, caseID, token)
	if err != nil {
		return v, err
	}
	var contacts []account.Contact
	if c.Account != "" {
		if contacts, err = account.Contacts(tx, c.Account); err != nil {
			return v, err
		}
	}
	sure := trusted(who, p.Via, c, contacts)
	v = View{Case: c.ID, Sure: sure, Stage: stageOf(c.Step, sure), OpenedAt: c.OpenedAt, Over: c.Step.Over(), reporter: who.ID}
	if sure {
		v.MovedAt = c.MovedAt
	}
	if v.Channels, err = i.channels(tx); err != nil || who.ID == "" {
		return v, err
	}
	v.CallCode = casefile.CallCode(i.Seal, who.ID)
	if err := i.said(tx, &v, who); err != nil {
		return v, err
	}
	return v, i.calls(tx, &v, who)
}

// enter finds what a token opens. The reporter is empty if he has not spoken yet.
func (i *Intake) enter(tx *db.Tx, caseID, token string) (p casefile.Page, c casefile.Case, who casefile.Reporter, err error) {
	if p, err = casefile.PageOf(tx, i.Seal, token); err != nil {
		return p, c, who, err
	}
	if p.Case != caseID {
		return p, c, who, casefile.ErrNone
	}
	if c, err = casefile.Get(tx, caseID); err != nil {
		return p, c, who, err
	}
	if p.Reporter != "" {
		who, err = casefile.ReporterOf(tx, p.Reporter)
		return p, c, who, err
	}
	who, err = casefile.ReporterVia(tx, caseID, p.Via)
	if errors.Is(err, casefile.ErrNone) {
		err = nil
	}
	return p, c, who, err
}

func (i *Intake) said(tx *db.Tx, v *View, who casefile.Reporter) error {
	all, err := casefile.MessagesWith(tx, who.ID)
	if err != nil {
		return err
	}
	for _, m := range all {
		shown := Message{ID: m.ID, At: m.At, Ours: m.From == casefile.FromStaff, Text: m.Text}
		if shown.Ours {
			if shown.Name, err = i.name(tx, m.Actor); err != nil {
				return err
			}
		}
		v.Messages = append(v.Messages, shown)
	}
	return nil
}

func (i *Intake) calls(tx *db.Tx, v *View, who casefile.Reporter) error {
	all, err := casefile.CallbacksIn(tx, v.Case)
	if err != nil {
		return err
	}
	for n := range all {
		if all[n].Reporter == who.ID && all[n].DoneAt.IsZero() {
			v.Call = &all[n]
		}
	}
	if v.Call != nil {
		v.Promised = v.Channels.OnDuty > 0 || v.Call.DueAt.Sub(v.Call.RequestedAt) > longCall
	}
	if v.Call != nil && v.Call.TakenBy != "" {
		v.Agent, err = i.name(tx, v.Call.TakenBy)
	}
	return err
}

func (i *Intake) name(tx *db.Tx, staff string) (string, error) {
	if i.NameOf == nil || staff == "" {
		return "", nil
	}
	return i.NameOf(tx, staff)
}

// Say enters what a reporter writes.
func (i *Intake) Say(ctx context.Context, caseID, token, text string, from access.Client) error {
	return i.act(ctx, caseID, token, "case-say", messagesIn, from, func(tx *db.Tx, who casefile.Reporter, by access.Actor) error {
		_, err := casefile.Say(tx, i.Files, casefile.Message{Case: caseID, Reporter: who.ID, Text: text}, by)
		return err
	})
}

// AskCall books a call.
func (i *Intake) AskCall(ctx context.Context, caseID, token, phone, best string, from access.Client) error {
	return i.act(ctx, caseID, token, "case-call", wishesIn, from, func(tx *db.Tx, who casefile.Reporter, by access.Actor) error {
		return i.book(tx, who, phone, best, by)
	})
}

// WasMe keeps that a reporter says it was a false alarm. It lets nothing go:
// that takes a proof, because the intruder would say the same.
func (i *Intake) WasMe(ctx context.Context, caseID, token string, from access.Client) error {
	return i.act(ctx, caseID, token, "case-wish", wishesIn, from, func(tx *db.Tx, who casefile.Reporter, by access.Actor) error {
		return i.Files.Note(tx, caseID, by, "wish.false-alarm", who.ID)
	})
}

// Who gives the reporter that a token speaks for, for rooms that take more from
// him (a code). He is entered as a reporter if he never spoke before.
func (i *Intake) Who(ctx context.Context, caseID, token string, from access.Client) (reporter string, err error) {
	err = i.act(ctx, caseID, token, "case-code", messagesIn, from, func(_ *db.Tx, who casefile.Reporter, _ access.Actor) error {
		reporter = who.ID
		return nil
	})
	return reporter, err
}

// act does something as a reporter, who comes to be by it if he came by a link and never spoke before.
func (i *Intake) act(ctx context.Context, caseID, token, door string, most int, from access.Client, do func(*db.Tx, casefile.Reporter, access.Actor) error) (err error) {
	defer fault.Wrap(&err, "report(%s)", caseID)
	by := stranger(from)
	return i.DB.Write(ctx, func(tx *db.Tx) error {
		p, c, who, err := i.enter(tx, caseID, token)
		if err != nil {
			return err
		}
		if err := i.knock(tx, door, token, most); err != nil {
			return err
		}
		if who.ID == "" {
			who, err = i.Files.AddReporter(tx, casefile.Reporter{Case: c.ID, Source: "letter", Language: from.Language, Claims: c.Account, Via: p.Via}, by)
			if err != nil {
				return err
			}
		}
		return do(tx, who, by)
	})
}

// Watch gives a channel that hears whenever the case changes, until ctx ends.
// It says nothing of what changed: the page asks again, with its token.
func (i *Intake) Watch(ctx context.Context, caseID, token string) (<-chan string, error) {
	if _, err := i.Page(ctx, caseID, token); err != nil {
		return nil, err
	}
	changed := make(chan string, 1)
	stop := i.DB.Listen(casefile.Topic, func(id string) {
		if id != caseID {
			return
		}
		select {
		case changed <- id:
		default: // one is waiting to be heard already
		}
	})
	context.AfterFunc(ctx, stop)
	return changed, nil
}
