package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/db"
	"takeback/internal/mail"
	"takeback/internal/seal"
	"takeback/internal/session"
)

// arrival is who somebody at the door says to be, and whether the client was there before.
type arrival struct {
	account  account.Account // of no id: there is none of this name
	password account.Secret
	twoStep  bool // there is more than the password
	known    bool // the device signed in to the account before
}

// arrive looks up a name in its normal form.
func (l *Life) arrive(ctx context.Context, key string, client access.Client) (at arrival, err error) {
	err = l.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if at.account, err = account.ByLogin(tx, key); err != nil {
			return err
		}
		if at.known, err = session.Known(tx, at.account.ID, client); err != nil {
			return err
		}
		if at.password, err = account.SecretIn(tx, at.account.ID, "password"); err != nil {
			return err
		}
		slots, err := slotsOf(tx, at.account.ID)
		at.twoStep = slices.ContainsFunc(slots, strong)
		return err
	})
	if errors.Is(err, account.ErrNone) {
		return arrival{}, nil
	}
	return at, err
}

// Remembers tells whether a client signed in to the account of a name before.
// Who has no cookie of ours is not looked up.
func (l *Life) Remembers(ctx context.Context, email string, client access.Client) (bool, error) {
	address, bad := mail.ParseAddress(email)
	if bad != nil || client.Device == "" {
		return false, nil
	}
	at, err := l.arrive(ctx, address.Key(), client)
	return at.known, err
}

// errSlowDoor is ErrSlow at the door. It always says to wait for the same time:
// when a limit of a name began would tell a stranger that others try it, too.
var errSlowDoor = ErrSlow.After(perPair.per)

// allowance is what a try at signing in used up: what is forgotten when it was
// right, and of what one is given back.
type allowance struct {
	forget string
	back   []string
}

// crowded tells whether an address or its network has no tries left.
func (l *Life) crowded(now time.Time, client access.Client) bool {
	return l.tries.full(now, "sign-in from "+client.Net(), perIP) || l.tries.full(now, "sign-in from network "+client.Provider(), perNetwork)
}

// turnedAway refuses who cannot be known, before anything is looked up for him:
// a flood is to cost us next to nothing.
func (l *Life) turnedAway(now time.Time, key string, client access.Client) error {
	switch {
	case client.Device != "":
		return nil
	case l.crowded(now, client):
		l.refused(key, client)
		return errSlowDoor
	case l.Seal.Full():
		l.refused(key, client)
		return seal.ErrBusy
	}
	return nil
}

// allow uses up a try at signing in under a name. A device that signed in to the
// account before has tries of its own: whoever uses up those of a name, an
// address or a network must not lock the holder out.
func (l *Life) allow(now time.Time, key string, known bool, client access.Client) (a allowance, ok bool) {
	if known {
		a.forget = "sign-in " + key + " on " + client.Device
		return a, l.tries.take(now, a.forget, perPair) == nil
	}
	a.forget = "sign-in " + key + " from " + client.Net()
	a.back = []string{"sign-in " + key, "sign-in from " + client.Net(), "sign-in from network " + client.Provider()}
	err := l.tries.take(now, a.forget, perPair)
	for i, most := range []limit{perName, perIP, perNetwork} {
		err = errors.Join(err, l.tries.take(now, a.back[i], most))
	}
	return a, err == nil
}

// right gives back what a right password used up.
func (l *Life) right(a allowance) {
	l.tries.forget(a.forget)
	for _, name := range a.back {
		l.tries.giveBack(name)
	}
}

// How much of one thing may be sent before whoever sends more must show that it costs him something.
var (
	massPerSender  = limit{20, time.Hour}
	massPerNetwork = limit{60, time.Hour}
	massInAll      = limit{300, 10 * time.Minute}
)

// masses lists the names that a thing is counted under.
func masses(what string, client access.Client) map[string]limit {
	return map[string]limit{"mass " + what + " " + client.Net(): massPerSender, "mass " + what + " network " + client.Provider(): massPerNetwork, "mass " + what: massInAll}
}

// Mass counts that something is sent by whom nobody knows, and tells whether
// that is in masses: from one address, from one network, or in all.
func (l *Life) Mass(what string, client access.Client) (mass bool) {
	for name, most := range masses(what, client) {
		mass = l.tries.take(l.DB.Now(), name, most) != nil || mass
	}
	return mass
}

// Massed tells the same without counting.
func (l *Life) Massed(what string, client access.Client) (mass bool) {
	for name, most := range masses(what, client) {
		mass = mass || l.tries.full(l.DB.Now(), name, most)
	}
	return mass
}

// refused tells whoever looks out for waves of a sign-in that was not even looked
// at. The judge hears nothing: it says nothing about the account.
func (l *Life) refused(name string, client access.Client) {
	if l.Waves != nil {
		l.Waves.Failed(name, client)
	}
}
