package app

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"takeback/internal/web"
)

// dial sends the beginning of a request and gives the connection.
func dial(t *testing.T, s *httptest.Server, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASenderWhoNeverEndsIsCutOff(t *testing.T) {
	t.Parallel()
	heard := make(chan error, 1)
	s := httptest.NewServer(patient(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		heard <- err
	}), 50*time.Millisecond))
	defer s.Close()
	dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
	if err := <-heard; err == nil {
		t.Error("a body that never ends was read to its end")
	}
}

func TestAnEventStreamOutlivesThePatienceForPages(t *testing.T) {
	t.Parallel()
	changed := make(chan string)
	s := httptest.NewServer(patient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = web.Stream(w, r, changed)
	}), 50*time.Millisecond))
	defer s.Close()
	r := bufio.NewReader(dial(t, s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	said := func() {
		t.Helper()
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "event: changed") {
				return
			}
		}
	}
	said()
	over := time.NewTimer(200 * time.Millisecond) // the deadline is the kernel's: there is no clock to advance
	<-over.C
	changed <- "case"
	close(changed)
	said()
}
