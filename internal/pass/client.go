package pass

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/jobs"
	"takeback/internal/seal"
)

// Client is a service that has people sign in here.
type Client struct {
	ID        string
	Name      string   // what people call it
	Redirects []string // where people may be sent back to, exactly
	Leaves    []string // where they may be sent after signing out, exactly
	Hangup    string   // where it is told that a session is over; may be empty
	Trusted   bool     // the operator's own: the holder is not asked
	MadeAt    time.Time
	RevokedAt time.Time // zero while it counts
	secret    string    // hash; empty if it can keep none
}

// Public tells whether a client can keep no secret: an app, a page of script.
func (c Client) Public() bool { return c.secret == "" }

// The errors of making clients. An operator reads them.
var (
	errClientID   = fault.New(fault.Invalid, "client.id", "A client's id has 1 to 40 small letters, digits and hyphens.").On("id")
	errClientName = fault.New(fault.Invalid, "client.name", "A client needs a name of 1 to 60 characters, which people read.").On("name")
	errNoRedirect = fault.New(fault.Invalid, "client.redirect", "A client needs an address to send people back to.").On("redirect")
	errTaken      = fault.New(fault.Conflict, "client.taken", "There is a client of this id already, or there was.").On("id")
)

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// check refuses a client that could not be used, or would be unsafe.
func (c Client) check() error {
	if !idForm.MatchString(c.ID) {
		return errClientID
	}
	if c.Name = strings.TrimSpace(c.Name); c.Name == "" || len(c.Name) > 60 {
		return errClientName
	}
	if len(c.Redirects) == 0 {
		return errNoRedirect
	}
	for _, u := range c.Redirects {
		if err := checkURI("redirect", u, c.Public()); err != nil {
			return err
		}
	}
	for _, u := range c.Leaves {
		if err := checkURI("post-logout", u, c.Public()); err != nil {
			return err
		}
	}
	if c.Hangup != "" {
		return checkURI("back-channel", c.Hangup, false)
	}
	return nil
}

// checkURI takes https, http on this machine, and for apps a scheme of their own
// that is a domain name backwards (RFC 8252): any other could be anybody's.
func checkURI(field, text string, app bool) error {
	bad := func(words string) error {
		return fault.New(fault.Invalid, "client.uri", "The address "+text+" "+words).On(field)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > uriMost || u.Scheme == "":
		return bad("is none.")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return bad("has a fragment (#…), which browsers keep to themselves.")
	case u.User != nil || strings.ContainsAny(text, "*\\ "):
		return bad("has a name, a star, a backslash or a space in it. Write out each address.")
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && onThisMachine(u.Hostname()):
		return nil
	case app && strings.Contains(u.Scheme, "."):
		return nil
	}
	return bad("must begin with https://, or with http:// on 127.0.0.1, or for an app with its own scheme like jp.example.app:/")
}

func onThisMachine(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// MakeClient makes a client, and gives its secret unless it is to have none.
func MakeClient(tx *db.Tx, k *seal.Keeper, c Client, public bool) (secret string, err error) {
	if !public {
		secret = "tbs_" + seal.NewToken()
		c.secret = k.Hash("client-secret", secret)
	}
	if err := c.check(); err != nil {
		return "", err
	}
	if err := insertClient(tx, c); db.IsDuplicate(err) {
		return "", errTaken
	} else if err != nil {
		return "", err
	}
	return secret, nil
}

// RevokeClient ends a client. Its passes are ended by a job of the server's,
// because a session that another process ended would be remembered there.
func RevokeClient(tx *db.Tx, id string) error {
	n, err := tx.Exec(`UPDATE client SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, tx.Now, id)
	if err == nil && n == 0 {
		err = db.ErrNone
	}
	if err != nil {
		return err
	}
	return jobs.Enqueue(tx, jobs.Job{Kind: jobRevoked, Args: id})
}

// Client gives a client by its id, or ErrClient.
func (p *Passes) Client(ctx context.Context, id string) (c Client, err error) {
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = clientByID(tx, id)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		err = ErrClient
	}
	return c, err
}

// Prove gives the client that shows its id and, unless it has none, its secret.
// An unknown one, a wrong secret and a secret too many look alike.
func (p *Passes) Prove(ctx context.Context, id, secret string, from access.Client) (Client, error) {
	c, err := p.Client(ctx, id)
	if err != nil && !errors.Is(err, ErrClient) {
		return c, err
	}
	known := err == nil
	shown := ""
	if secret != "" {
		shown = p.Seal.Hash("client-secret", secret)
	}
	if same := subtle.ConstantTimeCompare([]byte(shown), []byte(c.secret)) == 1; known && same {
		return c, nil
	}
	if err := p.failures.take(p.DB.Now(), from.Net()); err != nil {
		return Client{}, err
	}
	return Client{}, ErrClient
}

// FromPage tells whether script of an origin may ask: that of a client without a
// secret, whose page lives there.
func (p *Passes) FromPage(ctx context.Context, origin string) (ok bool, err error) {
	err = p.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := Clients(tx)
		ok = slices.ContainsFunc(all, func(c Client) bool {
			return c.Public() && c.RevokedAt.IsZero() && slices.ContainsFunc(c.Redirects, func(r string) bool { return originOf(r) == origin })
		})
		return err
	})
	return ok, err
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
