package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/campaign"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/pass"
	"takeback/internal/passkey/keytest"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

// A life, two cases and a campaign are played through the rooms' own verbs. It
// fails when a change lacks something of its provenance, and when a place in the
// rooms that enters changes was not played: whoever adds one comes by here.
func TestEveryChangeOfEveryRoomSaysWhereItCameFrom(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			file, p := texted(t)
			h := newHomeWith(t, e, file)
			seen := map[site]bool{}
			h.Book.OnAppend = append(h.Book.OnAppend, func(*db.Tx, history.Change) error {
				callers(seen)
				return nil
			})
			h.ordinaryLife()
			h.reaches(p)
			h.comesBack()
			h.mistake()
			h.takeover()
			h.oneOfMany()
			h.ok(h.DB.Read(t.Context(), func(tx *db.Tx) error {
				known, err := history.CoverageOf(tx)
				for _, l := range known.Lacking {
					t.Errorf("%d changes of the verb %s lack: %s", l.Count, l.Verb, l.What)
				}
				return err
			}))
			for _, s := range appends(t) {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), s.holds) {
					t.Errorf("%s enters a change, and nothing here plays it: what would its provenance lack?", s)
				}
			}
		})
	}
}

// site is where the rooms enter a change: a file and the lines of the call.
type site struct {
	file     string
	from, to int
}

func (s site) holds(c site) bool {
	return s.file == c.file && c.from >= s.from && c.from <= s.to
}

func (s site) String() string { return fmt.Sprintf("%s:%d", s.file, s.from) }

// entering are the packages whose verbs enter changes.
var entering = []string{"signin", "notice", "report", "desk", "freeze", "verify", "investigate", "restore", "handback", "campaign", "pass", "connector", "session", "api"}

// appends finds every place in the rooms that enters a change: what calls a
// method Append, or a room's own append, with a transaction.
func appends(t *testing.T) (all []site) {
	t.Helper()
	for _, room := range entering {
		files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no room %s: %v", room, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			places := token.NewFileSet()
			file, err := parser.ParseFile(places, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && enters(call) {
					all = append(all, site{room + "/" + filepath.Base(name), places.Position(call.Pos()).Line, places.Position(call.End()).Line})
				}
				return true
			})
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d places enter changes: this test does not find them any more", len(all))
	}
	return all
}

func enters(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "Append" && method.Sel.Name != "append" || len(call.Args) < 2 {
		return false
	}
	tx, ok := call.Args[0].(*ast.Ident)
	return ok && tx.Name == "tx"
}

// callers keeps who is on the way to a change that is just being entered.
func callers(seen map[site]bool) {
	at := make([]uintptr, 40)
	frames := runtime.CallersFrames(at[:runtime.Callers(2, at)])
	for {
		f, more := frames.Next()
		if room := filepath.Base(filepath.Dir(f.File)); slices.Contains(entering, room) {
			seen[site{file: room + "/" + filepath.Base(f.File), from: f.Line}] = true
		}
		if !more {
			return
		}
	}
}

// ito investigates, mori is the second person; both ask by requests.
func ito(caseID string) access.Actor {
	return access.Actor{Role: finder.Role, ID: finder.ID, Name: finder.Name, Session: "desk_3", Case: caseID, Client: access.Client{Request: "ito's"}}
}

func mori(caseID string) access.Actor {
	return access.Actor{Role: boss.Role, ID: boss.ID, Name: boss.Name, Session: boss.Session, Case: caseID, Client: access.Client{Request: "mori's"}}
}

var visa = signin.Card{Token: "tok_9f2c7a11", Brand: "visa", Last4: "4242", Expiry: "12/39"}

