package signin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"takeback/internal/seal"
	"takeback/internal/signin"
)

// lists is one password that is on a list, or a list that cannot be asked.
type lists struct {
	listed string
	err    error
	asked  int
}

func (l *lists) Breached(_ context.Context, password seal.Secret) (bool, error) {
	l.asked++
	return password.Reveal() == l.listed, l.err
}

func TestAListedPasswordIsRefused(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		on := &lists{listed: fresh}
		h.life.Breach = on
		if err := h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)); !errors.Is(err, signin.ErrPasswordCommon) {
			h.Errorf("a listed password: %v", err)
		}
		on.asked = 0
		if err := h.life.ChangePassword(h.Context(), who, secret(first), secret("short1")); err == nil || on.asked != 0 {
			h.Errorf("the lists were asked %d times about a password that is refused anyway: %v", on.asked, err)
		}
	})
}

func TestListsThatCannotBeAskedRefuseNobody(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		var log bytes.Buffer
		h.life.Breach, h.life.Log = &lists{err: errors.New("the range service answered 503")}, slog.New(slog.NewTextHandler(&log, nil))
		h.ok(h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)))
		if said := log.String(); !strings.Contains(said, "answered 503") || strings.Contains(said, fresh) {
			h.Errorf("it said: %s", said)
		}
	})
}
