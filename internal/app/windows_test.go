package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db/dbtest"
	"takeback/internal/mail/inbox"
	"takeback/internal/report"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

const eve = "eve@mail.example"

func eachHome(t *testing.T, fn func(h *home)) {
	for _, e := range dbtest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			fn(newHome(t, e))
		})
	}
}

// taken has an intruder replace the only address of the account, and gives the letter to the old one.
func (h *home) taken() inbox.Letter {
	h.t.Helper()
	who := h.signIn(hana, secret, "eve's")
	h.ok(h.Life.ChangeEmail(h.t.Context(), who, eve, seal.NewSecret(secret)))
	_, _, err := h.Life.Confirm(h.t.Context(), h.token(eve, "/confirm/"), signin.Given{}, browser("eve's"))
	h.ok(err)
	return h.letter(hana, func(l inbox.Letter) bool { return strings.Contains(l.Text, "Before: ") })
}

// T6: until when a letter stops the account is what it says, what the page says, and what the server keeps to.
func TestTheLetterToTheOldAddressStopsTheAccountForExactlyTheMonthItNames(t *testing.T) {
	eachHome(t, func(h *home) {
		at := h.clock.Now()
		l := h.taken()
		month := at.Add(30 * 24 * time.Hour)
		zone := time.FixedZone("JST", 9*3600)
		day := month.In(zone).Format("Monday, 2 January 2006")
		if !strings.Contains(l.Text, "The link works until "+day) || !strings.Contains(l.Text, "good for getting it back until "+day) {
			h.t.Errorf("the letter does not name %s:\n%s", day, l.Text)
		}
		_, token, _ := strings.Cut(l.Link("/not-me/"), "/not-me/")
		o, err := h.Intake.Show(h.t.Context(), token)
		h.ok(err)
		if o.Way != report.Stops || o.Until.Before(month) || o.Until.After(month.Add(time.Minute)) {
			h.t.Errorf("the page says %s until %v, want until %v", o.Way, o.Until, month)
		}
		h.clock.Advance(o.Until.Sub(h.clock.Now()))
		r, err := h.Intake.NotMe(h.t.Context(), token, browser("hana's"))
		h.ok(err)
		if a := h.state(); !r.Expired || a != account.Open {
			h.t.Errorf("at the end of the month the account is %s: %+v", a, r)
		}
		h.clock.Advance(-time.Second)
		r, err = h.Intake.NotMe(h.t.Context(), token, browser("hana's"))
		h.ok(err)
		if a := h.state(); !r.Stopped || a != account.Frozen {
			h.t.Errorf("a second before, the account is %s: %+v", a, r)
		}
	})
}

// T7: the letter of an address that was given up stops and opens a case. It opens nothing else.
func TestWhoReadsAnOldMailboxGetsNothingButACase(t *testing.T) {
	eachHome(t, func(h *home) {
		_, token, _ := strings.Cut(h.taken().Link("/not-me/"), "/not-me/")
		if _, err := h.Intake.NotMe(h.t.Context(), token, browser("who knows whose")); err != nil {
			h.t.Fatal(err)
		}
		if a := h.state(); a != account.Frozen {
			h.t.Errorf("the account is %s", a)
		}
		for _, path := range []string{"/reset/", "/recover/", "/confirm/", "/recovery/"} {
			for _, l := range h.inbox.To(hana) {
				if l.Link(path) != "" {
					h.t.Errorf("a letter to the old address has a link %s", path)
				}
			}
		}
	})
}

// T5: an address that was given up is nobody's for a month, by whatever way somebody asks for it: he could stand in the way of the undo.
func TestAReleasedAddressIsReservedByEveryWay(t *testing.T) {
	eachHome(t, func(h *home) {
		ctx, pw := h.t.Context(), seal.NewSecret(secret)
		h.taken()
		other, err := h.Life.Create(ctx, shop, "other@mail.example", pw, "Other", "en")
		h.ok(err)
		asks := func() (made []string) {
			if _, err := h.Life.Create(ctx, shop, hana, pw, "Eve", "en"); err == nil {
				made = append(made, "the service")
			} else if !errors.Is(err, signin.ErrTaken) {
				h.t.Error(err)
			}
			h.ok(h.Life.Register(ctx, signin.Registration{Email: hana, Password: pw, Name: "Eve", Language: "en", Browser: "eve's"}, browser("eve's")))
			if link := h.letter(hana, func(inbox.Letter) bool { return true }).Link("/confirm/"); link != "" {
				made = append(made, "a registration")
			}
			who := h.signIn("other@mail.example", secret, "other's")
			if who.Account != other {
				h.t.Fatal("not the other account")
			}
			h.ok(h.Life.ChangeEmail(ctx, who, hana, pw))
			if link := h.letter(hana, func(inbox.Letter) bool { return true }).Link("/confirm/"); link != "" && len(made) == 0 {
				made = append(made, "a change")
			}
			return made
		}
		h.clock.Advance(30*24*time.Hour - 2*time.Hour)
		if made := asks(); made != nil {
			h.t.Errorf("within the month it goes to %v", made)
		}
		h.clock.Advance(3 * time.Hour)
		if made := asks(); len(made) == 0 {
			h.t.Error("after the month it is free to nobody")
		}
	})
}
