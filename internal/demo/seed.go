package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// Password is that of every holder in the shop. The intruder of the story has it, too.
const Password = "lamp-on-the-quay-27"

// together is how many deeds are committed at once: a commit waits for the disk.
const together = 400

// letterAge is how old a change may be for its letters to be sent now. Those of
// former months reached their readers long ago.
const letterAge = 21 * 24 * time.Hour

// seeder writes lives into a house.
type seeder struct {
	app    *app.App
	people []Person
	hash   string // of Password: the same for all, because hashing is meant to be slow
	here   []session.Session
	proof  []history.Factor // by person: the password he signed in with
}

// seed writes what the people have done, in the order in which it happened,
// through the history and the sessions as the rooms do. Transactions are few;
// the time of each deed is set within them.
func seed(ctx context.Context, a *app.App, people []Person, now time.Time) (err error) {
	defer fault.Wrap(&err, "demo.seed")
	s := &seeder{app: a, people: people, here: make([]session.Session, len(people)), proof: make([]history.Factor, len(people))}
	if s.hash, err = a.Seal.HashPassword(ctx, seal.NewSecret(Password)); err != nil {
		return err
	}
	var all []Deed
	for _, p := range people {
		all = append(all, p.Life...)
	}
	slices.SortStableFunc(all, func(x, y Deed) int { return x.At.Compare(y.At) })
	recent, _ := slices.BinarySearchFunc(all, now.Add(-letterAge), func(d Deed, t time.Time) int { return d.At.Compare(t) })
	told := a.Book.OnAppend
	a.Book.OnAppend = nil
	err = s.write(ctx, all[:recent])
	a.Book.OnAppend = told
	if err != nil {
		return err
	}
	return s.write(ctx, all[recent:])
}

// write commits deeds, many at once.
func (s *seeder) write(ctx context.Context, deeds []Deed) error {
	for some := range slices.Chunk(deeds, together) {
		before, proof := slices.Clone(s.here), slices.Clone(s.proof)
		err := s.app.DB.Write(ctx, func(tx *db.Tx) error {
			copy(s.here, before) // it may run again
			copy(s.proof, proof)
			for _, d := range some {
				tx.Now = d.At
				if err := s.one(tx, d); err != nil {
					return fmt.Errorf("%s, %s %s at %s: %w", s.people[d.Who].ID, d.Verb, d.Path, d.At, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// one makes one deed true.
func (s *seeder) one(tx *db.Tx, d Deed) error {
	p := s.people[d.Who]
	switch d.Verb {
	case history.Open:
		return s.open(tx, p, d)
	case history.SignOut:
		err := s.app.Sessions.End(tx, s.actor(d), p.ID, s.here[d.Who].ID, "sign-out")
		s.here[d.Who] = session.Session{}
		return err
	case history.StepUp:
		return s.app.Sessions.Prove(tx, s.actor(d), s.proof[d.Who:d.Who+1])
	}
	e := history.Entry{Account: p.ID, By: s.actor(d), Verb: d.Verb, Path: d.Path, Value: d.Value, Amount: d.Amount, Confirmed: d.Confirmed}
	if d.Verb == history.Contact && d.Path == "email" && d.By == access.System {
		if err := account.Create(tx, p.ID, p.Language); err != nil {
			return err
		}
	}
	if d.Verb == history.Credential {
		e.Stored, e.SecretID = s.hash, s.app.Seal.SecretID(p.ID, seal.NewSecret(Password))
	}
	if d.ShipTo != "" {
		e.Reads = []history.Read{{Path: d.ShipTo}}
	}
	_, err := s.app.Book.Append(tx, e)
	return err
}

// open signs somebody in with his password.
func (s *seeder) open(tx *db.Tx, p Person, d Deed) error {
	a, err := account.Get(tx, p.ID)
	if err != nil {
		return err
	}
	password, err := account.SecretIn(tx, p.ID, "password")
	if err != nil {
		return err
	}
	s.proof[d.Who] = history.Factor{Path: "password", Version: password.Version, Proof: "password"}
	s.here[d.Who], _, _, err = s.app.Sessions.Open(tx, session.Opening{Account: a, Verb: history.Open,
		Factors: s.proof[d.Who : d.Who+1 : d.Who+1], Client: asked(p.Devices[d.Device])})
	return err
}

// actor is who did it.
func (s *seeder) actor(d Deed) access.Actor {
	p := s.people[d.Who]
	switch d.By {
	case access.System:
		by := access.Do("register")
		by.Client = asked(p.Devices[0])
		return by
	case access.Service:
		return access.Actor{Role: access.Service, ID: "shop", Name: "shop", Account: p.ID, Client: asked(access.Client{})}
	}
	here := s.here[d.Who]
	return here.Actor(asked(p.Devices[slices.IndexFunc(p.Devices, func(c access.Client) bool { return c.Device == here.Device })]))
}

// asked is a client in one request of its own, as every deed was one.
func asked(c access.Client) access.Client {
	c.Request = seal.ID("req")
	return c
}
