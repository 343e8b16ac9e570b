package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/history"
)

// lately is how long before the story its holder opened her account. A contact
// counts as hers only if it was there for a while: an account made this very
// minute has nobody who could be called back.
const lately = 40 * 24 * time.Hour

// longest is how long the whole story may take before it counts as failed.
const longest = 2 * time.Minute

// Once is `takeback demo --once`: the whole story over HTTP and SMTP, a line for
// every step. It returns nil only if every outcome held.
func Once(ctx context.Context, out io.Writer, o Options) (err error) {
	began := time.Now()
	clock := &Clock{}
	clock.Go(lately)
	o.Clock = clock
	h, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	ctx, stop := context.WithTimeout(ctx, longest)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	defer func() { stop(); err = errors.Join(err, <-served) }()

	m, err := h.Means(ctx)
	if err != nil {
		return err
	}
	m.Today = func() { clock.Go(0) }
	fmt.Fprintf(out, "%s at %s, on %s, letters by %s\n\n", Shop, h.Site, h.App.DB.Engine(), h.Inbox.URL())
	if err := NewScript(ctx, h.Site, m).Plays(out); err != nil {
		return err
	}
	return h.verifyHistory(ctx, out, began)
}

// verifyHistory checks that the history of every account is what was written.
func (h *House) verifyHistory(ctx context.Context, out io.Writer, began time.Time) error {
	at, accounts, changes := time.Now(), 0, 0
	var broken error
	var known history.Coverage
	err := h.App.DB.Read(ctx, func(tx *db.Tx) error {
		accounts, changes, broken = 0, 0, nil
		var err error
		if known, err = history.CoverageOf(tx); err != nil {
			return err
		}
		return history.VerifyAll(tx, func(_ account.Account, n int, err error) {
			accounts, changes, broken = accounts+1, changes+n, errors.Join(broken, err)
		})
	})
	if err := errors.Join(err, broken); err != nil {
		return fmt.Errorf("the history does not hold: %w", err)
	}
	if len(known.Lacking) > 0 {
		return fmt.Errorf("of some changes it is not known who made them, from where and with what: %+v", known.Lacking)
	}
	_, err = fmt.Fprintf(out, "%3d  %-14s %6d ms  ✓ %d account, %d changes, the chain holds, provenance of all is complete\n\nEvery outcome held. The whole story took %.1f s.\n",
		len(Scenes())+1, "history", time.Since(at).Milliseconds(), accounts, changes, time.Since(began).Seconds())
	return err
}
