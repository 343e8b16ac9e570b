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
	// L24: a browser that cleared its storage and kept its cookie looks the same, so it is a reason and no verdict.
	copiedDevice  = 1.0
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

const lookback = 3 * 60 // V07: how many minutes after an attack a success counts

// volume looks at the doors: what fails now (V01 to V06), a success where an
// attack was seen (V07), and one source with many accounts (V09, V10). Volume
// does not see takeovers; a success in the midst of an attack is worth a question.
func (j *judge) volume() {
	d, e := &j.c.doors, j.e
	if e.Kind != SignedIn && e.Kind != SignInFailed && e.Kind != PromptRefused {
		j.cluster()
		return
	}
	failing := e.Kind == SignInFailed
	for i, x := range d.doorsOf(&j.r.values, e) {
		w, h := x.table.look(x.key)
		if w == nil {
			continue
		}
		if failing {
			if s := x.shape(w, e.At, true); s != "" {
				j.raise(StepUp, Reason{Signal: s, Number: int64(w.sum(e.At, ring).Failed)})
			}
			continue
		}
		if e.Kind == SignedIn && h.alarmed > 0 && apart(e.At, h.alarmed) <= lookback {
			j.afterAttack(i == 0, h.alarmed)
		}
		if i == 0 && e.Kind == SignedIn && h.refused > 0 && apart(e.At, h.refused) <= lookback {
			j.refused(w)
		}
	}
	if e.Kind == SignedIn {
		j.crowds()
		if times, yes := d.underAttack(e.At); yes && (j.r.fresh[atNetwork] || j.r.fresh[atBrowser]) {
			j.raise(StepUp, Reason{Signal: SiteUnderAttack, Number: int64(times)})
		}
		if e.Marks&DeviceCopied != 0 {
			j.suspect(copiedDevice, Reason{Signal: CopiedDevice})
		}
		if e.Marks&PasswordBreached != 0 {
			j.breached()
		}
	}
	j.cluster()
}

// strange tells whether something about an event is not the account's own, or
// nobody knows what is.
func (j *judge) strange() bool {
	return j.r.fresh[atNetwork] || j.r.fresh[atBrowser] || j.r.tokens && j.r.sight.token == 0 || j.p.n == 0
}

// breached is a right password that everybody knows: it proves nothing. The
// holder at their own place is told to choose another, and not asked every day.
func (j *judge) breached() {
	does := Tell
	if j.strange() {
		does = StepUp
	}
	j.raise(does, Reason{Signal: BreachedPassword})
}

// afterAttack is a success where somebody was just trying. From a context that
// the account knows it is the holder, whose door others knocked at.
func (j *judge) afterAttack(account bool, alarmed uint32) {
	if !j.strange() {
		return
	}
	weight := 2.0
	if account {
		weight = 1.5
	}
	j.suspect(weight, Reason{Signal: AfterAttack, Number: int64(since(j.e.At, alarmed))})
	j.raise(StepUp, Reason{})
}

// refused is a success after prompts that nobody answered.
func (j *judge) refused(w *watch) {
	if n := w.sum(j.e.At, quarter).Refused; n >= refusals {
		j.suspect(3, Reason{Signal: PromptFatigue, Number: int64(n)})
		j.raise(StepUp, Reason{})
	}
}

// crowds are many accounts behind one device or address. Families and offices
// share addresses, so only a stranger among them is asked.
func (j *judge) crowds() {
	d, v := &j.c.doors, &j.r.values
	if w := d.devices.find(v.shown); w != nil {
		if n := gather(w.People[:], j.e.At).passed; n >= crowdedDevice {
			j.suspect(1.5, Reason{Signal: DeviceManyAccount, Number: int64(n)})
			j.raise(StepUp, Reason{})
		}
	}
	if w := d.addresses.find(v.address); w != nil && j.r.fresh[atAddress] && j.r.fresh[atBrowser] {
		if n := gather(w.People[:], j.e.At).passed; n >= crowdedSpot {
			j.suspect(.5, Reason{Signal: AddressManyAcc, Number: int64(n)})
			j.raise(Tell, Reason{})
		}
	}
}
