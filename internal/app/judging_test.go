package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/app"
	"takeback/internal/breach"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/db/dbtest"
	"takeback/internal/freeze"
	"takeback/internal/history"
	"takeback/internal/judge"
	"takeback/internal/mail/inbox"
	"takeback/internal/passkey/keytest"
	"takeback/internal/risk"
	"takeback/internal/rulebook"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
)

// strict is a configuration in which each answer can be had for the asking.
var strict = app.File{Risk: judge.Settings{Mode: judge.Act, Rules: []rulebook.Written{
	{Name: "stranger", When: "event.kind == 'sign-in' && event.new_device && account.sign_ins > 0", Do: "step-up"},
	{Name: "new-mail", When: "event.kind == 'email-changed'", Do: "hold"},
	{Name: "order", When: "event.kind == 'order-placed'", Do: "hold"},
	{Name: "factor", When: "event.kind == 'factor-changed'", Do: "hold"},
	{Name: "card", When: "event.kind == 'card-changed'", Do: "end-session"},
	{Name: "address", When: "event.kind == 'address-added'", Do: "freeze"},
}}}

// isNotice tells whether a letter has a link that stops the account.
func isNotice(l inbox.Letter) bool { return l.Link("/not-me/") != "" }

func eachStrict(t *testing.T, fn func(t *testing.T, h *home)) {
	t.Helper()
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			fn(t, newHomeWith(t, e, strict))
		})
	}
}

func TestARiskySignInIsAskedForAMailedCode(t *testing.T) {
	eachStrict(t, func(t *testing.T, h *home) {
		h.signIn(hana, secret, "hana's")
		e, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("elsewhere"))
		if err != nil || e.Second == "" || !e.Mailed || e.Token != "" {
			t.Fatalf("a stranger's device was answered %+v (%v)", e, err)
		}
		code := h.code(hana)
		for _, wrong := range []string{"", "000000", code[1:]} {
			if wrong == code {
				continue
			}
			if _, err := h.Life.SecondStep(t.Context(), e.Second, wrong, browser("elsewhere")); !errors.Is(err, signin.ErrCode) {
				t.Errorf("the code %q was answered %v", wrong, err)
			}
		}
		if _, err := h.Life.SecondStep(t.Context(), e.Second, code, browser("somebody else's")); !errors.Is(err, signin.ErrSecondOver) {
			t.Errorf("the code counted on another device: %v", err)
		}
		in, err := h.Life.SecondStep(t.Context(), e.Second, code, browser("elsewhere"))
		if err != nil || in.Token == "" {
			t.Fatalf("the right code was answered %v", err)
		}
		f := h.newest(history.Open).Factors
		if len(f) != 2 || f[1].Path != "email" || f[1].Proof != "code" || f[1].Version == "" {
			t.Errorf("the session was opened with %+v", f)
		}
		if _, err := h.Life.SecondStep(t.Context(), e.Second, code, browser("elsewhere")); err == nil {
			t.Error("the code counts twice")
		}
		if again, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("elsewhere")); err != nil || again.Token == "" {
			t.Errorf("the device is asked again although it passed: %+v (%v)", again, err)
		}
		who := in.Session.Actor(browser("elsewhere"))
		judged, err := h.Judge.About(t.Context(), who, h.id)
		if err != nil || len(judged) != 1 || judged[0].Decision.Action != risk.StepUp || !judged[0].Acted {
			t.Errorf("the record says %+v (%v)", judged, err)
		}
		if _, err := h.Judge.About(t.Context(), access.Actor{Role: access.Holder, Account: "acc_other"}, h.id); !errors.Is(err, judge.ErrForbidden) {
			t.Errorf("somebody else may read it: %v", err)
		}
	})
}

