package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/story/browser"
	"takeback/internal/web"
	"takeback/internal/web/webtest"
)

// board is a queue that several browsers look at.
type board struct {
	mu      sync.Mutex
	rows    []queueRow
	readers []chan string
	posts   []string
}

func (b *board) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	for _, c := range b.readers {
		select {
		case c <- "queue":
		default: // the reader has not read the last one yet: one is enough
		}
	}
}

func (b *board) site() *web.Site {
	return webtest.Site(consolePages, access.Actor{Role: access.Agent, ID: "staff_1"},
		web.Route{Method: "GET", Path: "/", Permission: access.DeskWork, Handler: func(w http.ResponseWriter, r *http.Request) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			return queuePage.Render(w, r, queueView{Page: web.NewPage(r, "queue.title"), Cases: append([]queueRow(nil), b.rows...)})
		}},
		web.Route{Method: "POST", Path: "/take", Permission: access.DeskWork, Back: "/", Handler: func(w http.ResponseWriter, r *http.Request) error {
			f := web.FormOf(r)
			id, why := f.Text("id", 40), f.Optional("why", 100)
			if err := f.Err(); err != nil {
				return err
			}
			b.change(func() { b.posts = append(b.posts, id+" "+why); b.rows[0].By = "me" })
			return web.Done(w, r, "/", "")
		}},
		web.Route{Method: "GET", Path: "/events", Permission: access.DeskWork, Live: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
			c := make(chan string, 1)
			b.mu.Lock()
			b.readers = append(b.readers, c)
			b.mu.Unlock()
			return web.Stream(w, r, c)
		}})
}

func newBoard() *board {
	b := &board{}
	for i := range 3 {
		b.rows = append(b.rows, queueRow{ID: strconv.Itoa(i), Name: "Sato", State: "frozen", Story: "new", By: "nobody", Wait: "1"})
	}
	return b
}

func TestALiveRegionChangesAroundWhatIsBeingTyped(t *testing.T) {
	b := newBoard()
	srv := httptest.NewServer(withAssets(b.site()))
	defer func() { srv.CloseClientConnections(); srv.Close() }()
	tab := browser.Open(t, browser.Desk, "en")
	tab.Navigate(srv.URL)
	tab.Fill("#why-2", "still typing")
	tab.Fill("#why-1", "in the row")
	poll := func(sentence, js string) {
		t.Helper()
		t.Log(sentence)
		tab.WaitFor(js)
	}
	poll("the stream is open", `document.documentElement.dataset.stream == "on"`)
	for range 15 { // a burst ends in the right state
		b.change(func() { b.rows[0].Story, b.rows[1].Story = b.rows[0].Story+"!", "changed" })
	}
	poll("the other row changed", `document.querySelector("#case-0").textContent.includes("new!!!!!!!!!!!!!!!")`)
	poll("the row typed in changed", `document.querySelector("#case-1").textContent.includes("changed")`)
	poll("typed text and focus are kept in a row that changed", `document.activeElement.id == "why-1" && document.activeElement.value == "in the row"`)
	poll("typed text is kept in a row that did not", `document.querySelector("#why-2").value == "still typing"`)
	b.change(func() { b.rows = append(b.rows[2:], b.rows[:2]...) })
	poll("rows follow the server's order", `document.querySelector("[data-rows]").firstElementChild.id == "case-2"`)
	poll("and are not doubled", `document.querySelectorAll("[data-rows] > *").length == 3`)

	tab.Click("#take-2")
	poll("a quiet form shows its result by the stream", `document.querySelector("#case-2").textContent.includes("me")`)
	poll("and the form is empty again", `document.querySelector("#why-2").value == ""`)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.posts) != 1 || b.posts[0] != "2 still typing" {
		t.Errorf("posts: %q", b.posts)
	}
}

func TestAStreamSaysOnlyThatSomethingChanged(t *testing.T) {
	t.Parallel()
	b := newBoard()
	srv := httptest.NewServer(b.site())
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", srv.URL+"/events", nil)
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	event := func() string {
		var text []string
		for lines.Scan() && lines.Text() != "" {
			text = append(text, lines.Text())
		}
		return strings.Join(text, "|")
	}
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Error("content type", got)
	}
	if got := event(); got != "retry: 1000" {
		t.Errorf("first: %q", got)
	}
	for range 2 { // the first at the start, the second after a change
		if got := event(); got != "event: changed|data:" {
			t.Errorf("event: %q", got)
		}
		b.change(func() {})
	}
	b.mu.Lock()
	close(b.readers[0])
	b.mu.Unlock()
	for lines.Scan() {
		if l := lines.Text(); l != "" && l != "event: changed" && l != "data:" {
			t.Errorf("the stream told more: %q", l)
		}
	}
}

func TestAFragmentIsABlockOfThePageItselfAndNothingElse(t *testing.T) {
	t.Parallel()
	site := newBoard().site()
	for fragment, want := range map[string]int{"queue": 200, "main": 404, "layout-console": 404, "nothing": 404} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Fragment", fragment)
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("fragment %s: %d, want %d", fragment, rec.Code, want)
		}
		if want == 200 && (strings.Contains(rec.Body.String(), "<html") || !strings.Contains(rec.Body.String(), `id="case-1"`)) {
			t.Errorf("fragment %s is not the block: %s", fragment, rec.Body)
		}
	}
}