// ordinaryLife is everything that a holder and the service do.
func (h *home) ordinaryLife() {
	h.t.Helper()
	ctx, life, pw := h.t.Context(), h.Life, seal.NewSecret(secret)
	h.ok(life.Register(ctx, signin.Registration{Email: "mia@mail.example", Password: pw, Name: "Mia", Language: "en", Browser: "mia's"}, browser("mia's")))
	_, _, err := life.Confirm(ctx, h.token("mia@mail.example", "/confirm/"), signin.Given{Browser: "mia's"}, browser("mia's"))
	h.ok(err)

	_, err = life.Create(ctx, shop, "kei@mail.example", pw, "Kei", "ja")
	h.ok(err)

	who := h.signIn(hana, secret, "hana's")
	h.ok(life.ChangeName(ctx, who, "Hanako"))
	h.moves(who, secret, "hanako@mail.example", "+81355550100")
	h.moves(who, secret, hana, "+81355550111")
	_, err = life.Show(ctx, who, "email")
	h.ok(err)
	a, err := life.AddAddress(ctx, who, signin.Address{To: "Hana", Line: "1"})
	h.ok(err)
	b, err := life.AddAddress(ctx, who, signin.Address{To: "Hana", Line: "2"})
	h.ok(err)
	h.ok(life.ChangeAddress(ctx, who, a, signin.Address{To: "Hana", Line: "3"}))
	h.ok(life.PreferAddress(ctx, who, b))
	h.ok(life.RemoveAddress(ctx, who, b))
	h.ok(life.PreferAddress(ctx, who, a))
	for range 2 { // the second time in its place
		_, err = life.AddCard(ctx, who, visa, pw)
		h.ok(err)
	}
	_, err = life.Put(ctx, shop, h.id, "delegate/d1", []byte(`{"account":"acc_brother"}`))
	h.ok(err)
	brother := shop
	brother.Grant = "delegate/d1"
	h.ok(life.PlaceOrder(ctx, brother, h.id, "order/o1", signin.Order{ShipTo: "default/address", Card: "default/card", Effect: "undo"}))
	h.write(func(tx *db.Tx) error { // as the judge has it wait for a day
		if err := h.Freezer.Hold(tx, h.id, "order/o1", "", who); err != nil {
			return err
		}
		return h.Freezer.GoOn(tx, h.id, "order/o1")
	})
	_, err = life.Move(ctx, brother, h.id, signin.Movement{Path: "points", Amount: 500, Once: "o1"})
	h.ok(err)
	h.twoStep("mia@mail.example", h.signIn("mia@mail.example", secret, "mia's"))
	h.ok(life.ChangePassword(ctx, who, pw, seal.NewSecret("otter.4.violin.bay")))
	h.ok(life.AskReset(ctx, hana, browser("hana's")))
	h.ok(life.Reset(ctx, h.token(hana, "/reset/"), seal.NewSecret("maple.9.kettle.sea"), browser("hana's")))

	e, err := life.SignIn(ctx, hana, seal.NewSecret("maple.9.kettle.sea"), browser("hana's"))
	h.ok(err)
	s, err := h.Sessions.CheckFrom(ctx, e.Token, browser("hana's phone")) // the session goes on elsewhere
	h.ok(err)
	_, err = life.SignIn(ctx, hana, seal.NewSecret("maple.9.kettle.sea"), browser("hana's old phone"))
	h.ok(err)
	_, err = life.AskExport(ctx, s.Actor(browser("hana's phone")), seal.NewSecret("maple.9.kettle.sea"))
	h.ok(err)
	_, err = life.Export(ctx, s.Actor(browser("hana's phone")), seal.Secret{})
	h.ok(err)
	devices, err := life.Devices(ctx, s.Actor(browser("hana's phone")))
	h.ok(err)
	old := slices.IndexFunc(devices, func(d signin.Device) bool { return d.ID == "hana's old phone" })
	_, err = life.ForgetDevice(ctx, s.Actor(browser("hana's phone")), devices[old].Handle)
	h.ok(err)
	h.visitsAShop(s.Actor(browser("hana's phone")))
	h.ok(life.SignOut(ctx, s.Actor(browser("hana's phone"))))
}

