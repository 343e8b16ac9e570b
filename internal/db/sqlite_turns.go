package db

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxTogether bounds how many writers share one commit, and so how long the first of them waits.
const maxTogether = 64

// turns lets writers use the one connection that writes, one after the other,
// each in the goroutine of its caller. Who finds others waiting leaves the
// commit to them; the last one commits for all. Nobody waits for company, and a
// writer who is alone is held up by nobody.
type turns struct {
	// These belong to whoever has the turn.
	conn  *sqliteConn
	group []chan<- error // who has written in the open transaction, to hear how its commit went

	mu     sync.Mutex
	taken  bool
	line   []chan struct{} // who waits for the turn, in the order they came
	closed bool
}

var (
	errClosed = errors.New("db: closed")
	errLeft   = errors.New("db: the function given to Write did not return")
)

func (t *turns) write(ctx context.Context, fn func(conn) error) error {
	if err := t.take(ctx); err != nil {
		return err
	}
	settled := make(chan error, 1)
	if err := t.run(ctx, fn, settled); err != nil {
		return err
	}
	return <-settled
}

// run runs fn and passes the turn on, also if fn panics or ends its goroutine,
// as a test's FailNow does.
func (t *turns) run(ctx context.Context, fn func(conn) error, settled chan<- error) (err error) {
	defer t.pass()
	if err := t.begin(ctx); err != nil {
		return err
	}
	err = errLeft
	defer func() { err = t.end(err, settled) }()
	err = fn(t.conn)
	return err
}

// begin begins a transaction. Who finds one open needs a savepoint in it: what
// the others wrote must not go with his failure.
func (t *turns) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	text := "BEGIN IMMEDIATE"
	if len(t.group) > 0 {
		text = "SAVEPOINT turn"
	}
	_, err := t.conn.exec(text, nil)
	return err
}

// end keeps what was written for the commit to come, or undoes it.
func (t *turns) end(err error, settled chan<- error) error {
	first := len(t.group) == 0
	if err == nil && !first {
		_, err = t.conn.exec("RELEASE turn", nil)
	}
	if err == nil {
		t.group = append(t.group, settled)
		return nil
	}
	if first {
		_, undo := t.conn.exec("ROLLBACK", nil)
		return errors.Join(err, undo)
	}
	_, undo := t.conn.exec("ROLLBACK TO turn", nil)
	_, release := t.conn.exec("RELEASE turn", nil)
	if undo = errors.Join(undo, release); undo != nil {
		// The engine has given up the whole transaction, as it does on a full disk: nobody's work is left.
		t.settle(undo)
		_, _ = t.conn.exec("ROLLBACK", nil) // fails if there is nothing left to roll back, which is what we want
	}
	return errors.Join(err, undo)
}

// settle tells everybody whose work was in the transaction how that ended.
func (t *turns) settle(err error) {
	for _, settled := range t.group {
		settled <- err
	}
	t.group = t.group[:0]
}

// pass gives the turn to the next in the line, with the transaction open. If
// there is nobody, or enough have written, it commits first.
func (t *turns) pass() {
	if len(t.group) < maxTogether && t.next(true) {
		return
	}
	if len(t.group) > 0 {
		_, err := t.conn.exec("COMMIT", nil)
		if err != nil {
			_, undo := t.conn.exec("ROLLBACK", nil) // a failed COMMIT may leave the transaction open
			err = errors.Join(err, undo)
		}
		t.settle(err)
	}
	t.next(false)
}

// next wakes the next in the line and tells whether there was one. If there is
// none the turn is kept, or free for whoever comes.
func (t *turns) next(keep bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.line) == 0 {
		t.taken = keep
		return false
	}
	close(t.line[0])
	t.line = t.line[1:]
	return true
}

// take waits for the turn.
func (t *turns) take(ctx context.Context) error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return errClosed
	}
	return t.wait(ctx)
}

// wait stands in the line. The caller has locked t.mu, wait unlocks it.
func (t *turns) wait(ctx context.Context) error {
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	t.line = append(t.line, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.line, mine)
	if i < 0 {
		return nil // the turn came at the same moment, and only who takes it can pass it on
	}
	t.line = slices.Delete(t.line, i, i+1)
	return ctx.Err()
}

// close lets everybody finish who stands in the line, and nobody after.
func (t *turns) close() {
	t.mu.Lock()
	t.closed = true
	_ = t.wait(context.Background()) // only a context could fail
}
