package signin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
)

// strongFor is how long a strong proof counts for what wants one.
const strongFor = 10 * time.Minute

// shown is what was presented in a session, and what the account has to present.
type shown struct {
	standing standing
	lately   bool // the password or more, in the last minutes
	strong   bool // a factor that counts as strong, in the last minutes
	key      bool // a passkey that does
}

// shown reads what a session has proved.
func (l *Life) shown(ctx context.Context, who access.Actor) (p person, s shown, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p, err = load(tx, who.Account); err != nil {
			return err
		}
		s, err = shownIn(tx, who)
		return err
	})
	return p, s, err
}

func shownIn(tx *db.Tx, who access.Actor) (s shown, err error) {
	in, err := sessionOf(tx, who)
	if err != nil {
		return s, err
	}
	secrets, err := account.Secrets(tx, who.Account)
	if err != nil {
		return s, err
	}
	s.lately, s.standing = in.Proved(tx.Now), stand(secrets, tx.Now)
	presented, err := strongIn(tx, who.Session, tx.Now.Add(-strongFor))
	for path, version := range presented {
		s.strong = s.strong || s.standing.counts[version]
		s.key = s.key || s.standing.counts[version] && strings.HasPrefix(path, keyPath)
	}
	return s, err
}

// lately makes sure that a session proved in the last minutes who acts in it.
func lately(tx *db.Tx, who access.Actor) error {
	in, err := sessionOf(tx, who)
	if err == nil && !in.Proved(tx.Now) {
		err = ErrProve
	}
	return err
}

// Standing is how a session stands to an act, for the page of its form.
type Standing struct {
	Missing  bool // a strong proof must come first
	Password bool // the form asks for the password
}

// Standing tells what an act still wants of a session.
func (l *Life) Standing(ctx context.Context, who access.Actor, act Act) (s Standing, err error) {
	defer fault.Wrap(&err, "signin.Standing(%s)", who.Account)
	_, now, err := l.shown(ctx, who)
	return Standing{Missing: now.standing.wants(act) == Strong && !now.strong, Password: !now.key}, err
}

// Fresh makes sure of what an act wants, for acts of other rooms: the password
// now or lately, and a strong proof where the account has such a factor.
func (l *Life) Fresh(ctx context.Context, who access.Actor, act Act, password seal.Secret) (err error) {
	defer fault.Wrap(&err, "signin.Fresh(%s)", who.Account)
	factors, err := l.sensitive(ctx, who, act, password)
	if err != nil {
		return err
	}
	return l.change(ctx, who, factors, func(*db.Tx) error { return nil })
}

// ProvePassword presents the password again in a session.
func (l *Life) ProvePassword(ctx context.Context, who access.Actor, password seal.Secret) (err error) {
	return l.Fresh(ctx, who, ActOther, password)
}

// Lift presents a code inside a session. If the factor is good for it, what
// this session asked for waits no longer; what it asks for next does not wait.
func (l *Life) Lift(ctx context.Context, who access.Actor, code string) (lifted bool, err error) {
	defer fault.Wrap(&err, "signin.Lift(%s)", who.Account)
	if err := l.tries.take(l.DB.Now(), "code "+who.Account, perAccount); err != nil {
		return false, err
	}
	return l.lift(ctx, who, func(tx *db.Tx) error { return l.useCode(tx, who, code) })
}

const forProof = "prove" // purpose of a ceremony: a proof in a session

// AskProof asks a browser to present a passkey in a session. ErrNoKey if the account has none.
func (l *Life) AskProof(ctx context.Context, who access.Actor) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "signin.AskProof(%s)", who.Account)
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		options, err = l.askKey(tx, inSession(who, forProof))
		return err
	})
	return options, err
}

// LiftKey is Lift with the answer to AskProof.
func (l *Life) LiftKey(ctx context.Context, who access.Actor, answer string) (lifted bool, err error) {
	defer fault.Wrap(&err, "signin.LiftKey(%s)", who.Account)
	if err := l.tries.take(l.DB.Now(), "code "+who.Account, perAccount); err != nil {
		return false, err
	}
	presented, err := l.takeKey(ctx, inSession(who, forProof), answer)
	if err != nil {
		return false, err
	}
	lifted, err = l.lift(ctx, who, func(tx *db.Tx) error {
		f, use, err := l.checkKey(tx, who.Account, presented)
		if err != nil {
			return err
		}
		return l.show(tx, who, f, use)
	})
	return lifted, l.copied(ctx, who.Account, who.Client, err)
}

// lift presents something in a session, and lets go what it lifts.
func (l *Life) lift(ctx context.Context, who access.Actor, present func(tx *db.Tx) error) (lifted bool, err error) {
	err = l.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := sessionOf(tx, who); err != nil {
			return err
		}
		if err := present(tx); err != nil {
			return err
		}
		if lifted, err = l.lifted(tx, who); err != nil || !lifted {
			return err
		}
		all, err := pendingIn(tx, who.Account)
		for _, p := range all {
			if p.by.Session != who.Session || p.path == account.Closing { // no proof makes an end come sooner
				continue
			}
			p.due = time.Time{}
			if p.ready(tx.Now) {
				err = errors.Join(err, l.apply(tx, p))
			} else {
				err = errors.Join(err, keepPending(tx, p))
			}
		}
		return err
	})
	if db.IsDuplicate(err) {
		err = ErrTaken.Because(err)
	}
	return lifted, err
}

// show enters in the history that a strong factor was presented in a session, and uses it.
func (l *Life) show(tx *db.Tx, who access.Actor, f history.Factor, use func(*db.Tx) error) error {
	if err := l.Sessions.Prove(tx, who, []history.Factor{f}); err != nil {
		return err
	}
	if err := use(tx); err != nil {
		return err
	}
	l.tries.forget("code " + who.Account)
	return l.keepStrong(tx, who, f)
}
