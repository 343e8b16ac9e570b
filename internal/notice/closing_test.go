package notice_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/notice"
)

// The end of an account has letters of its own: when it is asked for, when that is taken back, and when it comes.
func TestTheEndOfAnAccountIsTold(t *testing.T) {
	each(t, func(h *house) {
		wish := notice.Pending{Account: id, Path: account.Closing, To: "closed", Due: h.clock.Now().Add(14 * 24 * time.Hour), By: intruder()}
		for _, c := range []struct {
			name, subject, says, lacks string
			tell                       func(tx *db.Tx) error
		}{
			{"asked for", "Your account will be closed", "take it back, under Security", "This is our last", func(tx *db.Tx) error { return h.teller.TellRequested(tx, wish) }},
			{"taken back", "Your account stays open", "stays open, and nothing in it was changed", "closing with it", func(tx *db.Tx) error { return h.teller.TellCancelled(tx, wish) }},
			{"come", "Your account is closed", "one of our people will help you", "Where:", func(tx *db.Tx) error {
				_, err := h.book.Append(tx, history.Entry{Account: id, By: intruder(), Verb: history.Set, Path: account.Closing, Value: json.RawMessage(`"closed"`)})
				return err
			}},
		} {
			h.write(c.tell)
			if err := h.runner.Drain(h.Context()); err != nil {
				h.Fatal(err)
			}
			all := h.inbox.To("amy@old.example")
			l := all[len(all)-1]
			if !strings.HasSuffix(l.Subject, c.subject) || !strings.Contains(l.Text, c.says) || strings.Contains(l.Text, c.lacks) || l.Link("/not-me/") == "" {
				h.Errorf("%s: %q\n%s", c.name, l.Subject, l.Text)
			}
		}
	})
}
