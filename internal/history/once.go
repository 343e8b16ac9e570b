package history

import (
	"context"
	"sync"

	"takeback/internal/db"
)

// Once gives a context in which the history of an account is read once, for one
// page or one act: whoever asks again gets what was read before, and what was
// appended since. Nothing that is read there may be changed. It must not outlive
// the request.
func Once(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, &once{})
}

type onceKey struct{}

// once is what was read until now.
type once struct {
	mu      sync.Mutex
	account string
	all     []Change
}

// of gives the history of an account, and reads only what it has not read yet:
// entries are never changed, have no gaps, and are committed in their order. What a writer
// sees it does not keep, because his own entries may still come to nothing.
func (o *once) of(tx *db.Tx, account string) ([]Change, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var before []Change
	if o.account == account {
		before = o.all[:len(o.all):len(o.all)]
	}
	more, err := from(tx, account, int64(len(before)+1))
	if err != nil {
		return nil, err
	}
	all := append(before, more...)
	if tx.Reads() {
		o.account, o.all = account, all
	}
	return all, nil
}
