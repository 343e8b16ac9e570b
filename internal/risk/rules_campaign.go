package risk

import "strings"

// What a campaign takes: that many accounts under suspicion in a day that share
// a target, an address, a device or the domain of a new contact.
const campaignSize = 3

// shared are the things of an event that several taken accounts may have in
// common. A network or a country is shared by thousands and is none of them.
func (v *values) shared(seed uint64, e *Event) (keys [4]uint64) {
	if v.address != 0 {
		keys[0] = mix(v.address, 11)
	}
	if v.shown != 0 {
		keys[1] = mix(v.shown, 12)
	}
	if v.target != 0 {
		keys[2] = mix(v.target, 13)
	}
	if d := domain(e); d != "" {
		keys[3] = mix(hash(seed, d), 14)
	}
	return keys
}

// domain is where a new e-mail address is at.
func domain(e *Event) string {
	if e.Kind != EmailChanged && e.Kind != RecoveryChanged {
		return ""
	}
	return e.Target[strings.LastIndexByte(e.Target, '@')+1:]
}

// cluster looks for other suspicious accounts that share something: S04. A domain
// that ordinary holders move to as well is no sign: most of those who came to it
// must be under suspicion.
func (j *judge) cluster() {
	if j.e.Kind == SignInFailed || j.e.Kind == PromptRefused || j.e.Marks&NameUnknown != 0 {
		return
	}
	most, who := 0, uint32(j.r.values.account)|1
	for _, key := range j.r.values.shared(j.c.seed, j.e) {
		if w := j.c.doors.clusters.find(key); w != nil {
			suspects, all := w.suspects(j.e.At, who)
			if suspects > most && suspects*2 > all {
				most = suspects
			}
		}
	}
	if most >= campaignSize {
		j.suspect(2.5, Reason{Signal: Campaign, Number: int64(most)})
		j.raise(StepUp, Reason{})
	}
}

// newContact looks at the domain of a new contact: I11. Nobody moves to a mailbox of
// ten minutes; and a domain that looks like the holder's own, or like one that
// many have, is made for letters which are not looked at twice.
func (j *judge) newContact() {
	e := j.e
	if e.Kind != EmailChanged && e.Kind != RecoveryChanged {
		return
	}
	if e.Marks&ContactDisposable != 0 {
		j.weigh(2, Reason{Signal: DisposableContact, Name: domain(e)})
		j.raise(Hold, Reason{})
	}
	if e.Marks&ContactLookalike != 0 {
		name := domain(e)
		if e.Like != "" {
			name += " ≈ " + e.Like
		}
		j.weigh(2, Reason{Signal: LookalikeContact, Name: name})
		j.raise(Hold, Reason{})
	}
}

// suspects counts the accounts seen at a thing within the day, but for one, and
// those of them that were under suspicion there.
func (w *watch) suspects(at int64, but uint32) (suspects, all int) {
	for i := range w.People {
		s := &w.People[i]
		if s.Who == 0 || s.Who == but || at/tick-int64(s.Tick) > dayTicks {
			continue
		}
		all++
		if s.Tries > 0 {
			suspects++
		}
	}
	return suspects, all
}

// suspected is the carried suspicion from which an account counts in a campaign.
// No sign-in reaches it by its score alone.
const suspected = 4.5

// observeShared notes what an account in suspicion has in common with others.
// Accounts above suspicion are noted where there is a suspect already, and at new
// domains, so that a popular one is no campaign.
func (d *doors) observeShared(e *Event, v *values, seed uint64, carried float64) {
	if e.Kind == SignInFailed || e.Kind == PromptRefused || e.Marks&NameUnknown != 0 || v.account == 0 {
		return
	}
	suspect := carried >= suspected
	for i, key := range v.shared(seed, e) {
		if key == 0 || !suspect && i != 3 && d.clusters.find(key) == nil {
			continue
		}
		w, _ := d.clusters.at(key, e.At)
		w.mark(uint32(v.account)|1, e.At, suspect)
	}
}

// mark notes an account at a shared thing; once suspect, it is so for the day.
func (w *watch) mark(who uint32, at int64, suspect bool) {
	now, old := uint32(at/tick), 0
	for i := range w.People {
		s := &w.People[i]
		if s.Who == who {
			if now > s.Tick+dayTicks {
				s.Tries = 0
			}
			if suspect {
				s.Tries = 1
			}
			s.Tick = max(s.Tick, now)
			return
		}
		if s.Tick < w.People[old].Tick {
			old = i
		}
	}
	w.People[old] = seen{Who: who, Tick: now}
	if suspect {
		w.People[old].Tries = 1
	}
}
