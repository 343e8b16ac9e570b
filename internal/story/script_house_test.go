package story

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"takeback/internal/app"
	"takeback/internal/demo"
	"takeback/internal/mail/inbox"
	"takeback/internal/passkey/keytest"
	"takeback/internal/seal"
)

// play is a script that is being played: a house at one address, whoever comes
// to it, and their letters. The house can stand in the past first, in this process;
// in the present it is the real program. What takes a week in the story takes no time here.
type play struct {
	t      testing.TB
	in     *inbox.Inbox
	front  *httptest.Server       // a proxy: the address stays while the house behind it changes
	behind atomic.Pointer[string] // http://… of the house
	end    func() error           // ends it
	ago    time.Duration          // how far back it stands
	root   []byte                 // the operator's root key
	key    *seal.Keeper           // from it; only puzzles are read with it
	stage  *demo.Stage
	people map[string]*demo.Player
	keys   map[string]*keytest.Authenticator // by whose they are
	read   map[string]bool                   // letters that somebody has read, by Message-ID
}

type playKey struct{}

func playOf(ts *testscript.TestScript) *play { return ts.Value(playKey{}).(*play) }

// prepare makes a script's play; nothing listens before the script asks for it.
func prepare(e *testscript.Env) error {
	p := &play{t: e.T().(testing.TB), root: make([]byte, 32), end: func() error { return nil }, people: map[string]*demo.Player{},
		keys: map[string]*keytest.Authenticator{}, read: map[string]bool{}}
	_, _ = rand.Read(p.root) // never fails: crypto/rand ends the program instead
	var err error
	if p.key, err = seal.NewKeeper(p.root); err != nil {
		return err
	}
	e.Values[playKey{}] = p
	e.Defer(func() {
		if err := p.end(); err != nil {
			p.t.Error(err)
		}
		if p.front != nil {
			p.front.CloseClientConnections()
			p.front.Close()
			_ = p.in.Close()
		}
	})
	return nil
}

// usual is the configuration of a script that brings no config.yaml: players say where they are as a proxy would.
const usual = "name: Awanami Books\nproxies: [127.0.0.0/8]\nrisk: {mode: shadow} # the intruder of a story comes in\n"

// opens lets the front stand, once, and tells the program's other commands where all is.
func (p *play) opens(ts *testscript.TestScript) {
	if p.front != nil {
		return
	}
	var err error
	p.in, err = inbox.Start("127.0.0.1:0")
	ts.Check(err)
	p.front = httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(*p.behind.Load())
		if err != nil {
			panic(err)
		}
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	}})
	_, port, err := net.SplitHostPort(p.front.Listener.Addr().String())
	ts.Check(err)
	site := "http://localhost:" + port // by name: at an address of numbers there are no passkeys
	p.stage = demo.NewStage(p.t.Context(), site)
	config, root := ts.MkAbs("config.yaml"), ts.MkAbs("root.key")
	if _, err := os.Stat(config); errors.Is(err, os.ErrNotExist) {
		ts.Check(os.WriteFile(config, []byte(usual), 0o600))
	}
	ts.Check(os.WriteFile(root, []byte(base64.StdEncoding.EncodeToString(p.root)), 0o600))
	if ts.Getenv("TAKEBACK_DB") == "" {
		ts.Setenv("TAKEBACK_DB", ts.MkAbs("takeback.db"))
	}
	for name, value := range map[string]string{"SITE": site, "CONFIG": config, "ROOT_KEY_FILE": root, "SMTP": p.in.URL()} {
		ts.Setenv("TAKEBACK_"+name, value)
	}
}

// past AGO lets the house stand so long ago: "past 80d".
func past(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: past AGO")
	}
	p := playOf(ts)
	p.opens(ts)
	ago, err := span(args[0])
	ts.Check(err)
	ts.Check(p.end())
	file, err := app.ReadFile(ts.Getenv("TAKEBACK_CONFIG"))
	ts.Check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	a, err := app.New(p.t.Context(), app.Config{DB: ts.Getenv("TAKEBACK_DB"), Site: ts.Getenv("TAKEBACK_SITE"), SMTP: seal.NewSecret(p.in.URL()), File: file, RootKey: p.root,
		Now: func() time.Time { return time.Now().Add(-ago) }, Log: slog.New(slog.NewTextHandler(p.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		ts.Fatalf("%v", errors.Join(err, l.Close()))
	}
	ctx, stop := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l, a.Handler()) }()
	p.stands("http://"+l.Addr().String(), ago, func() error {
		stop()
		return errors.Join(<-ended, a.Close())
	})
}

