package signin_test

import (
	"errors"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/signin"
	"takeback/internal/sms"
)

// texts is what telephones get: the rim of the house.
type texts struct {
	mu  sync.Mutex
	got []sms.Message
}

func (*texts) Takes(number string) bool { return number[0] == '0' }

func (x *texts) Queue(tx *db.Tx, m sms.Message) error {
	tx.OnCommit(func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.got = append(x.got, m)
	})
	return nil
}

// last gives the code of the newest text.
func (h *house) text(x *texts) sms.Message {
	h.Helper()
	if len(x.got) == 0 {
		h.Fatal("no text was sent")
	}
	return x.got[len(x.got)-1]
}

func (h *house) standings(who access.Actor) map[string]account.Standing {
	h.Helper()
	all, err := h.life.Contacts(h.Context(), who)
	h.ok(err)
	found := map[string]account.Standing{}
	for _, s := range all {
		found[s.Address] = s
	}
	return found
}

const second = "hana@work.example"

// further adds a second address and confirms it.
func (h *house) further(who access.Actor, address string) (slot string) {
	h.Helper()
	h.ok(h.life.AddContact(h.Context(), who, address, secret(first)))
	_, _, err := h.life.Confirm(h.Context(), h.token(address, "/confirm/"), signin.Given{}, client("d1"))
	h.ok(err)
	return h.standings(who)[address].Slot
}

func TestAFurtherAddressCountsOnceItIsConfirmedAndAWeekLaterForTheWayBack(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(10 * 24 * time.Hour)
		h.ok(h.life.AddContact(h.Context(), who, second, secret(first)))
		if _, there := h.standings(who)[second]; there {
			h.Error("it counts before anybody received there")
		}
		_, _, err := h.life.Confirm(h.Context(), h.token(second, "/confirm/"), signin.Given{}, client("d1"))
		h.ok(err)
		s := h.standings(who)[second]
		if s.Good || !s.From.Equal(s.Contact.From.Add(7*24*time.Hour)) || s.ConfirmedAt.IsZero() {
			h.Errorf("on its first day it is %+v", s)
		}
		h.clock.Advance(7 * 24 * time.Hour)
		who = h.enter(hana, first, "d1")
		if s := h.standings(who)[second]; !s.Good {
			h.Errorf("after a week it is %+v", s)
		}
		if err := h.life.AddContact(h.Context(), who, second, secret(first)); !errors.Is(err, signin.ErrSame) {
			h.Errorf("the same once more: %v", err)
		}
		if err := h.life.AddContact(h.Context(), who, "x@work.example", secret(fresh)); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("without the password: %v", err)
		}
		h.ok(h.life.AskReset(h.Context(), hana, client("d9")))
		h.ok(h.runner.Drain(h.Context()))
		for _, address := range []string{hana, second} {
			all := h.inbox.To(address)
			if all[len(all)-1].Link("/reset/") == "" {
				h.Errorf("no way back is sent to %s", address)
			}
		}
	})
}

func TestAContactIsRemovedWithProofAndNeverTheLastOrTheSignInName(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(40 * 24 * time.Hour)
		who = h.enter(hana, first, "d1")
		slot := h.further(who, second)
		h.clock.Advance(10 * 24 * time.Hour)
		if _, err := h.life.RemoveContact(h.Context(), who, "email", secret(first)); !errors.Is(err, signin.ErrLast) {
			h.Errorf("the sign-in name: %v", err)
		}
		if _, err := h.life.RemoveContact(h.Context(), who, slot, secret(fresh)); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("without the password: %v", err)
		}
		if _, err := h.life.RemoveContact(h.Context(), who, "email/none", secret(first)); !errors.Is(err, signin.ErrNoContact) {
			h.Errorf("what is not there: %v", err)
		}
		waits, err := h.life.RemoveContact(h.Context(), who, slot, secret(first))
		h.ok(err)
		s := h.standings(who)[second]
		if waits || !s.Good || !s.Until.Equal(s.Contact.Until.Add(7*24*time.Hour)) {
			h.Errorf("removed (waits: %v) it is %+v, want it good for a week", waits, s)
		}
	})
}

