package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// server is real HTTP on the loopback interface.
type server struct {
	http *http.Server
	addr string
	done chan error
}

// serve serves a handler with the settings of the program's own server.
func serve(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
		addr: l.Addr().String(), done: make(chan error, 1)}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

func (s *server) close() error {
	err := s.http.Close()
	if e := <-s.done; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// wire is a client's connection. It does as little as a client can: what it
// spends is taken from the server's share of the machine, and would make every
// server look alike.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(addr string) (*wire, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{c, bufio.NewReader(c)}, nil
}

var (
	contentLength = []byte("Content-Length: ")
	chunked       = []byte("Transfer-Encoding: chunked")
)

// ask sends a request and gives the status and the size of the answer.
func (w *wire) ask(request []byte) (status, size int, err error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil || len(line) < len("HTTP/1.1 200") {
		return 0, 0, errors.Join(errors.New("no answer"), err)
	}
	size = len(line)
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	body, inChunks := -1, false
	for len(line) > len("\r\n") {
		if line, err = w.r.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		size += len(line)
		if length, ok := bytes.CutPrefix(line, contentLength); ok {
			if body, err = strconv.Atoi(string(bytes.TrimSpace(length))); err != nil {
				return 0, 0, err
			}
		}
		inChunks = inChunks || bytes.HasPrefix(line, chunked)
	}
	if inChunks {
		body, err = w.discardChunks()
		return status, size + body, err
	}
	if body < 0 {
		return 0, 0, errors.New("an answer without its length")
	}
	_, err = w.r.Discard(body)
	return status, size + body, err
}

// discardChunks reads a body that comes in pieces, each with its size before it.
func (w *wire) discardChunks() (size int, err error) {
	for {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return size, err
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return size, err
		}
		if _, err := w.r.Discard(int(n) + len("\r\n")); err != nil || n == 0 {
			return size, err
		}
		size += int(n)
	}
}

func (w *wire) close() error { return w.conn.Close() }

// get is the bytes of a GET with the token of a session.
func get(path, token string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nTakeback-Session: %s\r\n\r\n", path, token)
}

// post is the bytes of a POST with further header lines.
func post(path, body string, lines ...string) []byte {
	b := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nContent-Length: %d\r\n", path, len(body))
	for _, l := range lines {
		b = append(append(b, l...), "\r\n"...)
	}
	return append(append(b, "\r\n"...), body...)
}

// dialAll opens so many connections.
func dialAll(addr string, n int) (all []*wire, err error) {
	for range n {
		w, err := dial(addr)
		if err != nil {
			return all, errors.Join(err, closeAll(all))
		}
		all = append(all, w)
	}
	return all, nil
}

func closeAll(all []*wire) (err error) {
	for _, w := range all {
		err = errors.Join(err, w.close())
	}
	return err
}
