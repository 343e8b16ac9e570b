package signin

import (
	"context"
	"slices"

	"takeback/internal/access"
	"takeback/internal/db"
	"takeback/internal/fault"
	"takeback/internal/session"
)

// ErrNoDevice says that a device is not remembered (any more).
var ErrNoDevice = fault.New(fault.NotFound, "device.none", "This device is not remembered any more.")

// Device is a device that an account remembers. Pages and forms call it by its
// handle: its id is what its cookie says, and whoever is signed in elsewhere
// must not read it there and carry it to a browser of his own.
type Device struct {
	session.Device
	Handle string
}

// Devices lists the devices that one's own account remembers, last used first.
func (l *Life) Devices(ctx context.Context, who access.Actor) (all []Device, err error) {
	defer fault.Wrap(&err, "signin.Devices(%s)", who.Account)
	err = l.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = l.devices(tx, who.Account)
		return err
	})
	return all, err
}

func (l *Life) devices(tx *db.Tx, account string) (all []Device, err error) {
	found, err := session.Devices(tx, account)
	for _, d := range found {
		if d.RevokedAt.IsZero() {
			all = append(all, Device{d, l.Seal.Hash("device handle", account+" "+d.ID)[:32]})
		}
	}
	slices.SortStableFunc(all, func(a, b Device) int { return b.LastAt.Compare(a.LastAt) })
	return all, err
}

// ForgetDevice makes a device of one's own account a stranger again: its sessions
// end, what they had asked for is taken back, and who signs in from it next is met
// as one from a new device, by the judge, too. It gives the device's id.
func (l *Life) ForgetDevice(ctx context.Context, who access.Actor, handle string) (id string, err error) {
	defer fault.Wrap(&err, "signin.ForgetDevice(%s)", who.Account)
	return id, l.DB.Write(ctx, func(tx *db.Tx) error {
		known, err := l.devices(tx, who.Account)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(known, func(d Device) bool { return d.Handle == handle })
		if i < 0 {
			return ErrNoDevice
		}
		id = known[i].ID
		living, err := session.Living(tx, who.Account)
		if err != nil {
			return err
		}
		if err := l.Sessions.Revoke(tx, who, id); err != nil {
			return err
		}
		return l.dropPending(tx, who, func(p pending) bool {
			return p.by.Session != who.Session && slices.ContainsFunc(living, func(s session.Session) bool { return s.ID == p.by.Session && s.Device == id })
		})
	})
}
