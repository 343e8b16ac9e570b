package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// Enter lets a member of staff work in a case: it leaves an entry in the
// account's history and the grant to look, in a commit of its own, unless one of
// the last minutes still counts. No entry, no grant; whatever shows data of the
// account takes the grant. It returns ErrReason if the case is over and no
// reason was given, and account.ErrFrozen if the account is closed.
func (d *Desk) Enter(ctx context.Context, by access.Actor, caseID, reason string) (grant access.Actor, err error) {
	defer fault.Wrap(&err, "desk.Enter(%s)", caseID)
	if !by.May(access.DeskWork) || by.Session == "" {
		return grant, ErrNotYours
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return err
		}
		var epoch int64
		if c.Account != "" {
			a, err := account.Get(tx, c.Account)
			if err != nil {
				return err
			}
			epoch = a.Epoch
		}
		valid, err := granted(tx, by.Session, caseID, c.Account, epoch)
		if err != nil || valid {
			return err
		}
		if !worthALook(c.Step, reason) {
			return ErrReason
		}
		return d.leaveEntry(tx, by, c, epoch, reason)
	})
	if err != nil {
		return access.Actor{}, err
	}
	return inHistory(by, caseID), nil
}

func (d *Desk) leaveEntry(tx *db.Tx, by access.Actor, c casefile.Case, epoch int64, reason string) error {
	if c.Account != "" {
		why, err := json.Marshal(reason)
		if err != nil {
			return err
		}
		_, err = d.Book.Append(tx, history.Entry{Account: c.Account, By: inHistory(by, c.ID), Verb: history.Look, Value: why, Case: c.ID})
		if err != nil {
			return err
		}
	}
	return insertLook(tx, by.ID, by.Session, c.ID, c.Account, epoch, reason)
}

// Unmask shows one field of the account in clear for some minutes, as a
// sensitive view in its history. Beyond the quota it returns ErrQuota until a
// supervisor lifts it.
func (d *Desk) Unmask(ctx context.Context, by access.Actor, caseID, path string) (err error) {
	defer fault.Wrap(&err, "desk.Unmask(%s, %s)", caseID, path)
	return d.unmask(ctx, by, caseID, path, func(tx *db.Tx, c casefile.Case) (slot, version string, err error) {
		shown, err := d.summary(tx, by, c)
		if i := slices.IndexFunc(shown.Fields, func(f Field) bool { return f.Path == path && f.Masked != "" }); err == nil && (i < 0 || shown.Fields[i].Never) {
			err = ErrNoField
		}
		if err != nil {
			return "", "", err
		}
		contacts, err := account.Contacts(tx, c.Account)
		if i := slices.IndexFunc(contacts, func(k account.Contact) bool { return k.Slot == path && k.Until.IsZero() }); i >= 0 {
			version = contacts[i].Version
		}
		return path, version, err
	})
}

// UnmaskContact is Unmask for a version of a contact that may have been replaced since: the number to call back.
func (d *Desk) UnmaskContact(ctx context.Context, by access.Actor, caseID, version string) (err error) {
	defer fault.Wrap(&err, "desk.UnmaskContact(%s, %s)", caseID, version)
	return d.unmask(ctx, by, caseID, version, func(tx *db.Tx, c casefile.Case) (slot, _ string, err error) {
		contacts, err := account.Contacts(tx, c.Account)
		i := slices.IndexFunc(contacts, func(k account.Contact) bool { return k.Version == version })
		if err != nil || i < 0 {
			return "", "", orElse(err, ErrNoField)
		}
		return contacts[i].Slot, version, nil
	})
}

// unmask counts, enters and allows one view; of gives the path that it is
// entered at, and of a contact the version: a number of before has the path of the one that replaced it.
func (d *Desk) unmask(ctx context.Context, by access.Actor, caseID, what string, of func(tx *db.Tx, c casefile.Case) (path, version string, err error)) error {
	if _, err := d.Enter(ctx, by, caseID, ""); err != nil {
		return err
	}
	return d.inCase(ctx, caseID, 0, func(tx *db.Tx, c casefile.Case) error {
		path, version, err := of(tx, c)
		if err != nil {
			return err
		}
		seen, lifts, err := cleared(tx, by.ID)
		if err != nil {
			return err
		}
		if seen >= clearQuota*(1+lifts) {
			return ErrQuota
		}
		if _, err := d.Book.Append(tx, history.Entry{Account: c.Account, By: inHistory(by, caseID), Verb: history.View, Path: path, Version: version, Case: caseID}); err != nil {
			return err
		}
		return insertUnmask(tx, by.ID, by.Session, caseID, c.Account, what)
	})
}