// present starts the real program on what the past has left. $WELCOME is the
// one-time link of the first supervisor, if nobody works at the desk yet.
func present(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: present")
	}
	p := playOf(ts)
	p.opens(ts)
	ts.Check(p.end())
	s := serve(p.t, "--db", ts.Getenv("TAKEBACK_DB"), "--site", ts.Getenv("TAKEBACK_SITE"), "--smtp", p.in.URL(), "--config", ts.Getenv("TAKEBACK_CONFIG"), "--root-key-file", ts.Getenv("TAKEBACK_ROOT_KEY_FILE"))
	ts.Setenv("WELCOME", s.link)
	p.stands(s.base, 0, func() error { s.kill(); return nil })
}

// stands notes which house stands behind the front.
func (p *play) stands(base string, ago time.Duration, end func() error) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // to the former one
	p.behind.Store(&base)
	p.ago, p.end = ago, func() error { p.end = func() error { return nil }; return end() }
}

func span(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// authenticator is `app SEED [LATER]`: what an authenticator app with the seed
// shows now, or so much later, by the independent program oathtool. It goes into $CODE.
func authenticator(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: app SEED [LATER]")
	}
	at := time.Now().Add(-playOf(ts).ago)
	if len(args) == 2 {
		later, err := span(args[1])
		ts.Check(err)
		at = at.Add(later)
	}
	out, err := exec.CommandContext(playOf(ts).t.Context(), "oathtool", "--totp", "--base32", "--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), args[0]).Output()
	if err != nil {
		ts.Fatalf("oathtool (scripts/install-test-tools installs it): %v", err)
	}
	ts.Setenv("CODE", strings.TrimSpace(string(out)))
}

// page DOC FILE [OLD NEW]… writes the first block of YAML of a page of docs into
// a file, so that what the page says is what is tried.
func page(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args)%2 != 0 {
		ts.Fatalf("usage: page DOC FILE [OLD NEW]…")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", args[0]))
	ts.Check(err)
	_, rest, ok := strings.Cut(string(text), "```yaml\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		ts.Fatalf("docs/%s has no block of YAML", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.NewReplacer(args[2:]...).Replace(block)), 0o600))
}

// keep NAME puts the last words of what was printed into $NAME: a link, a key.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	words := strings.Fields(ts.ReadFile("stdout"))
	if neg || len(args) != 1 || len(words) == 0 {
		ts.Fatalf("usage: keep NAME, after something was printed")
	}
	ts.Setenv(args[0], words[len(words)-1])
}

// letter TO PART [WORDS] waits for the next letter to an address, that nobody has
// read, with a link that has the part, and with the words. The link goes into $LINK, and if the part is
// "code" the six digits that stand alone in it into $CODE.
func letter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: letter TO PART [WORDS]")
	}
	words := strings.Join(args[2:], "")
	p := playOf(ts)
	in := func(l inbox.Letter) string {
		if args[1] != "code" {
			return l.Link(args[1])
		}
		if digits := sixDigits.FindStringSubmatch(l.Text); digits != nil {
			return digits[1]
		}
		return ""
	}
	ctx, stop := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer stop()
	l, err := p.in.Wait(ctx, func(l inbox.Letter) bool {
		return l.IsTo(args[0]) && !p.read[l.MessageID] && in(l) != "" && strings.Contains(l.Text, words)
	})
	if err != nil {
		ts.Fatalf("no letter with %s came to %s: %v", args[1], args[0], err)
	}
	p.read[l.MessageID] = true
	name := map[bool]string{true: "CODE", false: "LINK"}[args[1] == "code"]
	ts.Setenv(name, in(l))
	fmt.Fprintf(ts.Stdout(), "%s\n\n%s\n", l.Subject, l.Text)
}

// letters N TO PART counts the letters to an address with such a link that have come so far.
func letters(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: letters N TO PART")
	}
	n := 0
	for _, l := range playOf(ts).in.To(args[1]) {
		if l.Link(args[2]) != "" {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d letters to %s have %s, not %s", n, args[1], args[2], args[0])
	}
}