func TestARiskyChangeWaits(t *testing.T) {
	eachStrict(t, func(t *testing.T, h *home) {
		who := h.signIn(hana, secret, "hana's")
		h.ok(h.Life.ChangeEmail(t.Context(), who, "new@mail.example", seal.NewSecret(secret)))
		if l := h.letter(hana, isNotice); l.Link("/not-me/") == "" {
			t.Errorf("the old address cannot stop it: %s", l.Text)
		}
		_, _, err := h.Life.Confirm(t.Context(), h.token("new@mail.example", "/confirm/"), signin.Given{Browser: "hana's", Password: seal.NewSecret(secret)}, browser("hana's"))
		h.ok(err)
		waiting, err := h.Life.Waiting(t.Context(), who)
		if err != nil || len(waiting) != 1 || waiting[0].Due.Sub(h.clock.Now()) != 24*time.Hour {
			t.Fatalf("what waits is %+v (%v)", waiting, err)
		}
		if _, err := h.Life.SignIn(t.Context(), "new@mail.example", seal.NewSecret(secret), browser("hana's")); !errors.Is(err, signin.ErrWrong) {
			t.Errorf("the new address counts before its time: %v", err)
		}
		h.clock.Advance(24 * time.Hour)
		h.ok(h.Runner.Drain(t.Context()))
		if _, err := h.Life.SignIn(t.Context(), "new@mail.example", seal.NewSecret(secret), browser("hana's")); err != nil {
			t.Errorf("the new address does not count after its time: %v", err)
		}
		if err := h.Life.BeginTwoStep(t.Context(), who, seal.NewSecret(secret)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Life.MakeCodes(t.Context(), who, seal.NewSecret(secret)); !errors.Is(err, signin.ErrOther) {
			t.Errorf("a factor that cannot wait was answered %v", err)
		}
	})
}

func TestARiskyOrderWaits(t *testing.T) {
	eachStrict(t, func(t *testing.T, h *home) {
		who := h.signIn(hana, secret, "hana's")
		h.ok(h.Life.PlaceOrder(t.Context(), who, h.id, "order/o1", signin.Order{Effect: "undo", Amount: "4980", Currency: "JPY"}))
		held := func() (paths []string) {
			h.ok(h.DB.Read(t.Context(), func(tx *db.Tx) error {
				all, err := freeze.Held(tx, h.id)
				for _, o := range all {
					paths = append(paths, o.Path)
				}
				return err
			}))
			return paths
		}
		if got := held(); !slices.Equal(got, []string{"order/o1"}) {
			t.Fatalf("held are %q", got)
		}
		h.letter(hana, isNotice)
		h.clock.Advance(24 * time.Hour)
		h.ok(h.Runner.Drain(t.Context()))
		if got := held(); got != nil {
			t.Errorf("after its time %q are still held", got)
		}
		if c := h.newest(history.Release); c.Path != "order/o1" || c.Actor != history.Judge || len(c.Lacks()) > 0 {
			t.Errorf("the release is %+v and lacks %q", c, c.Lacks())
		}
	})
}

func TestARiskyCardEndsTheSession(t *testing.T) {
	eachStrict(t, func(t *testing.T, h *home) {
		who := h.signIn(hana, secret, "hana's")
		if _, err := h.Life.AddCard(t.Context(), who, visa, seal.NewSecret(secret)); !errors.Is(err, session.ErrOver) {
			t.Fatalf("the card was answered %v", err)
		}
		living, err := h.Life.Living(t.Context(), who)
		if err != nil || len(living) != 0 {
			t.Errorf("%d sessions live (%v)", len(living), err)
		}
		h.ok(h.DB.Read(t.Context(), func(tx *db.Tx) error {
			facts, err := account.Facts(tx, h.id)
			for _, f := range facts {
				if f.Path[:4] == "card" {
					t.Errorf("the card is there: %s", f.Path)
				}
			}
			return err
		}))
		if judged, err := h.Judge.About(t.Context(), who, h.id); err != nil || len(judged) != 1 || judged[0].Decision.Action != risk.End {
			t.Errorf("the record says %+v (%v)", judged, err)
		}
	})
}

func TestWhatIsATakeoverStopsTheAccount(t *testing.T) {
	eachStrict(t, func(t *testing.T, h *home) {
		who := h.signIn(hana, secret, "hana's")
		if _, err := h.Life.AddAddress(t.Context(), who, signin.Address{To: "M", Line: "1"}); !errors.Is(err, signin.ErrStopped) {
			t.Fatalf("the address was answered %v", err)
		}
		h.ok(h.DB.Read(t.Context(), func(tx *db.Tx) error {
			a, err := account.Get(tx, h.id)
			if err != nil || a.State != account.Frozen {
				t.Errorf("the account is %s (%v)", a.State, err)
			}
			c, err := casefile.OfAccount(tx, h.id)
			if err != nil || c.Source != "risk" || c.Step != casefile.Frozen {
				t.Errorf("its case is %+v (%v)", c, err)
			}
			return nil
		}))
	})
}

// A decision of the first 14 days is shown and does nothing.
func TestNothingIsDoneInShadow(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			quiet := strict
			quiet.Risk.Mode = judge.Auto
			h := newHomeWith(t, e, quiet)
			h.signIn(hana, secret, "hana's")
			who := h.signIn(hana, secret, "elsewhere")
			_, err := h.Life.AddAddress(t.Context(), who, signin.Address{To: "M", Line: "1"})
			h.ok(err)
			judged, err := h.Judge.About(t.Context(), who, h.id)
			if err != nil || len(judged) != 2 || judged[0].Decision.Action != risk.Freeze || judged[0].Acted {
				t.Errorf("the record says %+v (%v)", judged, err)
			}
			h.clock.Advance(14 * 24 * time.Hour)
			if e, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("a third")); err != nil || !e.Mailed {
				t.Errorf("after two weeks a stranger's device was answered %+v (%v)", e, err)
			}
		})
	}
}

