package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/api"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/notice"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
)

// house is the running program on a fresh database. Its jobs rest: letters are
// queued, as they are before anybody is answered, and not sent.
type house struct {
	place    place
	db       *db.DB
	seal     *seal.Keeper
	book     *history.Book
	sessions *session.Sessions
	life     *signin.Life
	api      *api.API
}

func build(ctx context.Context, at string) (h *house, err error) {
	h = &house{}
	if h.place, err = newPlace(ctx, at); err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if h.db, err = db.Open(ctx, h.place.url, db.Options{Log: log}); err != nil {
		return nil, errors.Join(err, h.place.remove())
	}
	if err := h.furnish(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *house) furnish(ctx context.Context) (err error) {
	if h.seal, err = seal.Load(ctx, h.db, nil); err != nil {
		return err
	}
	kinds, err := account.NewKinds()
	if err != nil {
		return err
	}
	post, err := mail.New(h.db, h.seal, mail.Config{URL: seal.NewSecret("smtp://127.0.0.1:25"), From: "help@shop.example",
		FromName: "Shop", Site: "https://shop.example"})
	if err != nil {
		return err
	}
	teller := &notice.Teller{DB: h.db, Post: post, Seal: h.seal, Kinds: kinds}
	h.book = &history.Book{Kinds: kinds, AddressKey: signin.AddressKey, OnAppend: []func(*db.Tx, history.Change) error{teller.Hear}}
	h.sessions = session.New(h.db, h.book, h.seal)
	h.life = &signin.Life{DB: h.db, Book: h.book, Sessions: h.sessions, Seal: h.seal, Post: post, Service: "Shop"}
	h.api = &api.API{Sessions: h.sessions, Keys: access.KeyRing{DB: h.db, Seal: h.seal}, Accounts: account.Reader{DB: h.db},
		History: history.Reader{DB: h.db}, Cases: casefile.Reader{DB: h.db}, Log: slog.Default(), Freezer: stopper{h, teller}}
	return nil
}

type stopper struct {
	h      *house
	teller *notice.Teller
}

func (s stopper) StopAccount(ctx context.Context, id, story string, by access.Actor) (c casefile.Case, err error) {
	files := &casefile.Files{OnStep: func(tx *db.Tx, c casefile.Case, by access.Actor) error { return s.teller.TellFrozen(tx, c) }}
	z := &freeze.Freezer{Files: files, Book: s.h.book}
	err = s.h.db.Write(ctx, func(tx *db.Tx) error {
		c, err = z.Stop(tx, casefile.Case{Account: id, Source: "service", Story: story, Language: "ja"}, by)
		return err
	})
	return c, err
}

func (h *house) close() error {
	return errors.Join(h.db.Close(), h.place.remove())
}

// holder is somebody who has an account and is signed in.
type holder struct {
	id     string
	email  string
	tokens []string // of its sessions
	actor  access.Actor
}

// perWrite is how many holders move in with one commit.
const perWrite = 500

// registrar makes the entries of a registration: nobody is told of them.
var registrar = access.Actor{Role: access.System, ID: "register"}

// moveIn makes n holders, each with a name, a confirmed address and so many
// sessions; without any he acts in one that nothing is kept of.
// If stored is not empty it is the hash of everybody's password.
func (h *house) moveIn(ctx context.Context, n, sessions int, stored string) (all []holder, err error) {
	for len(all) < n {
		some := min(perWrite, n-len(all))
		var batch []holder
		err := h.db.Write(ctx, func(tx *db.Tx) error {
			batch = batch[:0]
			for range some {
				a, err := h.moveInOne(tx, sessions, stored)
				if err != nil {
					return err
				}
				batch = append(batch, a)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, batch...)
	}
	return all, nil
}

func (h *house) moveInOne(tx *db.Tx, sessions int, stored string) (a holder, err error) {
	a.id = seal.ID("acc")
	a.email = a.id + "@mail.example"
	if err := account.Create(tx, a.id, "ja"); err != nil {
		return a, err
	}
	entries := []history.Entry{
		{Verb: history.Contact, Path: "email", Value: quoted(a.email), Confirmed: true},
		{Verb: history.Set, Path: "name", Value: quoted("田中花子")},
	}
	if stored != "" {
		entries = append(entries, history.Entry{Verb: history.Credential, Path: "password", SecretID: seal.ID("s"), Stored: stored})
	}
	for _, e := range entries {
		e.Account, e.By = a.id, registrar
		if _, err := h.book.Append(tx, e); err != nil {
			return a, err
		}
	}
	acc, err := account.Get(tx, a.id)
	if err != nil {
		return a, err
	}
	a.actor = session.Session{ID: seal.ID("ses"), Account: a.id, Epoch: acc.Epoch, Segment: 1}.Actor(client(a.id))
	for range sessions {
		s, token, _, err := h.sessions.Open(tx, session.Opening{Account: acc, Verb: history.Open, Client: client(a.id)})
		if err != nil {
			return a, err
		}
		a.tokens, a.actor = append(a.tokens, token), s.Actor(client(a.id))
	}
	return a, nil
}

func quoted(s string) json.RawMessage {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return b
}

// client is the browser of somebody, always from the same device and address.
func client(of string) access.Client {
	n := 0
	for _, c := range of {
		n = (n*31 + int(c)) % (1 << 24)
	}
	return access.Client{Request: seal.ID("req"), Device: "dev_" + of, IP: fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255),
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Language: "ja"}
}
