package app_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail/inbox"
	"takeback/internal/passkey/keytest"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/verify"

	"github.com/pquerna/otp/totp"
)

// key gives the account a passkey, by whoever is signed in.
func (h *home) key(by access.Actor, id string) *keytest.Authenticator {
	h.t.Helper()
	phone := keytest.New(h.t, h.Config.Site)
	h.write(func(tx *db.Tx) error {
		made, stored := phone.Enrol(tx, h.Life.Passkeys, h.id)
		_, err := h.Book.Append(tx, history.Entry{Account: h.id, By: by, Verb: history.Credential, Path: "passkey/" + id, SecretID: h.Seal.SecretID(h.id, made), Stored: stored})
		return err
	})
	return phone
}

// lives has the holder use the account from one device for so long that it is
// known for hers, and gives her new session there.
func (h *home) lives() access.Actor {
	h.t.Helper()
	h.signIn(hana, secret, "hana's")
	h.clock.Advance(70 * 24 * time.Hour)
	return h.signIn(hana, secret, "hana's")
}

// signInSaved signs in with the password and a saved code, where there is a passkey too, and gives who is signed in.
func (h *home) signInSaved(code seal.Secret, device string) access.Actor {
	h.t.Helper()
	e, err := h.Life.SignIn(h.t.Context(), hana, seal.NewSecret(secret), browser(device))
	h.ok(err)
	e, err = h.Life.SecondStep(h.t.Context(), e.Second, code.Reveal(), browser(device))
	h.ok(err)
	return e.Session.Actor(browser(device))
}

// saves makes saved codes and gives one of them.
func (h *home) saves(who access.Actor) seal.Secret {
	h.t.Helper()
	codes, err := h.Life.MakeCodes(h.t.Context(), who, seal.NewSecret(secret))
	h.ok(err)
	return codes[0]
}

// complains has somebody press the button in the newest letter to the holder, and gives his page.
func (h *home) complains() (r report.Receipt, reporter string) {
	h.t.Helper()
	_, token, _ := strings.Cut(h.letter(hana, func(l inbox.Letter) bool { return l.Link("/not-me/") != "" }).Link("/not-me/"), "/not-me/")
	r, err := h.Intake.NotMe(h.t.Context(), token, browser("her sister's"))
	h.ok(err)
	reporter, err = h.Intake.Who(h.t.Context(), r.Case, r.Token, browser("her sister's"))
	h.ok(err)
	return r, reporter
}

func (h *home) presents(r report.Receipt, reporter string, phone *keytest.Authenticator) error {
	h.t.Helper()
	options, err := h.Examiner.AskKey(h.t.Context(), r.Case, reporter, "hana's")
	h.ok(err)
	undone, err := h.Examiner.EnterKey(h.t.Context(), r.Case, reporter, "hana's", phone.Present(options), true)
	if err == nil && !undone {
		h.t.Error("it says nothing and undoes nothing")
	}
	return err
}

func TestTheHolderUndoesAMistakenFreezeWithAPasskeyOnceInAMonth(t *testing.T) {
	eachHome(t, func(h *home) {
		who := h.lives()
		code, phone := h.saves(who), h.key(who, "k1")
		h.clock.Advance(8 * 24 * time.Hour)
		h.signInSaved(code, "a new one of hers")
		r, reporter := h.complains()
		if may, keys, err := h.Examiner.Undoable(h.t.Context(), r.Case); err != nil || !may || !keys {
			h.t.Errorf("the page offers nothing: %v", err)
		}
		before := h.epoch()
		h.ok(h.presents(r, reporter, phone))
		if h.state() != account.Open || h.epoch() <= before {
			h.t.Errorf("the account is %s, in epoch %d after %d", h.state(), h.epoch(), before)
		}
		l := h.letter(hana, func(l inbox.Letter) bool { return strings.Contains(l.Subject, "let go") })
		if !strings.Contains(l.Text, "passkey") || l.Link("/not-me/") == "" {
			h.t.Errorf("who froze it is not told by what it was undone and how to stop it again:\n%s", l.Text)
		}
		h.write(func(tx *db.Tx) error {
			c, err := casefile.Get(tx, r.Case)
			if c.Step != casefile.FalseAlarm {
				h.t.Errorf("the case is %s", c.Step)
			}
			all, err2 := history.Of(tx, h.id)
			if last := all[len(all)-1]; last.Verb != history.Unfreeze || last.Case != r.Case {
				h.t.Errorf("the last entry is %+v", last)
			}
			return errors.Join(err, err2)
		})
		// Whoever stole the passkey would undo every report: the second one in a month stays.
		r, reporter = h.complains()
		if err := h.presents(r, reporter, phone); !errors.Is(err, verify.ErrNotUndone) || h.state() != account.Frozen {
			h.t.Errorf("the second time in a month: %v, the account is %s", err, h.state())
		}
	})
}

