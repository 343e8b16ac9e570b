package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
)

// Audit says what a supervisor wants to see of what staff did.
type Audit struct {
	Staff string // empty: everybody
	Kind  string // look, unmask, lift, act; empty: all
	Case  string // empty: all
	From  time.Time
	To    time.Time // zero: until now
}

// Audited is an act with the name of who did it.
type Audited struct {
	Act
	Name  string
	About string // name of the member of staff that a lift is for
}

// Audit lists what staff did, newest first.
func (d *Desk) Audit(ctx context.Context, by access.Actor, q Audit) (out []Audited, err error) {
	defer fault.Wrap(&err, "desk.Audit")
	if !by.May(access.Manage) {
		return nil, ErrNotYours
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		from, to := q.From, q.To
		if from.IsZero() {
			from = time.UnixMicro(1) // the zero time is none, for the database
		}
		if to.IsZero() {
			to = tx.Now.Add(time.Second)
		}
		who, err := names(tx)
		if err != nil {
			return err
		}
		all, err := acts(tx, q.Staff, q.Kind, q.Case, from, to)
		slices.SortStableFunc(all, func(a, b Act) int { return b.At.Compare(a.At) })
		out = nil
		for _, a := range all[:min(len(all), auditMost)] {
			row := Audited{Act: a, Name: who[a.Staff]}
			if a.Kind == "lift" {
				row.About, row.Detail = who[a.Detail], ""
			}
			out = append(out, row)
		}
		return err
	})
	return out, err
}

// Provenance tells of how many changes it is known who made them, from where and with what.
func (d *Desk) Provenance(ctx context.Context, by access.Actor) (c history.Coverage, err error) {
	defer fault.Wrap(&err, "desk.Provenance")
	if !by.May(access.Manage) {
		return c, ErrNotYours
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = history.CoverageOf(tx)
		return err
	})
	return c, err
}

// Phishing lists the suspicious letters that nobody has looked at.
func (d *Desk) Phishing(ctx context.Context) (all []casefile.Phishing, err error) {
	defer fault.Wrap(&err, "desk.Phishing")
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = casefile.PhishingReports(tx)
		return err
	})
	return all, err
}

// SeePhishing takes a suspicious letter off the list.
func (d *Desk) SeePhishing(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "desk.SeePhishing(%s)", id)
	return d.DB.Write(ctx, func(tx *db.Tx) error { return casefile.SeePhishing(tx, id, by) })
}

// Dead is work that was given up, and the letter if it was to send one.
type Dead struct {
	jobs.DeadLetter
	Letter mail.Record // zero if it is no letter, or not known any more
}

// Dead lists the work that was given up, and the letters that reached nobody
// although no work waits for them.
func (d *Desk) Dead(ctx context.Context) (dead []Dead, lost []mail.Record, err error) {
	defer fault.Wrap(&err, "desk.Dead")
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		dead, lost = nil, nil
		all, err := jobs.Dead(tx)
		if err != nil {
			return err
		}
		letters, err := mail.Undeliverable(tx, 200)
		if err != nil {
			return err
		}
		for _, j := range all {
			row := Dead{DeadLetter: j}
			var id string
			if json.Unmarshal(j.Args, &id) == nil { // other work has other arguments
				if i := slices.IndexFunc(letters, func(l mail.Record) bool { return l.ID == id }); i >= 0 {
					row.Letter = letters[i]
					letters = slices.Delete(letters, i, i+1)
				}
			}
			dead = append(dead, row)
		}
		lost = letters
		return nil
	})
	return dead, lost, err
}

// Revive gives work that was given up another life.
func (d *Desk) Revive(ctx context.Context, by access.Actor, id string) (err error) {
	defer fault.Wrap(&err, "desk.Revive(%s)", id)
	if !by.May(access.Manage) {
		return ErrNotYours
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		err := jobs.Revive(tx, id)
		if errors.Is(err, db.ErrNone) {
			err = errNoJob
		}
		if err != nil {
			return err
		}
		return tx.Announce(Topic, id)
	})
}

var errNoJob = fault.New(fault.Conflict, "desk.no-job", "This was tried again already.")
