package signin_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/mail/inbox"
	"takeback/internal/passkey"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
)

const (
	hana   = "hana@example.jp"
	first  = "7kumo-tea-lantern"  // hana's first password
	fresh  = "otter.4.violin.bay" // a good new one
	family = "佐藤 花子"
)

// house is a room with everything it needs, and a real mail server.
type house struct {
	*testing.T
	db     *db.DB
	clock  *dbtest.Clock
	life   *signin.Life
	runner *jobs.Runner
	inbox  *inbox.Inbox
	crier  *crier
}

// crier remembers what it was asked to tell, once the transaction is durable.
type crier struct {
	told   []string
	listed time.Time
}

func (c *crier) TellRequested(tx *db.Tx, w signin.Wish) error {
	tx.OnCommit(func() { c.told = append(c.told, "requested "+w.Path+" "+w.To) })
	return nil
}

func (c *crier) TellCancelled(tx *db.Tx, w signin.Wish) error {
	tx.OnCommit(func() { c.told = append(c.told, "cancelled "+w.Path+" "+w.To) })
	return nil
}

func (c *crier) TellWrongSecond(tx *db.Tx, _ string, from access.Client) error {
	tx.OnCommit(func() { c.told = append(c.told, "wrong second on "+from.Device) })
	return nil
}

func (c *crier) TellListed(tx *db.Tx, _ string, since time.Time, from access.Client) error {
	tx.OnCommit(func() { c.told = append(c.told, "listed on "+from.Device); c.listed = since })
	return nil
}

func (c *crier) ToldListed(_ *db.Tx, _ string, since time.Time) (bool, error) {
	return !c.listed.IsZero() && !c.listed.Before(since), nil
}

func (c *crier) TellCopied(tx *db.Tx, _ string, from access.Client) error {
	tx.OnCommit(func() { c.told = append(c.told, "copied on "+from.Device) })
	return nil
}

func (c *crier) NotMe(tx *db.Tx, t signin.Told) (string, time.Time, error) {
	return "/not-me/test", tx.Now.Add(14 * 24 * time.Hour), nil
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	t.Parallel()
	dbtest.EachWithClock(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { fn(build(t, d, clock)) })
}

func build(t *testing.T, d *db.DB, clock *dbtest.Clock) *house {
	t.Helper()
	h := &house{T: t, db: d, clock: clock, crier: &crier{}}
	keeper, err := seal.NewKeeper([]byte(strings.Repeat("k", 32)))
	h.ok(err)
	kinds, err := account.NewKinds(account.Kind{Pattern: "gift/*", Algebra: account.Element, Label: map[string]string{"en": "gift note"}})
	h.ok(err)
	h.inbox, err = inbox.Start("127.0.0.1:0")
	h.ok(err)
	t.Cleanup(func() { _ = h.inbox.Close() })
	post, err := mail.New(d, keeper, mail.Config{URL: seal.NewSecret(h.inbox.URL()), From: "account@shop.example", FromName: "Kumo Store", Site: "https://shop.example"})
	h.ok(err)
	book := &history.Book{Kinds: kinds, AddressKey: signin.AddressKey}
	keys, err := passkey.New("https://shop.example", "Kumo Store", keeper)
	h.ok(err)
	h.life = &signin.Life{Passkeys: keys, DB: d, Book: book, Sessions: session.New(d, book, keeper), Seal: keeper, Post: post, Crier: h.crier, Witness: h.crier, Service: "Kumo Store"}
	h.runner = &jobs.Runner{DB: d, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	post.Handle(h.runner)
	h.life.Handle(h.runner)
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// client is a browser with a cookie of its own.
func client(device string) access.Client {
	return access.Client{IP: "192.0.2.7", Device: device, Language: "ja",
		UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"}
}

// letter drains the queue and gives the newest letter to an address.
func (h *house) letter(address string) inbox.Letter {
	h.Helper()
	h.ok(h.runner.Drain(h.Context()))
	all := h.inbox.To(address)
	if len(all) == 0 {
		h.Fatalf("no letter to %s", address)
	}
	return all[len(all)-1]
}

// token gives what stands behind a prefix in the newest letter to an address.
func (h *house) token(address, prefix string) string {
	h.Helper()
	link := h.letter(address).Link(prefix)
	_, token, ok := strings.Cut(link, prefix)
	if !ok {
		h.Fatalf("the newest letter to %s has no %s link", address, prefix)
	}
	return token
}

// hana registers, confirms and signs in.
func (h *house) hana() access.Actor {
	h.Helper()
	h.register(hana, first, family)
	return h.enter(hana, first, "d1")
}

func (h *house) register(email, password, name string) {
	h.Helper()
	h.ok(h.life.Register(h.Context(), signin.Registration{Email: email, Password: seal.NewSecret(password), Name: name, Language: "ja"}, client("")))
	_, _, err := h.life.Confirm(h.Context(), h.token(email, "/confirm/"), signin.Given{Password: seal.NewSecret(password)}, client(""))
	h.ok(err)
}

// enter signs in from a browser.
func (h *house) enter(email, password, device string) access.Actor {
	h.Helper()
	e, err := h.life.SignIn(h.Context(), email, seal.NewSecret(password), client(device))
	h.ok(err)
	if e.Second != "" {
		h.Fatal("a second step was asked for")
	}
	return e.Session.Actor(client(device))
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.Helper()
	h.ok(h.db.Write(context.WithoutCancel(h.Context()), fn))
}

// facts gives what is true in an account.
func (h *house) facts(who access.Actor) map[string]account.Fact {
	h.Helper()
	_, facts, err := h.life.Facts(h.Context(), who)
	h.ok(err)
	return facts
}

// history gives all changes of an account, oldest first.
func (h *house) history(id string) (all []history.Change) {
	h.Helper()
	h.ok(h.db.Read(h.Context(), func(tx *db.Tx) (err error) {
		all, err = history.Of(tx, id)
		return err
	}))
	return all
}

// turn moves an account into a state, as freeze and handback do, and gives the
// actor the new epoch.
func (h *house) turn(who access.Actor, to account.State) access.Actor {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) {
		var until time.Time
		if to == account.Guarded {
			until = tx.Now.Add(30 * 24 * time.Hour)
		}
		who.Epoch, err = account.Turn(tx, who.Account, to, until, account.Open, account.Guarded, account.Frozen, account.Restoring)
		return err
	})
	return who
}

// guarded gives hana's account back to her after a recovery: guarded, with a session of the new epoch.
func (h *house) guarded() access.Actor {
	h.Helper()
	who := h.hana()
	h.turn(who, account.Guarded)
	return h.enter(hana, first, "d1")
}

func secret(s string) seal.Secret { return seal.NewSecret(s) }
