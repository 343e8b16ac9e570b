package story

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"takeback/internal/app"
	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
	"takeback/internal/story/browser"
)

// Browsers as people have them: the timeline and the letters name them.
const (
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"
	mac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
)

// stage is where the story is played: the real program, a real mail server, and
// windows of a real browser.
type stage struct {
	t      *testing.T
	place  string
	root   []byte // the operator's root key
	folder string // with its file and the configuration
	addr   string // where the past listened; empty if there was none
	named  bool   // its address is a name: passkeys are bound to one
	base   string // http://… of what runs now
	link   string // for the first supervisor
	in     *inbox.Inbox
	key    *seal.Keeper // from the root key; only puzzles are read with it
	shop   string       // the protected shop's key for the API
	read   []string     // Message-IDs of the letters that somebody has read
	close  bool         // every page is examined, in both sizes
	shown  int
}

// newStage prepares a fresh installation at a database. Nothing runs yet.
func newStage(t *testing.T, place string, closely bool) *stage {
	t.Helper()
	in, err := inbox.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	s := &stage{t: t, place: place, in: in, close: closely, root: make([]byte, 32), folder: t.TempDir()}
	_, _ = rand.Read(s.root) // never fails: crypto/rand ends the program instead
	if s.key, err = seal.NewKeeper(s.root); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		// Windows say where they are as a proxy would, so that holder and intruder do not share an address.
		"config.yaml": "name: Awanami Books\nproxies: [127.0.0.0/8]\nrisk: {mode: shadow} # the intruder of the story comes in\n",
		"root.key":    base64.StdEncoding.EncodeToString(s.root),
	} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.shop = strings.TrimSpace(run(t, "key", "create", "--db", place, "--root-key-file", filepath.Join(s.folder, "root.key"), "--name", "shop"))
	return s
}

// past lets the same house stand in this process some time ago while do runs,
// because a number must have been on file for a while before a call to it
// proves anything, and nobody waits that long for a test.
func (s *stage) past(ago time.Duration, do func()) {
	s.t.Helper()
	file, err := app.ReadFile(filepath.Join(s.folder, "config.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.base = "http://" + s.addr
	if s.named {
		s.base = strings.Replace(s.base, "127.0.0.1", "localhost", 1)
	}
	a, err := app.New(s.t.Context(), app.Config{DB: s.place, Site: s.base, SMTP: seal.NewSecret(s.in.URL()), File: file, RootKey: s.root,
		Now: func() time.Time { return time.Now().Add(-ago) }, Log: slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		s.t.Fatal(errors.Join(err, l.Close()))
	}
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l, a.Handler()) }()
	defer func() {
		stop()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			s.t.Error(err)
		}
	}()
	do()
}

// present starts the real program on what the past has left, and where it stood:
// browsers keep the key of a device for one site, whose port is part of its name.
func (s *stage) present() {
	s.t.Helper()
	args := []string{"--addr", cmp.Or(s.addr, "127.0.0.1:0"), "--db", s.place, "--smtp", s.in.URL(), "--config", filepath.Join(s.folder, "config.yaml"), "--root-key-file", filepath.Join(s.folder, "root.key")}
	if s.base != "" {
		args = append(args, "--site", s.base)
	}
	server := serve(s.t, args...)
	s.base, s.link = cmp.Or(s.base, server.base), server.link
}

// person is somebody at a window of his own, with his own cookies.
type person struct {
	*browser.Tab
	s    *stage
	size browser.Size
}

// enters opens a window for somebody.
func (s *stage) enters(size browser.Size, lang, ip, agent string) *person {
	s.t.Helper()
	w := &person{Tab: browser.Open(s.t, size, lang), s: s, size: size}
	w.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: lang}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"X-Forwarded-For": ip}})
		return err
	}))
	return w
}

// opens goes to a page, given by its path or a link of a letter, and looks at it.
func (w *person) opens(where, name string) {
	w.s.t.Helper()
	if !strings.HasPrefix(where, "http") {
		where = w.s.base + where
	}
	if status := w.Navigate(where); status >= 400 {
		w.s.t.Fatalf("%s was answered %d: %s", where, status, w.Text("main"))
	}
	w.looks(name)
}

// fills types into fields: a CSS selector, a text, and so on.
func (w *person) fills(fields ...string) {
	w.s.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		w.Fill(fields[i], fields[i+1])
	}
}

// presses fills in fields and presses a button that leads to a page.
func (w *person) presses(button string, fields ...string) {
	w.s.t.Helper()
	w.fills(fields...)
	if status := w.Follow(button); status >= 400 {
		w.s.t.Fatalf("%s at %s was answered %d: %s", button, w.URL(), status, w.Text("main"))
	}
}

