package risk

import "math"

// trail is what is being followed in an account: how likely it is in other hands
// by now, the last sessions, and what was moved lately. Times are seconds.
type trail struct {
	carried   float32 // log-odds at carriedAt; they halve in a day
	carriedAt uint32
	channelAt uint32  // when a contact, factor or notice was last moved
	channelBy float32 // and how risky the session was that did it
	channels  uint8   // moves, each within a day of the one before
	denied    bool    // the holder said: this was not me
	bounced   bool    // and cannot be told
	visits    [3]visit
	pointed   [3]pointer
}

// visit is a session as it was opened.
type visit struct {
	session, token uint32
	network, agent uint16
	at             uint32
	risk           float32
}

// pointer is a target that a session named: an address, a payee, a contact.
type pointer struct {
	target, at uint32
	risk       float32 // of the session
}

func seconds(at int64) uint32 { return uint32(min(max(at/1e6, 0), math.MaxUint32)) }

// since is how many minutes lie between two times; nothing if the clock ran back.
func since(at int64, then uint32) float64 {
	return max(float64(int64(seconds(at))-int64(then))/60, 0)
}

// apart is how many minutes lie between two times, whichever is first.
func apart(at int64, then uint32) float64 {
	return math.Abs(float64(int64(seconds(at))-int64(then))) / 60
}

const halfLife = 24 * 60 // minutes, of suspicion

// fading lets something halve in so many minutes.
func fading(value, minutes, half float64) float64 { return value * math.Exp2(-minutes/half) }

// carriedTo is what is left of the suspicion at a time.
func (t *trail) carriedTo(at int64) float64 {
	return fading(float64(t.carried), since(at, t.carriedAt), halfLife)
}

// visit finds the session of an event.
func (t *trail) visit(session uint32) *visit {
	for i := range t.visits {
		if v := &t.visits[i]; session != 0 && v.session == session {
			return v
		}
	}
	return nil
}

// pointer finds a target that was named within the last days.
func (t *trail) pointer(target uint32, at int64) *pointer {
	for i := range t.pointed {
		if p := &t.pointed[i]; target != 0 && p.target == target && since(at, p.at) <= 3*halfLife {
			return p
		}
	}
	return nil
}

// Follow takes into the trail what was decided about an event. A failure leaves no
// trace: whoever fails is not in the account.
func (p *Profile) Follow(e *Event, d *Decision, c *Counters) {
	if e.Kind == SignInFailed || e.Kind == PromptRefused || e.Account == "" || e.Marks&NameUnknown != 0 {
		return
	}
	v, t := valuesOf(c.seed, e), &p.trail
	now := seconds(e.At)
	switch {
	case e.Kind == HolderConfirmed:
		if !t.denied { // of what was denied nobody said that it was theirs after all
			p.Welcome()
		}
		*t = trail{bounced: t.bounced, visits: t.visits}
		for i := range t.visits {
			t.visits[i].risk = 0
		}
		return
	case e.Kind == NoticeBounced:
		t.bounced = true
		return
	case e.Kind == HolderDenied:
		t.denied = true
	case e.Kind == SignedIn:
		t.remember(visit{
			session: v.long(v.session), token: v.long(max(v.given, v.shown)), network: v.short(v.network),
			agent: v.short(v.agent), at: now, risk: float32(max(d.standing, 0)),
		}, e.At)
		if v.given == 0 {
			break
		}
		if w := t.visit(v.long(v.session)); w != nil {
			w.token = v.long(v.given)
		}
	case e.Kind.MovesChannel():
		if since(e.At, t.channelAt) > halfLife {
			t.channels = 0
		}
		t.channels = min(t.channels, 254) + 1
		// A careful move does not wash a risky one of an hour ago clean.
		t.channelBy = float32(max(d.standing, fading(float64(t.channelBy), since(e.At, t.channelAt), halfLife)))
		t.channelAt = max(t.channelAt, now)
	}
	if e.Target != "" && (e.Kind.MovesChannel() || e.Kind.MovesValue() && e.Kind != OrderPlaced) {
		t.point(pointer{v.long(v.target), now, float32(d.standing)})
	}
	t.carried, t.carriedAt = float32(d.Carried), max(t.carriedAt, now)
}

// remember keeps a session. The one with the least suspicion left makes room, so
// that nobody pushes a risky session out by opening calm ones.
func (t *trail) remember(v visit, at int64) {
	if v.session == 0 {
		return
	}
	least, worth := 0, math.Inf(1)
	for i := range t.visits {
		o := &t.visits[i]
		if o.session == v.session || o.session == 0 {
			least = i
			break
		}
		if w := fading(float64(o.risk), since(at, o.at), halfLife); w < worth {
			least, worth = i, w
		}
	}
	t.visits[least] = v
}

func (t *trail) point(p pointer) {
	old := 0
	for i := range t.pointed {
		if t.pointed[i].target == p.target {
			// Named again, it stays as suspicious as it was.
			t.pointed[i].risk, t.pointed[i].at = max(t.pointed[i].risk, p.risk), p.at
			return
		}
		if t.pointed[i].at < t.pointed[old].at {
			old = i
		}
	}
	t.pointed[old] = p
}
