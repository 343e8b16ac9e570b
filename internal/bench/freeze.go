package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// watched is how many sessions the account has that is stopped.
const watched = 4

// freezing stops accounts over HTTP while each of their sessions asks over and
// over whether it may still act. What counts is the time from sending the POST
// until every session was refused. Its limit is one durable row: the epoch
// which no freeze can do without.
func freezing(ctx context.Context, h *house, o Options) (r Result, err error) {
	key, err := h.key(ctx)
	if err != nil {
		return r, err
	}
	w, err := newWatch(h.Handler())
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	row, err := newPlain(ctx, h, []rowKind{{table: "epoch_sequence", columns: "id value", keys: "id"}})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, row.close()) }()
	var victims []holder
	real := side{
		ready: func(ctx context.Context, n int) (err error) {
			victims, err = h.moveIn(ctx, n, watched, "")
			return err
		},
		timed: func(_ context.Context, i int) (time.Duration, error) {
			v := victims[i]
			return w.stop(v.tokens, post("/v1/accounts/"+v.id+"/freeze", `{"why":"This was not me."}`,
				"Content-Type: application/json", "Authorization: Bearer "+key))
		},
	}
	limit := side{do: func(_ context.Context, _, i int) error {
		return row.write(filled{{int64(1), int64(1_000_000 + i)}})
	}}
	r, err = versus(ctx, o, 1, real, limit)
	r.LimitIs = "one row, committed durably"
	return r, err
}

// watch is a server, somebody who can stop accounts, and the sessions of one account.
type watch struct {
	server   *server
	wires    []*wire // the last one stops, the others ask
	alive    chan error
	refusals chan refusal
}

type refusal struct {
	at  time.Time
	err error
}

func newWatch(h http.Handler) (*watch, error) {
	s, err := serve(h)
	if err != nil {
		return nil, err
	}
	wires, err := dialAll(s.addr, watched+1)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &watch{s, wires, make(chan error, watched), make(chan refusal, watched)}, nil
}

// stop sends the POST when every session has been seen alive.
func (w *watch) stop(tokens []string, request []byte) (time.Duration, error) {
	for i, token := range tokens {
		go w.ask(w.wires[i], get("/v1/session", token))
	}
	var err error
	for range tokens {
		err = errors.Join(err, <-w.alive)
	}
	sent := time.Now()
	status, _, e := w.wires[watched].ask(request)
	if e == nil && status != http.StatusOK {
		e = fmt.Errorf("the freeze was answered with %d", status)
	}
	err = errors.Join(err, e)
	last := sent
	for range tokens {
		if err != nil {
			return 0, err // whoever asks still is stopped with the server
		}
		r := <-w.refusals
		err = r.err
		if r.at.After(last) {
			last = r.at
		}
	}
	return last.Sub(sent), err
}

// ask asks until the session is refused.
func (w *watch) ask(c *wire, request []byte) {
	status, _, err := c.ask(request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a living session was answered with %d", status)
	}
	w.alive <- err
	for err == nil && status == http.StatusOK {
		status, _, err = c.ask(request)
	}
	w.refusals <- refusal{time.Now(), err}
}

func (w *watch) close() error { return errors.Join(closeAll(w.wires), w.server.close()) }
