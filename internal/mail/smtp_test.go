package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"takeback/internal/mail/inbox"
	"takeback/internal/seal"
)

// testTLS gives a certificate for 127.0.0.1 and the pool that trusts it.
func testTLS(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, pool
}

func TestHandingIn(t *testing.T) {
	t.Parallel()
	serve, trusted := testTLS(t)
	for _, c := range []struct {
		name    string
		url     string // of the user and password
		to      string
		options inbox.Options
		change  func(*server)
		fault   func(*inbox.Inbox)
		want    verdict
		says    string
	}{
		{name: "plain to a loopback address", want: taken},
		{name: "TLS from the first byte", options: inbox.Options{TLS: serve, Implicit: true}, want: taken},
		{name: "STARTTLS", options: inbox.Options{TLS: serve}, change: func(s *server) { s.loopback = false }, want: taken},
		{name: "STARTTLS with a password", url: "shop:s3cret@", options: inbox.Options{TLS: serve, User: "shop", Password: "s3cret"}, change: func(s *server) { s.loopback = false }, want: taken},
		{name: "a password to a loopback address", url: "shop:s3cret@", options: inbox.Options{User: "shop", Password: "s3cret"}, want: taken},
		{name: "a wrong password", url: "shop:wr0ng@", options: inbox.Options{User: "shop", Password: "s3cret"}, want: serverDown, says: "535"},
		{name: "no password where one is wanted", options: inbox.Options{User: "shop", Password: "s3cret"}, want: serverDown, says: "authenticate"},
		{name: "a password where none is wanted", url: "shop:s3cret@", want: serverDown, says: "AUTH"},
		{name: "no STARTTLS where it is needed", change: func(s *server) { s.loopback = false }, want: serverDown, says: "STARTTLS"},
		{name: "a certificate nobody vouches for", options: inbox.Options{TLS: serve, Implicit: true}, change: func(s *server) { s.roots = x509.NewCertPool() }, want: serverDown, says: "certificate"},
		{name: "the same by STARTTLS", options: inbox.Options{TLS: serve}, change: func(s *server) { s.loopback, s.roots = false, x509.NewCertPool() }, want: serverDown, says: "certificate"},
		{name: "a certificate for somebody else", options: inbox.Options{TLS: serve, Implicit: true}, change: func(s *server) { s.host = "localhost" }, want: serverDown, says: "localhost"},
		{name: "an internationalised mailbox", to: "花子@例え.jp", want: taken},
		{name: "a server that knows none", to: "花子@例え.jp", options: inbox.Options{NoUTF8: true}, want: refused, says: "SMTPUTF8"},
		{name: "such a server and an internationalised domain alone", to: "hanako@例え.jp", options: inbox.Options{NoUTF8: true}, want: taken},
		{name: "a carrier's mailbox with two dots", to: "taro..y@docomo.ne.jp", want: taken},
		{name: "later", fault: func(in *inbox.Inbox) { in.RefuseNext(1) }, want: mailboxBusy, says: "451"},
		{name: "never", fault: func(in *inbox.Inbox) { in.Unknown("hanako@example.jp", true) }, want: refused, says: "550"},
		{name: "a broken line", fault: func(in *inbox.Inbox) { in.DropNext(1) }, want: serverDown},
		{name: "nobody there", fault: func(in *inbox.Inbox) { _ = in.Close() }, want: serverDown, says: "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, err := inbox.StartWith("127.0.0.1:0", c.options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = in.Close() }) // one case has closed it already
			s, err := parseServer(seal.NewSecret(strings.Replace(in.URL(), "://", "://"+c.url, 1)))
			if err != nil {
				t.Fatal(err)
			}
			s.roots, s.name = trusted, "shop.example.jp"
			if c.change != nil {
				c.change(&s)
			}
			if c.fault != nil {
				c.fault(in)
			}
			if c.to == "" {
				c.to = "hanako@example.jp"
			}
			_, _, raw := written(t, office(t), Letter{To: must(t, c.to), Language: "ja", Body: Reset{Link: "/reset/t"}})
			got, err := s.handIn(t.Context(), must(t, "care@shop.example.jp"), must(t, c.to), raw)
			if got != c.want || (err == nil) != (c.want == taken) {
				t.Fatalf("got %d, %v; want %d", got, err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng")) {
				t.Errorf("the fault shows the password: %v", err)
			}
			if arrived := len(in.Letters()); arrived != map[bool]int{true: 1}[c.want == taken] {
				t.Errorf("%d letters arrived", arrived)
			}
			if c.want == taken && !in.Letters()[0].IsTo(strings.Replace(c.to, "例え", "xn--r8jz45g", 1)) {
				t.Errorf("it went to %q", in.Letters()[0].Recipients)
			}
		})
	}
}

func TestHandingInEndsWithItsContext(t *testing.T) {
	t.Parallel()
	in, err := inbox.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() }) // nothing to do about it in a test that is over
	s, err := parseServer(seal.NewSecret(in.URL()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if got, err := s.handIn(ctx, must(t, "a@example.jp"), must(t, "b@example.jp"), nil); got != serverDown || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d, %v", got, err)
	}
}
