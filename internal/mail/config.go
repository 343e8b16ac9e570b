package mail

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"takeback/internal/fault"
	"takeback/internal/seal"
)

// Config is what the house knows of its mail. URL, From, FromName and Site are needed.
type Config struct {
	// URL is the mail server: smtps://user:password@host:465 (TLS from the first
	// byte) or smtp://user:password@host:587 (STARTTLS, which the server must
	// offer). Plain smtp:// without TLS goes to a loopback address only.
	URL      seal.Secret
	From     string // address that letters come from
	FromName string // who writes, in the From header
	Service  string // who writes, inside letters and subjects; FromName if empty
	Site     string // https://… of the pages letters lead to
	Zone     string // IANA zone for readers of whom none is known; Asia/Tokyo if empty

	DKIMSelector string // signs letters if set
	DKIMKeyFile  string // PEM, PKCS #8 or #1: Ed25519, or RSA of 2048 bits or more

	Roots *x509.CertPool // whom to trust for TLS; the system's if nil
}

// house is a Config that was found good.
type house struct {
	server  server
	from    Address
	name    string
	service string
	site    string
	zone    *time.Location
	signer  *signer
}

// server is where letters are handed in.
type server struct {
	host, port string
	implicit   bool // TLS from the first byte
	loopback   bool // no TLS needed
	user       string
	password   seal.Secret
	roots      *x509.CertPool
	name       string // what we call ourselves
}

func (c Config) check() (h house, err error) {
	defer fault.Wrap(&err, "mail settings")
	if h.from, err = ParseAddress(c.From); err != nil {
		return h, fmt.Errorf("the sender %q: %w", c.From, err)
	}
	if h.server, err = parseServer(c.URL); err != nil {
		return h, err
	}
	h.server.roots, h.server.name = c.Roots, h.from.domain
	h.name, h.service = plain(c.FromName, 60), plain(c.Service, 60)
	if h.service == "" {
		h.service = h.name
	}
	if h.service == "" {
		return h, errors.New("letters need the name of the service they come from")
	}
	site, err := url.Parse(c.Site)
	if err != nil || site.Host == "" || site.Scheme != "https" && site.Scheme != "http" || site.RawQuery != "" || site.Fragment != "" {
		return h, fmt.Errorf("the site %q is no address of pages: give https://…", c.Site)
	}
	h.site = strings.TrimRight(site.String(), "/")
	zone := c.Zone
	if zone == "" {
		zone = "Asia/Tokyo"
	}
	if h.zone, err = time.LoadLocation(zone); err != nil {
		return h, err
	}
	if c.DKIMSelector != "" || c.DKIMKeyFile != "" {
		h.signer, err = newSigner(h.from.domain, c.DKIMSelector, c.DKIMKeyFile)
	}
	return h, err
}

// parseServer reads the URL of a mail server. Its errors never show the URL,
// which may hold a password.
func parseServer(secret seal.Secret) (s server, err error) {
	u, err := url.Parse(secret.Reveal())
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return s, errors.New("the mail server's address is not of the form smtp://user:password@host:port or smtps://…")
	}
	s.host, s.port, s.user = u.Hostname(), u.Port(), u.User.Username()
	password, _ := u.User.Password()
	s.password = seal.NewSecret(password)
	s.loopback = s.host == "localhost"
	if ip := net.ParseIP(s.host); ip != nil {
		s.loopback = ip.IsLoopback()
	}
	usual := ""
	switch u.Scheme {
	case "smtps":
		s.implicit, s.loopback, usual = true, false, "465"
	case "smtp":
		usual = "587"
	default:
		return s, fmt.Errorf("mail servers are reached by smtp:// or smtps://, not %q", u.Scheme)
	}
	if s.port == "" {
		s.port = usual
	}
	return s, nil
}

// signer puts our domain's signature on letters.
type signer struct {
	domain, selector string
	key              crypto.Signer
}

func newSigner(domain, selector, file string) (*signer, error) {
	if selector == "" || file == "" {
		return nil, errors.New("DKIM needs both a selector and a key file")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &signer{domain, selector, key}, nil
}

func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("this is no PEM file")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		rsaKey, e := x509.ParsePKCS1PrivateKey(block.Bytes)
		if e != nil {
			return nil, err
		}
		parsed = rsaKey
	}
	switch key := parsed.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		if key.N.BitLen() < 2048 {
			return nil, fmt.Errorf("an RSA key of %d bits is too short: DKIM wants 2048", key.N.BitLen())
		}
		return key, nil
	}
	return nil, fmt.Errorf("DKIM signs with Ed25519 or RSA, not with a %T", parsed)
}
