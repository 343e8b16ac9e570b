package signin_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/signin"
)

func TestACopyIsAskedForProvedAndEntered(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		ctx, none := context.Background(), seal.Secret{}
		if _, err := h.life.Export(ctx, who, secret(first)); !errors.Is(err, signin.ErrNoExport) {
			h.Errorf("a copy that nobody asked for: %v", err)
		}
		if _, err := h.life.AskExport(ctx, who, secret("wrong")); !errors.Is(err, signin.ErrPassword) {
			h.Errorf("with a wrong password: %v", err)
		}
		if waits, err := h.life.AskExport(ctx, who, secret(first)); err != nil || waits {
			h.Fatalf("waits %v, %v", waits, err)
		}
		c, err := h.life.Export(ctx, who, none)
		if err != nil || len(c.Facts) == 0 || len(c.Sessions) == 0 {
			h.Errorf("%d facts, %d sessions, %v", len(c.Facts), len(c.Sessions), err)
		}
		if last := h.last(who.Account); last.Verb != history.View || last.Path != "export" {
			h.Errorf("the history says %+v", last)
		}
		h.clock.Advance(time.Hour)
		if _, err := h.life.Export(ctx, who, none); !errors.Is(err, signin.ErrAskAgain) {
			h.Errorf("an hour later without the password: %v", err)
		}
		h.clock.Advance(7 * 24 * time.Hour)
		if _, err := h.life.Export(ctx, who, secret(first)); !errors.Is(err, signin.ErrNoExport) {
			h.Errorf("after its time: %v", err)
		}
	})
}

func TestAGuardedAccountWaitsForItsCopy(t *testing.T) {
	each(t, func(h *house) {
		who := h.guarded()
		ctx := context.Background()
		if waits, err := h.life.AskExport(ctx, who, secret(first)); err != nil || !waits {
			h.Fatalf("waits %v, %v", waits, err)
		}
		if !slices.ContainsFunc(h.crier.told, func(s string) bool { return s != "" }) {
			h.Error("nobody was told")
		}
		if _, err := h.life.Export(ctx, who, secret(first)); !errors.Is(err, signin.ErrNoExport) {
			h.Errorf("at once: %v", err)
		}
		h.clock.Advance(72 * time.Hour)
		h.ok(h.runner.Drain(ctx))
		if _, err := h.life.Export(ctx, who, secret(first)); err != nil {
			h.Errorf("after 72 hours: %v", err)
		}
		who = h.turn(who, account.Frozen)
		who = h.turn(who, account.Open)
		if until, err := h.life.ExportUntil(ctx, who); err != nil || !until.IsZero() {
			h.Errorf("after a freeze a copy may be fetched until %s, %v", until, err)
		}
	})
}

func TestACopyHasEveryLetterOnce(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		to, err := mail.ParseAddress(hana)
		h.ok(err)
		h.write(func(tx *db.Tx) error {
			for range 1100 {
				if err := h.life.Post.QueueNew(tx, mail.Letter{Account: who.Account, To: to, Language: "en", Body: mail.Reset{Link: "/reset/x", Until: tx.Now}}); err != nil {
					return err
				}
			}
			return nil
		})
		seen := map[string]bool{}
		h.ok(h.life.EachLetter(context.Background(), who, func(r signin.Letter) error {
			if seen[r.ID] {
				h.Errorf("%s comes twice", r.ID)
			}
			seen[r.ID] = true
			return nil
		}))
		if len(seen) < 1100 {
			h.Errorf("%d letters", len(seen))
		}
	})
}