// comesBack loses the app and gets back in by the mailbox and a code on paper, with another one left out.
func (h *home) comesBack() {
	h.t.Helper()
	const kei = "kei@mail.example"
	ctx, pw := h.t.Context(), seal.NewSecret(secret)
	who := h.signIn(kei, secret, "kei's")
	saved, err := h.Life.MakeCodes(ctx, who, pw)
	h.ok(err)
	h.ok(h.Life.BeginTwoStep(ctx, who, pw))
	e, err := h.Life.Enrolment(ctx, who)
	h.ok(err)
	h.clock.Advance(time.Minute)
	code, err := totp.GenerateCode(e.Seed.Reveal(), h.clock.Now())
	h.ok(err)
	h.ok(h.Life.ConfirmTwoStep(ctx, who, code))
	h.ok(h.Life.AskRecovery(ctx, kei, browser("kei's")))
	got, err := h.Life.Recover(ctx, h.token(kei, "/recover/"), signin.Shown{Code: saved[0].Reveal()}, browser("kei's"))
	h.ok(err)
	h.ok(h.Life.FinishRecovery(ctx, got.Token, seal.NewSecret("birch.5.candle.fog"), browser("kei's")))
}

// reaches confirms a number by a code that comes by text.
func (h *home) reaches(p *phones) {
	h.t.Helper()
	ctx, who := h.t.Context(), h.signIn(hana, "maple.9.kettle.sea", "hana's")
	_, err := h.Life.ChangePhone(ctx, who, "09012345678", seal.NewSecret("maple.9.kettle.sea"))
	h.ok(err)
	h.ok(h.Life.SendContactCode(ctx, who, "phone"))
	h.ok(h.Life.ConfirmContact(ctx, who, "phone", p.code(h, "+819012345678")))
	h.ok(h.Life.SignOut(ctx, who))
}

// visitsAShop signs in at a service with the account, which ends with the session.
func (h *home) visitsAShop(who access.Actor) {
	h.t.Helper()
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	ctx, back := h.t.Context(), "https://shop.example/"
	h.write(func(tx *db.Tx) error {
		_, err := pass.MakeClient(tx, h.Seal, pass.Client{ID: "shop", Name: "Shop", Redirects: []string{back}, Trusted: true}, false)
		return err
	})
	code, err := h.Passes.Begin(ctx, who, pass.Request{Client: "shop", Redirect: back, Scope: []string{pass.OpenID}, Challenge: challenge})
	h.ok(err)
	c, err := h.Passes.Client(ctx, "shop")
	h.ok(err)
	_, err = h.Passes.Redeem(ctx, c, pass.Exchange{Code: code, Redirect: back, Verifier: verifier}, "shop's")
	h.ok(err)
}

// twoStep turns two-step sign-in on, signs in with it, and turns it off.
func (h *home) twoStep(email string, who access.Actor) {
	h.t.Helper()
	ctx, pw := h.t.Context(), seal.NewSecret(secret)
	h.ok(h.Life.BeginTwoStep(ctx, who, pw))
	e, err := h.Life.Enrolment(ctx, who)
	h.ok(err)
	code := func() string {
		h.clock.Advance(time.Minute) // a code counts once
		c, err := totp.GenerateCode(e.Seed.Reveal(), h.clock.Now())
		h.ok(err)
		return c
	}
	h.ok(h.Life.ConfirmTwoStep(ctx, who, code()))
	in, err := h.Life.SignIn(ctx, email, pw, who.Client)
	h.ok(err)
	_, err = h.Life.SecondStep(ctx, in.Second, code(), who.Client)
	h.ok(err)
	h.passkeys(email, who)
	h.ok(h.Life.EndTwoStep(ctx, who, pw, code()))
	_, err = h.Life.MakeCodes(ctx, who, pw)
	h.ok(err)
}

// passkeys come, are used in every way, and one of them goes.
func (h *home) passkeys(email string, who access.Actor) {
	h.t.Helper()
	ctx, life, pw := h.t.Context(), h.Life, seal.NewSecret(secret)
	phone, ring := keytest.New(h.t, h.Config.Site), keytest.New(h.t, h.Config.Site)
	for name, key := range map[string]*keytest.Authenticator{"phone": phone, "ring": ring} {
		options, err := life.BeginKey(ctx, who, name, pw)
		h.ok(err)
		h.ok(life.EnrolKey(ctx, who, name, key.Make(options)))
	}
	options, err := life.AskKeySignIn(ctx, who.Client)
	h.ok(err)
	_, err = life.SignInKey(ctx, phone.Present(options), who.Client)
	h.ok(err)
	in, err := life.SignIn(ctx, email, pw, who.Client)
	h.ok(err)
	options, err = life.AskSecond(ctx, in.Second, who.Client)
	h.ok(err)
	_, err = life.SecondKey(ctx, in.Second, ring.Present(options), who.Client)
	h.ok(err)
	options, err = life.AskProof(ctx, who)
	h.ok(err)
	_, err = life.LiftKey(ctx, who, phone.Present(options))
	h.ok(err)
	keys, err := life.Keys(ctx, who)
	h.ok(err)
	h.ok(life.RenameKey(ctx, who, keys[0].ID, "old one"))
	h.ok(life.RemoveKey(ctx, who, keys[0].ID, pw))
}