// reads waits until an element shows some words.
func (w *person) reads(css, words string) {
	w.s.t.Helper()
	w.WaitFor(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))`, css, words))
}

// sees waits until there is an element.
func (w *person) sees(css string) {
	w.s.t.Helper()
	w.WaitFor(fmt.Sprintf(`document.querySelector(%q) !== null`, css))
}

// at checks the path of the page.
func (w *person) at(path string) {
	w.s.t.Helper()
	url := w.URL()
	if there := strings.TrimPrefix(strings.Split(url, "?")[0], w.s.base); there != path && (path == "/" || !strings.HasPrefix(there, path)) {
		w.s.t.Fatalf("the window is at %s, not at %s: %s", url, path, w.Text("main"))
	}
}

// looks examines a page as a person with poor sight or a screen reader would
// meet it, in a phone's window and in a desk's. Serious findings fail the test.
func (w *person) looks(name string) {
	w.s.t.Helper()
	if !w.s.close || name == "" {
		return
	}
	w.s.shown++
	sizes := []browser.Size{browser.Desk, browser.Phone}
	if w.size == browser.Desk {
		slices.Reverse(sizes)
	}
	for _, size := range sizes { // its own comes last, and stays
		w.Resize(size)
		w.Fits(fmt.Sprintf("%02d-%s", w.s.shown, name))
		w.Axe()
	}
}

// cookie gives a cookie of the window: what the protected shop is handed at every request.
func (w *person) cookie(name string) (value string) {
	w.s.t.Helper()
	w.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{})
		if err != nil {
			return err
		}
		for _, c := range got.Cookies {
			if c.Name == name {
				value = c.Value
			}
		}
		return nil
	}))
	return value
}

// enrols makes somebody one of the staff: password, then the authenticator app
// by the seed that the page shows to those who cannot take a picture of it.
func (w *person) enrols(link, name, password, picture string, more ...string) {
	w.s.t.Helper()
	w.opens(link, picture)
	w.presses("form.form button", append([]string{"#name", name, "#password", password}, more...)...)
	if picture != "" {
		w.looks(picture + "-app")
	}
	seed := strings.ReplaceAll(w.Text(".seed code"), " ", "")
	code, err := totp.GenerateCode(seed, time.Now())
	if err != nil {
		w.s.t.Fatalf("the seed %q: %v", seed, err)
	}
	w.presses("form.form button", "#code", code)
	w.at("/desk")
}

// letter gives the first letter to an address that nobody has read yet and that is the one meant.
func (s *stage) letter(to, what string, is func(inbox.Letter) bool) inbox.Letter {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer stop()
	l, err := s.in.Wait(ctx, func(l inbox.Letter) bool { return l.IsTo(to) && !slices.Contains(s.read, l.MessageID) && is(l) })
	if err != nil {
		for _, l := range s.in.To(to) {
			s.t.Logf("a letter to %s: %s", to, l.Subject)
		}
		s.t.Fatalf("no letter came to %s %s: %v", to, what, err)
	}
	s.read = append(s.read, l.MessageID)
	return l
}

// linked gives the link of the next letter to an address that has one of a kind.
func (s *stage) linked(to, part string) string {
	s.t.Helper()
	return s.letter(to, "with "+part, func(l inbox.Letter) bool { return l.Link(part) != "" }).Link(part)
}

var sixDigits = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)

// code gives the six digits of the next letter to an address that has some.
func (s *stage) code(to string) string {
	s.t.Helper()
	return sixDigits.FindStringSubmatch(s.letter(to, "with a code", func(l inbox.Letter) bool { return sixDigits.MatchString(l.Text) }).Text)[1]
}

// digits reads the picture puzzle of a page. A person would look at the
// picture; a test that could do that would prove the picture useless. This
// one holds the operator's root key, with which the answer is sealed into the
// picture's address, and nobody else does.
func (w *person) digits() string {
	w.s.t.Helper()
	digits, err := solved(w.s.key, browser.Eval[string](w.Tab, `document.querySelector('[name=puzzle]').value`))
	if err != nil {
		w.s.t.Fatal(err)
	}
	return digits
}

// solved gives the digits of a puzzle by the id in its form.
func solved(key *seal.Keeper, id string) (string, error) {
	plain, err := key.Unseal("puzzle", strings.NewReplacer("-", "+", "_", "/").Replace(id))
	if err != nil {
		return "", err
	}
	var text struct {
		Answer string `json:"a"`
	}
	err = json.Unmarshal([]byte(plain.Reveal()), &text)
	return text.Answer, err
}

// asks is the protected shop asking the API, on behalf of a holder's session if
// one is given.
func (s *stage) asks(method, path, session string, in any, out any) {
	s.t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.shop)
	if session != "" {
		r.Header.Set("Takeback-Session", session)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		s.t.Fatalf("%s %s was answered %d: %s (%v)", method, path, answer.StatusCode, body, err)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			s.t.Fatal(err)
		}
	}
}
