package risk

// The shapes of attacks at one door. Thresholds are those of public detection
// rules where there are any; an installation that fails two sign-ins in three on
// ordinary days must not be under attack every day, so what is counted over many
// accounts is compared with what passes there.
const (
	accountFails  = 10 // V01, in an hour; holders mistype three to five times
	accountSpots  = 5  // addresses that fail at one account
	addressFails  = 30 // V02, in an hour
	networkFails  = 200
	deviceFails   = 15
	stuffedPeople = 15 // V04: accounts, with at most two tries each, in a quarter of an hour
	stuffedTries  = 25
	sprayedSpots  = 5 // V05: addresses
	sprayedPeople = 8
	unknownNames  = 15 // V06
	failsPerPass  = 4  // more than this many failures for each success
	crowdedDevice = 20 // V09: accounts on one device in a day
	crowdedSpot   = 20 // V10
	refusals      = 5  // V12, in ten minutes
)

// accountShape is many failures at one account.
func accountShape(w *watch, at int64, failing bool) Signal {
	c := w.sum(at, ring)
	failed := int(c.Failed)
	if failing {
		failed++
	}
	if failed >= accountFails {
		if gather(w.Spots[:], at).failed >= accountSpots {
			return Spray
		}
		return FailsAccount
	}
	return ""
}

// addressShape is what one address does to many accounts.
func addressShape(w *watch, at int64, failing bool) Signal {
	return sourceShape(w, at, failing, addressFails, FailsAddress)
}

// networkShape is for networks of millions: a few failures per success are their
// ordinary day, and only a count says nothing.
func networkShape(w *watch, at int64, failing bool) Signal {
	c := w.sum(at, ring)
	if int(c.Failed) >= networkFails && int(c.Failed) > 2*failsPerPass*int(c.Passed) {
		return FailsNetwork
	}
	return ""
}

func deviceShape(w *watch, at int64, failing bool) Signal {
	return sourceShape(w, at, failing, deviceFails, FailsDevice)
}

// patternShape is a list of names tried from many addresses of one network with
// one program, so that no address shows much.
func patternShape(w *watch, at int64, failing bool) Signal {
	c, crowd, places := w.sum(at, quarter), gather(w.People[:], at), gather(w.Spots[:], at)
	if int(c.Failed) >= stuffedTries && int(c.Failed) > failsPerPass*int(c.Passed) &&
		crowd.failed >= sprayedPeople && crowd.tries <= 5*crowd.failed && places.failed >= sprayedSpots {
		return Spray
	}
	return ""
}

func sourceShape(w *watch, at int64, failing bool, most int, fails Signal) Signal {
	hour, c, crowd := w.sum(at, ring), w.sum(at, quarter), gather(w.People[:], at)
	failed := int(hour.Failed)
	if failing {
		failed++
	}
	lopsided := int(c.Failed) > failsPerPass*int(c.Passed)
	switch {
	case lopsided && int(c.Failed) >= stuffedTries && crowd.failed >= stuffedPeople && crowd.few*5 >= crowd.failed*4:
		if int(c.Unknown) >= unknownNames && int(c.Unknown)*2 > int(c.Failed) {
			return Enumeration
		}
		return StuffingSource
	case failed >= most && int(hour.Failed) > failsPerPass*int(hour.Passed):
		return fails
	}
	return ""
}

// underAttack tells whether more fails on the whole site than on ordinary days,
// and how many times as much. It needs a day to know what is ordinary.
func (d *doors) underAttack(at int64) (times float64, yes bool) {
	if d.calm.Ticks < dayTicks {
		return 0, false
	}
	c := d.site.sum(at, quarter)
	usual := max(d.calm.Failed*quarter, 1)
	times = float64(c.Failed) / usual
	return times, c.Failed >= 100 && times >= 5 && float64(c.Failed) > 2*float64(c.Passed)
}
