package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"takeback/internal/demo"
)

// usualDemo is where the demo is if nobody says otherwise.
const usualDemo = "127.0.0.1:8080"

// DemoCmd is `takeback demo`.
type DemoCmd struct {
	Once bool   `help:"Play the whole story once over HTTP and SMTP, print a line per step, and succeed only if every outcome held."`
	Addr string `help:"Address to listen on; 127.0.0.1:8080, or a free port if that is taken. Passkeys want localhost:8080." env:"TAKEBACK_DEMO_ADDR"`
	DB   string `help:"An empty database: postgres://… or a file. Without it, one in a temporary folder that is removed at the end." env:"TAKEBACK_DEMO_DB" hidden:""`
}

// Run plays the story once, or opens the shop until ctx ends.
func (c *DemoCmd) Run(ctx context.Context, out io.Writer) error {
	o := demo.Options{DB: c.DB, Addr: c.Addr}
	if c.Once {
		return demo.Once(ctx, out, o)
	}
	if c.Addr != "" {
		return demo.Run(ctx, out, o)
	}
	o.Addr = usualDemo
	err := demo.Run(ctx, out, o)
	if errors.Is(err, syscall.EADDRINUSE) {
		fmt.Fprintln(out, usualDemo+" is taken by another program; the demo takes a free port instead.")
		o.Addr = "127.0.0.1:0"
		err = demo.Run(ctx, out, o)
	}
	return err
}
