package bench

import (
	"context"

	"takeback/internal/access"
	"takeback/internal/seal"
)

// signIn signs people in, each from a device of his own. Its limit checks the
// same passwords and does nothing besides.
func signIn(ctx context.Context, h *house, o Options) (r Result, err error) {
	password := seal.NewSecret("harimaya-42-bridge")
	stored, err := h.Seal.HashPassword(ctx, password)
	if err != nil {
		return r, err
	}
	var people []holder
	var clients []access.Client
	ready := func(ctx context.Context, n int) error {
		people, err = h.moveIn(ctx, n, 0, stored)
		clients = clients[:0]
		for _, p := range people {
			clients = append(clients, client(p.id))
		}
		return err
	}
	real := side{ready: ready, do: func(ctx context.Context, _, i int) error {
		_, err := h.Life.SignIn(ctx, people[i].email, password, clients[i])
		return err
	}}
	alone := side{ready: ready, do: func(ctx context.Context, _, i int) error {
		_, err := h.Seal.CheckPassword(ctx, stored, password)
		return err
	}}
	o.Round *= 2 // a hash takes so long that a short round would hold a handful
	r, err = versus(ctx, o, waiters, real, alone)
	r.LimitIs = "checking the same passwords and nothing besides"
	return r, err
}

// waiters is how many sign in at the same time: more than the machine has cores.
const waiters = 8
