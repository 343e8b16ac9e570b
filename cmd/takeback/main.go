package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"takeback/internal/oidc"
)

// commands is the whole command line.
type commands struct {
	Serve         ServeCmd         `cmd:"" help:"Run the server."`
	Demo          DemoCmd          `cmd:"" help:"Run a small shop with holders, staff and an inbox, to look at and to try."`
	Replay        ReplayCmd        `cmd:"" help:"Play scenario files and compare what comes out."`
	Bench         BenchCmd         `cmd:"" help:"Measure this program against the machine's own limit in the same run."`
	VerifyHistory VerifyHistoryCmd `cmd:"" name:"verify-history" help:"Check that the history of every account is what was written."`
	Key           KeyCmd           `cmd:"" help:"Make, list and revoke keys of the protected service."`
	Client        ClientCmd        `cmd:"" help:"Let services have people sign in here, by OpenID Connect."`
	Risk          RiskCmd          `cmd:"" help:"Try the score of sign-ins on files of the past, and make such files."`
	Breach        BreachCmd        `cmd:"" help:"Build a filter of breached passwords, and ask it."`
	Staff         StaffCmd         `cmd:"" help:"Let people in to the desk."`
}

func main() {
	slog.SetDefault(slog.New(oidc.Quiet(slog.NewTextHandler(os.Stderr, nil))))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "takeback:", err)
		os.Exit(1)
	}
}

// run is the program: it returns when the command is done or ctx ends.
func run(ctx context.Context, args []string, in io.Reader, out, diagnostics io.Writer) error {
	var c commands
	ended := false
	parser, err := kong.New(&c,
		kong.Name("takeback"),
		kong.Description("Takes a hijacked account back."),
		kong.Writers(out, diagnostics),
		kong.Exit(func(int) { ended = true }), // after --help
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(in, (*io.Reader)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	)
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil || ended {
		return err
	}
	return k.Run()
}
