package oidc

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
)

// library begins the names of all functions of the library.
const library = "github.com/zitadel/oidc/"

// Quiet gives a log without what the library notes, which writes to the default
// one and can be given no other: each of its routes at every start, and each
// request that it refuses, with what a stranger wrote into it. Its errors are kept.
func Quiet(log slog.Handler) slog.Handler { return quiet{log} }

type quiet struct{ slog.Handler }

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelError {
		frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
		if strings.HasPrefix(frame.Function, library) {
			return nil
		}
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