func TestAFreezeIsNotUndoneByWhatAnIntruderHas(t *testing.T) {
	for name, play := range map[string]func(h *home) (report.Receipt, string, *keytest.Authenticator){
		"a passkey that he made after he came in": func(h *home) (report.Receipt, string, *keytest.Authenticator) {
			h.lives()
			phone := h.key(h.signIn(hana, secret, "eve's"), "k1")
			r, who := h.complains()
			return r, who, phone
		},
		"a passkey of six days ago": func(h *home) (report.Receipt, string, *keytest.Authenticator) {
			h.lives()
			eve := h.signIn(hana, secret, "eve's")
			code, phone := h.saves(eve), h.key(eve, "k1")
			h.clock.Advance(6 * 24 * time.Hour)
			h.signInSaved(code, "another of eve's")
			r, who := h.complains()
			return r, who, phone
		},
		"the holder's own, after somebody of the staff took the case up": func(h *home) (report.Receipt, string, *keytest.Authenticator) {
			hers := h.lives()
			code, phone := h.saves(hers), h.key(hers, "k1")
			h.clock.Advance(8 * 24 * time.Hour)
			h.signInSaved(code, "a new one")
			r, who := h.complains()
			h.write(func(tx *db.Tx) error {
				_, err := h.Files.Advance(tx, r.Case, casefile.Investigating, finder)
				return err
			})
			return r, who, phone
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachHome(t, func(h *home) {
				r, who, phone := play(h)
				if err := h.presents(r, who, phone); !errors.Is(err, verify.ErrNotUndone) {
					h.t.Errorf("it is answered %v", err)
				}
				if h.state() == account.Open {
					h.t.Error("the account is open")
				}
			})
		})
	}
}

func TestAFreezeIsUndoneByAppAndPasswordAndByNeitherAlone(t *testing.T) {
	eachHome(t, func(h *home) {
		ctx, pw := h.t.Context(), seal.NewSecret(secret)
		who := h.lives()
		h.ok(h.Life.BeginTwoStep(ctx, who, pw))
		e, err := h.Life.Enrolment(ctx, who)
		h.ok(err)
		code := func() string {
			h.clock.Advance(time.Minute)
			c, err := totp.GenerateCode(e.Seed.Reveal(), h.clock.Now())
			h.ok(err)
			return c
		}
		h.ok(h.Life.ConfirmTwoStep(ctx, who, code()))
		h.clock.Advance(8 * 24 * time.Hour)
		in, err := h.Life.SignIn(ctx, hana, pw, browser("a new one")) // she mistypes the code, and her sister gets the letter
		h.ok(err)
		if _, err = h.Life.SecondStep(ctx, in.Second, "000000", browser("a new one")); err == nil {
			h.t.Fatal("a wrong code passes")
		}
		r, reporter := h.complains()
		for what, err := range map[string]error{
			"a wrong password": h.Examiner.EnterApp(ctx, r.Case, reporter, seal.NewSecret("wrong.9.kettle.sea"), seal.NewSecret(code())),
			"a wrong code":     h.Examiner.EnterApp(ctx, r.Case, reporter, pw, seal.NewSecret("000000")),
			"a stranger":       h.Examiner.EnterApp(ctx, r.Case, "rep_none", pw, seal.NewSecret(code())),
		} {
			if !errors.Is(err, verify.ErrProofs) || h.state() != account.Frozen {
				h.t.Errorf("%s: %v", what, err)
			}
		}
		h.ok(h.Examiner.EnterApp(ctx, r.Case, reporter, pw, seal.NewSecret(code())))
		if h.state() != account.Open {
			h.t.Errorf("the account is %s", h.state())
		}
	})
}

// Who wrote to the contact page and named somebody's address learns nothing of his keys.
func TestAStrangersCaseHasNoKeys(t *testing.T) {
	eachHome(t, func(h *home) {
		h.key(h.signIn(hana, secret, "hana's"), "k1")
		for _, login := range []string{hana, "nobody@mail.example"} {
			r, err := h.Intake.Contact(h.t.Context(), report.Word{Login: login, Story: "let me in"}, browser("eve's"))
			h.ok(err)
			who, err := h.Intake.Who(h.t.Context(), r.Case, r.Token, browser("eve's"))
			h.ok(err)
			var options json.RawMessage
			if options, err = h.Examiner.AskKey(h.t.Context(), r.Case, who, "eve's"); !errors.Is(err, casefile.ErrNone) || options != nil {
				h.t.Errorf("%s: %s %v", login, options, err)
			}
		}
	})
}

func (h *home) epoch() (epoch int64) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		a, err := account.Get(tx, h.id)
		epoch = a.Epoch
		return err
	})
	return epoch
}
