package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/desk"
	"takeback/internal/seal"
)

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		_, first := b.staff("aki", access.Agent)
		b.clock.Advance(time.Minute)
		good := b.code()
		for _, wrong := range [][3]string{{"aki", "wrong password", good}, {"aki", password, "000000"}, {"aki", password, ""}, {"nobody", password, good}} {
			_, err := b.signIn(wrong[0], wrong[1], wrong[2])
			b.want(err, desk.ErrSignIn)
		}
		second, err := b.signIn("aki", password, good)
		b.must(err)
		_, err = b.signIn("aki", password, good)
		b.want(err, desk.ErrSignIn)
		b.clock.Advance(-30 * time.Second)
		_, err = b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSignIn)
		b.clock.Advance(30 * time.Second)
		b.who(first)
		b.who(second)
	})
}

func TestTriesAreRationed(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.staff("aki", access.Agent)
		b.clock.Advance(time.Minute)
		for range 6 {
			_, err := b.signIn("aki", "wrong password", b.code())
			b.want(err, desk.ErrSignIn)
		}
		_, err := b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSlow)
		elsewhere := from
		elsewhere.IP = "192.0.2.99"
		if _, err := b.SignIn(t.Context(), elsewhere, "aki@desk.example", seal.NewSecret(password), b.code()); err != nil {
			t.Errorf("an attacker locked a person out: %v", err)
		}
		b.clock.Advance(20 * time.Minute)
		if _, err := b.signIn("aki", password, b.code()); err != nil {
			t.Errorf("after a while: %v", err)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, bossToken := b.staff("boss", access.Supervisor)
		by, token := b.staff("aki", access.Agent)
		over := func(token string) {
			t.Helper()
			_, err := b.Who(t.Context(), token, from, true)
			b.want(err, desk.ErrOver)
		}
		over("")
		over(strings.Repeat("x", len(token)))
		b.clock.Advance(50 * time.Minute)
		if _, err := b.Who(t.Context(), token, from, false); err != nil {
			t.Fatal(err)
		}
		b.who(bossToken)
		b.clock.Advance(10 * time.Minute)
		over(token) // a page that asks by itself is no presence
		b.must(b.Disable(t.Context(), boss, by.ID))
		_, err := b.signIn("aki", password, b.code())
		b.want(err, desk.ErrSignIn)
		b.who(bossToken)
		b.must(b.SetDuty(t.Context(), boss, desk.On))
		for range 11 {
			b.clock.Advance(59 * time.Minute)
			if _, err := b.Who(t.Context(), bossToken, from, false); err != nil {
				t.Fatalf("who is on duty and waits for calls was signed out: %v", err)
			}
		}
		b.clock.Advance(time.Hour)
		over(bossToken)
	})
}

func TestDisablingEndsEverything(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, bossToken := b.staff("boss", access.Supervisor)
		by, token := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Story: "help"})
		b.must(b.SetDuty(t.Context(), by, desk.On))
		b.must(b.Take(t.Context(), by, c.ID, 0))
		b.want(b.Disable(t.Context(), by, boss.ID), desk.ErrNotYours)
		b.want(b.Disable(t.Context(), boss, boss.ID), desk.ErrSelf)
		b.must(b.SetRole(t.Context(), boss, by.ID, access.Supervisor))
		_, err := b.Who(t.Context(), token, from, true)
		b.want(err, desk.ErrOver) // what it may do has changed
		b.clock.Advance(time.Minute)
		again, err := b.signIn("aki", password, b.code())
		b.must(err)
		aki := b.who(again)
		b.must(b.Disable(t.Context(), aki, boss.ID))
		_, err = b.Who(t.Context(), bossToken, from, true)
		b.want(err, desk.ErrOver)
		b.want(b.Renew(t.Context(), aki, aki.ID, "en"), desk.ErrSelf)
		b.read(func(tx *db.Tx) error {
			n, err := b.OnDuty(tx)
			if n != 0 {
				t.Errorf("%d on duty after their sessions ended", n)
			}
			return err
		})
		_, made, err := b.FirstLink(t.Context())
		b.must(err)
		if made {
			t.Error("a first link although there is a supervisor")
		}
	})
}

func TestWorkGoesBackToTheQueue(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boss, _ := b.staff("boss", access.Supervisor)
		by, _ := b.staff("aki", access.Agent)
		c := b.open(casefile.Case{Story: "help"})
		b.must(b.Take(t.Context(), by, c.ID, 0))
		var call casefile.Callback
		b.write(func(tx *db.Tx) (err error) {
			call, err = casefile.RequestCallback(tx, b.Files, casefile.Callback{Case: c.ID, Phone: "03-1234-5678", Best: "now", DueAt: tx.Now.Add(2 * time.Minute)}, access.Actor{})
			return err
		})
		_, err := b.TakeCall(t.Context(), by, call.ID)
		b.must(err)
		_, err = b.TakeCall(t.Context(), boss, call.ID)
		b.want(err, casefile.ErrTaken)
		b.must(b.Disable(t.Context(), boss, by.ID))
		board, err := b.Board(t.Context(), boss)
		b.must(err)
		if board.Items[0].With != "" || board.Calls[0].TakenBy != "" {
			t.Errorf("the work is still with %q and %q", board.Items[0].With, board.Calls[0].With)
		}
		_, err = b.TakeCall(t.Context(), boss, call.ID)
		b.must(err)
		b.must(b.FinishCall(t.Context(), boss, call.ID, "reached"))
	})
}

func TestTheFirstSupervisor(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		lost, made, err := b.FirstLink(t.Context())
		b.must(err)
		link, _, err := b.FirstLink(t.Context())
		b.must(err)
		if !made {
			t.Fatal("no first link on an empty desk")
		}
		enrol := func(link, password string) error {
			return b.Enrol(t.Context(), link, "Mori", "mori@desk.example", seal.NewSecret(password))
		}
		b.want(enrol(lost, password), seal.ErrNoLink)
		b.want(enrol("nonsense", password), seal.ErrNoLink)
		for _, weak := range []string{"short", "aaaaaaaaaaaaaaaa", "mori@desk.example", "password1234"} {
			b.want(enrol(link, weak), desk.ErrWeak)
		}
		b.must(enrol(link, password))
		w, err := b.Greet(t.Context(), link)
		b.must(err)
		if !w.Ready || !strings.HasPrefix(w.App.Reveal(), "otpauth://totp/") || !strings.Contains(w.App.Reveal(), w.Seed.Reveal()) || strings.Contains(fmt.Sprint(w), w.Seed.Reveal()) {
			t.Errorf("the app is shown as %+v", w)
		}
		_, err = b.signIn("mori", password, b.code())
		b.want(err, desk.ErrSignIn)
		_, err = b.Begin(t.Context(), from, link, "000000")
		b.want(err, desk.ErrCode)
		code, err := totp.GenerateCode(w.Seed.Reveal(), b.clock.Now())
		b.must(err)
		token, err := b.Begin(t.Context(), from, link, code)
		b.must(err)
		boss := b.who(token)
		if boss.Role != access.Supervisor || boss.Name != "Mori" {
			t.Errorf("the first is %+v", boss)
		}
		_, err = b.Greet(t.Context(), link)
		b.want(err, seal.ErrNoLink)
		_, err = b.SignIn(t.Context(), from, "mori@desk.example", seal.NewSecret(password), code)
		b.want(err, desk.ErrSignIn) // the code of the enrolment is used up, too
	})
}