// NameAccount says which account a case is about, by the exact address of its
// sign-in name, now or within the last year, or by its id. There is no other search,
// and this one is none for free: what it refuses counts and is entered as well.
func (d *Desk) NameAccount(ctx context.Context, by access.Actor, caseID string, rev int64, exact string) (err error) {
	defer fault.Wrap(&err, "desk.NameAccount(%s)", caseID)
	var refused error
	err = d.inCase(ctx, caseID, rev, func(tx *db.Tx, c casefile.Case) error {
		refused = nil
		if c.Account != "" {
			return casefile.ErrStep // before the search: its answer would tell who is a customer
		}
		if err := try(tx, "name "+by.ID, nameQuota, time.Hour); err != nil {
			return err
		}
		id, err := exactly(tx, exact)
		if errors.Is(err, account.ErrNone) {
			refused = ErrUnknown
			return d.Files.Note(tx, caseID, by, "named.none", mail.Mask(exact))
		}
		if err != nil {
			return err
		}
		_, err = casefile.OfAccount(tx, id)
		if err == nil {
			refused = ErrTwoCases
			return d.Files.Note(tx, caseID, by, "named.two-cases", mail.Mask(exact))
		}
		if !errors.Is(err, casefile.ErrNone) {
			return err
		}
		return d.Files.Name(tx, caseID, id, by)
	})
	if err != nil {
		return err
	}
	return refused // after the commit, which keeps the try and its entry
}

func exactly(tx *db.Tx, exact string) (string, error) {
	if isID(exact) {
		a, err := account.Get(tx, exact)
		return a.ID, err
	}
	address, err := mail.ParseAddress(exact)
	if err != nil {
		return "", account.ErrNone
	}
	a, err := account.ByLogin(tx, address.Key())
	if !errors.Is(err, account.ErrNone) {
		return a.ID, err
	}
	// The intruder may have changed it: then the address of before is what the holder knows.
	held, err := account.HeldSince(tx, address.Key(), tx.Now.AddDate(-1, 0, 0))
	if err != nil || len(held) == 0 {
		return "", orElse(err, account.ErrNone)
	}
	return held[0], nil
}

// Take takes a case over; Leave gives it back to the queue.
func (d *Desk) Take(ctx context.Context, by access.Actor, caseID string, rev int64) (err error) {
	defer fault.Wrap(&err, "desk.Take(%s)", caseID)
	return d.inCase(ctx, caseID, rev, func(tx *db.Tx, c casefile.Case) error { return d.Files.Assign(tx, caseID, by.ID, by) })
}

// Leave gives a case back to the queue.
func (d *Desk) Leave(ctx context.Context, by access.Actor, caseID string, rev int64) (err error) {
	defer fault.Wrap(&err, "desk.Leave(%s)", caseID)
	return d.inCase(ctx, caseID, rev, func(tx *db.Tx, c casefile.Case) error { return d.Files.Assign(tx, caseID, "", by) })
}

// Stop holds the account of a case still. It asks for no fresh page: a freeze is right whatever happened meanwhile.
func (d *Desk) Stop(ctx context.Context, by access.Actor, caseID string) (err error) {
	defer fault.Wrap(&err, "desk.Stop(%s)", caseID)
	if !by.May(access.Freeze) {
		return ErrNotYours
	}
	return d.inCase(ctx, caseID, 0, func(tx *db.Tx, c casefile.Case) error {
		_, err := d.Freezer.Stop(tx, c, inHistory(by, caseID))
		return err
	})
}

// Close ends a case in which nothing was held still, with the reason.
func (d *Desk) Close(ctx context.Context, by access.Actor, caseID string, rev int64, reason string) (err error) {
	defer fault.Wrap(&err, "desk.Close(%s)", caseID)
	return d.inCase(ctx, caseID, rev, func(tx *db.Tx, c casefile.Case) error {
		if c.Step != casefile.Reported {
			return casefile.ErrStep
		}
		if err := d.Files.Note(tx, caseID, by, "note", reason); err != nil {
			return err
		}
		_, err := d.Files.Advance(tx, caseID, casefile.Closed, by)
		return err
	})
}

