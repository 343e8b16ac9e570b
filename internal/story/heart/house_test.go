package heart

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/freeze"
	"takeback/internal/handback"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/jobs"
	"takeback/internal/mail"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// The people of the story.
var (
	ken  = access.Actor{Role: access.Investigator, ID: "staff_ken", Name: "Ken Mori"}
	mika = access.Actor{Role: access.Investigator, ID: "staff_mika", Name: "Mika Ono"}
	yuki = access.Actor{Role: access.Supervisor, ID: "staff_yuki", Name: "Yuki Abe"}
	aoi  = access.Actor{Role: access.Agent, ID: "staff_aoi", Name: "Aoi Kato"}
)

const hanako = "acc_hanako"

// house is the rooms of the heart and one account.
type house struct {
	t        *testing.T
	db       *db.DB
	book     *history.Book
	sessions *session.Sessions
	freezer  *freeze.Freezer
	investigate.Investigator
	*restore.Restorer
	returner *handback.Returner
	runner   *jobs.Runner
	proved   bool
	caseID   string
	tick     func(time.Duration)
}

// Proved stands in for the room that proves holders.
func (h *house) Proved(*db.Tx, string) (bool, error) { return h.proved, nil }

func build(t *testing.T, d *db.DB, tick func(time.Duration)) *house {
	t.Helper()
	kinds, err := account.NewKinds()
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := seal.NewKeeper([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	post, err := mail.New(d, keeper, mail.Config{URL: seal.NewSecret("smtp://127.0.0.1:1"), From: "care@shop.example.jp", FromName: "Kumo Store", Service: "Kumo Store", Site: "https://shop.example.jp"})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, db: d, proved: true, tick: tick}
	files := &casefile.Files{}
	h.book = &history.Book{Kinds: kinds}
	h.sessions = session.New(d, h.book, keeper)
	h.freezer = &freeze.Freezer{Files: files, Book: h.book}
	h.Investigator = investigate.Investigator{DB: d, Files: files, Kinds: kinds}
	h.Restorer = &restore.Restorer{DB: d, Book: h.book, Files: files, Port: connector.Own{DB: d, Book: h.book}, Finder: &h.Investigator, Clear: &h.Investigator, Release: h.freezer}
	h.book.OnAppend = append(h.book.OnAppend, h.Restorer.Hear)
	h.returner = &handback.Returner{DB: d, Book: h.book, Files: files, Post: post, Finder: &h.Investigator, Restored: h.Restorer, Prover: h}
	h.runner = &jobs.Runner{DB: d, Log: log}
	h.Restorer.Handle(h.runner)
	h.returner.Handle(h.runner)
	return h
}

func (h *house) write(f func(*db.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(f func(*db.Tx) error) {
	h.t.Helper()
	if err := h.db.Read(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// client is somebody at a device.
func client(device, ip string) access.Client {
	return access.Client{Request: "req", Device: device, IP: ip, UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"}
}

// signIn opens a session with factors and gives its actor.
func (h *house) signIn(c access.Client, factors ...history.Factor) access.Actor {
	h.t.Helper()
	var by access.Actor
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, hanako)
		if err != nil {
			return err
		}
		s, _, _, err := h.sessions.Open(tx, session.Opening{Account: a, Verb: history.Open, Factors: factors, Client: c})
		by = s.Actor(c)
		return err
	})
	h.tick(time.Minute)
	return by
}

// does enters a change and gives its number.
func (h *house) does(by access.Actor, verb history.Verb, path string, e history.Entry) int64 {
	h.t.Helper()
	e.Account, e.By, e.Verb, e.Path = hanako, by, verb, path
	var seq int64
	h.write(func(tx *db.Tx) error {
		c, err := h.book.Append(tx, e)
		seq = c.Seq
		return err
	})
	h.tick(time.Minute)
	return seq
}

func text(s string) json.RawMessage { b, _ := json.Marshal(s); return b }

func secret(version, id string) history.Entry {
	return history.Entry{Version: version, SecretID: id, Stored: "stored " + version}
}

func contact(version, address string) history.Entry {
	return history.Entry{Version: version, Value: text(address), Confirmed: true}
}

// takeover is an account of two months and one bad night. It gives the number
// of the change that the holder reports: the new e-mail address.
func (h *house) takeover() (reported int64) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error { return account.Create(tx, hanako, "ja") })
	home := client("device-home", "192.0.2.10")
	holder := h.signIn(home)
	h.does(holder, history.Set, "name", history.Entry{Value: text("佐藤 花子")})
	h.does(holder, history.Contact, "email", contact("e1", "hanako@example.jp"))
	h.does(holder, history.Credential, "password", secret("p1", "secret-1"))
	h.does(holder, history.Credential, "passkey/k1", secret("k1", "secret-k1"))
	h.does(holder, history.Add, "address/a1", history.Entry{Value: json.RawMessage(`{"to":"佐藤 花子","post":"153-0063","line":"東京都目黒区目黒1-2-3"}`)})
	h.does(holder, history.Add, "card/c1", history.Entry{Value: json.RawMessage(`{"token":"tok_1","brand":"Visa","last4":"4242","expiry":"11/39"}`)})
	h.does(holder, history.Set, "default/address", history.Entry{Value: text("a1")})
	h.does(holder, history.Move, "points", history.Entry{Amount: 30_500})
	h.does(holder, history.Credential, "token/t1", secret("t1", "secret-t1"))
	h.tick(60 * 24 * time.Hour)

	intruder := h.signIn(client("device-x", "203.0.113.66"), history.Factor{Path: "password", Version: "p1", Proof: "password"})
	reported = h.does(intruder, history.Contact, "email", contact("e2", "thief@mail.example"))
	h.does(intruder, history.Credential, "password", secret("p2", "secret-2"))
	h.does(intruder, history.Drop, "passkey/k1", history.Entry{})
	h.does(intruder, history.Remove, "address/a1", history.Entry{})
	h.does(intruder, history.Add, "address/a2", history.Entry{Value: json.RawMessage(`{"to":"X","post":"530-0001","line":"大阪市北区梅田1-1"}`)})
	h.does(intruder, history.Set, "default/address", history.Entry{Value: text("a2")})
	h.does(intruder, history.Move, "points", history.Entry{Amount: -30_000})
	h.does(intruder, history.Order, "order/o1", history.Entry{Value: json.RawMessage(`{"effect":"undo","ship_to":"address/a2","amount":4980,"currency":"JPY"}`), Reads: []history.Read{{Path: "address/a2"}}})
	h.does(intruder, history.Order, "order/o2", history.Entry{Value: json.RawMessage(`{"effect":"compensate","amount":10000,"currency":"JPY"}`)})
	again := h.signIn(client("device-y", "203.0.113.67"), history.Factor{Path: "password", Version: "p2", Proof: "password"})
	h.does(again, history.Set, "name", history.Entry{Value: text("名無し")})
	return reported
}

// stopped plays the takeover and whatever else comes before the account is stopped.
func (h *house) stopped(also ...func()) {
	h.t.Helper()
	reported := h.takeover()
	for _, f := range also {
		f()
	}
	h.write(func(tx *db.Tx) error {
		c, err := h.freezer.Stop(tx, casefile.Case{Account: hanako, Source: "not-me", Language: "ja", ReportedSeq: reported}, access.Actor{})
		if err != nil {
			return err
		}
		h.caseID = c.ID
		return casefile.Cite(tx, c.ID, "", reported)
	})
}

// planned goes on to a plan made by ken.
func (h *house) planned() restore.Stored {
	h.t.Helper()
	h.stopped()
	h.markSuggested()
	p, err := h.MakePlan(h.t.Context(), ken, h.caseID, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) markSuggested() {
	h.t.Helper()
	tl, err := h.Timeline(h.t.Context(), ken, h.caseID)
	if err != nil {
		h.t.Fatal(err)
	}
	if tl.Suggests == nil {
		h.t.Fatal("the report suggests nothing to begin with")
	}
	if err := h.Mark(h.t.Context(), ken, h.caseID, *tl.Suggests, tl.Revision); err != nil {
		h.t.Fatal(err)
	}
}

// started goes on to where the job would begin.
func (h *house) started() restore.Stored {
	h.t.Helper()
	p := h.planned()
	if err := h.Approve(h.t.Context(), yuki, h.caseID, p.Hash); err != nil {
		h.t.Fatal(err)
	}
	if err := h.Start(h.t.Context(), ken, h.caseID); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// facts gives what is true now, by path.
func (h *house) facts() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	h.read(func(tx *db.Tx) error {
		all, err := account.Facts(tx, hanako)
		for _, f := range all {
			out[f.Path] = string(f.Value)
		}
		return err
	})
	return out
}

func (h *house) step() (s casefile.Step) {
	h.t.Helper()
	h.read(func(tx *db.Tx) error {
		c, err := casefile.Get(tx, h.caseID)
		s = c.Step
		return err
	})
	return s
}

// moments counts the entries of the history.
func (h *house) moments() (n int) {
	h.t.Helper()
	h.read(func(tx *db.Tx) error {
		all, err := history.Of(tx, hanako)
		n = len(all)
		return err
	})
	return n
}

var errCrash = errors.New("the process was killed")

// dying is a port whose process dies at its n-th boundary: before or after a
// call, which lie between every two writes of the journal.
type dying struct {
	connector.Own
	left int
}

func (d *dying) boundary() {
	if d.left--; d.left == 0 {
		panic(errCrash)
	}
}

func (d *dying) Read(ctx context.Context, account, path string) (connector.Value, error) {
	d.boundary()
	v, err := d.Own.Read(ctx, account, path)
	d.boundary()
	return v, err
}

func (d *dying) CompareAndSet(ctx context.Context, c connector.Call) (connector.Outcome, error) {
	d.boundary()
	o, err := d.Own.CompareAndSet(ctx, c)
	d.boundary()
	return o, err
}

func (d *dying) Kill(ctx context.Context, account string, f connector.Fence) error {
	d.boundary()
	err := d.Own.Kill(ctx, account, f)
	d.boundary()
	return err
}

// slow is a port in which something else happens in the middle of a call.
type slow struct {
	connector.Own
	at        string // the path of that call
	meanwhile func()
}

func (s *slow) CompareAndSet(ctx context.Context, c connector.Call) (connector.Outcome, error) {
	if c.Path == s.at && s.meanwhile != nil {
		s.meanwhile()
	}
	return s.Own.CompareAndSet(ctx, c)
}