// A password that everybody knows proves nothing from a strange device; from the
// holder's own it is enough, and the holder is asked to choose another one.
func TestAListedPasswordIsASignal(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			h := newHomeWith(t, engine, app.File{Risk: judge.Settings{Mode: judge.Act}})
			h.clock.Advance(time.Minute)
			h.signIn(hana, secret, "hana's")
			words, filter := filepath.Join(t.TempDir(), "words"), filepath.Join(t.TempDir(), "filter")
			h.ok(os.WriteFile(words, []byte(secret+"\n"), 0o600))
			h.ok(breach.Build(t.Context(), breach.Building{From: []string{words}, Out: filter}))
			opened, err := breach.Open(filter)
			h.ok(err)
			t.Cleanup(func() { h.ok(opened.Close()) })
			h.Life.Breach = breach.Lists{Filter: opened}

			e, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("hana's"))
			if err != nil || e.Token == "" || !e.Listed {
				t.Fatalf("at home it came to %+v (%v)", e, err)
			}
			if l := h.letter(hana, isNotice); l.Subject != "Takeback: Please choose another password" {
				t.Errorf("the letter is %q", l.Subject)
			}
			strange, err := h.Life.SignIn(t.Context(), hana, seal.NewSecret(secret), browser("elsewhere"))
			if err != nil || strange.Token != "" || !strange.Mailed {
				t.Fatalf("elsewhere it came to %+v (%v)", strange, err)
			}
			in, err := h.Life.SecondStep(t.Context(), strange.Second, h.code(hana), browser("elsewhere"))
			if err != nil || !in.Listed {
				t.Errorf("after the code it came to %+v (%v)", in, err)
			}
			judged, err := h.Judge.About(t.Context(), e.Session.Actor(browser("hana's")), h.id)
			if err != nil || len(judged) != 2 || !slices.ContainsFunc(judged[0].Decision.Reasons, func(r risk.Reason) bool { return r.Signal == risk.BreachedPassword }) {
				t.Errorf("the record says %+v (%v)", judged, err)
			}
		})
	}
}

// Who is at home sets up all ways in at once, as the pages advise: that is no takeover.
func TestAHolderSetsUpEveryWayInAtOnce(t *testing.T) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := newHomeWith(t, e, app.File{Risk: judge.Settings{Mode: judge.Act}})
			var who access.Actor
			for range 6 {
				who = h.signIn(hana, secret, "hana's")
				h.clock.Advance(4 * 24 * time.Hour)
			}
			who = h.signIn(hana, secret, "hana's")
			h.saves(who)
			for _, name := range []string{"telephone", "desk", "key ring"} {
				h.clock.Advance(2 * time.Minute)
				h.enrols(who, name)
			}
			if n := len(h.keys()); n != 3 {
				t.Errorf("%d passkeys", n)
			}
		})
	}
}

// enrols makes a passkey as the page does, by whoever is signed in; the judge has a say in it.
func (h *home) enrols(by access.Actor, name string) *keytest.Authenticator {
	h.t.Helper()
	phone := keytest.New(h.t, h.Config.Site)
	options, err := h.Life.BeginKey(h.t.Context(), by, name, seal.NewSecret(secret))
	h.ok(err)
	h.ok(h.Life.EnrolKey(h.t.Context(), by, name, phone.Make(options)))
	return phone
}

// keys lists the slots of passkeys that open the account.
func (h *home) keys() []string {
	h.t.Helper()
	return slices.DeleteFunc(h.slots(), func(s string) bool { return !strings.HasPrefix(s, "passkey/") })
}

// TestAWrongRuleIsSaidBeforeAnythingStarts: the file is where the operator looks,
// and the parts of the program in which it was found tell nothing.
func TestAWrongRuleIsSaidBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "takeback.yaml")
	if err := os.WriteFile(path, []byte("risk:\n  rules:\n    - {name: night, when: event.hour < 5 and event.tor, do: hold}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := app.ReadFile(path)
	if want := path + `: risk.rules: rule "night": when: line 1, column 16: write && for "and"`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestAMisreadConfigurationIsSaidInItsOwnWords: not in those of the program's types.
func TestAMisreadConfigurationIsSaidInItsOwnWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"settings that there are not", "risk:\n  mood: act\n  rules:\n    - {name: a, wen: x}\n", "PATH: line 2: there is no setting \"mood\" here\nPATH: line 4: there is no setting \"wen\" here"},
		{"a text for a list", "risk:\n  rules: everything\n", `PATH: line 2: here stands "everything", and a list is meant`},
		{"a list for a text", "risk:\n  rules:\n    - {name: a, when: [1]}\n", "PATH: line 3: here stands a list, and a text is meant"},
		{"a text for a switch", "risk:\n  large: huge\n", `PATH: line 2: here stands "huge", and true or false is meant`},
		{"a text for a group", "risk: none\n", `PATH: line 1: here stands "none", and a group of settings is meant`},
		{"a rule with : in it", "risk:\n  rules:\n    - when: 'a' : b : c\n", "PATH: this is no YAML: line 3: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "takeback.yaml")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := app.ReadFile(path)
			if want := strings.ReplaceAll(tt.want, "PATH", path); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
