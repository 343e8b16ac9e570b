package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Bounds of what it takes.
const (
	maxLetter  = 4 << 20
	maxLetters = 10_000 // the oldest go: a demo may run for weeks
)

// Options are what Start may be told. The zero value is a plain server.
type Options struct {
	TLS      *tls.Config // offers STARTTLS
	Implicit bool        // speaks TLS from the first byte
	User     string      // wants AUTH PLAIN if set
	Password string
	NoUTF8   bool // does not offer SMTPUTF8
}

// Inbox is a running mail server.
type Inbox struct {
	server *smtp.Server
	listen net.Listener
	addr   string
	scheme string
	done   chan struct{}

	mu      sync.Mutex
	letters []Letter
	news    chan struct{} // closed and replaced at every letter
	refuse  int           // so many recipients first hear 451
	busy    map[string]bool
	bad     map[string]bool
	drop    int // so many connections end at DATA
	lose    int // so many letters are kept, and the connection ends before the answer
	visits  int
}

// Start opens a mail server at an address such as "127.0.0.1:0".
func Start(addr string) (*Inbox, error) { return StartWith(addr, Options{}) }

// StartWith is Start with options.
func StartWith(addr string, o Options) (*Inbox, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	in := &Inbox{addr: l.Addr().String(), scheme: "smtp", done: make(chan struct{}), news: make(chan struct{}),
		busy: map[string]bool{}, bad: map[string]bool{}}
	in.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.visits++
		v := &visit{in: in, conn: c, options: o}
		if o.User == "" {
			return v, nil
		}
		return guarded{v}, nil
	}))
	in.server.Domain = "inbox.localhost"
	in.server.MaxMessageBytes = maxLetter
	in.server.ReadTimeout, in.server.WriteTimeout = time.Minute, time.Minute
	in.server.EnableSMTPUTF8 = !o.NoUTF8
	in.server.AllowInsecureAuth = o.TLS == nil
	in.server.ErrorLog = log.New(io.Discard, "", 0)
	if o.Implicit {
		in.scheme, l = "smtps", tls.NewListener(l, o.TLS)
	} else {
		in.server.TLSConfig = o.TLS
	}
	in.listen = l
	go func() {
		defer close(in.done)
		_ = in.server.Serve(l) // ends when Close closes the listener
	}()
	return in, nil
}

// URL gives the address to send letters to: "smtp://127.0.0.1:1025".
func (in *Inbox) URL() string { return in.scheme + "://" + in.addr }

// Addr gives the host and port it listens at, to be opened again after Close.
func (in *Inbox) Addr() string { return in.addr }

// Close stops the server. Its letters stay readable.
func (in *Inbox) Close() error {
	// The listener is closed by both: the server does not know it before it serves.
	err := errors.Join(closed(in.server.Close()), closed(in.listen.Close()))
	<-in.done
	return err
}

// closed forgives what was closed already.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Letters gives the letters so far, oldest first.
func (in *Inbox) Letters() []Letter {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.letters)
}

// To gives the letters to an address, oldest first.
func (in *Inbox) To(address string) []Letter {
	var found []Letter
	for _, l := range in.Letters() {
		if l.IsTo(address) {
			found = append(found, l)
		}
	}
	return found
}

// Wait gives the first letter that matches, as soon as there is one.
func (in *Inbox) Wait(ctx context.Context, match func(Letter) bool) (Letter, error) {
	for seen := 0; ; {
		in.mu.Lock()
		fresh, news := slices.Clone(in.letters[min(seen, len(in.letters)):]), in.news
		seen = len(in.letters)
		in.mu.Unlock()
		for _, l := range fresh {
			if match(l) {
				return l, nil
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Letter{}, ctx.Err()
		}
	}
}

// News gives a channel that is closed when the next letter has come.
func (in *Inbox) News() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.news
}

// Visits tells how often somebody has connected.
func (in *Inbox) Visits() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.visits
}

// RefuseNext answers the next n recipients with 451: try later.
func (in *Inbox) RefuseNext(n int) { in.fault(func() { in.refuse = n }) }

// Busy answers every letter to an address with 451, until told otherwise.
func (in *Inbox) Busy(address string, yes bool) {
	in.fault(func() { in.busy[strings.ToLower(address)] = yes })
}

// Unknown answers every letter to an address with 550: no such mailbox.
func (in *Inbox) Unknown(address string, yes bool) {
	in.fault(func() { in.bad[strings.ToLower(address)] = yes })
}

// DropNext ends the next n connections in the middle of a letter, which is lost.
func (in *Inbox) DropNext(n int) { in.fault(func() { in.drop = n }) }

// LoseNextAnswers takes the next n letters and ends the connection before
// saying so: what a sender sees whose process or line dies at that moment.
func (in *Inbox) LoseNextAnswers(n int) { in.fault(func() { in.lose = n }) }

func (in *Inbox) fault(set func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	set()
}

// keep adds a letter and tells those who wait.
func (in *Inbox) keep(l Letter) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.letters) == maxLetters {
		in.letters = slices.Clone(in.letters[1:])
	}
	in.letters = append(in.letters, l)
	close(in.news)
	in.news = make(chan struct{})
}

// visit is one connection.
type visit struct {
	in      *Inbox
	conn    *smtp.Conn
	options Options
	from    string
	to      []string
}

// guarded is a visit that must say who it is.
type guarded struct{ *visit }

var (
	errLater   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Please try again later"}
	errUnknown = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	errDropped = errors.New("the connection was dropped on demand")
)

// AuthMechanisms implements smtp.AuthSession.
func (guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (g guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != g.options.User || password != g.options.Password {
			return smtp.ErrAuthFailed
		}
		g.options.User = "" // this visit has said who it is
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.options.User != "" {
		return smtp.ErrAuthRequired
	}
	v.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.in.mu.Lock()
	defer v.in.mu.Unlock()
	switch {
	case v.in.bad[strings.ToLower(to)]:
		return errUnknown
	case v.in.busy[strings.ToLower(to)]:
		return errLater
	case v.in.refuse > 0:
		v.in.refuse--
		return errLater
	}
	v.to = append(v.to, to)
	return nil
}

// Data implements smtp.Session.
func (v *visit) Data(r io.Reader) error {
	drop, lose := v.failing()
	if drop {
		return errors.Join(errDropped, v.conn.Conn().Close())
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l, err := Parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "This is not a letter"}
	}
	l.Sender, l.Recipients, l.At = v.from, slices.Clone(v.to), time.Now().UTC()
	v.in.keep(l)
	if lose {
		return errors.Join(errDropped, v.conn.Conn().Close())
	}
	return nil
}

func (v *visit) failing() (drop, lose bool) {
	v.in.mu.Lock()
	defer v.in.mu.Unlock()
	if v.in.drop > 0 {
		v.in.drop--
		return true, false
	}
	if v.in.lose > 0 {
		v.in.lose--
		return false, true
	}
	return false, false
}

// Reset implements smtp.Session.
func (v *visit) Reset() { v.from, v.to = "", nil }

// Logout implements smtp.Session.
func (v *visit) Logout() error { return nil }
