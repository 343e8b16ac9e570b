package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"takeback/internal/app"
	"takeback/internal/seal"
)

// ServeCmd is `takeback serve`.
type ServeCmd struct {
	place
	Addr   string `help:"Address to listen on." default:"127.0.0.1:8080" env:"TAKEBACK_ADDR"`
	Site   string `help:"Address that letters lead to; http://ADDR if absent." env:"TAKEBACK_SITE"`
	Config string `help:"Configuration file (YAML)." type:"existingfile" env:"TAKEBACK_CONFIG"`
	SMTP   string `help:"Mail server: smtp://user:password@host:587 (STARTTLS) or smtps://…" default:"smtp://127.0.0.1:25" env:"TAKEBACK_SMTP"`
}

// Run serves until ctx ends.
func (c *ServeCmd) Run(ctx context.Context, out io.Writer) (err error) {
	file, err := app.ReadFile(c.Config)
	if err != nil {
		return err
	}
	root, err := app.RootKey(c.RootKeyFile)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with --addr)", err)
	}
	site := c.Site
	if site == "" {
		site = "http://" + l.Addr().String()
	}
	a, err := app.New(ctx, app.Config{DB: c.DB, Site: site, SMTP: seal.NewSecret(c.SMTP), File: file, RootKey: root, Log: slog.Default()})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	link, made, err := a.Desk.FirstLink(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if made {
		fmt.Fprintf(out, "Nobody works at the desk yet. The first supervisor signs up once, within seven days, at:\n  %s/desk/welcome/%s\n", site, link)
	}
	fmt.Fprintf(out, "Takeback listens on http://%s\n", l.Addr())
	return a.Serve(ctx, l, a.Handler())
}
