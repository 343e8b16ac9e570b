package bench

import (
	"context"
	"errors"

	"takeback/internal/db"
	"takeback/internal/history"
)

// writers is how many change something at the same time.
const writers = 32

// change gives accounts a new e-mail address: the fence of the epoch, the entry
// in the history, fact and contact, and the letter to the address before, in one
// commit that is durable before it is answered. Its limit writes the same rows
// and asks nothing.
func change(ctx context.Context, h *house, o Options) (r Result, err error) {
	rows, err := sample(ctx, h)
	if err != nil {
		return r, err
	}
	plain, err := newPlain(ctx, h, written)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, plain.close()) }()
	var movers []holder
	ready := func(ctx context.Context, n int) (err error) {
		movers, err = h.moveIn(ctx, n, 0, "")
		return err
	}
	real := side{ready: ready, do: func(ctx context.Context, _, i int) error { return h.moveAddress(ctx, movers[i]) }}
	var copies []filled
	limit := side{
		ready: func(ctx context.Context, n int) error {
			if err := ready(ctx, n); err != nil {
				return err
			}
			copies = copies[:0]
			for _, m := range movers {
				copies = append(copies, rows.of(m.id))
			}
			return nil
		},
		do: func(_ context.Context, _, i int) error { return plain.write(copies[i]) },
	}
	r, err = versus(ctx, o, writers, real, limit)
	r.LimitIs = "the same rows by plain SQL, committed in groups"
	return r, err
}

// moveAddress is what every change of a contact comes to.
func (h *house) moveAddress(ctx context.Context, a holder) error {
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := h.Book.Append(tx, history.Entry{Account: a.id, By: a.actor, Verb: history.Contact, Path: "email",
			Value: quoted("new." + a.email), Confirmed: true})
		return err
	})
}
