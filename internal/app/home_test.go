package app_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail/inbox"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

const (
	hana   = "hana@mail.example"
	secret = "7kumo-tea-lantern" // hana's first password
)

var shop = access.Actor{Role: access.Service, ID: "key_shop", Name: "shop", Client: access.Client{Request: "shop's"}}

// browser is a client that sends requests.
func browser(device string) access.Client {
	return access.Client{Request: "req_" + device, Device: device, IP: "192.0.2.9", Language: "en",
		UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"}
}

// home is a town whose letters arrive, and one account in it.
type home struct {
	*town
	inbox *inbox.Inbox
	id    string
}

func newHome(t *testing.T, e db.Engine) *home {
	t.Helper()
	return newHomeWith(t, e, app.File{})
}

// newHomeWith is newHome with a configuration file.
func newHomeWith(t *testing.T, e db.Engine, file app.File) *home {
	t.Helper()
	letters, err := inbox.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = letters.Close() })
	h := &home{town: builtTown(t, e, letters.URL(), file), inbox: letters}
	h.id, err = h.Life.Create(t.Context(), shop, hana, seal.NewSecret(secret), "Hana", "en")
	h.ok(err)
	return h
}

func (h *home) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// signIn gives who is signed in from a device.
func (h *home) signIn(email, password, device string) access.Actor {
	h.t.Helper()
	e, err := h.Life.SignIn(h.t.Context(), email, seal.NewSecret(password), browser(device))
	h.ok(err)
	return e.Session.Actor(browser(device))
}

// letter delivers what is due and gives the newest letter to an address that is as wanted.
func (h *home) letter(to string, is func(inbox.Letter) bool) inbox.Letter {
	h.t.Helper()
	h.ok(h.Runner.Drain(h.t.Context()))
	for _, l := range slices.Backward(h.inbox.To(to)) {
		if is(l) {
			return l
		}
	}
	h.t.Fatalf("there is no such letter to %s", to)
	return inbox.Letter{}
}

// token gives the token in the newest link of a kind to an address.
func (h *home) token(to, path string) string {
	h.t.Helper()
	link := h.letter(to, func(l inbox.Letter) bool { return l.Link(path) != "" }).Link(path)
	return link[strings.LastIndexByte(link, '/')+1:]
}

var sixDigits = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)

// code gives the code in the newest letter that has one.
func (h *home) code(to string) string {
	h.t.Helper()
	l := h.letter(to, func(l inbox.Letter) bool { return sixDigits.MatchString(l.Text) })
	return sixDigits.FindStringSubmatch(l.Text)[1]
}

// moves changes address and number of the account, confirmed like anybody's.
func (h *home) moves(who access.Actor, password, email, phone string) {
	h.t.Helper()
	h.ok(h.Life.ChangeEmail(h.t.Context(), who, email, seal.NewSecret(password)))
	_, _, err := h.Life.Confirm(h.t.Context(), h.token(email, "/confirm/"), signin.Given{}, who.Client)
	h.ok(err)
	_, err = h.Life.ChangePhone(h.t.Context(), who, phone, seal.NewSecret(password))
	h.ok(err)
}

// stops opens a case for somebody who writes, and has an agent stop the account.
func (h *home) stops(login, device string) (r report.Receipt, grant access.Actor) {
	h.t.Helper()
	r, err := h.Intake.Contact(h.t.Context(), report.Word{Login: login, Story: "Somebody is in my account."}, browser(device))
	h.ok(err)
	grant, err = h.Desk.Enter(h.t.Context(), agent, r.Case, "")
	h.ok(err)
	var c casefile.Case
	h.ok(h.DB.Read(h.t.Context(), func(tx *db.Tx) (err error) { c, err = casefile.Get(tx, r.Case); return err }))
	if c.Account == "" { // the address was given up too long ago for the page to know it
		h.ok(h.Desk.NameAccount(h.t.Context(), agent, r.Case, 0, login))
	}
	h.ok(h.Desk.Stop(h.t.Context(), grant, r.Case))
	return r, grant
}

// verifies proves who writes by a code to an address and at the number on file.
func (h *home) verifies(r report.Receipt, grant access.Actor, email string) {
	h.t.Helper()
	script, err := h.Examiner.Script(h.t.Context(), grant, r.Case)
	h.ok(err)
	if len(script.Mail) != 1 || len(script.Phones) != 1 {
		h.t.Fatalf("the account can be proved by %+v and %+v", script.Mail, script.Phones)
	}
	h.ok(h.Examiner.SendCode(h.t.Context(), grant, r.Case, 0, script.Mail[0].Version, ""))
	h.ok(h.Examiner.Enter(h.t.Context(), r.Case, h.code(email)))
	h.ok(h.Desk.UnmaskContact(h.t.Context(), agent, r.Case, script.Phones[0].Version))
	h.ok(h.Examiner.Reached(h.t.Context(), grant, r.Case, 0, script.Phones[0].Version, true, ""))
}

func (h *home) history() (all []history.Change) {
	h.t.Helper()
	h.ok(h.DB.Read(h.t.Context(), func(tx *db.Tx) (err error) { all, err = history.Of(tx, h.id); return err }))
	return all
}

// newest gives the newest change of a verb.
func (h *home) newest(v history.Verb) history.Change {
	h.t.Helper()
	for _, c := range slices.Backward(h.history()) {
		if c.Verb == v {
			return c
		}
	}
	h.t.Fatalf("there is no %s", v)
	return history.Change{}
}

func (h *home) caseNow() (c casefile.Case) {
	h.t.Helper()
	h.ok(h.DB.Read(h.t.Context(), func(tx *db.Tx) (err error) { c, err = casefile.OfAccount(tx, h.id); return err }))
	return c
}

func (h *home) state() (s account.State) {
	h.t.Helper()
	h.ok(h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		a, err := account.Get(tx, h.id)
		s = a.State
		return err
	}))
	return s
}
