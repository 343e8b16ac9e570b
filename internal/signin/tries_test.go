package signin_test

import (
	"errors"
	"slices"
	"testing"

	"takeback/internal/access"
	"takeback/internal/signin"

	"github.com/google/go-cmp/cmp"
)

// Whoever uses up all tries of a name must not lock out the device that its holder signs in from.
func TestNobodyLocksTheHolderOut(t *testing.T) {
	each(t, func(h *house) {
		h.hana()
		flood := func(device string, most int) (n int) {
			for ; n < most; n++ {
				from := client(device)
				from.IP = "198.51.100." + string(rune('0'+n/8))
				if _, err := h.life.SignIn(h.Context(), hana, secret(fresh), from); errors.Is(err, signin.ErrSlow) {
					return n
				}
			}
			return n
		}
		if n := flood("", 60); n != 50 { // her own first one, from a device not known then, was given back
			h.Errorf("strangers had %d tries", n)
		}
		if _, err := h.life.SignIn(h.Context(), hana, secret(first), client("never seen")); !errors.Is(err, signin.ErrSlow) {
			h.Errorf("a device that never signed in: %v", err)
		}
		h.enter(hana, first, "d1")
		if n := flood("d1", 20); n != 10 {
			h.Errorf("a device that was stolen has %d tries", n)
		}
	})
}

// A right password and a wrong code: somebody may know the password.
func TestAFailedSecondStepIsTold(t *testing.T) {
	each(t, func(h *house) {
		h.enrol(h.hana())
		fail := func(from access.Client, times int) (told []string) {
			h.crier.told = nil
			e, err := h.life.SignIn(h.Context(), hana, secret(first), from)
			h.ok(err)
			for range times {
				if _, err := h.life.SecondStep(h.Context(), e.Second, "000000", from); !errors.Is(err, signin.ErrCode) {
					h.Fatal(err)
				}
			}
			return slices.Clone(h.crier.told)
		}
		for _, c := range []struct {
			device string
			times  int
			want   []string
		}{
			{"a thief's", 1, []string{"wrong second on a thief's"}},
			{"d1", 2, nil}, // she mistyped, on the device that she uses
			{"d1", 3, []string{"wrong second on d1"}},
		} {
			if diff := cmp.Diff(c.want, fail(client(c.device), c.times)); diff != "" {
				h.Errorf("%d times on %s:\n%s", c.times, c.device, diff)
			}
		}
	})
}
