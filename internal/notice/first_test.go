package notice_test

import (
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/notice"
)

// A service may make an account whose holder never comes: its first session is
// told, unless it follows a registration.
func TestTheFirstSignIn(t *testing.T) {
	const created = "acc_new"
	in := func(e history.Entry) history.Entry {
		e.Account = created
		if e.Verb == history.Open {
			e.By = access.Actor{Role: access.Holder, ID: created, Account: created, Session: "ses_1", Segment: 1, Epoch: 1}
		}
		return e
	}
	for name, c := range map[string]struct {
		wait time.Duration
		fill bool // by the service, an hour after it made the account
		want int
	}{
		"right after the registration is quiet":           {10 * time.Minute, false, 0},
		"within the day of the registration is quiet":     {24*time.Hour - time.Second, false, 0},
		"a day later is told":                             {24 * time.Hour, false, 1},
		"to an account that was filled meanwhile is told": {2 * time.Hour, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(h *house) {
				add := func(e history.Entry) {
					h.write(func(tx *db.Tx) error { _, err := h.book.Append(tx, in(e)); return err })
				}
				h.write(func(tx *db.Tx) error { return account.Create(tx, created, "en") })
				add(history.Entry{By: access.Do("register"), Verb: history.Contact, Path: "email", Value: text("new@home.example"), Confirmed: true})
				wait := c.wait
				if c.fill {
					h.clock.Advance(time.Hour)
					wait -= time.Hour
					add(history.Entry{By: access.Actor{Role: access.Service, ID: "shop"}, Verb: history.Set, Path: "name", Value: text("Amy")})
				}
				h.clock.Advance(wait)
				add(history.Entry{Verb: history.Open, Device: "d1"})
				h.write(func(tx *db.Tx) error {
					all, err := notice.Of(tx, created, 10)
					if len(all) != c.want || c.want > 0 && all[0].Event != mail.SignedIn {
						h.Errorf("told %+v, want %d", all, c.want)
					}
					return err
				})
			})
		})
	}
}
