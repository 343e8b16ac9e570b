package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
)

const connections = 32

// sessionCheck asks GET /v1/session over HTTP, as the protected service does at
// each of its own requests. Its limit is a handler that knows the answer before it is asked.
func sessionCheck(ctx context.Context, h *house, o Options) (r Result, err error) {
	all, err := h.moveIn(ctx, o.Visitors, 1, "")
	if err != nil {
		return r, err
	}
	requests := make([][]byte, len(all))
	for i, a := range all {
		requests[i] = get("/v1/session", a.tokens[0])
	}
	real, err := newAsked(h.Handler(), requests)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, real.close()) }()
	size, err := real.first()
	if err != nil {
		return r, err
	}
	bare, err := newBare(size, requests)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	for i := range all { // nobody's first request: a session is used more than once
		if err := real.do(ctx, 0, i); err != nil {
			return r, err
		}
	}
	r, err = versus(ctx, o, connections, side{do: real.do}, side{do: bare.do})
	r.LimitIs = "a bare handler of the same server that sends as many bytes"
	return r, err
}

// asked is a handler behind real HTTP, and clients who ask it in turn for many sessions.
type asked struct {
	server   *server
	wires    []*wire
	requests [][]byte
}

func newAsked(h http.Handler, requests [][]byte) (*asked, error) {
	s, err := serve(h)
	if err != nil {
		return nil, err
	}
	wires, err := dialAll(s.addr, connections)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &asked{s, wires, requests}, nil
}

// newBare serves answers of a size that is the whole answer's, headers included.
func newBare(size int, requests [][]byte) (*asked, error) {
	text := bytes.Repeat([]byte("x"), size)
	var length atomic.Int64
	length.Store(int64(size))
	a, err := newAsked(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(text[:length.Load()]) // the client has gone: nobody to tell
	}), requests)
	if err != nil {
		return nil, err
	}
	got, err := a.first()
	length.Store(int64(2*size - got)) // what the headers take is taken from the body
	return a, err
}

// first asks once and gives the size of the answer.
func (a *asked) first() (size int, err error) {
	status, size, err := a.wires[0].ask(a.requests[0])
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the first session was answered with %d", status)
	}
	return size, err
}

func (a *asked) do(_ context.Context, client, i int) error {
	// A stride that shares no factor with their number: neighbours in time are no neighbours in memory.
	status, _, err := a.wires[client].ask(a.requests[(i*1237+client)%len(a.requests)])
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a living session was answered with %d", status)
	}
	return err
}

func (a *asked) close() error { return errors.Join(closeAll(a.wires), a.server.close()) }
