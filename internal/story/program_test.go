package story

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// program builds the real program, once for all tests.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "takeback-story")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "takeback")
	out, err := exec.Command("go", "build", "-o", path, "takeback/cmd/takeback").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // it lies among temporary files
	}
	os.Exit(code)
}

func built(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// server is a running `takeback serve`.
type server struct {
	cmd  *exec.Cmd
	base string // http://…
	link string // the one-time link for the first supervisor, if it printed one
	said *bytes.Buffer
	done chan struct{}
}

// serve starts the program and returns when it listens. It fails the test if
// that takes longer than half a minute.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(built(t), append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...), // the last --addr counts
		said: &bytes.Buffer{}, done: make(chan struct{})}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	listens := make(chan string, 1)
	go func() {
		defer close(s.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if link := strings.TrimSpace(lines.Text()); strings.Contains(link, "/desk/welcome/") {
				s.link = link // said before it listens
			}
			if _, base, ok := strings.Cut(lines.Text(), "listens on "); ok {
				listens <- base
			}
		}
	}()
	select {
	case s.base = <-listens:
	case <-s.done:
		_ = s.cmd.Wait()
		t.Fatalf("the server ended before it listened:\n%s", s.said)
	case <-time.After(patience):
		t.Fatalf("the server does not listen:\n%s", s.said)
	}
	return s
}

// kill ends the server as a power cut would, and returns when it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.done
	_ = s.cmd.Wait() // it was killed: the error says so
}

// patience is how long a program may take to begin, or to end: by it one that
// hangs is found. Under thirty others on two processors a healthy one took more than a minute.
const patience = 5 * time.Minute

// run runs the program to its end and gives what it printed.
func run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	cmd := exec.CommandContext(ctx, built(t), args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("takeback %s: %v\n%s%s", strings.Join(args, " "), err, out, said.String())
	}
	return string(out)
}