func TestInAGuardedAccountAContactIsRemovedThreeDaysLater(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		h.clock.Advance(24 * time.Hour)
		slot := h.further(who, second)
		h.turn(who, account.Guarded)
		who = h.enter(hana, first, "d1")
		waits, err := h.life.RemoveContact(h.Context(), who, slot, secret(first))
		h.ok(err)
		if !waits || !slices.Contains(h.crier.told, "requested "+slot+" ") {
			h.Errorf("waits: %v, told %v", waits, h.crier.told)
		}
		if s := h.standings(who)[second]; !s.Contact.Until.IsZero() {
			h.Error("it is gone at once")
		}
		h.clock.Advance(72 * time.Hour)
		h.ok(h.runner.Drain(h.Context()))
		if s, there := h.standings(who)[second]; there && s.Contact.Until.IsZero() {
			h.Error("it is there for ever")
		}
	})
}

func TestANumberIsConfirmedByText(t *testing.T) {
	each(t, func(h *house) {
		x := &texts{}
		who := h.hana()
		_, err := h.life.ChangePhone(h.Context(), who, "09012345678", secret(first))
		h.ok(err)
		if err := h.life.SendContactCode(h.Context(), who, "phone"); !errors.Is(err, signin.ErrNoTexts) {
			h.Errorf("where nobody sends texts: %v", err)
		}
		h.life.Texts = x
		h.clock.Advance(30 * 24 * time.Hour)
		who = h.enter(hana, first, "d1")
		h.ok(h.life.SendContactCode(h.Context(), who, "phone"))
		m := h.text(x)
		if m.Number != "09012345678" || m.Purpose != sms.Confirm || m.Language != "ja" || !regexp.MustCompile(`^\d{6}$`).MatchString(m.Code) || m.Masked != "********78" {
			h.Errorf("the text is %+v", m)
		}
		other := h.enter(hana, first, "d2")
		for _, c := range []struct {
			who  access.Actor
			code string
			why  string
		}{{who, "000000", "a wrong code"}, {other, m.Code, "another session"}} {
			if err := h.life.ConfirmContact(h.Context(), c.who, "phone", c.code); !errors.Is(err, signin.ErrSentCode) {
				h.Errorf("%s: %v", c.why, err)
			}
		}
		h.ok(h.life.ConfirmContact(h.Context(), who, "phone", m.Code))
		if err := h.life.ConfirmContact(h.Context(), who, "phone", m.Code); !errors.Is(err, signin.ErrSentCode) {
			h.Errorf("the same code once more: %v", err)
		}
		if s := h.standings(who)["09012345678"]; s.Good || !s.From.Equal(s.ConfirmedAt.Add(7*24*time.Hour)) {
			h.Errorf("a number of a month ago that was confirmed today is %+v: somebody may have moved it to another card", s)
		}
		all := h.history(who.Account)
		if last := all[len(all)-1]; last.Verb != history.Confirm || last.Path != "phone" || last.Version == "" {
			h.Errorf("the last entry is %+v", last)
		}
		h.clock.Advance(7 * 24 * time.Hour)
		if s := h.standings(who)["09012345678"]; !s.Good {
			h.Errorf("after a week it is %+v", s)
		}
	})
}

func TestACodeByTextHasFiveTries(t *testing.T) {
	each(t, func(h *house) {
		x := &texts{}
		h.life.Texts = x
		who := h.hana()
		_, err := h.life.ChangePhone(h.Context(), who, "09012345678", secret(first))
		h.ok(err)
		h.ok(h.life.SendContactCode(h.Context(), who, "phone"))
		code := h.text(x).Code
		wrong := "111111"
		if code == wrong {
			wrong = "222222"
		}
		for range 5 {
			if err := h.life.ConfirmContact(h.Context(), who, "phone", wrong); !errors.Is(err, signin.ErrSentCode) {
				h.Fatal(err)
			}
		}
		if err := h.life.ConfirmContact(h.Context(), who, "phone", code); err == nil {
			h.Error("the sixth try counts")
		}
	})
}
