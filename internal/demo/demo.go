package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/judge"
	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
)

// Shop is what the shop is called. There is none of this name.
const Shop = "Awanami Books"

// seedOfAll makes every demo's people the same.
const seedOfAll = 1868

// House is the shop, open: Takeback with an inbox in front of it and staff at the desk.
type House struct {
	App   *app.App
	Inbox *inbox.Inbox
	Clock *Clock
	Staff []Employee // agent, investigator, supervisor
	Site  string     // http://…

	pages    *Pages
	listener net.Listener
	folder   string // of the embedded database; removed at the end
}

// Options say where a house stands. The zero value is an embedded database in a
// temporary folder, and a free port of this machine.
type Options struct {
	DB    string // postgres://… or a file; it must be empty
	Addr  string
	Clock *Clock // one that goes with the real time if nil
	Log   *slog.Logger
}

// ErrLived says that a database is not empty: a demo would mix invented people with real ones.
var ErrLived = errors.New("there are accounts or staff in this database already; give the demo an empty one")

// Open builds a house and hires its staff. Nobody lives in it yet.
func Open(ctx context.Context, o Options) (h *House, err error) {
	defer fault.Wrap(&err, "demo.Open")
	h = &House{Clock: o.Clock}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.Clock == nil {
		h.Clock = &Clock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if h.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return h, err
	}
	h.Site = siteAt(o.Addr, h.listener.Addr().String())
	if h.Inbox, err = inbox.Start("127.0.0.1:0"); err != nil {
		return h, err
	}
	if o.DB == "" {
		if h.folder, err = os.MkdirTemp("", "takeback-demo-"); err != nil {
			return h, err
		}
		o.DB = filepath.Join(h.folder, "takeback.db")
	}
	file := app.File{Name: Shop, Zone: "Asia/Tokyo", Proxies: []string{"127.0.0.0/8", "::1/128"}} // players say where they come from
	file.Mail.From, file.Mail.FromName = "account@awanami.example", Shop
	file.Risk.Mode = judge.Shadow // the intruder of the story comes in: it begins where a service without risk stands
	h.App, err = app.New(ctx, app.Config{DB: o.DB, Site: h.Site, SMTP: seal.NewSecret(h.Inbox.URL()), File: file, Now: h.Clock.Now, Log: o.Log})
	if err != nil {
		return h, err
	}
	if err := h.mustBeEmpty(ctx); err != nil {
		return h, err
	}
	if h.Staff, err = hire(ctx, h.App); err != nil {
		return h, err
	}
	h.pages = &Pages{DB: h.App.DB, Inbox: h.Inbox, Staff: h.Staff, Now: h.Clock.Now, Log: o.Log}
	return h, nil
}

func (h *House) mustBeEmpty(ctx context.Context) error {
	return h.App.DB.Read(ctx, func(tx *db.Tx) error {
		var accounts, staff int
		if err := tx.Row(`SELECT COUNT(*) FROM account`).Scan(&accounts); err != nil {
			return err
		}
		if err := tx.Row(`SELECT COUNT(*) FROM staff`).Scan(&staff); err != nil {
			return err
		}
		if accounts+staff > 0 {
			return ErrLived
		}
		return nil
	})
}

// Settle lets the holders move in, with all that they have done so far.
func (h *House) Settle(ctx context.Context) error {
	now := h.Clock.Now()
	people := People(seedOfAll, now)
	if err := seed(ctx, h.App, people, now); err != nil {
		return err
	}
	defer h.Clock.Go(0)
	return h.remember(ctx, people, now)
}

// Serve answers and carries out jobs until ctx ends.
func (h *House) Serve(ctx context.Context) error {
	h.pages.Began = h.Clock.Now()
	return h.App.Serve(ctx, h.listener, h.Handler())
}

// Handler is the demo's own pages in front of those of the house.
func (h *House) Handler() http.Handler {
	own, all := h.pages.Site(), http.NewServeMux()
	for _, path := range []string{"/demo", "/demo/", "/inbox", "/inbox/"} {
		all.Handle(path, own)
	}
	all.Handle("/", h.App.Handler())
	return all
}

// Close ends the house. A temporary folder goes with it.
func (h *House) Close() (err error) {
	if h.App != nil {
		err = errors.Join(err, h.App.Close())
	}
	if h.Inbox != nil {
		err = errors.Join(err, h.Inbox.Close())
	}
	if h.listener != nil {
		if e := h.listener.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	if h.folder != "" {
		err = errors.Join(err, os.RemoveAll(h.folder))
	}
	return err
}

// Run is `takeback demo`: it opens the shop, says where to look, and serves until ctx ends.
func Run(ctx context.Context, out io.Writer, o Options) (err error) {
	began := time.Now()
	h, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.Settle(ctx); err != nil {
		return err
	}
	if _, err := io.WriteString(out, h.welcome(time.Since(began))); err != nil {
		return err
	}
	return h.Serve(ctx)
}

// siteAt gives the address of the shop: by the name that it was asked to listen
// at, if that is localhost, because browsers keep no passkeys for a number.
func siteAt(asked, listens string) string {
	name, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(listens)
	if err != nil || err2 != nil || name != "localhost" {
		return "http://" + listens
	}
	return "http://" + net.JoinHostPort(name, port)
}

// welcome says where to look.
func (h *House) welcome(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s is open: %d holders with %d months of life (made in %.1f s).\n\n", Shop, holders, monthsLived, took.Seconds())
	for _, at := range [][2]string{
		{"guide", "/demo"}, {"inbox", "/inbox"}, {"account pages", "/"}, {"desk", "/desk"}, {"API", "/openapi.json"},
	} {
		fmt.Fprintf(&b, "  %-14s %s%s\n", at[0], h.Site, at[1])
	}
	b.WriteString("\n")
	for _, k := range Known {
		fmt.Fprintf(&b, "  %-14s %-36s %s\n", "holder", k.Email, Password)
	}
	for _, e := range h.Staff {
		fmt.Fprintf(&b, "  %-14s %-36s %s\n", e.Role, e.Email, e.Password)
	}
	fmt.Fprintf(&b, "\n  The codes of the staff's authenticator apps: %s/demo/staff\n", h.Site)
	if !strings.Contains(h.Site, "//localhost:") {
		b.WriteString("  Passkeys want a name instead of numbers: open the demo with --addr localhost:8080.\n")
	}
	b.WriteString("  Begin with the guide. Ctrl-C ends the demo and removes everything.\n\n")
	return b.String()
}