// mistake is an account that is stopped, with an order of the day, and let go:
// at once, and as soon as its holder is proved.
func (h *home) mistake() {
	h.t.Helper()
	for i, proved := range []bool{true, false} {
		h.clock.Advance(60 * 24 * time.Hour)
		h.ok(h.Life.PlaceOrder(h.t.Context(), shop, h.id, fmt.Sprintf("order/m%d", i), signin.Order{ShipTo: "default/address", Effect: "undo"}))
		r, grant := h.stops(hana, "hana's")
		if proved {
			h.verifies(r, grant, hana)
		}
		_, err := h.Restorer.DeclareFalse(h.t.Context(), grant, r.Case, 0, "It was herself.")
		h.ok(err)
		if !proved {
			h.verifies(r, grant, hana)
		}
		if s := h.state(); s != account.Open {
			h.t.Fatalf("after a mistake the account is %s", s)
		}
	}
}

// takeover is one that is found, undone, handed back and watched.
func (h *home) takeover() {
	h.t.Helper()
	h.clock.Advance(60 * 24 * time.Hour)
	who := h.signIn(hana, "maple.9.kettle.sea", "thief's")
	h.moves(who, "maple.9.kettle.sea", "collector@thief.example", "+81355550666")
	r, grant := h.stops(hana, "hana's")
	h.verifies(r, grant, hana)
	h.returns(r.Case, who.Session)
	h.clock.Advance(31 * 24 * time.Hour)
	h.work()
	if s := h.state(); s != account.Open {
		h.t.Fatalf("after the watch the account is %s", s)
	}
}

// returns has a session found to be the intruder's, what came of it undone, and the
// account handed back; it gives what was done.
func (h *home) returns(caseID, session string) (done restore.Status) {
	h.t.Helper()
	ctx := h.t.Context()
	_, err := h.Desk.Enter(ctx, ito(caseID), caseID, "")
	h.ok(err)
	h.ok(h.Investigator.Mark(ctx, ito(caseID), caseID, investigate.Mark{Verdict: investigate.Intruder, Session: session}, 0))
	p, err := h.Restorer.MakePlan(ctx, ito(caseID), caseID, "")
	h.ok(err)
	_, err = h.Desk.Enter(ctx, mori(caseID), caseID, "")
	h.ok(err)
	h.ok(h.Restorer.Approve(ctx, mori(caseID), caseID, p.Hash))
	h.ok(h.Restorer.Start(ctx, ito(caseID), caseID))
	h.work()
	done, err = h.Restorer.Status(ctx, ito(caseID), caseID)
	h.ok(err)
	h.ok(h.Returner.HandBack(ctx, ito(caseID), caseID, ""))
	if s := h.state(); s != account.Guarded {
		h.t.Fatalf("handed back the account is %s", s)
	}
	return done
}

// oneOfMany is an account that is held with others, and taken out of the hold.
func (h *home) oneOfMany() {
	h.t.Helper()
	c, err := h.Campaigns.Draft(h.t.Context(), ito(""), campaign.Key{Kind: campaign.Device, Value: "thief's",
		From: h.clock.Now().Add(-60 * 24 * time.Hour), Until: h.clock.Now()}, "The same thief.")
	h.ok(err)
	h.ok(h.Campaigns.Confirm(h.t.Context(), mori(""), c.ID))
	h.ok(h.Campaigns.LetGo(h.t.Context(), mori(""), c.ID, h.id))
}
