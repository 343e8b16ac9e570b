package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"takeback/internal/access"
	"takeback/internal/desk"
)

// StaffCmd is `takeback staff`.
type StaffCmd struct {
	Invite StaffInviteCmd `cmd:"" help:"Let somebody in to the desk for whom you answer yourself, and print the one-time link."`
}

// StaffInviteCmd is `takeback staff invite`. Whom one supervisor let in cannot
// be his second pair of eyes for a week; this is how a new installation has two
// pairs on its first day.
type StaffInviteCmd struct {
	place
	Site  string `help:"Address at which the server is reached." default:"http://127.0.0.1:8080" env:"TAKEBACK_SITE"`
	Name  string `help:"What the person is called." required:""`
	Email string `help:"The person's own address." required:""`
	Role  string `help:"agent, investigator or supervisor." enum:"agent,investigator,supervisor" required:""`
}

// Run makes the link.
func (c *StaffInviteCmd) Run(ctx context.Context, out io.Writer) (err error) {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	token, err := (&desk.Desk{DB: d, Seal: k}).Vouch(ctx, desk.Newcomer{Name: c.Name, Email: c.Email, Role: access.Role(c.Role)})
	if err == nil {
		_, err = fmt.Fprintf(out, "%s signs up once, within seven days, at:\n  %s/desk/welcome/%s\n", c.Name, c.Site, token)
	}
	return err
}
