package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// SignIn opens a session for a member of staff and gives its token. It returns
// ErrSignIn whatever was wrong, after the same time, and ErrSlow for too many tries.
func (d *Desk) SignIn(ctx context.Context, from access.Client, email string, password seal.Secret, code string) (token string, err error) {
	defer fault.Wrap(&err, "desk.SignIn")
	key := strings.ToLower(email)
	if a, err := mail.ParseAddress(email); err == nil {
		key = a.Key()
	}
	var s Staff
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := d.ration(tx, key, from.Net()); err != nil {
			return err
		}
		s, err = staffByEmail(tx, key)
		if errors.Is(err, ErrStaff) {
			s, err = Staff{}, nil // goes the same way as everybody and ends at the decoy
		}
		return err
	})
	if err != nil {
		return "", err
	}
	right, err := d.Seal.CheckPassword(seal.Ahead(ctx), s.password, password) // a desk that cannot sign in during a flood is no desk
	if err != nil {
		return "", err
	}
	step, err := d.stepOf(s, code, d.DB.Now())
	if err != nil {
		return "", err
	}
	if !right || step == 0 || s.State != Active {
		return "", ErrSignIn
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := staffByID(tx, s.ID)
		if err != nil {
			return err
		}
		if now.version != s.version || now.State != Active {
			return ErrSignIn
		}
		if token, err = d.open(tx, now, step, from); err != nil {
			return err
		}
		return forgetTries(tx, "in "+key+" "+from.Net())
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// ration counts a try, and refuses it if there were too many.
func (d *Desk) ration(tx *db.Tx, key, from string) error {
	for name, most := range map[string]int{"in " + key + " " + from: tryPerPair, "in " + key: tryPerName, "in from " + from: tryPerIP} {
		if err := try(tx, name, most, tryFor); err != nil {
			return err
		}
	}
	return nil
}

// open opens a session with a code's step, which it uses up.
func (d *Desk) open(tx *db.Tx, s Staff, step int64, from access.Client) (token string, err error) {
	fresh, err := useStep(tx, s.ID, step)
	if err == nil && !fresh {
		err = ErrSignIn // the code was used before: somebody may have looked over a shoulder
	}
	if err != nil {
		return "", err
	}
	token = seal.NewToken()
	if err := insertSession(tx, seal.ID("desk"), s, d.Seal.Hash("staff-session", token), from); err != nil {
		return "", err
	}
	return token, tx.Announce(Topic, s.ID)
}

// decoySeed stands in for the seed of somebody who does not exist.
const decoySeed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// stepOf tells in which step the code of somebody's app was made; 0 if it is
// wrong. Who has no seed costs as much time as who has one.
func (d *Desk) stepOf(s Staff, code string, now time.Time) (step int64, err error) {
	seed := seal.NewSecret(decoySeed)
	if s.totp != "" {
		if seed, err = d.Seal.Unseal("staff-totp "+s.ID, s.totp); err != nil {
			return 0, err
		}
	}
	if step, err = seal.AppStep(seed, code, now, s.step); err != nil {
		return 0, fmt.Errorf("the seed of %s: %w", s.ID, err)
	}
	if s.totp == "" {
		return 0, nil
	}
	return step, nil
}

// Who tells who a session token is, and gives ErrOver if it may not act.
// active says that a person did something; a page that asks again by itself keeps nobody
// signed in, unless he said that he is on duty: who waits for calls need not press keys.
func (d *Desk) Who(ctx context.Context, token string, from access.Client, active bool) (_ access.Actor, err error) {
	defer fault.Wrap(&err, "desk.Who")
	if len(token) != len(seal.NewToken()) {
		return access.Actor{}, ErrOver
	}
	var s session
	err = d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		s, err = sessionBy(tx, d.Seal.Hash("staff-session", token))
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return access.Actor{}, ErrOver
	}
	now := d.DB.Now()
	if err != nil || now.Sub(s.seenAt) >= idleFor || !now.Before(s.expiresAt) {
		return access.Actor{}, errors.Join(err, ErrOver)
	}
	if (active || s.duty == On) && now.Sub(s.seenAt) >= seenAtLeast {
		if err := d.DB.Write(ctx, func(tx *db.Tx) error { return touchSession(tx, s.id) }); err != nil {
			return access.Actor{}, err
		}
	}
	return access.Actor{Role: s.staff.Role, ID: s.staff.ID, Name: s.staff.Name, Session: s.id, Client: from}, nil
}

// SignOut ends a session. Who signs out is off duty.
func (d *Desk) SignOut(ctx context.Context, by access.Actor) (err error) {
	defer fault.Wrap(&err, "desk.SignOut")
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := endSession(tx, by.Session); err != nil {
			return err
		}
		return d.setDuty(tx, by.ID, Off)
	})
}

// SetDuty says whether somebody answers now.
func (d *Desk) SetDuty(ctx context.Context, by access.Actor, to Duty) (err error) {
	defer fault.Wrap(&err, "desk.SetDuty(%s)", to)
	return d.DB.Write(ctx, func(tx *db.Tx) error { return d.setDuty(tx, by.ID, to) })
}

func (d *Desk) setDuty(tx *db.Tx, staff string, to Duty) error {
	if err := storeDuty(tx, staff, to); err != nil {
		return err
	}
	return tx.Announce(Topic, staff)
}

// OnDuty counts who answers now: who said so, and is there.
func (d *Desk) OnDuty(tx *db.Tx) (int, error) {
	n, err := countDuty(tx, On)
	return n, err
}
