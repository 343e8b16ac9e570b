package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// house is the whole program on a fresh database. Its jobs rest: letters are
// queued, as they are before anybody is answered, and not sent.
type house struct {
	*app.App
	place place
}

func build(ctx context.Context, at string) (h *house, err error) {
	h = &house{}
	if h.place, err = newPlace(ctx, at); err != nil {
		return nil, err
	}
	h.App, err = app.New(ctx, app.Config{DB: h.place.url, Site: "https://shop.example", File: app.File{Proxies: []string{"127.0.0.1/32"}}, SMTP: seal.NewSecret("smtp://127.0.0.1:25"),
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, h.place.remove())
	}
	return h, nil
}

func (h *house) close() error {
	return errors.Join(h.Close(), h.place.remove())
}

// key makes a key of the protected service.
func (h *house) key(ctx context.Context) (token string, err error) {
	err = h.DB.Write(ctx, func(tx *db.Tx) (err error) {
		_, token, err = access.MakeKey(tx, h.Seal, "bench")
		return err
	})
	return token, err
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
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
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
		if _, err := h.Book.Append(tx, e); err != nil {
			return a, err
		}
	}
	acc, err := account.Get(tx, a.id)
	if err != nil {
		return a, err
	}
	a.actor = session.Session{ID: seal.ID("ses"), Account: a.id, Epoch: acc.Epoch, Segment: 1}.Actor(client(a.id))
	for range sessions {
		s, token, _, err := h.Sessions.Open(tx, session.Opening{Account: acc, Verb: history.Open, Client: client(a.id)})
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
