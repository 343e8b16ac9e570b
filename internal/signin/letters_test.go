package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/passkey/keytest"
	"takeback/internal/signin"
)

// sends queues a letter to an address, sees it off, and gives its id.
func (h *house) sends(who access.Actor, to, ofCase string, body mail.Body) (id string) {
	h.Helper()
	address, err := mail.ParseAddress(to)
	h.ok(err)
	h.write(func(tx *db.Tx) (err error) {
		id, err = h.life.Post.Queue(tx, mail.Letter{Account: who.Account, Case: ofCase, To: address, Language: "en", Body: body})
		return err
	})
	h.ok(h.runner.Drain(h.Context()))
	return id
}

func (h *house) reads(who access.Actor, id string) signin.Letter {
	h.Helper()
	l, err := h.life.Letter(h.Context(), who, id)
	h.ok(err)
	if (l.Text == "") == (l.Reading == signin.Readable) {
		h.Errorf("%q goes with the text %q", l.Reading, l.Text)
	}
	return l
}

const (
	oldHana = hana
	newHana = "hana@new.example"
)

// moved gives an account whose address was changed after a year, the letter to the former
// address, and one of a case.
func (h *house) moved(who access.Actor) (former, ofCase string) {
	h.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := h.life.Book.Append(tx, history.Entry{Account: who.Account, By: who, Verb: history.Contact, Path: "email", Value: []byte(`"` + newHana + `"`), Confirmed: true})
		return err
	})
	former = h.sends(who, oldHana, "", mail.Notice{Event: mail.Changed, What: "e-mail address", At: h.clock.Now(), NotMe: "/not-me/t0ken", NotMeUntil: h.clock.Now()})
	return former, h.sends(who, newHana, "case_1", mail.Answer{Case: "case_1", Text: "We found this.", Link: "/contact/case_1/t0ken"})
}

func TestALetterIsReadByItsHolder(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		id := h.sends(who, hana, "", mail.Notice{Event: mail.SignedIn, At: h.clock.Now(), Device: "Firefox, Linux", NotMe: "/not-me/t0ken", NotMeUntil: h.clock.Now()})
		if l := h.reads(who, id); !strings.Contains(l.Text, "Firefox, Linux") || strings.Contains(l.Text, "t0ken") || l.To == hana {
			h.Errorf("to %s:\n%s", l.To, l.Text)
		}
		h.register("ken@example.jp", fresh, "Ken")
		ken := h.enter("ken@example.jp", fresh, "d9")
		for _, other := range []string{id, "letter_0", ""} {
			if _, err := h.life.Letter(h.Context(), ken, other); !errors.Is(err, signin.ErrNoLetter) {
				h.Errorf("%q to somebody else: %v", other, err)
			}
		}
	})
}

// Somebody who signed in with a stolen password reads neither what the former contact was told nor what a case says.
func TestAnIntruderLearnsNothingFromLetters(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(24 * time.Hour)
		former, ofCase := h.moved(who)
		who = h.enter(newHana, first, "d7") // the password is fresh, and is what he has
		for _, id := range []string{former, ofCase} {
			l := h.reads(who, id)
			if l.Reading != signin.Unsettled || !l.From.Equal(l.At.Add(30*24*time.Hour)) {
				h.Errorf("%s: %q until %s", l.Kind, l.Reading, l.From)
			}
		}
		intruders := keytest.New(h.T, shop)
		h.enrolKey(who, intruders, "mine")
		h.proves(who, intruders)
		if l := h.reads(who, former); l.Reading != signin.Unsettled {
			h.Errorf("with a passkey of his own: %q", l.Reading)
		}
		h.clock.Advance(4 * 24 * time.Hour)
		h.proves(who, intruders)
		if l := h.reads(who, former); l.Reading != signin.Unsettled {
			h.Errorf("with a passkey that he had for four days: %q", l.Reading)
		}
	})
}

func TestWhoHasSomethingOlderReadsAtOnce(t *testing.T) {
	each(t, func(h *house) {
		who, phone := h.hana(), keytest.New(h.T, shop)
		h.enrolKey(who, phone, "phone")
		h.clock.Advance(4 * 24 * time.Hour)
		h.proves(who, phone)
		former, ofCase := h.moved(who)
		for _, id := range []string{former, ofCase} {
			if l := h.reads(who, id); l.Reading != signin.Readable {
				h.Errorf("%s: %q", l.Kind, l.Reading)
			}
		}
		h.clock.Advance(11 * time.Minute)
		if l := h.reads(who, former); l.Reading != signin.Unsettled {
			h.Errorf("eleven minutes after the proof: %q", l.Reading)
		}
	})
}

func TestAfterThirtyDaysAFreshProofSuffices(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		former, ofCase := h.moved(who)
		h.clock.Advance(30 * 24 * time.Hour)
		who = h.enter(newHana, first, "d1")
		for _, id := range []string{former, ofCase} {
			if l := h.reads(who, id); l.Reading != signin.Readable {
				h.Errorf("%s: %q", l.Kind, l.Reading)
			}
		}
		h.clock.Advance(11 * time.Minute)
		if l := h.reads(who, former); l.Reading != signin.Unproved {
			h.Errorf("eleven minutes after the password: %q", l.Reading)
		}
	})
}

// What was written to somebody else who spoke of the account is not its holder's to read.
func TestALetterToAStrangerIsNotShown(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		id := h.sends(who, "neighbour@example.jp", "case_1", mail.Answer{Case: "case_1", Text: "Thank you.", Link: "/contact/case_1"})
		if l := h.reads(who, id); l.Reading != signin.Elsewhere {
			h.Errorf("%q", l.Reading)
		}
	})
}

func TestACopyHasTheTextsThatTheSessionMayRead(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		mine := h.sends(who, hana, "", mail.Notice{Event: mail.SignedIn, At: h.clock.Now(), NotMe: "/not-me/t0ken", NotMeUntil: h.clock.Now()})
		ofCase := h.sends(who, hana, "case_1", mail.Answer{Case: "case_1", Text: "We found this.", Link: "/contact/case_1/t0ken"})
		texts := map[string]signin.Letter{}
		h.ok(h.life.EachLetter(h.Context(), who, func(l signin.Letter) error { texts[l.ID] = l; return nil }))
		if texts[mine].Text == "" || texts[ofCase].Text != "" || texts[ofCase].Reading != signin.Unsettled {
			h.Errorf("%+v", texts)
		}
	})
}

func TestAClosedAccountKeepsNoTexts(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.sends(who, hana, "", mail.Notice{Event: mail.SignedIn, At: h.clock.Now(), NotMe: "/not-me/t0ken", NotMeUntil: h.clock.Now()})
		kept := func() (n int) {
			h.write(func(tx *db.Tx) error {
				return tx.Row(`SELECT COUNT(*) FROM letter WHERE account = $1 AND copy <> ''`, who.Account).Scan(&n)
			})
			return n
		}
		if kept() == 0 {
			h.Fatal("nothing was kept")
		}
		_, err := h.life.AskClosing(h.Context(), who, secret(first))
		h.ok(err)
		h.clock.Advance(14 * 24 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		if n := kept(); n != 0 {
			h.Errorf("of %d letters the text is left", n)
		}
	})
}
