package signin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"takeback/internal/seal"
	"takeback/internal/signin"
)

// lists is one password that is on a list, or a list that cannot be asked.
type lists struct {
	listed string
	here   bool // in a filter on this machine
	err    error
	asked  int
}

func (l *lists) Here(password seal.Secret) (bool, error) {
	return l.here && password.Reveal() == l.listed, l.err
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

// A right password that is on a list proves less: the judge hears of it, the
// holder is told, and nobody outside is asked about it.
func TestSigningInWithAListedPassword(t *testing.T) {
	each(t, func(h *house) {
		who := h.hana()
		on := &lists{listed: first, here: true}
		h.life.Breach = on
		for range 2 {
			e, err := h.life.SignIn(h.Context(), hana, secret(first), client("d1"))
			if err != nil || !e.Listed {
				h.Fatalf("it came to %+v (%v)", e, err)
			}
		}
		if on.asked != 0 || !slices.Contains(h.crier.told, "listed on d1") {
			h.Errorf("outside was asked %d times; told were %v", on.asked, h.crier.told)
		}
		if listed, err := h.life.Listed(h.Context(), who); err != nil || !listed {
			h.Errorf("the account says %v (%v)", listed, err)
		}
		h.clock.Advance(time.Minute)
		h.ok(h.life.ChangePassword(h.Context(), who, secret(first), secret(fresh)))
		if listed, err := h.life.Listed(h.Context(), who); err != nil || listed {
			h.Errorf("with another password the account says %v (%v)", listed, err)
		}
		on.err = errors.New("the file was cut")
		if e, err := h.life.SignIn(h.Context(), hana, secret(fresh), client("d1")); err != nil || e.Listed {
			h.Errorf("a filter that cannot be asked: %+v (%v)", e, err)
		}
	})
}
