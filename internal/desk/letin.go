package desk

import (
	"context"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// Who made somebody known, where nobody of the staff did.
const (
	firstOfAll = ""         // the printed link of the first start
	operator   = "operator" // whoever runs the program
)

// Newcomer is somebody to be let in.
type Newcomer struct {
	Name, Email string
	Role        access.Role
	Language    string // of the letter
}

// Invite makes somebody known and mails him the link with which he sets a
// password and his authenticator app. Nobody else sees it: a supervisor who had
// it in his hands could be two people.
func (d *Desk) Invite(ctx context.Context, by access.Actor, n Newcomer) (err error) {
	defer fault.Wrap(&err, "desk.Invite")
	if !by.May(access.Manage) {
		return ErrNotYours
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		s, token, err := d.letIn(tx, n, by.ID)
		if err != nil {
			return err
		}
		if err := insertLetting(tx, letting{staff: s.ID, by: by.ID, how: invited}); err != nil {
			return err
		}
		return d.sendInvitation(tx, s, token, by, n.Language)
	})
}

// Vouch makes somebody known for whom the operator of the program answers, and
// gives the link once. Whoever runs the program needs no second pair of eyes: the
// database is in his hands.
func (d *Desk) Vouch(ctx context.Context, n Newcomer) (token string, err error) {
	defer fault.Wrap(&err, "desk.Vouch")
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		var s Staff
		if s, token, err = d.letIn(tx, n, operator); err != nil {
			return err
		}
		return insertLetting(tx, letting{staff: s.ID, how: invited})
	})
	return token, err
}

// letIn keeps somebody new with a link of his own.
func (d *Desk) letIn(tx *db.Tx, n Newcomer, by string) (Staff, string, error) {
	s := Staff{ID: seal.ID("staff"), Name: n.Name, Email: n.Email, Role: n.Role, State: Invited}
	token, err := d.Seal.Issue(tx, seal.Invitation, "", 0, linkFor, nil)
	if err != nil {
		return s, "", err
	}
	return s, token, insertNew(tx, s, d.inviteHash(token), by)
}

func (d *Desk) inviteHash(token string) string { return d.Seal.Hash("staff-invite", token) }

// sendInvitation sends a link to the person whose it is.
func (d *Desk) sendInvitation(tx *db.Tx, s Staff, token string, by access.Actor, language string) error {
	to, err := mail.ParseAddress(s.Email)
	if err != nil {
		return err
	}
	_, err = d.Post.Queue(tx, mail.Letter{To: to, Name: s.Name, Language: language,
		Body: mail.Invitation{By: by.Name, Link: "/desk/welcome/" + token, Until: tx.Now.Add(linkFor)}})
	return err
}

// Renew takes away what somebody signs in with, and mails him a link to set it
// anew: for a lost phone, or somebody who comes back.
func (d *Desk) Renew(ctx context.Context, by access.Actor, id, language string) (err error) {
	defer fault.Wrap(&err, "desk.Renew(%s)", id)
	return d.manage(ctx, by, id, func(tx *db.Tx, s Staff) error {
		token, err := d.Seal.Issue(tx, seal.Invitation, "", 0, linkFor, nil)
		if err != nil {
			return err
		}
		if err := renewStaff(tx, s.ID, d.inviteHash(token)); err != nil {
			return err
		}
		if err := insertLetting(tx, letting{staff: s.ID, by: by.ID, how: renewed}); err != nil {
			return err
		}
		return d.sendInvitation(tx, s, token, by, language)
	})
}

// Apart returns ErrTied if two people are no two pairs of eyes for a case that
// was opened at a time, because one of them let the other in not long before.
func (d *Desk) Apart(tx *db.Tx, one, other string, opened time.Time) error {
	since := tx.Now.Add(-newFor)
	if opened.Before(since) {
		since = opened
	}
	all, err := lettings(tx, since)
	if err == nil && tied(all, one, other, opened, tx.Now) {
		err = ErrTied
	}
	return err
}
