package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/pass"
)

// ClientCmd is `takeback client`.
type ClientCmd struct {
	Create ClientCreateCmd `cmd:"" help:"Let a service have people sign in here (OpenID Connect), and print its secret, once."`
	List   ClientListCmd   `cmd:"" help:"List the services that have people sign in here."`
	Revoke ClientRevokeCmd `cmd:"" help:"End a service: everybody is signed out there."`
}

// ClientCreateCmd is `takeback client create`.
type ClientCreateCmd struct {
	place
	ID          string   `name:"id" help:"What the service calls itself to us (client_id); small letters, digits, hyphens. The name, if absent." `
	Name        string   `help:"What people call the service." required:""`
	Redirect    []string `help:"Address that people are sent back to (redirect_uri), exactly. May be given several times." required:"" sep:"none"`
	PostLogout  []string `help:"Address that people may be sent to after signing out. May be given several times." sep:"none"`
	BackChannel string   `help:"Address where the service is told that a session is over."`
	Public      bool     `help:"It can keep no secret: an app, or script in a page."`
	ThirdParty  bool     `help:"It is not yours: each holder is asked whether it may know who he is."`
}

// Run makes the client.
func (c *ClientCreateCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	id := c.ID
	if id == "" {
		id = strings.ToLower(c.Name)
	}
	var secret string
	err = d.Write(ctx, func(tx *db.Tx) (err error) {
		secret, err = pass.MakeClient(tx, k, pass.Client{ID: id, Name: c.Name, Redirects: c.Redirect, Leaves: c.PostLogout, Hangup: c.BackChannel, Trusted: !c.ThirdParty}, c.Public)
		return err
	})
	if public := fault.Public(err); err != nil && public.Kind != fault.Internal {
		return fmt.Errorf("--%s: %s", public.Field, public.Words)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "client_id      %s\n", id)
	if secret != "" {
		fmt.Fprintf(out, "client_secret  %s\n", secret)
	}
	return nil
}

// ClientListCmd is `takeback client list`.
type ClientListCmd struct{ place }

// Run lists the clients, never their secrets.
func (c *ClientListCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Read(ctx, func(tx *db.Tx) error {
		all, err := pass.Clients(tx)
		for _, k := range all {
			words := []string{"in use"}
			if !k.RevokedAt.IsZero() {
				words[0] = "revoked " + k.RevokedAt.Format(time.DateTime)
			}
			if k.Public() {
				words = append(words, "public")
			}
			if !k.Trusted {
				words = append(words, "third party")
			}
			fmt.Fprintf(out, "%-20s  %-20s  made %s  %s  %s\n", k.ID, k.Name, k.MadeAt.Format(time.DateTime), strings.Join(words, ", "), strings.Join(k.Redirects, " "))
		}
		return err
	})
}

// ClientRevokeCmd is `takeback client revoke`.
type ClientRevokeCmd struct {
	place
	Client string `arg:"" help:"Id of the client."`
}

// Run ends the client.
func (c *ClientRevokeCmd) Run(ctx context.Context) (err error) {
	d, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	err = d.Write(ctx, func(tx *db.Tx) error { return pass.RevokeClient(tx, c.Client) })
	if errors.Is(err, db.ErrNone) {
		err = fmt.Errorf("there is no client %q in use", c.Client)
	}
	return err
}
