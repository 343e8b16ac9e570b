package desk

import (
	"context"
	"strings"
	"time"

	"github.com/ccojocar/zxcvbn-go"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// State is how far a member of staff is.
type State string

// The states.
const (
	Invited  State = "invited" // has a link, and no authority
	Active   State = "active"
	Disabled State = "disabled"
)

// Staff is one of the people who answer.
type Staff struct {
	ID        string
	Name      string
	Email     string
	Role      access.Role
	State     State
	Duty      Duty
	Since     time.Time // of the duty
	SeenAt    time.Time // zero if never, or not signed in
	CreatedAt time.Time
	Unmasked  int       // fields seen in clear in the last hour
	LetBy     string    // name of who let this person in last; empty if nobody of the staff did
	LetAt     time.Time // zero if nobody of the staff did

	version  int64
	password string
	totp     string
	step     int64
}

// FirstLink makes the one-time link for the first supervisor. made is false if
// there is one who can sign in already. A link of before is void.
func (d *Desk) FirstLink(ctx context.Context) (token string, made bool, err error) {
	defer fault.Wrap(&err, "desk.FirstLink")
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := countSupervisors(tx, "")
		if made = err == nil && n == 0; !made {
			return err
		}
		if err := seal.Void(tx, "", seal.FirstStaff); err != nil {
			return err
		}
		if token, err = d.Seal.Issue(tx, seal.FirstStaff, "", 0, linkFor, nil); err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM staff WHERE state = $1 AND made_by = $2`, Invited, firstOfAll) // who began with the link of before
		return err
	})
	return token, made, err
}

// NewStaff is somebody to be made known outright: by the demo and by tests.
type NewStaff struct {
	Name, Email string
	Role        access.Role
	Password    seal.Secret
	Seed        seal.Secret // of the authenticator app, in base 32
}

// NameOf gives what a member of staff is called.
func NameOf(tx *db.Tx, id string) (string, error) {
	s, err := staffByID(tx, id)
	return s.Name, err
}

// AddStaff makes somebody known outright, without a link.
func (d *Desk) AddStaff(tx *db.Tx, n NewStaff) (id string, err error) {
	defer fault.Wrap(&err, "desk.AddStaff")
	hash, err := d.Seal.HashPassword(seal.Ahead(tx.Context()), n.Password)
	if err != nil {
		return "", err
	}
	s := Staff{ID: seal.ID("staff"), Name: n.Name, Email: n.Email, Role: n.Role, State: Active, password: hash}
	if s.totp, err = d.Seal.Seal("staff-totp "+s.ID, n.Seed); err != nil {
		return "", err
	}
	return s.ID, insertNew(tx, s, "", operator)
}

// insertNew keeps somebody new.
func insertNew(tx *db.Tx, s Staff, invite, by string) error {
	address, err := mail.ParseAddress(s.Email)
	if err != nil {
		return err
	}
	if !mayBe(s.Role) {
		return ErrRole
	}
	s.Email = address.String()
	fresh, err := insertStaff(tx, s, address.Key(), invite, by)
	if err == nil && !fresh {
		err = ErrEmail
	}
	if err != nil {
		return err
	}
	return tx.Announce(Topic, s.ID)
}

// Disable ends all authority of somebody at once and gives his work back to the others.
func (d *Desk) Disable(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "desk.Disable(%s)", id)
	return d.manage(ctx, by, id, func(tx *db.Tx, s Staff) error {
		if err := turnStaff(tx, s.ID, s.Role, Disabled); err != nil {
			return err
		}
		return d.freeWork(tx, s.ID, by)
	})
}

// SetRole appoints somebody to another role. His sessions end: what they may do has changed.
func (d *Desk) SetRole(ctx context.Context, by access.Actor, id string, role access.Role) (err error) {
	defer fault.Wrap(&err, "desk.SetRole(%s)", id)
	if !mayBe(role) {
		return ErrRole
	}
	return d.manage(ctx, by, id, func(tx *db.Tx, s Staff) error {
		if err := insertLetting(tx, letting{staff: s.ID, by: by.ID, how: appointed}); err != nil {
			return err
		}
		return turnStaff(tx, s.ID, role, s.State)
	})
}

// manage runs an act of a supervisor on somebody else, who is never the last supervisor.
func (d *Desk) manage(ctx context.Context, by access.Actor, id string, do func(tx *db.Tx, s Staff) error) error {
	if !by.May(access.Manage) {
		return ErrNotYours
	}
	if by.ID == id {
		return ErrSelf
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := staffByID(tx, id)
		if err != nil {
			return err
		}
		if s.Role == access.Supervisor && s.State == Active {
			if n, err := countSupervisors(tx, id); err != nil || n == 0 {
				return orElse(err, ErrLast)
			}
		}
		if err := do(tx, s); err != nil {
			return err
		}
		if err := storeDuty(tx, id, Off); err != nil {
			return err
		}
		return tx.Announce(Topic, id)
	})
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Lift lets somebody see as many fields in clear again as the quota of an hour.
func (d *Desk) Lift(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "desk.Lift(%s)", id)
	if !by.May(access.Manage) {
		return ErrNotYours
	}
	if by.ID == id {
		return ErrSelf
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := staffByID(tx, id); err != nil {
			return err
		}
		return insertLift(tx, seal.ID("lift"), id, by.ID)
	})
}

// People lists the staff.
func (d *Desk) People(ctx context.Context, by access.Actor) (all []Staff, err error) {
	defer fault.Wrap(&err, "desk.People")
	if !by.May(access.Manage) {
		return nil, ErrNotYours
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = everybody(tx)
		return err
	})
	return all, err
}

// Welcome is what the page behind a one-time link shows.
type Welcome struct {
	Staff Staff // without an id while nothing was set
	First bool  // the link makes the first supervisor
	Ready bool  // name and password are set: the app comes next
	Seed  seal.Secret
	App   seal.Secret // otpauth:// address for the picture
}

// Greet shows whom a one-time link is for. It returns seal.ErrNoLink for one that does not count, whatever the reason.
func (d *Desk) Greet(ctx context.Context, token string) (w Welcome, err error) {
	defer fault.Wrap(&err, "desk.Greet")
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		w, _, err = d.greet(tx, token)
		return err
	})
	return w, err
}

func (d *Desk) greet(tx *db.Tx, token string) (w Welcome, l seal.Link, err error) {
	if l, err = d.Seal.Peek(tx, seal.Invitation, token); fault.KindOf(err) == fault.NotFound {
		l, err = d.Seal.Peek(tx, seal.FirstStaff, token)
		w.First = true
	}
	if err == nil && l.Check(tx.Now, 0) != nil {
		err = seal.ErrNoLink
	}
	if err != nil {
		return w, l, err
	}
	w.Staff, err = staffByInvite(tx, d.inviteHash(token))
	if fault.KindOf(err) == fault.NotFound {
		if !w.First {
			return w, l, seal.ErrNoLink // renewed meanwhile
		}
		return w, l, nil
	}
	if err != nil || w.Staff.totp == "" {
		return w, l, err
	}
	w.Ready = true
	if w.Seed, err = d.Seal.Unseal("staff-totp "+w.Staff.ID, w.Staff.totp); err != nil {
		return w, l, err
	}
	w.App = seal.AppAddress(d.Service, w.Staff.Email, w.Seed)
	return w, l, nil
}

// Enrol takes name, address and password of somebody with a one-time link, and makes the seed of his app.
func (d *Desk) Enrol(ctx context.Context, token, name, email string, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "desk.Enrol")
	hints := append(strings.FieldsFunc(email, func(r rune) bool { return r == '@' || r == '.' }), name, d.Service, "takeback")
	if p := password.Reveal(); weak(p, zxcvbn.PasswordStrength(firstRunes(p, 64), hints).Score) {
		return ErrWeak
	}
	if _, err := d.Greet(ctx, token); err != nil {
		return err // before hashing: strangers cost nothing
	}
	hash, err := d.Seal.HashPassword(seal.Ahead(ctx), password)
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		w, _, err := d.greet(tx, token)
		if err != nil {
			return err
		}
		s := w.Staff
		if s.ID == "" {
			s = Staff{ID: seal.ID("staff"), Email: email, Role: access.Supervisor, State: Invited}
			s.Name = name
			if err := insertNew(tx, s, d.inviteHash(token), firstOfAll); err != nil {
				return err
			}
		}
		sealed, err := d.Seal.Seal("staff-totp "+s.ID, seal.NewSeed())
		if err != nil {
			return err
		}
		return enrolStaff(tx, s.ID, name, hash, sealed)
	})
}

// firstRunes keeps the estimate from taking long over a book.
func firstRunes(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// Begin ends the enrolment with the first code of the app, uses the link up and signs in.
func (d *Desk) Begin(ctx context.Context, from access.Client, token, code string) (session string, err error) {
	defer fault.Wrap(&err, "desk.Begin")
	right := false
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		w, l, err := d.greet(tx, token)
		if err != nil {
			return err
		}
		if err := try(tx, "welcome "+d.inviteHash(token), tryPerPair, tryFor); err != nil {
			return err
		}
		step, err := d.stepOf(w.Staff, code, tx.Now)
		if right = step != 0; err != nil || !right {
			return err
		}
		if err := d.Seal.Spend(tx, l); err != nil {
			return err
		}
		if err := activateStaff(tx, w.Staff.ID); err != nil {
			return err
		}
		if err := beganLetting(tx, w.Staff.ID); err != nil {
			return err
		}
		now, err := staffByID(tx, w.Staff.ID)
		if err != nil {
			return err
		}
		session, err = d.open(tx, now, step, from)
		return err
	})
	if err == nil && !right {
		err = ErrCode // after the commit: a wrong try counts
	}
	return session, err
}