// Note enters words of staff, for staff.
func (d *Desk) Note(ctx context.Context, by access.Actor, caseID, words string) (err error) {
	defer fault.Wrap(&err, "desk.Note(%s)", caseID)
	return d.inCase(ctx, caseID, 0, func(tx *db.Tx, c casefile.Case) error { return d.Files.Note(tx, caseID, by, "note", words) })
}

// TakeCall takes a call that is wished for; of two who do, one hears casefile.ErrTaken.
func (d *Desk) TakeCall(ctx context.Context, by access.Actor, id string) (c casefile.Callback, err error) {
	defer fault.Wrap(&err, "desk.TakeCall(%s)", id)
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		c, err = casefile.TakeCallback(tx, d.Files, id, by)
		return err
	})
	return c, err
}

// Outcomes of a call.
var Outcomes = []string{"reached", "no-answer", "wrong-number", "later"}

// FinishCall ends a call with what came of it. That somebody answered at a number he gave himself proves nothing.
func (d *Desk) FinishCall(ctx context.Context, by access.Actor, id, outcome string) (err error) {
	defer fault.Wrap(&err, "desk.FinishCall(%s, %s)", id, outcome)
	return d.DB.Write(ctx, func(tx *db.Tx) error { return casefile.FinishCallback(tx, d.Files, id, outcome, by) })
}

// Reply answers one who speaks in a case, on the page of the case and by letter.
// to may be empty if there is only one.
func (d *Desk) Reply(ctx context.Context, by access.Actor, caseID, to, text string) (err error) {
	defer fault.Wrap(&err, "desk.Reply(%s)", caseID)
	return d.inCase(ctx, caseID, 0, func(tx *db.Tx, c casefile.Case) error {
		m, err := casefile.Say(tx, d.Files, casefile.Message{Case: caseID, Reporter: to, Text: text}, by)
		if err != nil {
			return err
		}
		r, err := casefile.ReporterOf(tx, m.Reporter)
		if err != nil {
			return err
		}
		addresses, err := answerTo(tx, c, r)
		if err != nil {
			return err
		}
		number, of := mail.NewNumber(), ""
		if !r.ProvedAt.IsZero() {
			of = c.Account // what is said to a stranger is no letter of the account
		}
		// A page of the reader's own: the letter opens on any device he reads it on.
		token, err := casefile.Page{Case: caseID, Reporter: r.ID}.Link(tx, d.Seal)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if _, err := d.Post.Queue(tx, mail.Letter{Account: of, Case: caseID, To: a, Language: r.Language, Number: number,
				Body: mail.Answer{Case: caseID, Text: text, Signed: by.Name, Link: casefile.PagePath(caseID, token)}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// answerTo says where a reporter's answers go: the contacts that were good before the
// incident, for one who is believed to be the holder; for anybody else where he wants them.
func answerTo(tx *db.Tx, c casefile.Case, r casefile.Reporter) (out []mail.Address, err error) {
	var texts []string
	if c.Account != "" && !r.ProvedAt.IsZero() {
		contacts, err := account.Contacts(tx, c.Account)
		if err != nil {
			return nil, err
		}
		for _, k := range account.GoodForRecovery(contacts, c.OpenedAt) {
			if strings.HasPrefix(k.Slot, "email") && (c.ReportedSeq == 0 || k.SetSeq < c.ReportedSeq) {
				texts = append(texts, k.Address)
			}
		}
	}
	if len(texts) == 0 && r.Address != "" {
		texts = append(texts, r.Address)
	}
	for _, t := range texts {
		a, err := mail.ParseAddress(t)
		if err != nil {
			continue // typed by a stranger: the page of the case has the answer
		}
		if !slices.ContainsFunc(out, func(b mail.Address) bool { return a.Key() == b.Key() }) {
			out = append(out, a)
		}
	}
	return out, nil
}

// freeWork gives all open work of somebody back to the queue.
func (d *Desk) freeWork(tx *db.Tx, staff string, by access.Actor) error {
	cases, err := casefile.AssignedTo(tx, staff)
	if err != nil {
		return err
	}
	for _, id := range cases {
		if err := d.Files.Assign(tx, id, "", by); err != nil {
			return err
		}
	}
	return casefile.ReleaseCallbacks(tx, staff)
}
