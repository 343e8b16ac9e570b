package signin_test

import (
	"encoding/json"
	"errors"
	"testing"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/passkey/keytest"
	"takeback/internal/signin"
)

// give puts a passkey into an account as if it had been enrolled.
func (h *house) give(accountID, path string, phone *keytest.Authenticator) history.Change {
	h.Helper()
	var c history.Change
	h.write(func(tx *db.Tx) (err error) {
		made, stored := phone.Enrol(tx, h.life.Passkeys, accountID)
		c, err = h.life.Book.Append(tx, history.Entry{Account: accountID, Verb: history.Credential, Path: path, SecretID: h.life.Seal.SecretID(accountID, made), Stored: stored})
		return err
	})
	return c
}

func (h *house) askKey(accountID, caseID, device string) (options json.RawMessage, err error) {
	err = h.db.Write(h.Context(), func(tx *db.Tx) error {
		options, err = h.life.AskKey(tx, accountID, caseID, device)
		return err
	})
	return options, err
}

func (h *house) takeKey(accountID, caseID, device, answer string) (from account.Secret, ok bool) {
	h.Helper()
	h.write(func(tx *db.Tx) (err error) {
		from, ok, err = h.life.TakeKey(tx, accountID, caseID, device, answer)
		return err
	})
	return from, ok
}

func TestAPasskeyIsPresentedInACase(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		if _, err := h.askKey(who.Account, "case_1", "d1"); !errors.Is(err, signin.ErrNoKey) {
			h.Errorf("without a passkey: %v", err)
		}
		phone, intruders := keytest.New(h.T, "https://shop.example"), keytest.New(h.T, "https://shop.example")
		own := h.give(who.Account, "passkey/k1", phone)
		his := h.give(who.Account, "passkey/k2", intruders)
		h.write(func(tx *db.Tx) error {
			_, err := h.life.Book.Append(tx, history.Entry{Account: who.Account, Verb: history.Drop, Path: "passkey/k1"})
			return err
		})
		h.turn(who, account.Frozen)
		ask := func() json.RawMessage {
			options, err := h.askKey(who.Account, "case_1", "d1")
			h.ok(err)
			return options
		}
		if from, ok := h.takeKey(who.Account, "case_1", "d1", phone.Present(ask())); !ok || from.Version != own.Version || from.Until.IsZero() {
			h.Errorf("the one that was removed: %+v %v", from, ok)
		}
		if from, ok := h.takeKey(who.Account, "case_1", "d1", intruders.Present(ask())); !ok || from.Version != his.Version || from.Slot != "passkey/k2" {
			h.Errorf("the one that is there: %+v %v", from, ok)
		}
		answer := phone.Present(ask())
		for _, other := range [][2]string{{"case_2", "d1"}, {"case_1", "d2"}} {
			if _, ok := h.takeKey(who.Account, other[0], other[1], answer); ok {
				h.Errorf("an answer for case_1 on d1 counts for %s on %s", other[0], other[1])
			}
		}
		if _, ok := h.takeKey(who.Account, "case_1", "d1", answer); !ok {
			h.Error("what others tried used the question up")
		}
		if _, ok := h.takeKey(who.Account, "case_1", "d1", answer); ok {
			h.Error("an answer counts twice")
		}
		intruders.Rewind(0)
		if _, ok := h.takeKey(who.Account, "case_1", "d1", intruders.Present(ask())); ok {
			h.Error("a copy is accepted")
		}
		if _, ok := h.takeKey(who.Account, "case_1", "d1", "nonsense"); ok {
			h.Error("nonsense is accepted")
		}
		answer = phone.Present(ask())
		h.turn(who, account.Restoring)
		if _, ok := h.takeKey(who.Account, "case_1", "d1", answer); ok {
			h.Error("what was asked in one epoch is answered in the next")
		}
	})
}
