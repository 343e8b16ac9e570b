package app_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"takeback/internal/db"
	"takeback/internal/mail"
	"takeback/internal/seal"
)

// What the letters that really go out carry, of a change, a reset, a way back and a case, is in no copy that is kept of them.
func TestNoCopyOfALetterHasWhatItCarried(t *testing.T) {
	eachHome(t, func(h *home) {
		ctx := h.t.Context()
		h.clock.Advance(40 * 24 * time.Hour)
		h.moves(h.signIn(hana, secret, "hana's"), secret, "hana@new.example", "09012345678")
		h.ok(h.Life.AskReset(ctx, hana, browser("hana's")))
		h.ok(h.Life.Reset(ctx, h.token(hana, "/reset/"), seal.NewSecret(fresh), browser("hana's")))
		h.stops(hana, "hana's")
		h.ok(h.Runner.Drain(ctx))

		copies, codes := map[string]int{}, 0
		h.ok(h.DB.Read(ctx, func(tx *db.Tx) error {
			all, err := mail.Sent(tx, h.id, 500)
			for _, r := range all {
				k, err := h.Post.Kept(tx, h.id, r.ID)
				if err != nil {
					return err
				}
				if k.Text == "" {
					h.t.Errorf("of %q nothing is kept", r.Subject)
				}
				copies[k.Text]++
			}
			return err
		}))
		for _, l := range h.inbox.Letters() {
			for _, link := range l.Links {
				u, err := url.Parse(link)
				h.ok(err)
				for part := range strings.SplitSeq(u.Path, "/") {
					if len(part) < 40 { // tokens are longer, and nothing else is
						continue
					}
					codes++
					for text := range copies {
						if strings.Contains(text, part) {
							h.t.Errorf("the link of %q is in\n%s", l.Subject, text)
						}
					}
				}
			}
		}
		if codes < 10 || len(copies) < 8 {
			h.t.Errorf("%d links and %d copies: the test has gone blind", codes, len(copies))
		}
	})
}
