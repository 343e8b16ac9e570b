package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	heartbeat  = 20 * time.Second // shorter than the patience of proxies
	streamLife = 5 * time.Minute  // then the browser asks again, through the permission check
	writeLimit = 10 * time.Second // a reader who takes longer is gone
)

// Stream answers with events that say only "changed": once at the start and
// then for every value of the channel; many at once are said as one. It ends
// when the reader goes, when the channel is closed, or after five minutes.
// It carries no data: the page asks again and meets the permission check.
func Stream(w http.ResponseWriter, r *http.Request, changed <-chan string) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // the server's would end the request; a reader who is gone is noticed by writing
	say := func(text string) error {
		// Not every writer has deadlines (those of tests have none): then the server's own must do.
		_ = c.SetWriteDeadline(time.Now().Add(writeLimit))
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return c.Flush()
	}
	if say("retry: 1000\n\nevent: changed\ndata:\n\n") != nil {
		return nil // the reader is gone, which is no error of anybody's
	}
	beat, end := time.NewTicker(heartbeat), time.NewTimer(streamLife)
	defer beat.Stop()
	defer end.Stop()
	for {
		text := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-beat.C:
		case _, open := <-changed:
			if !open {
				return nil
			}
			drain(changed)
			text = "event: changed\ndata:\n\n"
		}
		if say(text) != nil {
			return nil
		}
	}
}

func drain(c <-chan string) {
	for {
		select {
		case _, open := <-c:
			if !open {
				return
			}
		default:
			return
		}
	}
}

// Done ends a POST: go to path, and say there what was done by the key "done.CODE".
func Done(w http.ResponseWriter, r *http.Request, path, code string) error {
	if code != "" {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "done=" + url.QueryEscape(code)
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
