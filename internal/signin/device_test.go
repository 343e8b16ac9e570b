package signin_test

import (
	"errors"
	"testing"
	"time"

	"takeback/internal/access"
	"takeback/internal/signin"
)

// prove gives a client that proved a key: how that is proved is session's.
func prove(c access.Client, key, challenge string) access.Client {
	c.Proof = access.DeviceProof{Key: key, Challenge: challenge}
	return c
}

func TestADeviceWithAKeyKeepsItThroughTheSecondStep(t *testing.T) {
	each(t, func(h *house) {
		seed := h.enrol(h.hana())
		in := func(c access.Client) signin.Entered {
			h.Helper()
			h.clock.Advance(30 * time.Second) // a code counts once
			e, err := h.life.SignIn(h.Context(), hana, secret(first), c)
			h.ok(err)
			c.Device = e.Device
			two, err := h.life.SecondStep(h.Context(), e.Second, h.code(seed), c)
			h.ok(err)
			two.Device = e.Device
			return two
		}
		if e := in(prove(client("laptop"), "key", "c1")); e.Known || e.Device != "laptop" {
			h.Errorf("a new device: known %v, %q", e.Known, e.Device)
		}
		if e := in(prove(client("laptop"), "key", "c2")); !e.Known || e.Device != "laptop" {
			h.Errorf("with its key: known %v, %q", e.Known, e.Device)
		}
		for name, c := range map[string]access.Client{"no key": client("laptop"), "a challenge that was answered before": prove(client("laptop"), "key", "c2")} {
			if e := in(c); e.Known || e.Device == "laptop" || e.Session.Device == "laptop" {
				h.Errorf("with %s: known %v, %q", name, e.Known, e.Session.Device)
			}
		}
	})
}

func TestAForgottenDeviceIsAStranger(t *testing.T) {
	each(t, func(h *house) {
		who, other := h.hana(), h.enter(hana, first, "laptop")
		all, err := h.life.Devices(h.Context(), who)
		h.ok(err)
		n := len(all)
		for _, d := range all {
			if d.ID == "laptop" {
				id, err := h.life.ForgetDevice(h.Context(), who, d.Handle)
				if h.ok(err); id != "laptop" {
					h.Errorf("forgot %q", id)
				}
				if _, err := h.life.ForgetDevice(h.Context(), who, d.Handle); !errors.Is(err, signin.ErrNoDevice) {
					h.Errorf("forgotten twice: %v", err)
				}
			}
			if d.Handle == d.ID {
				h.Error("a page shows what the cookie says")
			}
		}
		if all, err = h.life.Devices(h.Context(), who); err != nil || len(all) != n-1 {
			h.Errorf("%d devices of %d, %v", len(all), n, err)
		}
		if living, err := h.life.Living(h.Context(), who); err != nil || len(living) != 1 || living[0].ID == other.Session {
			h.Errorf("living: %+v, %v", living, err)
		}
		if e, err := h.life.SignIn(h.Context(), hana, secret(first), client("laptop")); err != nil || e.Known || e.Session.Device == "laptop" {
			h.Errorf("it signs in as %q, known %v, %v", e.Session.Device, e.Known, err)
		}
	})
}
