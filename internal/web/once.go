package web

import (
	"container/list"
	"net/http"
	"strings"
	"sync"
	"time"

	"takeback/internal/access"
)

const (
	onceKept = 10 * time.Minute
	onceMost = 4096
)

// onceBook makes a form that is sent twice act once. A form carries a random
// name (field "once"); the book remembers where the first sending was
// redirected to and sends the second one there.
//
// It is a courtesy to people who press twice, not a safeguard: it lies in the
// memory of one process, is bounded, and forgets after ten minutes. After a
// restart, or on another machine, the rules of the database hold alone: links
// are spent once, an epoch is over, a case has one next step.
//
// Answers that set a cookie are not remembered: the token would lie here for
// ten minutes, and signing in twice loses nothing. A renewed session is no such
// answer: who repeats it gets the cookie anew.
type onceBook struct {
	now     func() time.Time
	mu      sync.Mutex
	entries map[string]*list.Element
	byAge   *list.List // of *onceEntry, oldest first
}

type onceEntry struct {
	key  string
	made time.Time
	done chan struct{} // closed when the first sending was answered
	to   string        // set before done is closed; empty if the answer is not to be repeated
}

func newOnceBook(now func() time.Time) *onceBook {
	return &onceBook{now: now, entries: map[string]*list.Element{}, byAge: list.New()}
}

// do runs the handler, unless this sending of the form was answered before.
func (b *onceBook) do(w *recorder, r *http.Request, st *state, h Handler) error {
	once := st.form.values.Get("once")
	if once == "" || len(once) > 64 {
		return h(w, r)
	}
	key := strings.Join([]string{once, st.route.Path, r.URL.Path, whose(st.actor)}, "\n")
	for {
		e, first := b.claim(key)
		if first {
			return b.first(w, r, st, e, h)
		}
		select {
		case <-e.done:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		if e.to != "" {
			http.Redirect(w, r, e.to, http.StatusSeeOther)
			return nil
		}
		// The first one changed nothing, or its answer is not kept: its entry is gone, act.
	}
}

func (b *onceBook) first(w *recorder, r *http.Request, st *state, e *onceEntry, h Handler) (err error) {
	defer func() {
		if err == nil && w.code >= 300 && w.code < 400 && len(w.Header()["Set-Cookie"]) == st.renewed {
			e.to = w.Header().Get("Location")
		}
		if e.to == "" {
			b.forget(e)
		}
		close(e.done)
	}()
	return h(w, r)
}

// claim gives the entry of a key and whether the caller is the first to ask.
func (b *onceBook) claim(key string) (*onceEntry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for front := b.byAge.Front(); front != nil; front = b.byAge.Front() {
		if e := front.Value.(*onceEntry); b.byAge.Len() <= onceMost && now.Sub(e.made) < onceKept {
			break
		}
		delete(b.entries, b.byAge.Remove(front).(*onceEntry).key)
	}
	if el, ok := b.entries[key]; ok {
		return el.Value.(*onceEntry), false
	}
	e := &onceEntry{key: key, made: now, done: make(chan struct{})}
	b.entries[key] = b.byAge.PushBack(e)
	return e, true
}

func (b *onceBook) forget(e *onceEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if el, ok := b.entries[e.key]; ok && el.Value.(*onceEntry) == e {
		b.byAge.Remove(el)
		delete(b.entries, e.key)
	}
}

// whose tells one client from another, so that nobody learns another's answer by guessing a name.
func whose(a access.Actor) string {
	if a.Role != access.Nobody {
		return string(a.Role) + " " + a.ID + " " + a.Session
	}
	return a.Client.IP + " " + a.Client.UserAgent
}
