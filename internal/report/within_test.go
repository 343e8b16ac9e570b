package report_test

import (
	"errors"
	"testing"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/casefile"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/report"
)

// Who is signed in stops the account and gains nothing by it: the session may be the intruder's.
func TestASessionStopsItsAccountAndIsNoProof(t *testing.T) {
	each(t, func(h *house) {
		who := access.Actor{Role: access.Holder, ID: id, Account: id, Session: "ses_1", Segment: 1, Client: holder}
		h.write(func(tx *db.Tx) error {
			kinds, err := account.NewKinds()
			if err != nil {
				return err
			}
			book := &history.Book{Kinds: kinds}
			if _, err := book.Append(tx, history.Entry{Account: id, By: access.Do("register"), Verb: history.Contact, Path: "email", Value: []byte(`"amy@old.example"`)}); err != nil {
				return err
			}
			c, err := book.Append(tx, history.Entry{Account: id, By: who, Verb: history.Set, Path: "name", Value: []byte(`"Eve"`)})
			who.Epoch = c.Epoch
			return err
		})
		for name, seq := range map[string]int64{"what is not there": 99, "what the program did": 1} {
			if _, err := h.intake.NotMeIn(h.Context(), who, seq); !errors.Is(err, history.ErrNoChange) {
				h.Errorf("%s: %v", name, err)
			}
		}
		r, err := h.intake.NotMeIn(h.Context(), who, 2)
		if err != nil || !r.Stopped || r.Case == "" {
			h.Fatalf("%+v, %v", r, err)
		}
		if v, err := h.intake.Page(h.Context(), r.Case, r.Token); err != nil || v.Sure || v.Stage != report.Received {
			h.Errorf("the page of the case says %+v, %v", v, err)
		}
		h.write(func(tx *db.Tx) error {
			c, err := casefile.Get(tx, r.Case)
			if c.Account != id || c.ReportedSeq != 2 || c.Step != casefile.Frozen {
				h.Errorf("the case is %+v", c)
			}
			return err
		})
		if _, err := h.intake.NotMeIn(h.Context(), who, 2); !errors.Is(err, account.ErrFrozen) {
			h.Errorf("with the session of before: %v", err)
		}
	})
}
