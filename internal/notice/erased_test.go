package notice_test

import (
	"encoding/json"
	"strings"
	"testing"

	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail"
)

// What the holder had erased is not to be read in the letter after a case, which says values whole.
func TestWhatWasErasedIsNotKeptInALetter(t *testing.T) {
	each(t, func(h *house) {
		h.do(history.Entry{By: intruder(), Verb: history.Add, Path: "address/a1", Value: json.RawMessage(`{"line":"Honmachi 1"}`)})
		to, err := mail.ParseAddress("amy@old.example")
		if err != nil {
			h.Fatal(err)
		}
		var letter, other string
		h.write(func(tx *db.Tx) (err error) {
			if letter, err = h.post.Queue(tx, mail.Letter{Account: id, Case: "case_1", To: to, Body: mail.HandBack{Case: "case_1", PutBack: []mail.PutBack{{What: "Address", After: "Honmachi 1"}}}}); err == nil {
				other, err = h.post.Queue(tx, mail.Letter{Account: id, To: to, Body: mail.ResetDone{NotMe: "/not-me/t"}})
			}
			return err
		})
		if err := h.runner.Drain(h.Context()); err != nil {
			h.Fatal(err)
		}
		text := func(of string) (k mail.Kept) {
			h.write(func(tx *db.Tx) (err error) { k, err = h.post.Kept(tx, id, of); return err })
			return k
		}
		if !strings.Contains(text(letter).Text, "Honmachi 1") {
			h.Fatalf("it reads\n%s", text(letter).Text)
		}
		h.do(history.Entry{By: intruder(), Verb: history.Remove, Path: "address/a1", Erased: true})
		if k := text(letter); k.Text != "" || k.Subject == "" {
			h.Errorf("%q reads\n%s", k.Subject, k.Text)
		}
		if text(other).Text == "" {
			h.Error("a letter that says no values was forgotten, too")
		}
	})
}
