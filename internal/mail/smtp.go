package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// patience is how long one answer of a mail server may take.
const patience = 10 * time.Second

// verdict is what an attempt to hand in a letter came to.
type verdict int

const (
	taken       verdict = iota
	serverDown          // nobody can be written to now: the line waits
	mailboxBusy         // this letter is not taken now: it steps aside
	refused             // this letter will never be taken
)

// handIn gives a letter to the mail server. Only an answer about the recipient
// or the letter itself can be final: a server that refuses to talk, to know our
// password or to take our sender is a fault of the house, which somebody will mend.
func (s server) handIn(ctx context.Context, from, to Address, raw []byte) (verdict, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return serverDown, fmt.Errorf("mail server %s: %w", s.host, err)
	}
	defer func() { _ = c.Close() }() // the letter's fate is known by then
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	options := &smtp.MailOptions{UTF8: from.utf8() || to.utf8(), Size: int64(len(raw))}
	if speaks, _ := c.Extension("SMTPUTF8"); options.UTF8 && !speaks {
		return refused, errors.New("the mail server does not take internationalised addresses (SMTPUTF8)")
	}
	if err := c.Mail(from.wire(), options); err != nil {
		return serverDown, fmt.Errorf("sender: %w", err)
	}
	if err := c.Rcpt(to.wire(), nil); err != nil {
		return judge(err), fmt.Errorf("recipient: %w", err)
	}
	w, err := c.Data()
	if err != nil {
		return judge(err), fmt.Errorf("letter: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return serverDown, fmt.Errorf("letter: %w", err)
	}
	if err := w.Close(); err != nil {
		return judge(err), fmt.Errorf("letter: %w", err)
	}
	_ = c.Quit() // politeness: the letter is theirs already
	return taken, nil
}

// judge says what an answer to a recipient or a letter means.
func judge(err error) verdict {
	e := new(smtp.SMTPError)
	switch {
	case !errors.As(err, &e), e.Code == 421: // the line broke, or the server is closing
		return serverDown
	case e.Code >= 500:
		return refused
	}
	return mailboxBusy
}

// dial connects, secures the line and says who we are.
func (s server) dial(ctx context.Context) (*smtp.Client, error) {
	d := net.Dialer{Timeout: patience}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, err := s.greet(conn)
	if err != nil {
		return nil, errors.Join(err, ctx.Err(), conn.Close())
	}
	return c, nil
}

func (s server) greet(conn net.Conn) (c *smtp.Client, err error) {
	secure := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	switch {
	case s.implicit:
		c = smtp.NewClient(tls.Client(conn, secure))
	case s.loopback:
		c = smtp.NewClient(conn)
	default: // a server that does not offer STARTTLS, or somebody between us who hides the offer, gets nothing
		if c, err = smtp.NewClientStartTLS(conn, secure); err != nil {
			return nil, err
		}
	}
	c.CommandTimeout, c.SubmissionTimeout = patience, patience
	if err := c.Hello(s.name); err != nil {
		return nil, err
	}
	if s.user == "" {
		return c, nil
	}
	switch {
	case c.SupportsAuth(sasl.Plain):
		return c, c.Auth(sasl.NewPlainClient("", s.user, s.password.Reveal()))
	case c.SupportsAuth(sasl.Login):
		return c, c.Auth(sasl.NewLoginClient(s.user, s.password.Reveal()))
	}
	return nil, errors.New("the server offers neither AUTH PLAIN nor AUTH LOGIN")
}
