package verify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Undoable tells whether the page of a case offers its holder to undo the freeze
// himself, and whether passkeys can be asked for.
func (x *Examiner) Undoable(ctx context.Context, caseID string) (may, keys bool, err error) {
	err = x.DB.Read(ctx, func(tx *db.Tx) error {
		if x.Undoer == nil {
			return nil
		}
		may, err = x.Undoer.MayUndo(tx, caseID)
		return err
	})
	return may, may && x.Keys != nil, err
}

// AskKey asks the browser of a reporter to present a passkey of the account of
// his case.
func (x *Examiner) AskKey(ctx context.Context, caseID, reporter, device string) (options json.RawMessage, err error) {
	defer fault.Wrap(&err, "verify.AskKey(%s)", caseID)
	err = x.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := x.open(tx, caseID, reporter)
		if err != nil {
			return err
		}
		options, err = x.Keys.AskKey(tx, c.Account, caseID, device)
		return err
	})
	return options, err
}

// open gives a case in which a reporter may prove himself by his account's own
// factors: he came by a letter to one of its contacts, or the desk knows him. To
// whoever has only named a sign-in name there is no such case: he must learn
// neither that the account is there nor what keys it has, nor guess its password here.
func (x *Examiner) open(tx *db.Tx, caseID, reporter string) (casefile.Case, error) {
	c, err := casefile.Get(tx, caseID)
	if err != nil {
		return c, err
	}
	r, err := casefile.ReporterOf(tx, reporter)
	if err == nil && (r.Case != caseID || r.Via == "" && r.ProvedAt.IsZero() || c.Account == "" || c.Step.Over() || x.Keys == nil) {
		err = casefile.ErrNone
	}
	return c, err
}

// EnterKey takes the answer to AskKey. A good one is a proof like any other; one
// that suffices undoes the freeze at once, if undo is asked for.
func (x *Examiner) EnterKey(ctx context.Context, caseID, reporter, device, answer string, undo bool) (undone bool, err error) {
	defer fault.Wrap(&err, "verify.EnterKey(%s)", caseID)
	right := false
	err = x.DB.Write(ctx, func(tx *db.Tx) error {
		right, undone = false, false
		c, err := x.open(tx, caseID, reporter)
		if err != nil {
			return err
		}
		from, ok, err := x.Keys.TakeKey(tx, c.Account, caseID, device, answer)
		if err != nil || !ok {
			return err
		}
		right = true
		by := access.Actor{Role: access.Nobody, ID: reporter, Account: c.Account, Case: caseID}
		if err := x.keep(tx, by, Proof{Case: caseID, Reporter: reporter, Method: Passkey, Path: from.Slot, Version: from.Version, SetSeq: from.SetSeq, Good: true}); err != nil {
			return err
		}
		undone, err = x.settle(tx, caseID, by, undo)
		return err
	})
	switch {
	case err == nil && !right:
		err = ErrWrongCode
	case err == nil && undo && !undone:
		err = ErrNotUndone // after the commit: the proof stays
	}
	return undone, err
}

// EnterApp takes a code of the authenticator app together with the password, and
// undoes the freeze if that suffices.
func (x *Examiner) EnterApp(ctx context.Context, caseID, reporter string, password, code seal.Secret) (err error) {
	defer fault.Wrap(&err, "verify.EnterApp(%s)", caseID)
	var known account.Secret
	err = x.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := x.open(tx, caseID, reporter)
		if errors.Is(err, casefile.ErrNone) || err == nil && x.Saved == nil {
			return nil
		}
		if err != nil {
			return err
		}
		known, err = account.SecretIn(tx, c.Account, "password")
		return err
	})
	if err != nil {
		return err
	}
	right, err := x.Seal.CheckPassword(ctx, known.Stored, password) // outside of the transaction: it takes long
	if err != nil {
		return err
	}
	both, undone := false, false
	err = x.DB.Write(ctx, func(tx *db.Tx) (err error) {
		both, undone, err = x.enterApp(tx, caseID, reporter, known, right, code)
		return err
	})
	switch {
	case err == nil && !both:
		err = ErrProofs // after the commit: a wrong try counts, and which of the two was wrong is not said
	case err == nil && !undone:
		err = ErrNotUndone
	}
	return err
}

func (x *Examiner) enterApp(tx *db.Tx, caseID, reporter string, password account.Secret, right bool, code seal.Secret) (both, undone bool, err error) {
	c, err := x.open(tx, caseID, reporter)
	if errors.Is(err, casefile.ErrNone) || err == nil && x.Saved == nil {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	all, err := proofs(tx, caseID)
	if err != nil {
		return false, false, err
	}
	wrong := 0
	for _, p := range all {
		if p.Method == App && !p.Good && tx.Now.Sub(p.At) < 24*time.Hour {
			wrong++ // of whoever: the password of the account is guessed here, too
		}
	}
	if wrong >= tries {
		return false, false, nil
	}
	by := access.Actor{Role: access.Nobody, ID: reporter, Account: c.Account, Case: caseID}
	from, ok, err := x.Saved.SpendApp(tx, c.Account, code)
	if err != nil {
		return false, false, err
	}
	if !ok || !right {
		return false, false, x.keep(tx, by, Proof{Case: caseID, Reporter: reporter, Method: App, Path: "totp"})
	}
	for _, p := range []Proof{{Method: App, Path: "totp", Version: from.Version, SetSeq: from.SetSeq}, {Method: Password, Path: "password", Version: password.Version, SetSeq: password.SetSeq}} {
		p.Case, p.Reporter, p.Good = caseID, reporter, true
		if err := x.keep(tx, by, p); err != nil {
			return false, false, err
		}
	}
	undone, err = x.settle(tx, caseID, by, true)
	return true, undone, err
}

// settle undoes a freeze if that is asked for and the proofs suffice, and else
// considers whether the holder is proved by now.
func (x *Examiner) settle(tx *db.Tx, caseID string, by access.Actor, undo bool) (undone bool, err error) {
	if undo && x.Undoer != nil {
		c, err := casefile.Get(tx, caseID)
		if err != nil {
			return false, err
		}
		p, err := x.look(tx, c)
		if err != nil {
			return false, err
		}
		may, err := x.Undoer.MayUndo(tx, caseID)
		if err != nil {
			return false, err
		}
		if may && p.verdict.Undo {
			return true, x.Undoer.Undo(tx, caseID, by)
		}
	}
	return false, x.Consider(tx, caseID, by)
}

// UndoneBy names what the freeze of a case was undone with: slots of secrets.
func (x *Examiner) UndoneBy(tx *db.Tx, caseID string) (paths []string, err error) {
	all, err := proofs(tx, caseID)
	for _, p := range all {
		if r := p.Method.Row(); p.Good && (r.Alone || r.Half) && !slices.Contains(paths, p.Path) {
			paths = append(paths, p.Path)
		}
	}
	return paths, err
}
